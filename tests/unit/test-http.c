/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "test-http.h"

static void test_a_connection_is_kept_when_the_reply_was_whole(void **state)
{
	static const struct answer answers[] = { { .send = XML("200 OK", MINE) } };
	AUTO(http) struct http *http = open_http("echo pass-word", 5, 2);
	(void)state;

	script(answers, ARRAY_LEN(answers));
	for (int i = 0; i < 5; i++) {
		AUTO(outcome) struct outcome o = { 0 };
		ask(http, &o);
		check_ok(o.result.err);
		assert_int_equal(o.result.status, 200);
		assert_string_equal(buf_str(&o.body), "<mine></whole>");
	}
	assert_int_equal(server.connections_n, 1);
}

static void test_a_connection_ends_when_the_reply_was_not_known_to_be_whole(void **state)
{
	static const struct answer answers[] = { { .send = XML("200 OK", "7\r\n<mine/>\r\n") } };
	AUTO(http) struct http *http = open_http(NULL, 5, 2);
	(void)state;

	script(answers, ARRAY_LEN(answers));
	for (int i = 0; i < 5; i++) {
		AUTO(outcome) struct outcome o = { 0 };
		ask(http, &o);
		check_ok(o.result.err);
	}
	assert_int_equal(server.connections_n, 5);
}

/* The second response of such a server would answer the next question. */
static void test_what_follows_a_fault_never_answers_the_next_question(void **state)
{
	static const int delays_ms[] = { 0, 0, 1, 2, 5, 10, 20, 50 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(delays_ms); i++) {
		const struct answer answers[] = {
			{ .send = XML("200 OK", FAULT),
			  .trail = XML("200 OK", ALSO),
			  .trail_ms = delays_ms[i] },
			{ .send = XML("200 OK", MINE), .delay_ms = 80 },
		};
		AUTO(http) struct http *http = open_http(NULL, 5, 1);
		AUTO(outcome) struct outcome fault = { 0 };
		AUTO(outcome) struct outcome next = { 0 };
		script(answers, ARRAY_LEN(answers));
		post(http, &fault);
		post(http, &next); /* waits for the same connection */
		while (!next.is_done)
			check_ok(http_wait(http, 1000));
		check_err(fault.result.err, ERR_BAD_ITEM);
		check_ok(next.result.err);
		assert_string_equal(buf_str(&next.body), "<mine></whole>");
		assert_int_equal(server.connection_of[1], 1);
	}
}

static void test_what_follows_a_whole_reply_never_answers_the_next_question(void **state)
{
	static const int delays_ms[] = { 0, 0, 1, 10 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(delays_ms); i++) {
		const struct answer answers[] = {
			{ .send = XML("200 OK", MINE),
			  .trail = XML("200 OK", ALSO),
			  .trail_ms = delays_ms[i] },
			{ .send = XML("200 OK", MINE) },
		};
		AUTO(http) struct http *http = open_http(NULL, 5, 1);
		AUTO(outcome) struct outcome first = { 0 };
		AUTO(outcome) struct outcome next = { 0 };
		script(answers, ARRAY_LEN(answers));
		ask(http, &first);
		pause_ms(50);
		ask(http, &next);
		assert_string_equal(buf_str(&next.body), "<mine></whole>");
		assert_int_equal(server.connection_of[1], 1);
	}
}

static void test_surplus_bytes_in_the_same_packet_end_the_connection(void **state)
{
	static const struct answer answers[] = {
		{ .send = XML("200 OK", MINE) XML("200 OK", ALSO) },
		{ .send = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 14\r\n\r\n"
			  "<mine></whole>" XML("200 OK", ALSO) },
		{ .send = XML("200 OK", MINE) },
	};
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	(void)state;

	script(answers, ARRAY_LEN(answers));
	for (size_t i = 0; i < 3; i++) {
		AUTO(outcome) struct outcome o = { 0 };
		ask(http, &o);
		check_ok(o.result.err);
		assert_string_equal(buf_str(&o.body), "<mine></whole>");
		assert_int_equal(server.connection_of[i], i);
	}
}

