/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <time.h>

#include "model/names.h"

#define REPLACED "\uFFFD"
#define S10 "0123456789"
#define S60 S10 S10 S10 S10 S10 S10
#define S180 S60 S60 S60

/* clang-format off */
static const struct {
	const char *text, *name;
} cleaned[] = {
	/* nothing to do */
	{ "Quarterly report", "Quarterly report" },
	{ "Grüße, Jürgen", "Grüße, Jürgen" },
	{ "会議の議事録", "会議の議事録" },
	{ "a.b-c_d (e) [f] {g} #1 100% & $ ' ` ~ ^ + = ! @", "a.b-c_d (e) [f] {g} #1 100% & $ ' ` ~ ^ + = ! @" },
	{ "👩‍👩‍👧 family", "👩‍👩‍👧 family" },
	/* forbidden characters */
	{ "Re: a", "Re： a" },
	{ "a/b\\c:d*e?f\"g<h>i|j", "a／b＼c：d＊e？f＂g＜h＞i｜j" },
	{ "/", "／" },
	{ "C:\\DIR", "C：＼DIR" },
	{ "already：wide", "already：wide" },
	/* blanks */
	{ "a  b", "a b" },
	{ "a\tb\r\nc", "a b c" },
	{ "a\x01\x02\x1F\x7F" "b", "a b" },
	{ "a\xC2\x85" "b", "a b" },
	{ "a\u00A0b", "a b" },
	{ "a\u1680b", "a b" },
	{ "a\u2000\u2005\u200Ab", "a b" },
	{ "a\u2028b\u2029c", "a b c" },
	{ "a\u202Fb\u205Fc\u3000d", "a b c d" },
	{ "a\u200E\u200Fb", "a b" },
	{ "a\u202Egnp.exe\u202C", "a gnp.exe" },
	{ "a\u2066b\u2069c", "a b c" },
	{ "\uFEFFa\uFEFFb", "a b" },
	{ "a\u200Bb\u200Cc\u200Dd\u2060e", "a\u200Bb\u200Cc\u200Dd\u2060e" },
	{ "a \t\u00A0\u3000 b", "a b" },
	{ "a\xC2\x80\xC2\x9F" "b", "a b" },
	/* trims */
	{ "  a  ", "a" },
	{ "...a...", "a" },
	{ "---a---", "a---" },
	{ ". - . -a. . .", "a" },
	{ ".hidden", "hidden" },
	{ "-rf", "rf" },
	{ "a. .-", "a. .-" },
	{ "\u2024a", "\u2024a" },
	{ "\u2013 a", "\u2013 a" },
	{ "..", "" },
	{ "", "" },
	{ " \t\n", "" },
	{ "-.- ", "" },
	{ "\u202E\u202C", "" },
	/* ill-formed UTF-8: one replacement for each maximal subpart */
	{ "a\xFF" "b", "a" REPLACED "b" },
	{ "a\xC3", "a" REPLACED },
	{ "a\xC3z", "a" REPLACED "z" },
	{ "a\x80\x80z", "a" REPLACED REPLACED "z" },
	{ "\xC0\xAF", REPLACED REPLACED },
	{ "\xE0\x80\xAF", REPLACED REPLACED REPLACED },
	{ "\xE2\x82", REPLACED },
	{ "\xE2\x82" "a", REPLACED "a" },
	{ "\xED\xA0\x80", REPLACED REPLACED REPLACED },
	{ "\xF0\x9F\x98" "a", REPLACED "a" },
	{ "\xF4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED },
	{ "\xF8\x88\x80\x80\x80", REPLACED REPLACED REPLACED REPLACED REPLACED },
	/* noncharacters */
	{ "a\xEF\xBF\xBE" "b", "a" REPLACED "b" },
	{ "a\xEF\xBF\xBF", "a" REPLACED },
	{ "\xEF\xB7\x90\xEF\xB7\xAF", REPLACED REPLACED },
	{ "\xF0\x9F\xBF\xBE\xF4\x8F\xBF\xBF", REPLACED REPLACED },
	/* NFC */
	{ "e\u0301", "é" },
	{ "\u212B \u2126", "Å Ω" },
	{ "\u1112\u1161\u11AB", "한" },
	{ "\uAC00\u11A7", "\uAC00\u11A7" },
	{ "q\u0323\u0307", "q\u0323\u0307" },
	{ "q\u0307\u0323", "q\u0323\u0307" },
	{ "<\u0338", "≮" },
	{ "\u0958", "\u0915\u093C" },
	{ "ﬁ", "ﬁ" },
	{ "e\u200E\u0301", "e \u0301" },
	/* the cut: 180 bytes are kept, then graphemes go whole */
	{ S180, S180 },
	{ S180 "x", S180 },
	{ S60 S60 S10 S10 S10 S10 S10 "12345678éx", S60 S60 S10 S10 S10 S10 S10 "12345678é" },
	{ S60 S60 S10 S10 S10 S10 S10 "123456789é", S60 S60 S10 S10 S10 S10 S10 "123456789" },
	{ S60 S60 S10 S10 S10 S10 S10 "12345678x\u0323", S60 S60 S10 S10 S10 S10 S10 "12345678" },
	{ S60 S60 S10 S10 S10 S10 S10 "12🇩🇪🇫🇷", S60 S60 S10 S10 S10 S10 S10 "12🇩🇪" },
	{ S60 S60 S10 S10 S10 S10 S10 "👩‍👩‍👧", S60 S60 S10 S10 S10 S10 S10 },
	{ S60 S60 S10 S10 S10 S10 S10 "1234567 . x", S60 S60 S10 S10 S10 S10 S10 "1234567" },
	{ S60 S60 S10 S10 S10 S10 S10 "12345678::", S60 S60 S10 S10 S10 S10 S10 "12345678" },
	{ S60 S60 S10 S10 S10 S10 S10 "123456789" "......................", S60 S60 S10 S10 S10 S10 S10 "123456789" },
};
/* clang-format on */

static void test_text_is_cleaned_by_the_rules_of_the_interface(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cleaned); i++) {
		AUTO(buf) struct buf name = { 0 };
		check_ok(name_clean(cleaned[i].text, strlen(cleaned[i].text), &name));
		assert_string_equal(buf_str(&name), cleaned[i].name);
	}
}

