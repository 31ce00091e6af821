/* SPDX-License-Identifier: MIT */
#include "test-sync.h"

#include <time.h>

/* In place of base/clock: whoever waits finds that the time has passed. */
static int64_t waited_ms;

int64_t clock_boot_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return waited_ms + now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ns(void)
{
	return clock_boot_ms() * 1000000;
}

int64_t clock_real_ms(int64_t ms)
{
	waited_ms += ms;
	return 1;
}

/* How long nothing may be sent from now on. */
static int64_t closed_ms(struct sync *sync)
{
	int64_t ms = sync->gate.open_ms - clock_boot_ms();

	return ms > 0 ? ms : 0;
}

/* The back-off is over. */
static void reopen(struct sync *sync)
{
	sync->gate.open_ms = sync->gate.busy_ms = 0;
}

static void be_busy(struct sync *sync, int64_t said_ms)
{
	reopen(sync);
	gate_close(sync, said_ms);
}

static void test_what_waits_for_a_connection_is_held_too(void **state)
{
	struct bench *bench = *state;
	struct sync *sync = bench->sync;

	gate_close(sync, 5000);
	assert_false(gate_is_open(sync));
	assert_int_equal(fake.hold_ms, sync->gate.open_ms);
	assert_in_range(closed_ms(sync), 4900, 5000);
}

static void test_connections_are_halved_and_grow_back_one_by_one(void **state)
{
	struct bench *bench = *state;
	struct sync *sync = bench->sync;
	static const int lower[] = { 4, 2, 1, 1 };

	bench->sync->server.account.connections_n = 8;
	for (size_t i = 0; i < ARRAY_LEN(lower); i++) {
		be_busy(sync, 1000);
		assert_int_equal(gate_connections_n(sync), lower[i]);
		assert_int_equal(fake.connections_n, lower[i]);
		assert_true(fake.pace_ms > 0);
	}
	reopen(sync);
	gate_note_answer(sync);
	assert_int_equal(fake.connections_n, 1); /* it was not quiet for long enough */
	for (int n = 2; n <= 8; n++) {
		assert_true(sync->gate.calm_ms - clock_boot_ms() > 10 * 1000);
		sync->gate.calm_ms = 0;
		gate_note_answer(sync);
		gate_note_answer(sync);
		assert_int_equal(fake.connections_n, n);
		assert_int_equal(fake.pace_ms > 0, n < 8);
	}
	sync->gate.calm_ms = 0;
	gate_note_answer(sync);
	assert_int_equal(gate_connections_n(sync), 8);
}

static void test_one_connection_is_paced_until_it_was_quiet(void **state)
{
	struct bench *bench = *state;
	struct sync *sync = bench->sync;

	bench->sync->server.account.connections_n = 1;
	be_busy(sync, 1000);
	assert_int_equal(fake.connections_n, 1);
	assert_true(fake.pace_ms > 0);
	reopen(sync);
	sync->gate.calm_ms = 0;
	gate_note_answer(sync);
	assert_int_equal(fake.connections_n, 1);
	assert_int_equal(fake.pace_ms, 0);
}

/* Four under way at once are refused at once: that is one back-off, the longest of them. */
static void test_a_burst_of_refusals_counts_once(void **state)
{
	struct bench *bench = *state;
	struct sync *sync = bench->sync;

	bench->sync->server.account.connections_n = 4;
	gate_close(sync, 1000);
	gate_close(sync, -1);
	gate_close(sync, 3000);
	gate_close(sync, 2000);
	assert_int_equal(gate_connections_n(sync), 2);
	assert_int_equal(sync->gate.level, 1);
	assert_in_range(closed_ms(sync), 2900, 3000);
	gate_note_answer(sync); /* of one that was sent before */
	assert_int_equal(sync->gate.level, 1);
}

/* Whatever time the server names, or none. */
static void test_a_server_that_is_always_busy_is_asked_less_and_less(void **state)
{
	static const struct {
		int64_t said_ms, from_ms;
	} cases[] = { { 1, 75 }, { -1, 750 }, { 50, 75 } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bench *bench = *state;
		struct sync *sync = bench->sync;
		int64_t least_ms = cases[i].from_ms;
		for (int n = 0; n < 20; n++) {
			be_busy(sync, cases[i].said_ms);
			assert_true(closed_ms(sync) >= least_ms - 20);
			assert_true(closed_ms(sync) <= 60 * 1000);
			least_ms = 2 * least_ms < 45 * 1000 ? 2 * least_ms : 45 * 1000;
		}
		reopen(sync);
		gate_note_answer(sync);
		be_busy(sync, cases[i].said_ms);
		assert_true(closed_ms(sync) < 2000);
		bench_down(state);
		bench_up(state);
	}
}

static void test_a_long_back_off_is_kept_and_an_endless_one_is_not(void **state)
{
	struct bench *bench = *state;

	be_busy(bench->sync, 1800 * 1000);
	assert_in_range(closed_ms(bench->sync), 1799 * 1000, 1800 * 1000);
	be_busy(bench->sync, INT64_C(86400) * 1000);
	assert_in_range(closed_ms(bench->sync), 3599 * 1000, 3600 * 1000);
}

/* I8: the server is well, and says to this one alone that it is busy. */
static void test_I8_an_item_that_keeps_its_server_busy_ends_no_sync(void **state)
{
	for (int whole = 0; whole < 2; whole++) {
		struct bench *bench = *state;
		struct store_tally tally = { 0 };
		int64_t begun_ms = clock_boot_ms();
		announce_three();
		fake.busy_item = "B";
		fake.is_busy_whole = whole;
		run_ok(bench);
		assert_true(clock_boot_ms() - begun_ms < 5 * 60 * 1000);
		check_item(bench, "A", "a");
		check_item(bench, "C", "c");
		check_ok(store_load_tally(bench->store, 1, true, &tally));
		assert_int_equal(tally.quarantined_n, 1);
		assert_int_equal(tally.pending_n, 0);
		/* It comes when the server has changed its mind. */
		fake.busy_item = NULL;
		make_due(bench);
		run_ok(bench);
		check_item(bench, "B", "b");
		bench_down(state);
		bench_up(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_what_waits_for_a_connection_is_held_too),
		bench_test(test_connections_are_halved_and_grow_back_one_by_one),
		bench_test(test_one_connection_is_paced_until_it_was_quiet),
		bench_test(test_a_burst_of_refusals_counts_once),
		bench_test(test_a_server_that_is_always_busy_is_asked_less_and_less),
		bench_test(test_a_long_back_off_is_kept_and_an_endless_one_is_not),
		bench_test(test_I8_an_item_that_keeps_its_server_busy_ends_no_sync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