/* I9: everything a server controls is bounded. */
static void test_a_head_without_end_is_refused(void **state)
{
	static struct buf text; /* the server may still be sending it when this is over */
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	check_ok(buf_append_str(&text, "HTTP/1.1 200 OK\r\n"));
	while (text.len < 400 * 1024)
		check_ok(buf_append_str(&text, "X-Header: and another one of them\r\n"));
	const struct answer answer = { .send = text.bytes, .close = true };
	script(&answer, 1);
	ask(http, &o);
	check_err(o.result.err, ERR_LIMIT);
}

static void test_a_fault_with_status_500_is_handed_on(void **state)
{
	static const struct answer answer = { .send = XML("500 Internal Server Error", FAULT) };
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	script(&answer, 1);
	ask(http, &o);
	check_err(o.result.err, ERR_BAD_ITEM);
	assert_int_equal(o.result.status, 500);
}

static void test_silence_ends_after_the_timeout(void **state)
{
	static const struct answer silent = { .send = "", .delay_ms = 4000 };
	static const struct answer drips = { .send = XML("200 OK", MINE), .drip_ms = 20 };
	AUTO(http) struct http *http = open_http(NULL, 1, 1);
	AUTO(outcome) struct outcome none = { 0 };
	AUTO(outcome) struct outcome slow = { 0 };
	int64_t began = clock_boot_ms();
	(void)state;

	script(&silent, 1);
	ask(http, &none);
	check_err(none.result.err, ERR_OFFLINE);
	assert_non_null(strstr(none.reason, "no answer within 1 s"));
	assert_in_range(clock_boot_ms() - began, 1000, 2500);
	script(&drips, 1);
	ask(http, &slow); /* two seconds, but never one without a byte */
	check_ok(slow.result.err);
}

static void test_nobody_there_is_offline_with_host_and_port(void **state)
{
	AUTO(http) struct http *http = NULL;
	AUTO(outcome) struct outcome o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	const struct http_config config = { .url = "http://127.0.0.1:1/x",
					    .timeout_s = 5,
					    .connections_n = 1 };
	(void)state;

	check_ok(http_open(&config, &http, &reason));
	ask(http, &o);
	check_err(o.result.err, ERR_OFFLINE);
	assert_int_equal(o.result.status, 0);
	assert_null(o.result.trail); /* no server knows of it */
	assert_non_null(strstr(o.reason, "127.0.0.1:1"));
}

#define REFUSED \
	"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n" \
	"Content-Length: 0\r\n\r\n"

static void test_a_refused_login_is_not_repeated(void **state)
{
	static const struct answer answer = { .send = REFUSED, .delay_ms = 20 };
	AUTO(http) struct http *http = open_http("echo pass-word", 5, 4);
	struct outcome o[8] = { 0 };
	(void)state;

	script(&answer, 1);
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		post(http, &o[i]);
	while (http_pending_n(http) > 0)
		check_ok(http_wait(http, 1000));
	for (size_t i = 0; i < ARRAY_LEN(o); i++) {
		check_err(o[i].result.err, ERR_AUTH);
		assert_non_null(strstr(o[i].reason, "refused the login"));
	}
	assert_int_equal(server.requests_n, 1);
}

static void test_a_login_goes_out_alone_until_it_has_worked(void **state)
{
	static const struct answer answer = { .send = XML("200 OK", MINE), .delay_ms = 50 };
	AUTO(http) struct http *http = open_http("echo pass-word", 5, 4);
	struct outcome o[9] = { 0 };
	(void)state;

	script(&answer, 1);
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		post(http, &o[i]);
	while (!o[0].is_done)
		check_ok(http_wait(http, 1000));
	assert_int_equal(server.open_max, 1);
	while (http_pending_n(http) > 0)
		check_ok(http_wait(http, 1000));
	assert_in_range(server.open_max, 2, 4);
	assert_in_range(server.connections_n, 2, 4);
	for (size_t i = 0; i < ARRAY_LEN(o); i++) {
		check_ok(o[i].result.err);
		outcome_release(&o[i]);
	}
}