static void test_I3_a_clean_name_cleans_to_itself(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cleaned); i++) {
		AUTO(buf) struct buf again = { 0 };
		check_ok(name_clean(cleaned[i].name, strlen(cleaned[i].name), &again));
		assert_string_equal(buf_str(&again), cleaned[i].name);
	}
}

static void test_a_nul_is_a_control_character(void **state)
{
	AUTO(buf) struct buf name = { 0 };
	(void)state;

	check_ok(name_clean("a\0b", 3, &name));
	assert_string_equal(name.bytes, "a b");
}

/* A base with more marks than fit cannot be kept whole, and must not vanish either. */
static void test_a_grapheme_longer_than_a_name_is_cut_at_a_code_point(void **state)
{
	AUTO(buf) struct buf text = { 0 }, name = { 0 };
	(void)state;

	check_ok(buf_append_str(&text, "x"));
	for (int i = 0; i < 500; i++)
		check_ok(buf_append_str(&text, "\u0323"));
	check_ok(name_clean(text.bytes, text.len, &name));
	assert_int_equal(name.len, 179); /* 1 + 89 * 2 */
	assert_memory_equal(name.bytes, text.bytes, name.len);
}

/* Sorting combining marks is quadratic; these alternate so that all are moved. */
static void test_megabytes_of_marks_or_blanks_cost_little(void **state)
{
	AUTO(buf) struct buf marks = { 0 }, blanks = { 0 }, name = { 0 };
	clock_t start;
	(void)state;

	for (int i = 0; i < 500000; i++) {
		check_ok(buf_append_str(&marks, i % 2 ? "\u0323" : "\u0301"));
		check_ok(buf_append_str(&blanks, " ."));
	}
	check_ok(buf_append_str(&blanks, "end"));
	start = clock();
	check_ok(name_clean(marks.bytes, marks.len, &name));
	assert_int_equal(name.len, 180);
	buf_clear(&name);
	check_ok(name_clean(blanks.bytes, blanks.len, &name));
	assert_string_equal(name.bytes, "end");
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

/* --- items --- */

#define RECEIVED 1706609712 /* 2024-01-30 10:15:12 */
#define CREATED 1700000000  /* 2023-11-14 22:13:20 */
#define START 4102444799    /* 2099-12-31 23:59:59 */

static const struct {
	const char *item_class;
	uint32_t flags;
	int64_t received, created, start;
	const char *subject, *display_name, *name;
} items[] = {
	{ "IPM.Note", 1, RECEIVED, CREATED, START, "Re: Quarterly report", NULL,
	  "2024-01-30 101512 Re： Quarterly report.d4bf5810ec20.eml" },
	{ NULL, 0, RECEIVED, CREATED, START, "a", "b", "2024-01-30 101512 a.d4bf5810ec20.eml" },
	{ "IPM.Note", 8, RECEIVED, CREATED, START, "a", NULL,
	  "2023-11-14 221320 a.d4bf5810ec20.eml" },
	{ "IPM.Note", 8, RECEIVED, TIME_NONE, START, "a", NULL,
	  "2024-01-30 101512 a.d4bf5810ec20.eml" },
	{ "IPM.Note", 0, TIME_NONE, CREATED, START, "a", NULL,
	  "2023-11-14 221320 a.d4bf5810ec20.eml" },
	{ "IPM.Note", 0, INT64_MAX, CREATED, START, "a", NULL,
	  "2023-11-14 221320 a.d4bf5810ec20.eml" },
	{ "IPM.Note", 0, TIME_NONE, TIME_NONE, START, NULL, NULL,
	  "0000-00-00 000000 (no subject).d4bf5810ec20.eml" },
	{ "IPM.Note", 0, -1, CREATED, START, " .-", NULL,
	  "1969-12-31 235959 (no subject).d4bf5810ec20.eml" },
	{ "IPM.Schedule.Meeting.Request", 0, RECEIVED, CREATED, START, "a", NULL,
	  "2024-01-30 101512 a.d4bf5810ec20.eml" },
	{ "IPM.Appointment", 8, RECEIVED, CREATED, START, "a", NULL,
	  "2099-12-31 235959 a.d4bf5810ec20.ics" },
	{ "IPM.Appointment.X", 0, RECEIVED, CREATED, TIME_NONE, "a", NULL,
	  "2024-01-30 101512 a.d4bf5810ec20.ics" },
	{ "IPM.Task", 0, RECEIVED, CREATED, START, "a", "b",
	  "2023-11-14 221320 a.d4bf5810ec20.ics" },
	{ "IPM.Contact", 0, RECEIVED, CREATED, START, "a", "Ana \"B\"",
	  "2023-11-14 221320 Ana ＂B＂.d4bf5810ec20.vcf" },
	{ "IPM.Contact", 0, RECEIVED, CREATED, START, "a", NULL,
	  "2023-11-14 221320 a.d4bf5810ec20.vcf" },
	{ "IPM.DistList", 0, RECEIVED, TIME_NONE, START, "", "",
	  "2024-01-30 101512 (no subject).d4bf5810ec20.vcf" },
};

static void test_I3_a_name_is_a_function_of_the_item_alone(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		struct item item;
		AUTO(buf) struct buf name = { 0 };
		item_init(&item);
		item.id = strdup("AAMkAGI=");
		item.message_flags = items[i].flags;
		item.received = items[i].received;
		item.created = items[i].created;
		item.start = items[i].start;
		check_ok(text_copy(items[i].item_class, &item.item_class));
		check_ok(text_copy(items[i].subject, &item.subject));
		check_ok(text_copy(items[i].display_name, &item.display_name));
		check_ok(name_of_item(&item, &name));
		assert_string_equal(name.bytes, items[i].name);
		item_release(&item);
	}
}

