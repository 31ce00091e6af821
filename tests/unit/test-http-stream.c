/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "test-http.h"

/* A reply without end: what there is of it so far. */
#define OPEN(chunks) \
	"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n" \
	"Transfer-Encoding: chunked\r\n\r\n" chunks

/* All connections seem to leave from one port, as they may one after the other. */
static bool shares_a_port;

int getsockname(int fd, struct sockaddr *restrict at, socklen_t *restrict n)
{
	int no = (int)syscall(SYS_getsockname, fd, at, n);

	if (no == 0 && shares_a_port && at->sa_family == AF_INET)
		((struct sockaddr_in *)at)->sin_port = htons(1);
	return no;
}

static void open_stream(struct http *http, int64_t silence_ms, struct outcome *o)
{
	check_ok(http_stream(http, "<stream/>", 9, silence_ms, &handler, o));
}

static void test_a_stream_keeps_nobody_waiting(void **state)
{
	static const struct answer answers[] = {
		{ .send = OPEN(MINE) },
		{ .send = XML("200 OK", ALSO) },
	};
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	AUTO(outcome) struct outcome stream = { 0 };
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	script(answers, ARRAY_LEN(answers));
	open_stream(http, 5000, &stream);
	check_err(http_stream(http, "", 0, 5000, &handler, &o), ERR_BUSY);
	while (stream.body.len == 0)
		check_ok(http_wait(http, 1000));
	assert_int_equal(http_pending_n(http), 0);
	ask(http, &o);
	check_ok(o.result.err);
	assert_string_equal(buf_str(&o.body), "<also></whole>");
	assert_int_equal(server.connections_n, 2);
	assert_false(stream.is_done);
	http_abort(http, &stream);
	check_err(stream.result.err, ERR_CANCELLED);
}

static void test_what_a_stream_brings_ends_the_wait(void **state)
{
	static const struct answer answers[] = {
		{ .send = OPEN(MINE), .trail = ALSO, .trail_ms = 50 }
	};
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	AUTO(outcome) struct outcome stream = { 0 };
	int64_t begun_ms = clock_boot_ms();
	(void)state;

	script(answers, ARRAY_LEN(answers));
	open_stream(http, 20000, &stream);
	check_ok(http_wait(http, 10000));
	assert_string_equal(buf_str(&stream.body), "<mine></whole>");
	check_ok(http_wait(http, 10000));
	assert_string_equal(buf_str(&stream.body), "<mine></whole><also></whole>");
	assert_true(clock_boot_ms() - begun_ms < 5000);
}

static void test_a_stream_that_falls_silent_ends(void **state)
{
	static const struct answer answers[] = { { .send = OPEN(MINE) } };
	AUTO(http) struct http *http = open_http(NULL, 60, 1);
	AUTO(outcome) struct outcome stream = { 0 };
	int64_t begun_ms = clock_boot_ms();
	(void)state;

	script(answers, ARRAY_LEN(answers));
	open_stream(http, 60000, &stream);
	check_ok(http_wait(http, 1000));
	http_stream_limit(http, 300);
	while (!stream.is_done)
		check_ok(http_wait(http, 1000));
	check_err(stream.result.err, ERR_OFFLINE);
	assert_true(clock_boot_ms() - begun_ms < 10000);
}

static void test_a_stream_is_asked_for_as_it_comes_from_the_same_machine(void **state)
{
	static const struct answer answers[] = {
		{ .send = XML("200 OK", MINE) },
		{ .send = OPEN(MINE) },
	};
	AUTO(http) struct http *http = open_http("echo pass-word", 5, 1);
	AUTO(outcome) struct outcome stream = { 0 };
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	script(answers, ARRAY_LEN(answers));
	ask(http, &o);
	assert_non_null(strstr(server.request[0], "Accept-Encoding: gzip"));
	assert_null(strstr(server.request[0], "X-PreferServerAffinity"));
	http_prefer_affinity(http);
	open_stream(http, 5000, &stream);
	check_ok(http_wait(http, 5000));
	assert_null(strstr(server.request[1], "Accept-Encoding"));
	assert_non_null(strstr(server.request[1], "X-PreferServerAffinity: true\r\n"));
	assert_non_null(strstr(server.request[1], "X-AnchorMailbox: alice@corp.example\r\n"));
}

/* One that is not known to work goes out with one request at a time. */
static void test_a_stream_waits_until_the_login_is_known_to_work(void **state)
{
	static const struct answer answers[] = {
		{ .send = XML("200 OK", MINE), .delay_ms = 100 },
		{ .send = OPEN(MINE) },
	};
	AUTO(http) struct http *http = open_http("echo pass-word", 5, 2);
	AUTO(outcome) struct outcome stream = { 0 };
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	script(answers, ARRAY_LEN(answers));
	open_stream(http, 5000, &stream);
	check_ok(http_wait(http, 50));
	assert_int_equal(server.requests_n, 0);
	ask(http, &o);
	assert_int_equal(server.open_max, 1);
	while (stream.body.len == 0)
		check_ok(http_wait(http, 1000));
	assert_non_null(strstr(server.request[1], "<stream/>"));
}

/* A new connection may leave from the same port as one that is not to be used again. */
static void test_a_stream_is_never_taken_for_an_old_connection(void **state)
{
	static const struct answer answers[] = {
		{ .send = XML("200 OK", MINE) },
		{ .send = OPEN(MINE) },
	};
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	AUTO(outcome) struct outcome stream = { 0 };
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	script(answers, ARRAY_LEN(answers));
	shares_a_port = true;
	ask(http, &o);
	http_distrust(http);
	open_stream(http, 5000, &stream);
	while (stream.body.len == 0)
		check_ok(http_wait(http, 1000));
	shares_a_port = false;
}

static void test_a_held_stream_does_not_leave(void **state)
{
	static const struct answer answers[] = { { .send = OPEN(MINE) } };
	const struct http_tempo tempo = { .connections_n = 1, .hold_ms = clock_boot_ms() + 300 };
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	AUTO(outcome) struct outcome stream = { 0 };
	(void)state;

	script(answers, ARRAY_LEN(answers));
	http_set_tempo(http, &tempo);
	open_stream(http, 5000, &stream);
	check_ok(http_wait(http, 50));
	assert_int_equal(server.requests_n, 0);
	while (stream.body.len == 0)
		check_ok(http_wait(http, 100));
	assert_true(clock_boot_ms() >= tempo.hold_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stream_keeps_nobody_waiting),
		cmocka_unit_test(test_what_a_stream_brings_ends_the_wait),
		cmocka_unit_test(test_a_stream_that_falls_silent_ends),
		cmocka_unit_test(test_a_stream_is_asked_for_as_it_comes_from_the_same_machine),
		cmocka_unit_test(test_a_stream_waits_until_the_login_is_known_to_work),
		cmocka_unit_test(test_a_stream_is_never_taken_for_an_old_connection),
		cmocka_unit_test(test_a_held_stream_does_not_leave),
	};

	return cmocka_run_group_tests(tests, start_server, NULL);
}
