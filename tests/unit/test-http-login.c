/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/http.h"
#include "http/login.h"
#include "http/url.h"

enum { MINUTE = 60 * 1000 };

/* A command that counts how often it is asked, and prints what a file holds. */
struct scene {
	char dir[64], command[512];
	struct login login;
};

static void put_file(const struct scene *scene, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", scene->dir, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int asked_n(const struct scene *scene)
{
	char path[128];
	int n = 0, c;

	snprintf(path, sizeof(path), "%s/count", scene->dir);
	FILE *file = fopen(path, "r");
	while (file && (c = getc(file)) != EOF)
		n += c == '\n';
	if (file)
		fclose(file);
	return n;
}

static const struct offer basic = { .auths = AUTH_BIT(HTTP_AUTH_BASIC) };

static void check_refused(struct login *login, unsigned generation, int64_t now)
{
	assert_false(login_refuse(login, generation, &basic, now));
}

static int setup(void **state)
{
	static struct scene scene;

	scene = (struct scene){ .dir = "/tmp/test-login-XXXXXX" };
	assert_non_null(mkdtemp(scene.dir));
	snprintf(scene.command, sizeof(scene.command), "cd %s && echo asked >>count && cat secret",
		 scene.dir);
	scene.login.mode = HTTP_AUTH_BASIC;
	scene.login.user = "alice@corp.example";
	scene.login.command = scene.command;
	put_file(&scene, "secret", "first\nsecond line\n");
	*state = &scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	char command[128];

	login_release(&scene->login);
	snprintf(command, sizeof(command), "rm -r %s", scene->dir);
	return system(command);
}

static void test_the_command_is_asked_once_and_its_first_line_counts(void **state)
{
	struct scene *scene = *state;

	for (int i = 0; i < 3; i++)
		check_ok(login_prepare(&scene->login, i, NULL));
	assert_string_equal(scene->login.secret.text, "first");
	assert_int_equal(asked_n(scene), 1);
}

static void test_a_secret_goes_out_alone_until_it_has_worked(void **state)
{
	struct scene *scene = *state;

	assert_false(login_is_proven(&scene->login));
	check_ok(login_prepare(&scene->login, 0, NULL));
	assert_false(login_is_proven(&scene->login));
	login_accept(&scene->login, scene->login.generation);
	assert_true(login_is_proven(&scene->login));
}

static void test_the_command_is_asked_again_at_most_once_a_minute_after_a_refusal(void **state)
{
	struct scene *scene = *state;

	check_ok(login_prepare(&scene->login, 0, NULL));
	check_refused(&scene->login, scene->login.generation, 100);
	for (int64_t now = 200; now < MINUTE; now += 1000)
		check_err(login_prepare(&scene->login, now, NULL), ERR_AUTH);
	assert_int_equal(asked_n(scene), 1);
	check_err(login_prepare(&scene->login, MINUTE + 1, NULL), ERR_AUTH);
	check_err(login_prepare(&scene->login, MINUTE + 2, NULL), ERR_AUTH);
	assert_int_equal(asked_n(scene), 2);
}

static void test_a_new_secret_is_tried_at_once(void **state)
{
	struct scene *scene = *state;

	check_ok(login_prepare(&scene->login, 0, NULL));
	check_refused(&scene->login, scene->login.generation, 100);
	put_file(scene, "secret", "changed\n");
	check_err(login_prepare(&scene->login, MINUTE - 1, NULL), ERR_AUTH);
	check_ok(login_prepare(&scene->login, MINUTE, NULL));
	assert_string_equal(scene->login.secret.text, "changed");
	assert_false(login_is_proven(&scene->login));
}

static void test_the_refused_secret_is_tried_once_in_15_minutes(void **state)
{
	struct scene *scene = *state;
	int tries = 0;

	for (int64_t now = 0; now < 61 * MINUTE; now += 5000) {
		if (login_prepare(&scene->login, now, NULL) == ERR_OK) {
			tries++;
			check_refused(&scene->login, scene->login.generation, now);
		}
	}
	assert_int_equal(tries, 5); /* at 0, 15, 30, 45, 60 min */
	assert_in_range(asked_n(scene), 55, 62);
}

static void test_a_late_refusal_of_an_older_secret_does_not_touch_the_new_one(void **state)
{
	struct scene *scene = *state;

	check_ok(login_prepare(&scene->login, 0, NULL));
	unsigned old = scene->login.generation;
	check_refused(&scene->login, old, 0);
	put_file(scene, "secret", "changed\n");
	check_ok(login_prepare(&scene->login, 2 * MINUTE, NULL));
	assert_true(login_refuse(&scene->login, old, &basic, 2 * MINUTE));
	check_ok(login_prepare(&scene->login, 2 * MINUTE, NULL));
	login_accept(&scene->login, old);
	assert_false(login_is_proven(&scene->login));
}

static void test_a_login_is_unproven_at_another_server(void **state)
{
	struct scene *scene = *state;

	check_ok(login_prepare(&scene->login, 0, NULL));
	unsigned old = scene->login.generation;
	login_accept(&scene->login, old);
	login_begin_elsewhere(&scene->login);
	assert_false(login_is_proven(&scene->login));
	check_ok(login_prepare(&scene->login, 1, NULL));
	login_accept(&scene->login, old);
	assert_false(login_is_proven(&scene->login));
	check_refused(&scene->login, scene->login.generation, 2);
	login_begin_elsewhere(&scene->login);
	check_err(login_prepare(&scene->login, 2 * MINUTE, NULL), ERR_AUTH);
}

static void test_a_command_that_fails_says_why_and_is_asked_each_minute(void **state)
{
	static const struct {
		const char *command, *reason;
	} vectors[] = {
		{ "exit 3", "password_command failed with status 3" },
		{ "echo secret; exit 1", "password_command failed with status 1" },
		{ "kill -9 $$", "password_command was killed by signal 9" },
		{ "no-such-command-here", "password_command was not found" },
		{ "true", "password_command printed no password" },
		{ "echo; echo late", "password_command printed no password" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct login login = { .user = "u",
				       .mode = HTTP_AUTH_BASIC,
				       .command = vectors[i].command };
		check_err(login_prepare(&login, 0, NULL), ERR_AUTH);
		assert_string_equal(buf_str(&login.reason), vectors[i].reason);
		check_err(login_prepare(&login, MINUTE - 1, NULL), ERR_AUTH);
		login.command = "echo works";
		check_ok(login_prepare(&login, MINUTE, NULL));
		login_release(&login);
	}
}

static void test_a_command_has_no_input_and_its_children_do_not_hold_us_up(void **state)
{
	struct secret secret = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	int64_t began = clock_boot_ms();
	(void)state;

	check_ok(secret_ask("cat; sleep 20 & echo fine; echo noise >&2", "password", NULL, &secret,
			    &reason));
	assert_string_equal(secret.text, "fine");
	assert_in_range(clock_boot_ms() - began, 0, 5000);
	secret_release(&secret);
}

static void test_a_command_gets_none_of_our_descriptors(void **state)
{
	enum { OURS = 50 };
	struct secret secret = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	assert_int_equal(dup2(STDIN_FILENO, OURS), OURS);
	check_ok(secret_ask("test -e /proc/self/fd/50 && echo open || echo closed", "password",
			    NULL, &secret, &reason));
	assert_string_equal(secret.text, "closed");
	secret_release(&secret);
	close(OURS);
}

static void test_a_long_output_is_read_to_its_end(void **state)
{
	struct secret secret = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(secret_ask("echo it; yes | head -c 300000", "password", NULL, &secret, &reason));
	assert_string_equal(secret.text, "it");
	secret_release(&secret);
}

static void test_a_command_can_be_stopped(void **state)
{
	struct secret secret = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	atomic_bool stop = true;
	(void)state;

	check_err(secret_ask("sleep 60", "password", &stop, &secret, &reason), ERR_CANCELLED);
	assert_null(secret.text);
}

static void test_passwords_go_only_where_nobody_listens(void **state)
{
	static const struct {
		const char *url, *text, *user;
	} vectors[] = {
		{ "https://mail.corp.example/EWS/Exchange.asmx",
		  "https://mail.corp.example/EWS/Exchange.asmx", NULL },
		{ "https://alice%40corp@mail.corp.example/x", "https://mail.corp.example/x",
		  "alice@corp" },
		{ "http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x", NULL },
		{ "http://127.9.9.9/x", "http://127.9.9.9/x", NULL },
		{ "http://localhost/x", "http://localhost/x", NULL },
		{ "http://[::1]:80/x", "http://[::1]:80/x", NULL },
		{ "http://mail.corp.example/x", NULL, NULL },
		{ "http://127.0.0.1.example/x", NULL, NULL },
		{ "http://127.0.0.1@mail.corp.example/x", NULL, NULL },
		{ "http://mail.corp.example#@127.0.0.1/", NULL, NULL },
		{ "http://127.0.0.1%2eexample/x", NULL, NULL },
		{ "http://[::ffff:127.0.0.1]/x", NULL, NULL },
		{ "http://0/x", NULL, NULL },
		{ "http://localhost.example/x", NULL, NULL },
		{ "http://128.0.0.1/x", NULL, NULL },
		{ "https://alice:secret@mail.corp.example/x", NULL, NULL },
		{ "ftp://127.0.0.1/x", NULL, NULL },
		{ "file:///etc/passwd", NULL, NULL },
		{ "", NULL, NULL },
		{ "https://", NULL, NULL },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(url) struct url url = { 0 };
		AUTO(buf) struct buf reason = { 0 };
		enum err err = url_parse(vectors[i].url, &url, &reason);
		if (!vectors[i].text) {
			check_err(err, ERR_INVALID);
			assert_true(reason.len > 0);
			assert_null(strstr(reason.bytes, "secret"));
			continue;
		}
		check_ok(err);
		assert_string_equal(url.text, vectors[i].text);
		assert_string_equal(url.user ? url.user : "",
				    vectors[i].user ? vectors[i].user : "");
	}
}

static enum err no_data(void *ctx, const char *bytes, size_t n)
{
	(void)ctx, (void)bytes, (void)n;
	return ERR_OK;
}

static bool never_settled(void *ctx)
{
	(void)ctx;
	return false;
}

static void check_reason(void *ctx, const struct http_result *result)
{
	bool *is_done = ctx;

	check_err(result->err, ERR_OFFLINE);
	assert_non_null(strstr(result->reason, "proxy"));
	assert_null(strstr(result->reason, "secret"));
	*is_done = true;
}

static void test_the_password_of_a_proxy_is_not_repeated(void **state)
{
	static const struct http_handler handler = { no_data, never_settled, check_reason };
	static const char *const proxies[] = { "foo://al:secret@h:1", "http://al:secret@h:x/",
					       "http://al:secret@ h" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(proxies); i++) {
		AUTO(http) struct http *http = NULL;
		AUTO(buf) struct buf reason = { 0 };
		const struct http_config config = { .url = "https://mail.corp.example/",
						    .proxy = proxies[i],
						    .timeout_s = 5,
						    .connections_n = 1 };
		bool is_done = false;
		check_ok(http_open(&config, &http, &reason));
		check_ok(http_post(http, "", 0, &handler, &is_done));
		while (!is_done)
			check_ok(http_wait(http, 1000));
	}
}

int main(void)
{
#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_SCENE(test_the_command_is_asked_once_and_its_first_line_counts),
		WITH_SCENE(test_a_secret_goes_out_alone_until_it_has_worked),
		WITH_SCENE(test_the_command_is_asked_again_at_most_once_a_minute_after_a_refusal),
		WITH_SCENE(test_a_new_secret_is_tried_at_once),
		WITH_SCENE(test_the_refused_secret_is_tried_once_in_15_minutes),
		WITH_SCENE(test_a_late_refusal_of_an_older_secret_does_not_touch_the_new_one),
		WITH_SCENE(test_a_login_is_unproven_at_another_server),
		cmocka_unit_test(test_a_command_that_fails_says_why_and_is_asked_each_minute),
		cmocka_unit_test(test_a_command_has_no_input_and_its_children_do_not_hold_us_up),
		cmocka_unit_test(test_a_command_gets_none_of_our_descriptors),
		cmocka_unit_test(test_a_long_output_is_read_to_its_end),
		cmocka_unit_test(test_a_command_can_be_stopped),
		cmocka_unit_test(test_passwords_go_only_where_nobody_listens),
		cmocka_unit_test(test_the_password_of_a_proxy_is_not_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
