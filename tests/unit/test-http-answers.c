/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "test-http.h"

static void test_answers_say_what_they_are(void **state)
{
	static const struct {
		const char *send;
		bool close;
		enum err err;
		const char *reason; /* in it */
		int64_t retry_after_ms;
	} vectors[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
		  false, ERR_NOT_EWS, "a web page came in place of an answer: the login", -1 },
		{ "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 61\r\n\r\n"
		  "<!DOCTYPE html><html><head><title>\r\n  Sign \x1b[2J\x80 in  </title>",
		  false, ERR_NOT_EWS, "an answer, \"Sign ?[2J? in\"", -1 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n \n<HTML>..", false, ERR_NOT_EWS,
		  "a web page", -1 },
		{ "HTTP/1.1 200 OK\r\nContent-Type: application/xhtml+xml\r\nContent-Length: "
		  "6\r\n\r\n<html>",
		  false, ERR_NOT_EWS, "a web page", -1 },
		{ "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
		  "2\r\n\r\n{}",
		  false, ERR_NOT_EWS, "not XML", -1 },
		{ "HTTP/1.1 302 Found\r\nLocation: https://sso.corp.example/login?token=abc\r\n"
		  "Content-Length: 0\r\n\r\n",
		  false, ERR_NOT_EWS, "redirected to sso.corp.example,", -1 },
		{ "HTTP/1.1 302 Found\r\nLocation: /owa/auth/logon.aspx?url=token\r\n"
		  "Content-Length: 0\r\n\r\n",
		  false, ERR_NOT_EWS, "a login page for browsers", -1 },
		{ "HTTP/1.1 302 Found\r\nLocation: https://m.corp.example/owa/errorfe/x.htm\r\n"
		  "Content-Length: 0\r\n\r\n",
		  false, ERR_TRANSIENT, "error page", -1 },
		{ "HTTP/1.1 302 Found\r\nLocation: /InternalSite/x.asp\r\nContent-Length: "
		  "0\r\n\r\n",
		  false, ERR_NOT_EWS, "gateway", -1 },
		{ "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", false, ERR_NOT_EWS,
		  "redirected to nowhere", -1 },
		{ "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", false, ERR_DENIED,
		  "EWSEnabled", -1 },
		{ "HTTP/1.1 403 Forbidden\r\nContent-Length: 21\r\n\r\nEWSEnabled is $false.",
		  false, ERR_DENIED, "EwsAllowedAppIDs", -1 },
		{ "HTTP/1.1 401 Unauthorized\r\nX-MS-Diagnostics: 1;reason=\"EWS is disabled\"\r\n"
		  "Content-Length: 0\r\n\r\n",
		  false, ERR_DENIED, "EwsAllowedAppIDs", -1 },
		{ "HTTP/1.1 404 Not Found\r\nContent-Type: text/xml\r\nContent-Length: "
		  "5\r\n\r\n<no/>",
		  false, ERR_NOT_EWS, "no Exchange web service", -1 },
		{ "HTTP/1.1 405 Not Allowed\r\nContent-Length: 0\r\n\r\n", false, ERR_NOT_EWS,
		  "HTTP 405", -1 },
		{ "HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", false,
		  ERR_THROTTLED, "throttling", 7000 },
		{ "HTTP/1.1 503 Busy\r\nRetry-After: Thu, 01 Jan 1970 00:00:01 "
		  "GMT\r\nContent-Length: 0\r\n\r\n",
		  false, ERR_THROTTLED, "busy", -1 },
		{ "HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
		  false, ERR_TRANSIENT, "HTTP 500", -1 },
		{ "HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 46\r\n\r\n"
		  "<html><title>Server Error in '/EWS'</title>...",
		  false, ERR_TRANSIENT, "\"Server Error in '/EWS'\" (HTTP 500)", -1 },
		{ "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", false, ERR_TRANSIENT,
		  "HTTP 502", -1 },
		{ "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", false, ERR_LIMIT, "size",
		  -1 },
		{ "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: "
		  "99\r\n\r\n<mine></whole>",
		  true, ERR_OFFLINE, "within the reply", -1 },
		{ "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 0\r\n\r\n", false,
		  ERR_OK, "", -1 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, ERR_NOT_EWS, "not XML",
		  -1 },
		{ "", true, ERR_OFFLINE, "without a reply", -1 },
		{ "220 smtp.corp.example ESMTP\r\n", true, ERR_NOT_EWS, "127.0.0.1", -1 },
		{ XML("500 Internal Server Error", MINE), false, ERR_TRANSIENT, "HTTP 500", -1 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct answer answer = { .send = vectors[i].send, .close = vectors[i].close };
		AUTO(http) struct http *http = open_http(NULL, 5, 1);
		AUTO(outcome) struct outcome o = { 0 };
		script(&answer, 1);
		ask(http, &o);
		if (o.result.err != vectors[i].err || !strstr(o.reason, vectors[i].reason))
			fail_msg("%zu: %s: %s", i, err_text(o.result.err), o.reason);
		assert_int_equal(o.result.retry_after_ms, vectors[i].retry_after_ms);
		assert_null(strstr(o.reason, "token"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_say_what_they_are),
	};
	return cmocka_run_group_tests(tests, start_server, NULL);
}