static void test_ids_that_differ_in_case_give_different_names(void **state)
{
	struct item item;
	AUTO(buf) struct buf upper = { 0 }, lower = { 0 };
	(void)state;

	item_init(&item);
	item.id = strdup("AAMkAGI=");
	check_ok(name_of_item(&item, &upper));
	item.id[7] = 'i';
	item.id[6] = 'i';
	check_ok(name_of_item(&item, &lower));
	assert_string_not_equal(upper.bytes, lower.bytes);
	item_release(&item);
}

/* --- folders --- */

static const struct {
	const char *display_name, *name;
	bool lost;
} folders[] = {
	{ "Inbox", "Inbox", false },
	{ "Sent Items", "Sent Items", false },
	{ "Entwürfe", "Entwürfe", false },
	{ "a/b: c?", "a／b： c？", false },
	{ "a：b", "a：b", true },
	{ "a/b／c", "a／b／c", true },
	{ ".ctl", "\u2024ctl", true },
	{ ".ctl.json", "\u2024ctl.json", true },
	{ "..a", "\u2024.a", true },
	{ " .a", "\u2024a", true },
	{ "\u2024a", "\u2024a", false },
	{ "a.", "a", true },
	{ " a", "a", true },
	{ "-a", "a", true },
	{ "a  b", "a b", true },
	{ "a\u00A0b", "a b", true },
	{ "e\u0301", "é", true },
	{ "a\xFF", "a" REPLACED, true },
	{ "a" REPLACED, "a" REPLACED, false },
	{ "", "(no name)", true },
	{ NULL, "(no name)", true },
	{ "..", "(no name)", true },
	{ "(no name)", "(no name)", false },
	{ S180, S180, false },
	{ S180 "x", S180, true },
	{ "a ~12345678", "a ~12345678", false },
};

