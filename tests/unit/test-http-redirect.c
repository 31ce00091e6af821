/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "test-http.h"

#define SENT_TO(status, place) \
	{ \
		.send = "HTTP/1.1 " status " Moved\r\nLocation: " place \
			"\r\nContent-Length: 4\r\n\r\nover" \
	}

static bool went_to(size_t n, const char *line)
{
	return strncmp(server.request[n], line, strlen(line)) == 0;
}

static size_t load_requests_n(void)
{
	pthread_mutex_lock(&server.lock);
	size_t n = server.requests_n;
	pthread_mutex_unlock(&server.lock);
	return n;
}

static void test_a_redirection_on_the_same_host_is_followed_with_the_question(void **state)
{
	static const struct answer answers[] = { SENT_TO("302", "/other/exchange.asmx"),
						 { .send = XML("200 OK", MINE) } };
	AUTO(http) struct http *http = open_http("echo pass-word", 5, 1);
	(void)state;

	for (int i = 0; i < 2; i++) {
		AUTO(outcome) struct outcome o = { 0 };
		script(answers, ARRAY_LEN(answers));
		ask(http, &o);
		check_ok(o.result.err);
		assert_true(went_to(0, "POST /EWS/Exchange.asmx "));
		assert_true(went_to(1, "POST /other/exchange.asmx "));
		assert_non_null(strstr(server.request[1], "<question/>"));
		assert_non_null(strstr(server.request[1], "Authorization: Basic"));
	}
}

static void test_a_place_that_has_moved_for_good_is_remembered(void **state)
{
	static const struct answer answers[] = { SENT_TO("301", "/other/exchange.asmx"),
						 { .send = XML("200 OK", MINE) } };
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	(void)state;

	script(answers, ARRAY_LEN(answers));
	for (int i = 0; i < 2; i++) {
		AUTO(outcome) struct outcome o = { 0 };
		ask(http, &o);
		check_ok(o.result.err);
	}
	assert_int_equal(server.requests_n, 3);
	assert_true(went_to(2, "POST /other/exchange.asmx "));
}

static void test_a_late_answer_of_the_old_server_does_not_lead_back_to_it(void **state)
{
	static const struct answer answers[] = { SENT_TO("301", "/other/exchange.asmx"),
						 { .send = XML("200 OK", MINE), .delay_ms = 300 },
						 { .send = XML("200 OK", MINE) } };
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	AUTO(outcome) struct outcome late = { 0 };
	AUTO(outcome) struct outcome o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	char url[64];
	(void)state;

	script(answers, ARRAY_LEN(answers));
	post(http, &late);
	while (load_requests_n() < 2)
		check_ok(http_wait(http, 10));
	snprintf(url, sizeof(url), "http://localhost:%d/moved", server.port);
	check_ok(http_move(http, url, &reason));
	while (!late.is_done)
		check_ok(http_wait(http, 1000));
	check_ok(late.result.err);
	ask(http, &o);
	check_ok(o.result.err);
	assert_true(went_to(2, "POST /moved "));
}

static void test_redirections_without_end_are_an_error_after_ten(void **state)
{
	static const struct answer answers[] = { SENT_TO("307", "/EWS/Exchange.asmx") };
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	script(answers, 1);
	ask(http, &o);
	check_err(o.result.err, ERR_NOT_EWS);
	assert_non_null(strstr(o.reason, "redirected 10 times"));
	assert_int_equal(server.requests_n, 11);
}

static void test_no_other_host_port_or_protocol_is_gone_to(void **state)
{
	static const struct answer answers[] = {
		SENT_TO("302", "http://127.0.0.1:1/EWS/Exchange.asmx"),
		SENT_TO("302", "http://127.0.0.2/EWS/Exchange.asmx"),
		SENT_TO("301", "//mail.corp.example/EWS/Exchange.asmx"),
		SENT_TO("308", "file:///etc/passwd"),
		SENT_TO("303", "/seen"),
	};
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	(void)state;

	script(answers, ARRAY_LEN(answers));
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		AUTO(outcome) struct outcome o = { 0 };
		ask(http, &o);
		check_err(o.result.err, ERR_NOT_EWS);
		assert_int_equal(server.requests_n, i + 1);
	}
}

static void test_a_failure_says_how_the_server_knows_it(void **state)
{
	static const struct answer answer = {
		.send = "HTTP/1.1 500 Oops\r\nrequest-id: 11-22\r\nx-feserver:  FE1 \r\n"
			"X-BEServer: BE\x01\x80\r\nX-DiagInfo: BE1\r\nX-Other: no\r\n"
			"Set-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
	};
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	char trails[2][1024];
	(void)state;

	script(&answer, 1);
	for (int i = 0; i < 2; i++) {
		AUTO(outcome) struct outcome o = { 0 };
		ask(http, &o);
		snprintf(trails[i], sizeof(trails[i]), "%s", o.trail);
		const char *said = strchr(trails[i], ',');
		assert_non_null(said);
		assert_string_equal(said, ", request-id=11-22, X-FEServer=FE1, X-BEServer=BE??, "
					  "X-DiagInfo=BE1");
		char line[128];
		snprintf(line, sizeof(line), "client-request-id: %.36s\r\n", trails[i] + 18);
		assert_non_null(strstr(server.request[i], line));
	}
	assert_string_not_equal(trails[0], trails[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_redirection_on_the_same_host_is_followed_with_the_question),
		cmocka_unit_test(test_a_place_that_has_moved_for_good_is_remembered),
		cmocka_unit_test(test_a_late_answer_of_the_old_server_does_not_lead_back_to_it),
		cmocka_unit_test(test_redirections_without_end_are_an_error_after_ten),
		cmocka_unit_test(test_no_other_host_port_or_protocol_is_gone_to),
		cmocka_unit_test(test_a_failure_says_how_the_server_knows_it),
	};
	return cmocka_run_group_tests(tests, start_server, NULL);
}
