/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "http/login.h"
#include "test-http.h"

/* --- what is offered --- */

static unsigned offered(const char *line)
{
	struct offer offer = { 0 };

	offer_note_line(&offer, line, strlen(line));
	return offer.auths;
}

enum {
	BASIC = AUTH_BIT(HTTP_AUTH_BASIC),
	NTLM = AUTH_BIT(HTTP_AUTH_NTLM),
	NEGOTIATE = AUTH_BIT(HTTP_AUTH_NEGOTIATE),
	BEARER = AUTH_BIT(HTTP_AUTH_BEARER)
};

static void test_the_ways_of_a_header_are_found_and_nothing_else(void **state)
{
	static const struct {
		const char *line;
		unsigned auths;
	} vectors[] = {
		{ "WWW-Authenticate: Basic realm=\"x\"\r\n", BASIC },
		{ "www-authenticate:NTLM\r\n", NTLM },
		{ "WWW-Authenticate: Negotiate, NTLM, Basic realm=\"a, Bearer b\"\r\n",
		  NEGOTIATE | NTLM | BASIC },
		{ "WWW-Authenticate: Bearer client_id=\"x\", authorization_uri=\"https://y/\"\r\n",
		  BEARER },
		{ "WWW-Authenticate: Digest realm=\"Basic\", nonce=NTLM\r\n", 0 },
		{ "WWW-Authenticate: Negotiate YIIx==\r\n", NEGOTIATE },
		{ "WWW-Authenticate: \"Basic\r\n", 0 },
		{ "WWW-Authenticate:", 0 },
		{ "WWW-Authenticate: ,,, ,\r\n", 0 },
		{ "Proxy-Authenticate: Basic\r\n", 0 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		assert_int_equal(offered(vectors[i].line), vectors[i].auths);
}

static void test_the_last_reply_counts_and_its_reason_is_fit_to_print(void **state)
{
	static const char *const lines[] = {
		"HTTP/1.1 401 Unauthorized\r\n",
		"WWW-Authenticate: NTLM\r\n",
		"HTTP/1.1 401 Unauthorized\r\n",
		"WWW-Authenticate: Bearer\r\n",
		"x-ms-diagnostics: 2000001;reason=\"It has\x1b[2J expired.\";error=\"x\"\r\n",
	};
	struct offer offer = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		offer_note_line(&offer, lines[i], strlen(lines[i]));
	assert_int_equal(offer.auths, BEARER);
	assert_string_equal(offer.why, "It has [2J expired.");
	assert_int_equal(offer.replies_n, 2);
}

/* --- what is sent --- */

#define OFFERS_BOTH "WWW-Authenticate: NTLM\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
#define FIRST "Authorization: NTLM TlRMTVNTUAAB"
#define THIRD "Authorization: NTLM TlRMTVNTUAAD"

static void check_sent(size_t n, const char *header)
{
	if (header ? !strstr(server.request[n], header)
		   : strstr(server.request[n], "Authorization:") != NULL)
		fail_msg("request %zu: not %s: %s", n, header ? header : "without a login",
			 server.request[n]);
}

static void ask_well(struct http *http)
{
	AUTO(outcome) struct outcome o = { 0 };

	ask(http, &o);
	check_ok(o.result.err);
	assert_string_equal(buf_str(&o.body), "<mine></whole>");
}

static void test_auto_asks_once_and_keeps_to_the_best(void **state)
{
	static const struct answer answers[] = {
		{ .send = WANTS(OFFERS_BOTH) },
		{ .send = CHALLENGE },
		{ .send = XML("200 OK", MINE) },
	};
	AUTO(http) struct http *http = open_by(HTTP_AUTH_AUTO, "echo pass-word", NULL);
	(void)state;

	script(answers, ARRAY_LEN(answers));
	for (int i = 0; i < 3; i++)
		ask_well(http);
	check_sent(0, NULL);
	check_sent(1, FIRST);
	assert_non_null(strstr(server.request[1], "Content-Length: 0\r\n"));
	check_sent(2, THIRD);
	check_sent(3, NULL); /* the connection is logged in */
	check_sent(4, NULL);
	assert_int_equal(server.requests_n, 5);
	for (size_t i = 2; i < 5; i++)
		assert_int_equal(server.connection_of[i], server.connection_of[1]);
}

static void test_an_NTLM_connection_may_be_asked_to_shake_hands_again(void **state)
{
	static const struct answer answers[] = {
		{ .send = CHALLENGE },		 { .send = XML("200 OK", MINE) },
		{ .send = WANTS(OFFERS_BOTH) },	 { .send = CHALLENGE },
		{ .send = XML("200 OK", MINE) },
	};
	AUTO(http) struct http *http = open_by(HTTP_AUTH_NTLM, "echo pass-word", NULL);
	(void)state;

	script(answers, ARRAY_LEN(answers));
	ask_well(http);
	ask_well(http);
	check_sent(2, NULL);
	check_sent(3, FIRST);
	check_sent(4, THIRD);
	assert_int_equal(server.requests_n, 5);
}

static void test_a_handshake_without_end_is_a_refused_login(void **state)
{
	static const struct answer answer = { .send = WANTS("WWW-Authenticate: NTLM\r\n"),
					      .close = true };
	AUTO(http) struct http *http = open_by(HTTP_AUTH_NTLM, "echo pass-word", NULL);
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	script(&answer, 1);
	ask(http, &o);
	check_err(o.result.err, ERR_AUTH);
	assert_non_null(strstr(o.reason, "refused the login"));
	assert_in_range(server.requests_n, 1, 10);
}

static void test_a_wrong_NTLM_password_is_sent_once(void **state)
{
	static const struct answer answers[] = {
		{ .send = CHALLENGE },
		{ .send = WANTS(OFFERS_BOTH) },
	};
	AUTO(http) struct http *http = open_by(HTTP_AUTH_NTLM, "echo pass-word", NULL);
	(void)state;

	script(answers, ARRAY_LEN(answers));
	for (int i = 0; i < 3; i++) {
		AUTO(outcome) struct outcome o = { 0 };
		ask(http, &o);
		check_err(o.result.err, ERR_AUTH);
	}
	assert_int_equal(server.requests_n, 2);
}

static void test_a_password_is_not_sent_where_only_tokens_are_taken(void **state)
{
	static const struct answer answer = { .send = WANTS("WWW-Authenticate: Bearer\r\n") };
	AUTO(http) struct http *http = open_by(HTTP_AUTH_AUTO, "echo pass-word", NULL);
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	script(&answer, 1);
	ask(http, &o);
	check_err(o.result.err, ERR_AUTH);
	assert_non_null(strstr(o.reason, "the server offers Bearer: give token_command="));
	assert_int_equal(server.requests_n, 1);
	check_sent(0, NULL);
}

static void test_requests_that_were_under_way_with_an_expired_token_go_out_again(void **state)
{
	static const struct answer answers[] = {
		{ .send = XML("200 OK", MINE) },
		{ .send = WANTS("WWW-Authenticate: Bearer\r\n"), .delay_ms = 50 },
		{ .send = WANTS("WWW-Authenticate: Bearer\r\n"), .delay_ms = 50 },
		{ .send = XML("200 OK", MINE) },
	};
	AUTO(http) struct http *http = open_by(HTTP_AUTH_AUTO, NULL, "date +token-%N");
	AUTO(outcome) struct outcome a = { 0 };
	AUTO(outcome) struct outcome b = { 0 };
	(void)state;

	script(answers, ARRAY_LEN(answers));
	ask_well(http);
	post(http, &a);
	post(http, &b);
	while (!a.is_done || !b.is_done)
		check_ok(http_wait(http, 1000));
	check_ok(a.result.err);
	check_ok(b.result.err);
	check_sent(0, "Authorization: Bearer token-");
	assert_int_equal(server.requests_n, 5);
}

/* --- when --- */

static void test_a_token_that_has_worked_is_renewed_at_once_but_not_in_a_storm(void **state)
{
	static const struct offer bearer = { .auths = AUTH_BIT(HTTP_AUTH_BEARER) };
	struct login login = { .user = "u", .token_command = "date +token-%N" };
	int64_t now = 0;
	(void)state;

	check_ok(login_prepare(&login, now, NULL));
	login_accept(&login, login.generation);
	assert_true(login_refuse(&login, login.generation, &bearer, ++now));
	check_ok(login_prepare(&login, now, NULL));
	login_accept(&login, login.generation);
	assert_false(login_refuse(&login, login.generation, &bearer, ++now));
	check_err(login_prepare(&login, now, NULL), ERR_AUTH);
	now += LOGIN_RENEW_MS;
	check_ok(login_prepare(&login, now, NULL));
	/* One that has never worked is no matter of time. */
	assert_false(login_refuse(&login, login.generation, &bearer, now + LOGIN_RENEW_MS));
	check_err(login_prepare(&login, now + LOGIN_RENEW_MS, NULL), ERR_AUTH);
	login_release(&login);
}

static void test_a_refused_ticket_is_tried_each_minute(void **state)
{
	static const struct offer offer = { .auths = NEGOTIATE };
	struct login login = { .user = "u", .mode = HTTP_AUTH_NEGOTIATE };
	int tries_n = 0;
	(void)state;

	for (int64_t now = 0; now < 10 * LOGIN_ASK_MS; now += 1000) {
		if (login_prepare(&login, now, NULL) == ERR_OK) {
			tries_n++;
			assert_false(login_refuse(&login, login.generation, &offer, now));
		}
	}
	assert_int_equal(tries_n, 10);
	login_release(&login);
}

static void test_auto_goes_down_from_what_leads_nowhere(void **state)
{
	static const struct offer all = { .auths = NEGOTIATE | NTLM | BASIC };
	static const struct offer basic = { .auths = BASIC };
	struct login login = { .user = "u", .command = "echo x" };
	(void)state;

	check_ok(login_prepare(&login, 0, NULL));
	assert_int_equal(login.auth, HTTP_AUTH_AUTO);
	assert_true(login_refuse(&login, login.generation, &all, 0));
	assert_int_equal(login.auth, HTTP_AUTH_NEGOTIATE);
	assert_true(login_refuse(&login, login.generation, &all, 0));
	assert_int_equal(login.auth, HTTP_AUTH_NTLM);
	check_ok(login_prepare(&login, 0, NULL));
	login_accept(&login, login.generation);
	assert_true(login_refuse(&login, login.generation, &basic, 0)); /* NTLM was switched off */
	assert_int_equal(login.auth, HTTP_AUTH_BASIC);
	check_ok(login_prepare(&login, 0, NULL));
	assert_false(login_refuse(&login, login.generation, &basic, 0));
	login_release(&login);
}

static void test_a_refused_password_waits_15_minutes_where_no_way_is_left(void **state)
{
	static const struct offer ntlm = { .auths = NTLM },
				  bearer = { .auths = AUTH_BIT(HTTP_AUTH_BEARER) };
	struct login login = { .user = "u", .command = "echo x" };
	(void)state;

	check_ok(login_prepare(&login, 0, NULL));
	assert_true(login_refuse(&login, login.generation, &ntlm, 0));
	check_ok(login_prepare(&login, 0, NULL));
	assert_false(login_refuse(&login, login.generation, &bearer, 0));
	assert_int_equal(login.auth, HTTP_AUTH_AUTO);
	check_err(login_prepare(&login, LOGIN_AGAIN_MS - 1, NULL), ERR_AUTH);
	check_ok(login_prepare(&login, LOGIN_AGAIN_MS, NULL));
	login_release(&login);
}

static void test_auto_looks_for_a_ticket_each_minute_where_the_command_gives_no_password(
	void **state)
{
	static const struct offer all = { .auths = NEGOTIATE | NTLM, .ticket = "no ticket" };
	struct login login = { .user = "u", .command = "exit 1" };
	(void)state;

	for (int64_t now = 0; now < 3 * LOGIN_ASK_MS; now += LOGIN_ASK_MS) {
		check_ok(login_prepare(&login, now, NULL));
		assert_true(login_refuse(&login, login.generation, &all, now));
		check_ok(login_prepare(&login, now, NULL));
		assert_int_equal(login.auth, HTTP_AUTH_NEGOTIATE);
		assert_true(login_refuse(&login, login.generation, &all, now));
		check_err(login_prepare(&login, now, NULL), ERR_AUTH);
		check_err(login_prepare(&login, now + LOGIN_ASK_MS - 1, NULL), ERR_AUTH);
		assert_non_null(strstr(buf_str(&login.reason), "run kinit"));
	}
	login_release(&login);
}

static void test_a_stray_401_does_not_end_a_Kerberos_login_that_has_worked(void **state)
{
	static const struct offer all = { .auths = NEGOTIATE | NTLM };
	struct login login = { .user = "u", .command = "exit 1" };
	(void)state;

	check_ok(login_prepare(&login, 0, NULL));
	assert_true(login_refuse(&login, login.generation, &all, 0));
	check_ok(login_prepare(&login, 0, NULL));
	login_accept(&login, login.generation);
	assert_true(login_refuse(&login, login.generation, &all, 0));
	assert_int_equal(login.auth, HTTP_AUTH_NEGOTIATE);
	check_ok(login_prepare(&login, 0, NULL));
	assert_true(login_refuse(&login, login.generation, &all, 0)); /* twice is no stray */
	assert_int_equal(login.auth, HTTP_AUTH_NTLM);
	login_release(&login);
}

static void test_a_second_try_is_not_told_by_the_page_of_the_first(void **state)
{
	static const struct answer answers[] = {
		{ .send = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n"
			  "Content-Type: text/html\r\nContent-Length: 35\r\n\r\n"
			  "<html><title>First</title></html>\r\n" },
		{ .send = "HTTP/1.1 418 No\r\nContent-Type: text/html\r\nContent-Length: 36\r\n"
			  "\r\n<html><title>Second</title></html>\r\n" },
	};
	AUTO(http) struct http *http = open_by(HTTP_AUTH_AUTO, "echo x", NULL);
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	script(answers, ARRAY_LEN(answers));
	ask(http, &o);
	assert_int_equal(server.requests_n, 2);
	assert_non_null(strstr(o.reason, "Second"));
	assert_null(strstr(o.reason, "First"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_ways_of_a_header_are_found_and_nothing_else),
		cmocka_unit_test(test_the_last_reply_counts_and_its_reason_is_fit_to_print),
		cmocka_unit_test(test_auto_asks_once_and_keeps_to_the_best),
		cmocka_unit_test(test_an_NTLM_connection_may_be_asked_to_shake_hands_again),
		cmocka_unit_test(test_a_handshake_without_end_is_a_refused_login),
		cmocka_unit_test(test_a_wrong_NTLM_password_is_sent_once),
		cmocka_unit_test(test_a_password_is_not_sent_where_only_tokens_are_taken),
		cmocka_unit_test(
			test_requests_that_were_under_way_with_an_expired_token_go_out_again),
		cmocka_unit_test(
			test_a_token_that_has_worked_is_renewed_at_once_but_not_in_a_storm),
		cmocka_unit_test(test_a_refused_ticket_is_tried_each_minute),
		cmocka_unit_test(test_auto_goes_down_from_what_leads_nowhere),
		cmocka_unit_test(test_a_second_try_is_not_told_by_the_page_of_the_first),
		cmocka_unit_test(test_a_refused_password_waits_15_minutes_where_no_way_is_left),
		cmocka_unit_test(
			test_auto_looks_for_a_ticket_each_minute_where_the_command_gives_no_password),
		cmocka_unit_test(test_a_stray_401_does_not_end_a_Kerberos_login_that_has_worked),
	};

	return cmocka_run_group_tests(tests, start_server, NULL);
}
