/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "model/fields.h"

static void test_the_first_of_a_path_is_found_and_order_is_kept(void **state)
{
	AUTO(fields) struct fields fields = { 0 };
	(void)state;

	check_ok(fields_put(&fields, "Categories/String", "red, and more", 3));
	check_ok(fields_put(&fields, "Categories/String", "blue", 4));
	check_ok(fields_put(&fields, "Body", "", 0));
	assert_string_equal(fields_get(&fields, "Categories/String"), "red");
	assert_string_equal(fields.list[1].text, "blue");
	assert_string_equal(fields_get(&fields, "Body"), "");
	assert_null(fields_get(&fields, "Categories"));
}

static void test_as_many_fields_as_allowed_and_no_more(void **state)
{
	AUTO(fields) struct fields fields = { 0 };
	(void)state;

	for (size_t i = 0; i < FIELDS_MAX; i++)
		check_ok(fields_put(&fields, "a", "b", 1));
	check_err(fields_put(&fields, "a", "b", 1), ERR_LIMIT);
	assert_int_equal(fields.n, FIELDS_MAX);
}

static void test_as_many_bytes_as_allowed_and_no_more(void **state)
{
	AUTO(str) char *text = calloc(1, FIELDS_BYTES_MAX);
	AUTO(fields) struct fields over = { 0 }, full = { 0 };
	(void)state;

	memset(text, 'x', FIELDS_BYTES_MAX);
	check_err(fields_put(&over, "a", text, FIELDS_BYTES_MAX), ERR_LIMIT);
	assert_int_equal(over.n, 0);
	check_ok(fields_put(&full, "a", text, FIELDS_BYTES_MAX - 1));
	check_err(fields_put(&full, "a", "", 0), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_of_a_path_is_found_and_order_is_kept),
		cmocka_unit_test(test_as_many_fields_as_allowed_and_no_more),
		cmocka_unit_test(test_as_many_bytes_as_allowed_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
