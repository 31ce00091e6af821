/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "ctl/progress.h"
#include "ctl/verdict.h"

static void parse(const char *text, struct report *ret)
{
	check_ok(report_parse(text, strlen(text), ret));
}

static void test_amounts_read_well(void **state)
{
	static const struct {
		double bytes;
		const char *text;
	} vectors[] = {
		{ 0, "0 B" },	      { 999, "999 B" },	     { 1000, "1.0 kB" },
		{ 9949, "9.9 kB" },   { 9960, "10 kB" },     { 999400, "999 kB" },
		{ 999600, "1.0 MB" }, { 12345678, "12 MB" }, { 2.4e9, "2.4 GB" },
		{ 5e15, "5000 TB" },
	};
	static const struct {
		int64_t s;
		const char *text;
	} times[] = {
		{ 0, "0 s" },	       { 59, "59 s" },	      { 100, "1 min 40 s" },
		{ 7500, "2 h 5 min" }, { 273600, "3 d 4 h" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(buf) struct buf buf = { 0 };
		check_ok(progress_print_bytes(&buf, vectors[i].bytes));
		assert_string_equal(buf.bytes, vectors[i].text);
	}
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		AUTO(buf) struct buf buf = { 0 };
		check_ok(progress_print_time(&buf, times[i].s));
		assert_string_equal(buf.bytes, times[i].text);
	}
	AUTO(buf) struct buf counts = { 0 };
	check_ok(progress_print_count(&counts, 7));
	check_ok(progress_print_count(&counts, 1234005));
	assert_string_equal(counts.bytes, "71,234,005");
}

static void test_a_bar_is_as_full_as_the_work_is_done(void **state)
{
	AUTO(buf) struct buf buf = { 0 };
	(void)state;

	check_ok(progress_print_bar(&buf, 0, 10, 10));
	check_ok(progress_print_bar(&buf, 5, 10, 10));
	check_ok(progress_print_bar(&buf, 10, 10, 10));
	check_ok(progress_print_bar(&buf, 0, 0, 2));
	assert_string_equal(buf.bytes, "[..........][#####.....][##########][..]");
}

static void test_progress_is_in_bytes_where_the_mount_counts_them(void **state)
{
	AUTO(report) struct report report = { 0 };
	AUTO(buf) struct buf buf = { 0 };
	(void)state;

	parse("{\"items\": 5, \"pending\": 5, \"bytes-done\": 500000, \"bytes-total\": 1500000, "
	      "\"eta\": 10}",
	      &report);
	struct progress progress = progress_of(&report, NULL, 1);
	assert_true(progress.is_running && progress.in_bytes);
	check_ok(progress_print(&buf, &progress, 6));
	assert_string_equal(buf.bytes, "[##....]  33 %  500 kB of 1.5 MB, 100 kB/s, 10 s left");
}

static void test_progress_is_in_items_elsewhere_and_its_speed_is_learnt(void **state)
{
	AUTO(report) struct report first = { 0 }, second = { 0 }, idle = { 0 };
	AUTO(buf) struct buf buf = { 0 };
	struct meter meter = { 0 };
	(void)state;

	parse("{\"items\": 10, \"pending\": 30}", &first);
	parse("{\"items\": 20, \"pending\": 20}", &second);
	parse("{\"items\": 40, \"pending\": 0}", &idle);
	struct progress progress = progress_of(&first, &meter, 1000);
	assert_int_equal(progress.eta_s, -1);
	progress = progress_of(&second, &meter, 3000);
	check_ok(progress_print(&buf, &progress, 0));
	assert_string_equal(buf.bytes, "50 %, 20 of 40 items, 5/s, 4 s left");
	progress = progress_of(&idle, &meter, 4000);
	assert_false(progress.is_running);
}

static void test_a_report_without_words_is_none(void **state)
{
	AUTO(report) struct report report = { 0 };
	(void)state;

	check_err(report_parse("[]", 2, &report), ERR_PROTOCOL);
	check_err(report_parse("{\"a\":", 5, &report), ERR_PROTOCOL);
	check_err(report_parse("", 0, &report), ERR_PROTOCOL);
	parse("{\"state\": 5, \"items\": \"x\"}", &report);
	assert_string_equal(report_text(&report, "state"), "");
	assert_true(report_number(&report, "items") == TIME_NONE);
}

static void test_the_counts_of_a_verify_are_read_in_any_order(void **state)
{
	struct verify_counts counts;
	(void)state;

	assert_true(verify_counts_parse(
		"kept=7 changed=1 missing=2 extra=3 regressed=4 uncovered=5", &counts));
	assert_true(counts.kept == 7 && counts.changed == 1 && counts.missing == 2 &&
		    counts.extra == 3 && counts.regressed == 4 && counts.uncovered == 5);
	assert_true(verify_counts_parse("2026-11-21T10:00:00Z extra=3 kept=1", &counts));
	assert_true(counts.kept == 1 && counts.extra == 3 && counts.regressed == 0);
	assert_false(verify_counts_parse("", &counts));
	assert_false(verify_counts_parse("nothing of it", &counts));
}

static void test_the_items_of_a_verify_are_words(void **state)
{
	AUTO(verify_items) struct verify_items items = { 0 };
	(void)state;

	check_ok(verify_items_parse("missing=AA== extra=B rubbish =C changed= ...", &items));
	assert_int_equal(items.n, 3);
	assert_string_equal(items.list[0].what, "missing");
	assert_string_equal(items.list[0].id, "AA==");
	assert_string_equal(items.list[1].id, "B");
	assert_string_equal(items.list[2].id, "");
	assert_true(items.has_more);
	verify_items_release(&items);
	check_ok(verify_items_parse("", &items));
	assert_int_equal(items.n, 0);
	assert_false(items.has_more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_amounts_read_well),
		cmocka_unit_test(test_a_bar_is_as_full_as_the_work_is_done),
		cmocka_unit_test(test_progress_is_in_bytes_where_the_mount_counts_them),
		cmocka_unit_test(test_progress_is_in_items_elsewhere_and_its_speed_is_learnt),
		cmocka_unit_test(test_a_report_without_words_is_none),
		cmocka_unit_test(test_the_counts_of_a_verify_are_read_in_any_order),
		cmocka_unit_test(test_the_items_of_a_verify_are_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
