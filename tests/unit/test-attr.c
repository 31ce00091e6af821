/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "base/text.h"
#include "model/attr.h"

static void check_value(const struct buf *set, enum attr attr, const char *expected)
{
	const char *value;
	size_t n;

	check_ok(attr_find(set, attr, &value, &n));
	assert_int_equal(n, strlen(expected));
	assert_memory_equal(value, expected, n);
}

static void test_every_attribute_is_found_by_its_name(void **state)
{
	static const enum attr attrs[] = {
#define X(name, code, xattr) ATTR_##name,
		ATTR_TABLE(X)
#undef X
	};
	enum attr found;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		assert_true(attr_by_name(attr_name(attrs[i]), &found));
		assert_int_equal(found, attrs[i]);
	}
	assert_null(attr_name((enum attr)0));
	assert_null(attr_name((enum attr)200));
	assert_false(attr_by_name("user.ews.", &found));
	assert_false(attr_by_name("user.ews.subjects", &found));
	assert_false(attr_by_name("", &found));
}

static void test_codes_are_on_disk_and_stay(void **state)
{
	(void)state;

	assert_int_equal(ATTR_ITEM_ID, 1);
	assert_int_equal(ATTR_IS_READ, 15);
	assert_int_equal(ATTR_SYNC, 25);
	assert_int_equal(ATTR_LAST_SYNC, 35);
}

static void test_values_come_back_as_they_were_put(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0xAB, 0xFF };
	AUTO(buf) struct buf set = { 0 };
	(void)state;

	check_ok(attr_put(&set, ATTR_SUBJECT, "Grüße"));
	check_ok(attr_put_time(&set, ATTR_RECEIVED, 1706609712));
	check_ok(attr_put_bool(&set, ATTR_IS_READ, true));
	check_ok(attr_put_bool(&set, ATTR_IS_DRAFT, false));
	check_ok(attr_put_int(&set, ATTR_SIZE, INT64_MAX));
	check_ok(attr_put_hex(&set, ATTR_MAPI_CHANGE_KEY, bytes, sizeof(bytes)));
	check_value(&set, ATTR_SUBJECT, "Grüße");
	check_value(&set, ATTR_RECEIVED, "2024-01-30T10:15:12Z");
	check_value(&set, ATTR_IS_READ, "true");
	check_value(&set, ATTR_IS_DRAFT, "false");
	check_value(&set, ATTR_SIZE, "9223372036854775807");
	check_value(&set, ATTR_MAPI_CHANGE_KEY, "00abff");
}

static void test_what_an_item_does_not_have_is_not_in_its_set(void **state)
{
	AUTO(buf) struct buf set = { 0 };
	const char *value;
	size_t n;
	(void)state;

	check_ok(attr_put(&set, ATTR_SUBJECT, NULL));
	check_ok(attr_put(&set, ATTR_FROM, ""));
	check_ok(attr_put_time(&set, ATTR_SENT, TIME_NONE));
	check_ok(attr_put_time(&set, ATTR_SENT, INT64_MAX));
	check_ok(attr_put_hex(&set, ATTR_MAPI_CHANGE_KEY, NULL, 0));
	assert_int_equal(set.len, 0);
	check_err(attr_find(&set, ATTR_SUBJECT, &value, &n), ERR_NO_XATTR);
}

static void test_the_last_of_two_counts_and_is_listed_once(void **state)
{
	static const char expected[] = "user.ews.subject\0user.ews.flag";
	AUTO(buf) struct buf set = { 0 }, list = { 0 };
	(void)state;

	check_ok(attr_put(&set, ATTR_SUBJECT, "old"));
	check_ok(attr_put(&set, ATTR_FLAG, "Flagged"));
	check_ok(attr_put(&set, ATTR_SUBJECT, "new"));
	check_ok(attr_put(&set, (enum attr)200, "of a later version"));
	check_value(&set, ATTR_SUBJECT, "new");
	check_ok(attr_list(&set, &list));
	assert_int_equal(list.len, sizeof(expected));
	assert_memory_equal(list.bytes, expected, sizeof(expected));
}

static void test_a_set_torn_at_any_byte_is_damaged(void **state)
{
	AUTO(buf) struct buf set = { 0 };
	const char *value;
	size_t n;
	(void)state;

	check_ok(attr_put(&set, ATTR_SUBJECT, "hello"));
	for (size_t cut = 1; cut < set.len; cut++) {
		AUTO(buf) struct buf torn = { 0 }, list = { 0 };
		check_ok(buf_append(&torn, set.bytes, cut));
		check_err(attr_find(&torn, ATTR_SUBJECT, &value, &n), ERR_DAMAGED);
		check_err(attr_list(&torn, &list), ERR_DAMAGED);
	}
	set.bytes[4] = (char)0xFF; /* a length of almost 4 GiB */
	check_err(attr_find(&set, ATTR_SUBJECT, &value, &n), ERR_DAMAGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_attribute_is_found_by_its_name),
		cmocka_unit_test(test_codes_are_on_disk_and_stay),
		cmocka_unit_test(test_values_come_back_as_they_were_put),
		cmocka_unit_test(test_what_an_item_does_not_have_is_not_in_its_set),
		cmocka_unit_test(test_the_last_of_two_counts_and_is_listed_once),
		cmocka_unit_test(test_a_set_torn_at_any_byte_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
