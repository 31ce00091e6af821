/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "test-http.h"

static void test_cookies_come_back(void **state)
{
	static const struct answer answers[] = {
		{ .send = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nSet-Cookie: "
			  "exchangecookie=abc; path=/\r\n"
			  "Content-Length: 14\r\n\r\n<mine></whole>" },
		{ .send = XML("200 OK", MINE) },
	};
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	(void)state;

	script(answers, ARRAY_LEN(answers));
	for (int i = 0; i < 2; i++) {
		AUTO(outcome) struct outcome o = { 0 };
		ask(http, &o);
	}
	assert_null(strstr(server.request[0], "Cookie:"));
	assert_non_null(strstr(server.request[1], "Cookie: exchangecookie=abc\r\n"));
}

enum { REPLIES = 8, COOKIES_EACH = 50, REPLY_BYTES = 4096 };

/* Each sets cookies that no other sets. */
static void print_reply(int n, char *ret)
{
	int len = sprintf(ret, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n");

	for (int i = 0; i < COOKIES_EACH; i++)
		len += sprintf(ret + len, "Set-Cookie: c%d_%d=1; path=/\r\n", n, i);
	sprintf(ret + len, "Content-Length: 14\r\n\r\n<mine></whole>");
}

static int count_cookies(const char *request)
{
	int n = 0;

	for (const char *at = request; (at = strstr(at, "=1")); at += 2)
		n++;
	return n;
}

/* I9: everything that a server controls is bounded. */
static void test_I9_cookies_without_end_are_forgotten(void **state)
{
	static char text[REPLIES][REPLY_BYTES];
	struct answer answers[REPLIES] = { 0 };
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	int most = 0;
	(void)state;

	for (int i = 0; i < REPLIES; i++) {
		print_reply(i, text[i]);
		answers[i].send = text[i];
	}
	script(answers, ARRAY_LEN(answers));
	for (int i = 0; i < REPLIES; i++) {
		AUTO(outcome) struct outcome o = { 0 };
		ask(http, &o);
		check_ok(o.result.err);
		int n = count_cookies(server.request[i]);
		most = n > most ? n : most;
	}
	assert_in_range(most, COOKIES_EACH, 2 * COOKIES_EACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookies_come_back),
		cmocka_unit_test(test_I9_cookies_without_end_are_forgotten),
	};

	return cmocka_run_group_tests(tests, start_server, NULL);
}