static void test_a_busy_gateway_proves_no_login(void **state)
{
	static const struct answer answer = { .send = XML("503 Busy", MINE), .delay_ms = 20 };
	AUTO(http) struct http *http = open_http("echo pass-word", 5, 4);
	struct outcome o[6] = { 0 };
	(void)state;

	script(&answer, 1);
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		post(http, &o[i]);
	while (http_pending_n(http) > 0)
		check_ok(http_wait(http, 1000));
	assert_int_equal(server.open_max, 1);
}

static void test_requests_say_who_asks_and_nothing_that_servers_choke_on(void **state)
{
	static const struct answer answer = { .send = XML("200 OK", MINE) };
	AUTO(http) struct http *http = open_http("echo pass-word", 5, 1);
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	script(&answer, 1);
	ask(http, &o);
	const char *request = server.request[0];
	static const char *const lines[] = {
		"POST /EWS/Exchange.asmx HTTP/1.1\r\n",
		"Authorization: Basic YWxpY2VAY29ycC5leGFtcGxlOnBhc3Mtd29yZA==\r\n",
		"User-Agent: ewsfs/",
		"Content-Type: text/xml; charset=utf-8\r\n",
		"X-AnchorMailbox: alice@corp.example\r\n",
		"client-request-id: ",
		"return-client-request-id: true\r\n",
		"Accept-Encoding: gzip\r\n",
		"Content-Length: 11\r\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (!strstr(request, lines[i]))
			fail_msg("no %s in %s", lines[i], request);
	assert_null(strcasestr(request, "Expect:"));
	assert_null(strcasestr(request, "Transfer-Encoding:"));
}

static void *interrupt_soon(void *http)
{
	pause_ms(50);
	http_interrupt(http);
	return NULL;
}

static void *wake_soon(void *http)
{
	pause_ms(50);
	http_wake(http);
	return NULL;
}

static void test_a_wait_can_be_ended_from_another_thread(void **state)
{
	static const struct answer answer = { .send = XML("200 OK", MINE), .delay_ms = 400 };
	AUTO(http) struct http *http = open_http(NULL, 5, 1);
	AUTO(outcome) struct outcome o = { 0 };
	pthread_t thread;
	(void)state;

	script(&answer, 1);
	post(http, &o);
	pthread_create(&thread, NULL, wake_soon, http);
	check_ok(http_wait(http, 10000));
	assert_false(o.is_done);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, interrupt_soon, http);
	check_err(http_wait(http, 10000), ERR_CANCELLED);
	pthread_join(thread, NULL);
	check_err(http_wait(http, 10000), ERR_CANCELLED);
	assert_false(o.is_done);
	http_resume(http);
	check_ok(http_wait(http, 10000));
	check_ok(o.result.err);
}

static void test_each_request_that_was_started_is_done_once(void **state)
{
	static const struct answer answer = { .send = XML("200 OK", MINE), .delay_ms = 500 };
	struct http *http = open_http(NULL, 5, 1);
	struct outcome o[3] = { 0 };
	(void)state;

	script(&answer, 1);
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		post(http, &o[i]);
	check_ok(http_wait(http, 20));
	assert_int_equal(http_pending_n(http), 3);
	http_abort(http, &o[1]);
	check_err(o[1].result.err, ERR_CANCELLED);
	assert_int_equal(http_pending_n(http), 2);
	http_release(&http);
	check_err(o[0].result.err, ERR_CANCELLED);
	check_err(o[2].result.err, ERR_CANCELLED);
}

#if defined(__has_feature)
#define IS_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

/* The needle is given as its complement, so that it is not found where it is looked for. Other
 * threads' memory may go meanwhile, hence not by pointers. */
static size_t count_in(int fd, unsigned long from, unsigned long to, const uint8_t *complement,
		       size_t n)
{
	static uint8_t block[65536];
	size_t found = 0;

	for (; from < to; from += sizeof(block) - n) {
		ssize_t len = pread(fd, block, sizeof(block), (off_t)from);
		for (ssize_t at = 0; at + (ssize_t)n <= len; at++) {
			const uint8_t *p = (const uint8_t *)from + at;
			bool is_block = p >= block && p < block + sizeof(block);
			size_t i = 0;
			while (i < n && block[at + (ssize_t)i] + complement[i] == 0xff)
				i++;
			found += i == n && !is_block;
		}
	}
	explicit_bzero(block, sizeof(block));
	return found;
}