static void test_a_folders_name_says_whether_something_was_lost(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		AUTO(buf) struct buf name = { 0 };
		bool lost = !folders[i].lost;
		check_ok(name_of_folder(folders[i].display_name, &name, &lost));
		assert_string_equal(name.bytes, folders[i].name);
		assert_int_equal(lost, folders[i].lost);
	}
}

static void test_a_suffix_keeps_the_name_within_255_bytes(void **state)
{
	AUTO(buf) struct buf name = { 0 };
	(void)state;

	check_ok(buf_append_str(&name, "a"));
	check_ok(name_add_hash(&name, "AAMkAGI=", 8));
	assert_string_equal(name.bytes, "a ~d4bf5810");
	buf_clear(&name);
	check_ok(buf_append_str(&name, S180 S60 "12345"));
	check_ok(name_add_hash(&name, "AAMkAGI=", 8));
	assert_string_equal(name.bytes, S180 S60 "12345 ~d4bf5810");
	buf_clear(&name);
	check_ok(buf_append_str(&name, S180 S60 "1234é"));
	check_ok(name_add_hash(&name, "AAMkAGI=", 8));
	assert_string_equal(name.bytes, S180 S60 "1234 ~d4bf5810");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_cleaned_by_the_rules_of_the_interface),
		cmocka_unit_test(test_I3_a_clean_name_cleans_to_itself),
		cmocka_unit_test(test_a_nul_is_a_control_character),
		cmocka_unit_test(test_a_grapheme_longer_than_a_name_is_cut_at_a_code_point),
		cmocka_unit_test(test_megabytes_of_marks_or_blanks_cost_little),
		cmocka_unit_test(test_I3_a_name_is_a_function_of_the_item_alone),
		cmocka_unit_test(test_ids_that_differ_in_case_give_different_names),
		cmocka_unit_test(test_a_folders_name_says_whether_something_was_lost),
		cmocka_unit_test(test_a_suffix_keeps_the_name_within_255_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
