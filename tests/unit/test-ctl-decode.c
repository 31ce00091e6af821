/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "base/text.h"
#include "ctl/decode.h"

/* 22 bytes: a GUID whose fields can be told apart, and the counter 0x10002a. */
#define GUID_HEX "00112233445566778899aabbccddeeff"
#define OTHER_HEX "ffeeddccbbaa99887766554433221100"
#define KEY_HEX GUID_HEX "00000010002a"

static void test_a_guid_and_its_counter_look_as_windows_shows_them(void **state)
{
	AUTO(buf) struct buf key = { 0 }, text = { 0 };
	struct xid xid;
	(void)state;

	check_ok(text_parse_hex(&key, KEY_HEX, strlen(KEY_HEX)));
	assert_true(xid_parse(key.bytes, key.len, &xid));
	check_ok(decode_print_xid(&text, &xid));
	assert_string_equal(text.bytes, "33221100-5544-7766-8899-aabbccddeeff  "
					"counter 0x00000010002a (1048618)");
}

static void check_explained(const char *sync, const char *key, const char *list,
			    const char *const *words)
{
	AUTO(diagnosis) struct diagnosis diagnosis = { .sync = sync };
	AUTO(buf) struct buf text = { 0 };
	size_t lines_n = 0;

	check_ok(text_parse_hex(&diagnosis.change_key, key, strlen(key)));
	check_ok(text_parse_hex(&diagnosis.predecessors, list, strlen(list)));
	check_ok(diagnosis_explain(&text, &diagnosis));
	for (; *words; words++, lines_n++)
		assert_non_null(strstr(text.bytes, *words));
	/* One sentence a fault, and all of them whole lines. */
	assert_int_equal(text.bytes[text.len - 1], '\n');
	for (const char *c = text.bytes; *c; c++)
		lines_n -= *c == '\n';
	assert_int_equal(lines_n, 0);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_each_fault_is_explained_in_a_sentence(void **state)
{
	(void)state;

	check_explained("ok", KEY_HEX, "16" KEY_HEX, WORDS("ok: "));
	check_explained("ok", KEY_HEX, "16" GUID_HEX "0000ffffffff", WORDS("ok: "));
	check_explained("regressed", KEY_HEX, "16" KEY_HEX, WORDS("regressed: "));
	check_explained("uncovered", KEY_HEX, "16" OTHER_HEX "00000010002a",
			WORDS("(the list has no entry for the change key's GUID)"));
	check_explained("uncovered", KEY_HEX, "16" GUID_HEX "000000100029",
			WORDS("(the list's entry for that GUID has a lower counter)"));
	check_explained("uncovered", KEY_HEX, "15" GUID_HEX "000010002a",
			WORDS("has a counter of another length)"));
	check_explained("regressed", KEY_HEX, "16" OTHER_HEX "00000010002a",
			WORDS("regressed: ", "uncovered: "));
	check_explained("unknown", "", "",
			WORDS("unknown: its keys cannot be judged: the server "
			      "gives no change key"));
	check_explained("unknown", "0011", "16" KEY_HEX, WORDS("has a length"));
	check_explained("unknown", KEY_HEX, "", WORDS("gives no predecessor list"));
	check_explained("unknown", KEY_HEX, "17" KEY_HEX, WORDS("list is torn"));
	check_explained("unknown", KEY_HEX, "16" KEY_HEX "16" KEY_HEX, WORDS("has a GUID twice"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_guid_and_its_counter_look_as_windows_shows_them),
		cmocka_unit_test(test_each_fault_is_explained_in_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
