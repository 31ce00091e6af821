/* SPDX-License-Identifier: MIT */
#include "test-store.h"

#include "store/internal.h"

/* Attributes as they lie in the cache. */

#define LENGTH_MAX 512

static void check_round(const struct buf *set, size_t *ret_packed_n)
{
	AUTO(buf) struct buf packed = { 0 }, back = { 0 };

	check_ok(pack_attrs(set, &packed));
	check_ok(unpack_attrs(packed.bytes, packed.len, &back));
	assert_int_equal(back.len, set->len);
	assert_memory_equal(back.bytes, set->bytes, set->len);
	*ret_packed_n = packed.len;
}

static void test_every_value_comes_back_as_it_was(void **state)
{
	static const char *const values[] = { "x",
					      "false",
					      "falsehood",
					      "Normal",
					      "IPM.Note.Custom",
					      "2024-01-30T10:15:12Z",
					      "2024-01-30T10:15:12+00:00",
					      "0001-01-01T00:00:00Z",
					      "9999-12-31T23:59:59Z",
					      "1969-12-31T23:59:59Z",
					      "AAAA",
					      "AAA=",
					      "AAB=",
					      "AB==",
					      "AA ==",
					      "====",
					      "00ff",
					      "00FF",
					      "00f",
					      "Zoë",
					      "2024-02-30T10:15:12Z" };
	AUTO(buf) struct buf set = { 0 };
	size_t n;
	(void)state;

	for (enum attr attr = 1; attr_name(attr); attr++) {
		for (size_t i = 0; i < ARRAY_LEN(values); i++)
			check_ok(attr_put(&set, attr, values[i]));
	}
	check_round(&set, &n);
	assert_true(n < set.len);
}

static void test_values_of_every_length_come_back(void **state)
{
	char bytes[LENGTH_MAX];
	(void)state;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	for (size_t n = 1; n <= sizeof(bytes); n++) {
		AUTO(buf) struct buf set = { 0 };
		size_t packed_n;
		check_ok(attr_put_bytes(&set, ATTR_SUBJECT, bytes, n));
		check_ok(attr_put_hex(&set, ATTR_MAPI_PREDECESSORS, bytes, n));
		check_round(&set, &packed_n);
	}
}

static void test_torn_attributes_are_damage_and_nothing_worse(void **state)
{
	AUTO(buf) struct buf set = { 0 }, packed = { 0 };
	size_t whole_n = 0;
	(void)state;

	check_ok(attr_put(&set, ATTR_SUBJECT, "Lanterns"));
	check_ok(attr_put(&set, ATTR_IS_DRAFT, "false"));
	check_ok(attr_put(&set, ATTR_SENT, "2024-01-30T10:15:12Z"));
	check_ok(attr_put(&set, ATTR_CONVERSATION_ID, "AAQkAGI1/+8="));
	check_ok(attr_put_hex(&set, ATTR_MAPI_CHANGE_KEY, "\x16\x64\xff", 3));
	check_ok(pack_attrs(&set, &packed));
	for (size_t n = 0; n <= packed.len; n++) {
		AUTO(buf) struct buf back = { 0 };
		char *part = malloc(n + 1); /* of its own, for the sanitizer to see where it ends */
		memcpy(part, packed.bytes, n);
		part = realloc(part, n ? n : 1);
		enum err err = unpack_attrs(part, n, &back);
		free(part);
		assert_true(err == ERR_OK || err == ERR_DAMAGED);
		whole_n += err == ERR_OK;
	}
	assert_int_equal(whole_n, 6); /* between the five */
	set.len--;
	check_err(pack_attrs(&set, &packed), ERR_DAMAGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_value_comes_back_as_it_was),
		cmocka_unit_test(test_values_of_every_length_come_back),
		cmocka_unit_test(test_torn_attributes_are_damage_and_nothing_worse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
