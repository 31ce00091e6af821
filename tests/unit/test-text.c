/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdlib.h>
#include <time.h>

#include "base/text.h"

static void test_times_are_read_as_ews_writes_them(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} vectors[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2024-01-30T10:15:12Z", 1706609712 },
		{ "2024-01-30T10:15:12.999Z", 1706609712 },
		{ "2024-01-30T12:15:12+02:00", 1706609712 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "2024-02-30", TIME_NONE },
		{ "2024-13-01T00:00:00Z", TIME_NONE },
		{ "2024-00-01T00:00:00Z", TIME_NONE },
		{ "2024-01-00T00:00:00Z", TIME_NONE },
		{ "2024-01-32T00:00:00Z", TIME_NONE },
		{ "0000-01-01T00:00:00Z", TIME_NONE },
		{ "2100-02-29T00:00:00Z", TIME_NONE },
		{ "2000-02-29T23:59:59-01:30", 951874199 },
		{ "2024-01-30T24:00:00Z", TIME_NONE },
		{ "2024-01-30T10:60:00Z", TIME_NONE },
		{ "2024-01-30T10:15:61Z", TIME_NONE },
		{ "2024-01-30T10:15:12Zx", TIME_NONE },
		{ "2024-02-29T00:00:00Z", 1709164800 },
		{ "2023-02-29T00:00:00Z", TIME_NONE },
		{ "2024-04-31T00:00:00Z", TIME_NONE },
		{ "2016-12-31T23:59:60Z", 1483228800 },
		{ "2024- 1-30T10:15:12Z", TIME_NONE },
		{ " 024-01-30T10:15:12Z", TIME_NONE },
		{ "2024-1-30T10:15:12Z", TIME_NONE },
		{ "2024-01-30T10:15:+2Z", TIME_NONE },
		{ "2024-01-30T10:15:12.", TIME_NONE },
		{ "2024-01-30T10:15:12+-2:00", TIME_NONE },
		{ "2024-01-30T10:15:12+2:00", TIME_NONE },
		{ "2024-01-30T10:15:12+25:00", TIME_NONE },
		{ "2024-01-30T10:15:12+02:60", TIME_NONE },
		{ "", TIME_NONE },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		int64_t time = TIME_NONE;
		bool ok = text_parse_time(vectors[i].text, &time);
		assert_int_equal(ok, vectors[i].time != TIME_NONE);
		assert_int_equal(time, vectors[i].time);
	}
}

static void test_every_day_is_read_as_libc_has_it(void **state)
{
	const int64_t year_1 = INT64_C(-62135596800), year_10000 = INT64_C(253402300800);
	const int64_t step = 86400 - 1;
	AUTO(buf) struct buf text = { 0 };
	(void)state;

	for (int64_t time = year_1; time < year_10000; time += step) {
		struct tm tm;
		char expected[32];
		int64_t again = TIME_NONE;

		buf_clear(&text);
		check_ok(text_print_time(&text, time));
		strftime(expected, sizeof(expected), "-%m-%dT%H:%M:%SZ",
			 gmtime_r(&(time_t){ time }, &tm));
		assert_int_equal(strtol(text.bytes, NULL, 10), tm.tm_year + 1900);
		assert_string_equal(text.bytes + 4, expected);
		assert_true(text_parse_time(text.bytes, &again));
		assert_int_equal(again, time);
	}
}

static void test_hex_is_whole_and_lower_case(void **state)
{
	AUTO(buf) struct buf buf = { 0 };
	(void)state;

	check_ok(text_parse_hex(&buf, "00ff1a", 6));
	assert_int_equal(buf.len, 3);
	assert_memory_equal(buf.bytes, "\x00\xff\x1a", 3);
	check_err(text_parse_hex(&buf, "0", 1), ERR_INVALID);
	check_err(text_parse_hex(&buf, "0g", 2), ERR_INVALID);
	check_err(text_parse_hex(&buf, "AB", 2), ERR_INVALID);
	check_ok(text_parse_hex(&buf, "", 0));
	assert_int_equal(buf.len, 3);
}

static void test_base64_survives_the_round_trip_and_refuses_rubbish(void **state)
{
	AUTO(buf) struct buf encoded = { 0 }, decoded = { 0 };
	uint8_t bytes[256];
	(void)state;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	check_ok(text_print_base64(&encoded, bytes, sizeof(bytes)));
	check_ok(text_parse_base64(&decoded, encoded.bytes, encoded.len));
	assert_int_equal(decoded.len, sizeof(bytes));
	assert_memory_equal(decoded.bytes, bytes, sizeof(bytes));
	assert_int_equal(text_parse_base64(&decoded, "A*==", 4), ERR_INVALID);
	assert_int_equal(decoded.len, sizeof(bytes));
}

static void test_numbers_are_whole_and_within_range(void **state)
{
	int64_t value = 7;
	(void)state;

	assert_true(text_parse_int("-3", -5, 5, &value));
	assert_int_equal(value, -3);
	assert_false(text_parse_int("6", -5, 5, &value));
	assert_false(text_parse_int("3x", -5, 5, &value));
	assert_false(text_parse_int(" 3", -5, 5, &value));
	assert_false(text_parse_int("", -5, 5, &value));
	assert_false(text_parse_int("99999999999999999999", INT64_MIN, INT64_MAX, &value));
	assert_int_equal(value, -3);
}

static void test_a_hash_knows_where_its_parts_end(void **state)
{
	(void)state;
	assert_true(text_hash(text_hash(TEXT_HASH, "a"), "bc") !=
		    text_hash(text_hash(TEXT_HASH, "ab"), "c"));
	assert_true(text_hash(TEXT_HASH, "a") != text_hash(TEXT_HASH, "b"));
	assert_true(text_hash(TEXT_HASH, NULL) == text_hash(TEXT_HASH, ""));
	assert_true(text_hash(TEXT_HASH, "") != TEXT_HASH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hash_knows_where_its_parts_end),
		cmocka_unit_test(test_times_are_read_as_ews_writes_them),
		cmocka_unit_test(test_every_day_is_read_as_libc_has_it),
		cmocka_unit_test(test_hex_is_whole_and_lower_case),
		cmocka_unit_test(test_base64_survives_the_round_trip_and_refuses_rubbish),
		cmocka_unit_test(test_numbers_are_whole_and_within_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
