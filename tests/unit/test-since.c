/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "base/text.h"
#include "model/since.h"

static void test_what_can_be_given(void **state)
{
	static const struct {
		const char *text;
		int n;
		char unit;
	} vectors[] = {
		{ "30d", 30, 'd' }, { "1d", 1, 'd' },	  { "12m", 12, 'm' },
		{ "2y", 2, 'y' },   { "100y", 100, 'y' }, { "36600d", 36600, 'd' },
		{ "101y", 0, 0 },   { "1201m", 0, 0 },	  { "36601d", 0, 0 },
		{ "0d", 0, 0 },	    { "-3d", 0, 0 },	  { "30", 0, 0 },
		{ "d", 0, 0 },	    { "", 0, 0 },	  { "3w", 0, 0 },
		{ "3dd", 0, 0 },    { "3 d", 0, 0 },	  { " 3d", 0, 0 },
		{ "+3d", 0, 0 },    { "3D", 0, 0 },	  { "99999999999d", 0, 0 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct since since = { 0 };
		bool ok = since_parse(vectors[i].text, &since);
		if (ok != (vectors[i].n > 0) || since.n != vectors[i].n ||
		    since.unit != vectors[i].unit)
			fail_msg("\"%s\" is %d%c", vectors[i].text, since.n, since.unit);
	}
}

static void test_the_edge_is_a_midnight_and_keeps_to_the_calendar(void **state)
{
	static const struct {
		const char *now, *since, *edge;
	} vectors[] = {
		{ "2024-03-31T10:15:12Z", "1d", "2024-03-30T00:00:00Z" },
		{ "2024-03-31T00:00:00Z", "1d", "2024-03-30T00:00:00Z" },
		{ "2024-03-31T23:59:59Z", "1d", "2024-03-30T00:00:00Z" },
		{ "2024-03-30T23:59:59Z", "1d", "2024-03-29T00:00:00Z" },
		{ "2024-03-01T12:00:00Z", "1d", "2024-02-29T00:00:00Z" },
		{ "2023-03-01T12:00:00Z", "1d", "2023-02-28T00:00:00Z" },
		{ "2024-01-10T12:00:00Z", "30d", "2023-12-11T00:00:00Z" },
		{ "2024-03-31T12:00:00Z", "1m", "2024-02-29T00:00:00Z" },
		{ "2023-03-31T12:00:00Z", "1m", "2023-02-28T00:00:00Z" },
		{ "2024-03-29T12:00:00Z", "1m", "2024-02-29T00:00:00Z" },
		{ "2024-05-31T12:00:00Z", "1m", "2024-04-30T00:00:00Z" },
		{ "2024-01-31T12:00:00Z", "1m", "2023-12-31T00:00:00Z" },
		{ "2024-01-31T12:00:00Z", "2m", "2023-11-30T00:00:00Z" },
		{ "2024-12-31T12:00:00Z", "12m", "2023-12-31T00:00:00Z" },
		{ "2024-02-29T12:00:00Z", "12m", "2023-02-28T00:00:00Z" },
		{ "2024-02-29T12:00:00Z", "2y", "2022-02-28T00:00:00Z" },
		{ "2024-02-29T12:00:00Z", "4y", "2020-02-29T00:00:00Z" },
		{ "2000-03-01T12:00:00Z", "100y", "1900-03-01T00:00:00Z" },
		{ "2024-02-29T12:00:00Z", "100y", "1924-02-29T00:00:00Z" },
		{ "1970-01-01T00:00:01Z", "1d", "1969-12-31T00:00:00Z" },
		{ "1970-01-01T00:00:01Z", "2m", "1969-11-01T00:00:00Z" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(buf) struct buf edge = { 0 };
		struct since since;
		int64_t now;
		assert_true(text_parse_time(vectors[i].now, &now));
		assert_true(since_parse(vectors[i].since, &since));
		check_ok(text_print_time(&edge, since_edge(&since, now)));
		assert_string_equal(edge.bytes, vectors[i].edge);
	}
	assert_true(since_edge(&(struct since){ 0 }, 1706609712) == INT64_MIN);
}

/* Day by day through 40 years: an edge never moves back, and a day's is a day after the last. */
static void test_the_edge_only_moves_on(void **state)
{
	const struct since windows[] = { { 30, 'd' }, { 1, 'm' }, { 13, 'm' }, { 2, 'y' } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
		int64_t last = since_edge(&windows[i], 86400 * 9000);
		for (int64_t day = 9001; day < 9000 + 40 * 365; day++) {
			int64_t edge = since_edge(&windows[i], 86400 * day);
			assert_int_equal(edge % 86400, 0);
			assert_true(edge >= last && edge - last <= 4 * 86400);
			assert_true(windows[i].unit != 'd' || edge == last + 86400);
			last = edge;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_can_be_given),
		cmocka_unit_test(test_the_edge_is_a_midnight_and_keeps_to_the_calendar),
		cmocka_unit_test(test_the_edge_only_moves_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
