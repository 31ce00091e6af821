/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "test-http.h"

static const struct answer slow = { .send = XML("200 OK", MINE), .delay_ms = 50 };

static size_t requests_n(void)
{
	pthread_mutex_lock(&server.lock);
	size_t n = server.requests_n;
	pthread_mutex_unlock(&server.lock);
	return n;
}

/* A session whose login is known to work. */
static struct http *open_proven(void)
{
	struct http *http = open_http("echo pass-word", 5, 4);
	AUTO(outcome) struct outcome o = { 0 };

	script(&slow, 1);
	ask(http, &o);
	check_ok(o.result.err);
	script(&slow, 1);
	return http;
}

static void drain(struct http *http)
{
	while (http_pending_n(http) > 0)
		check_ok(http_wait(http, 1000));
}

static void release_all(struct outcome *o, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check_ok(o[i].result.err);
		outcome_release(&o[i]);
	}
}

/* What waits for a connection already does not leave either. */
static void test_nothing_leaves_while_requests_are_held(void **state)
{
	AUTO(http) struct http *http = open_proven();
	struct outcome o[12] = { 0 };
	int64_t begun_ms = clock_boot_ms();
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		post(http, &o[i]);
	check_ok(http_wait(http, 1000)); /* four have left, one of them is answered */
	http_set_tempo(http, &(struct http_tempo){ 4, 0, begun_ms + 400 });
	while (clock_boot_ms() < begun_ms + 380) {
		check_ok(http_wait(http, begun_ms + 380 - clock_boot_ms()));
		assert_true(requests_n() <= 4);
	}
	assert_int_equal(http_pending_n(http), ARRAY_LEN(o) - 4);
	drain(http);
	assert_true(clock_boot_ms() - begun_ms >= 400);
	assert_int_equal(requests_n(), ARRAY_LEN(o));
	release_all(o, ARRAY_LEN(o));
}

static void test_fewer_connections_count_for_what_waits_already(void **state)
{
	AUTO(http) struct http *http = open_proven();
	struct outcome o[6] = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		post(http, &o[i]);
	http_set_tempo(http, &(struct http_tempo){ 1, 0, 0 });
	drain(http);
	assert_int_equal(server.open_max, 1);
	http_set_tempo(http, &(struct http_tempo){ 4, 0, 0 });
	release_all(o, ARRAY_LEN(o));
	memset(o, 0, sizeof(o));
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		post(http, &o[i]);
	drain(http);
	assert_in_range(server.open_max, 2, 4);
	release_all(o, ARRAY_LEN(o));
}

static void test_paced_requests_leave_one_after_the_other(void **state)
{
	AUTO(http) struct http *http = open_proven();
	struct outcome o[5] = { 0 };
	int64_t begun_ms = clock_boot_ms();
	(void)state;

	http_set_tempo(http, &(struct http_tempo){ 4, 100, 0 });
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		post(http, &o[i]);
	drain(http);
	assert_true(clock_boot_ms() - begun_ms >= 4 * 100);
	release_all(o, ARRAY_LEN(o));
}

/* Whoever waits for a held request is not kept from being interrupted. */
static void test_a_held_request_can_be_aborted(void **state)
{
	AUTO(http) struct http *http = open_proven();
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	http_set_tempo(http, &(struct http_tempo){ 4, 0, clock_boot_ms() + 3600 * 1000 });
	post(http, &o);
	check_ok(http_wait(http, 10));
	assert_false(o.is_done);
	http_abort(http, NULL);
	assert_true(o.is_done);
	check_err(o.result.err, ERR_CANCELLED);
	assert_int_equal(requests_n(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_leaves_while_requests_are_held),
		cmocka_unit_test(test_fewer_connections_count_for_what_waits_already),
		cmocka_unit_test(test_paced_requests_leave_one_after_the_other),
		cmocka_unit_test(test_a_held_request_can_be_aborted),
	};

	return cmocka_run_group_tests(tests, start_server, NULL);
}