static size_t count_in_memory(const uint8_t *complement, size_t n)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	AUTO(fd) int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned long from, to;
	char line[512], mode[8];
	size_t found = 0;

	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 &&
		    memcmp(mode, "rw", 2) == 0)
			found += count_in(memory, from, to, complement, n);
	fclose(maps);
	return found;
}

/* "4938271560zq", the end of it, and that as NTLM makes a hash of it. */
#define NOT(c) (uint8_t) ~(c)
#define WIDE(c) NOT(c), 0xff
static const uint8_t complement[] = { NOT('4'), NOT('9'), NOT('3'), NOT('8'), NOT('2'), NOT('7'),
				      NOT('1'), NOT('5'), NOT('6'), NOT('0'), NOT('z'), NOT('q') };
static const uint8_t wide_complement[] = { WIDE('4'), WIDE('9'), WIDE('3'), WIDE('8'),
					   WIDE('2'), WIDE('7'), WIDE('1'), WIDE('5'),
					   WIDE('6'), WIDE('0'), WIDE('z'), WIDE('q') };

/* The command is arithmetic, so that no text of ours holds the password. */
static void check_nothing_left(enum http_auth auth, const struct answer *answers, size_t n)
{
	if (IS_SANITIZED)
		skip(); /* its own memory cannot be read */
	struct http *http = open_by(auth, "echo padding-padding-padding-$((4938271000+560))zq",
				    NULL);
	script(answers, n);
	for (int i = 0; i < 3; i++) {
		AUTO(outcome) struct outcome o = { 0 };
		ask(http, &o);
		check_ok(o.result.err);
	}
	assert_int_not_equal(count_in_memory(complement, sizeof(complement)), 0);
	assert_int_equal(count_in_memory(wide_complement, sizeof(wide_complement)), 0);
	http_release(&http);
	assert_int_equal(count_in_memory(complement, sizeof(complement)), 0);
}

/* I11: secrets stay secret. */
static void test_I11_no_copy_of_the_password_is_left_behind(void **state)
{
	static const struct answer answer = { .send = XML("200 OK", MINE) };
	(void)state;

	check_nothing_left(HTTP_AUTH_BASIC, &answer, 1);
}

static void test_I11_no_copy_of_the_password_is_left_behind_by_NTLM(void **state)
{
	static const struct answer answers[] = {
		{ .send = CHALLENGE },
		{ .send = XML("200 OK", MINE) },
	};
	(void)state;

	check_nothing_left(HTTP_AUTH_NTLM, answers, ARRAY_LEN(answers));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_connection_is_kept_when_the_reply_was_whole),
		cmocka_unit_test(test_a_connection_ends_when_the_reply_was_not_known_to_be_whole),
		cmocka_unit_test(test_what_follows_a_fault_never_answers_the_next_question),
		cmocka_unit_test(test_what_follows_a_whole_reply_never_answers_the_next_question),
		cmocka_unit_test(test_surplus_bytes_in_the_same_packet_end_the_connection),
		cmocka_unit_test(test_a_head_without_end_is_refused),
		cmocka_unit_test(test_a_fault_with_status_500_is_handed_on),
		cmocka_unit_test(test_silence_ends_after_the_timeout),
		cmocka_unit_test(test_nobody_there_is_offline_with_host_and_port),
		cmocka_unit_test(test_a_refused_login_is_not_repeated),
		cmocka_unit_test(test_a_login_goes_out_alone_until_it_has_worked),
		cmocka_unit_test(test_a_busy_gateway_proves_no_login),
		cmocka_unit_test(test_requests_say_who_asks_and_nothing_that_servers_choke_on),
		cmocka_unit_test(test_a_wait_can_be_ended_from_another_thread),
		cmocka_unit_test(test_each_request_that_was_started_is_done_once),
		cmocka_unit_test(test_I11_no_copy_of_the_password_is_left_behind),
		cmocka_unit_test(test_I11_no_copy_of_the_password_is_left_behind_by_NTLM),
	};

	return cmocka_run_group_tests(tests, start_server, NULL);
}
