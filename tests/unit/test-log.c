/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* What the log holds once it is closed; without the time that each line begins with. */
static void read_log(const char *path, char *ret, size_t size)
{
	static const size_t stamp_n = sizeof("2024-01-30T10:15:12Z");
	FILE *file = fopen(path, "r");
	char line[2048];

	assert_non_null(file);
	*ret = '\0';
	while (fgets(line, sizeof(line), file)) {
		assert_true(strlen(line) > stamp_n);
		strncat(ret, line + stamp_n, size - strlen(ret) - 1);
	}
	fclose(file);
	unlink(path);
}

static void test_an_event_is_one_line_whatever_is_in_it(void **state)
{
	char path[] = "/var/tmp/log-XXXXXX", text[512];
	(void)state;

	close(mkstemp(path));
	check_ok(log_open(LOG_TO_FILE, path, LOG_LEVEL_INFO));
	log_warning("folder %s: refused", "In\nbox\r\n2024 error: \x1B[2J\x7FGrüße");
	log_close();
	read_log(path, text, sizeof(text));
	assert_string_equal(text, "warning: folder In box  2024 error:  [2J Grüße: refused\n");
}

static void test_a_repeated_line_is_counted(void **state)
{
	char path[] = "/var/tmp/log-XXXXXX", text[512];
	(void)state;

	close(mkstemp(path));
	check_ok(log_open(LOG_TO_FILE, path, LOG_LEVEL_INFO));
	for (int i = 0; i < 3; i++)
		log_error("one");
	log_debug("not at this level");
	log_info("two");
	log_info("two");
	log_close();
	read_log(path, text, sizeof(text));
	assert_string_equal(text, "error: one\nerror: the last line came 2 times more\n"
				  "info: two\ninfo: the last line came 1 times more\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_event_is_one_line_whatever_is_in_it),
		cmocka_unit_test(test_a_repeated_line_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
