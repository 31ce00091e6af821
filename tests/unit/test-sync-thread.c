/* SPDX-License-Identifier: MIT */
#include "test-sync.h"

#include <stdatomic.h>

/* What a command heard, and what the engine was told meanwhile. */
struct waiter {
	atomic_int done_n;
	enum err err;
	atomic_int changes_n; /* heard of when it was called */
};

static atomic_int changes_n;

static void hear(void *ctx, const struct store_change *change)
{
	(void)ctx;
	(void)change;
	changes_n++;
}

static void on_done(void *ctx, enum err err)
{
	struct waiter *waiter = ctx;

	waiter->err = err;
	waiter->changes_n = changes_n;
	waiter->done_n++;
}

static void wait_for(struct waiter *waiter)
{
	for (int i = 0; waiter->done_n == 0 && i < 5000; i++)
		usleep(1000);
	assert_int_equal(waiter->done_n, 1);
}

static void wait_for_state(struct sync *sync, enum sync_state state)
{
	struct sync_status status;

	for (int i = 0; i < 5000; i++) {
		sync_load_status(sync, &status);
		if (status.state == state)
			return;
		usleep(1000);
	}
	fail_msg("still %s", sync_state_text(status.state));
}

static void update(struct sync *sync, uint64_t dir, struct waiter *waiter)
{
	uint64_t ticket;

	check_ok(order(sync, SYNC_UPDATE, dir, on_done, waiter, &ticket));
}

static void test_an_update_sees_what_the_server_had_at_the_call(void **state)
{
	struct bench *bench = *state;
	struct waiter waiter = { 0 };

	fake_add_item("A", "k", "a");
	check_ok(sync_start(bench->sync, hear, NULL));
	wait_for_state(bench->sync, SYNC_STATE_IDLE);
	fake_add_page(&(struct fake_page){ "INBOX", "s0", "s1", { FAKE_CREATE("A", "k") } });
	int before_n = changes_n;
	update(bench->sync, 1, &waiter);
	wait_for(&waiter);
	check_ok(waiter.err);
	assert_true(waiter.changes_n > before_n); /* the listener was first */
	sync_stop(bench->sync);
	check_item(bench, "A", "a");
}

static atomic_bool goes_on;
static void hold(void)
{
	while (!goes_on)
		usleep(1000);
}

/* A run that goes on does not count: the command begins its own listing. */
static void test_one_command_at_a_time_for_a_folder(void **state)
{
	struct bench *bench = *state;
	struct waiter first = { 0 }, second = { 0 }, other = { 0 };
	uint64_t ticket;

	goes_on = false;
	fake.on_items = hold;
	fake_add_item("A", "k", "a");
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", { FAKE_CREATE("A", "k") } });
	check_ok(sync_start(bench->sync, NULL, NULL));
	update(bench->sync, 1, &first);
	check_err(order(bench->sync, SYNC_UPDATE, 1, on_done, &second, &ticket), ERR_BUSY);
	update(bench->sync, 2, &other);
	usleep(20000);
	assert_int_equal(first.done_n, 0);
	goes_on = true;
	wait_for(&first);
	wait_for(&other);
	update(bench->sync, 1, &second);
	wait_for(&second);
}

static void test_a_forgotten_command_is_not_called(void **state)
{
	struct bench *bench = *state;
	struct waiter waiter = { 0 }, other = { 0 };
	uint64_t ticket;

	goes_on = false;
	fake.on_items = hold;
	fake_add_item("A", "k", "a");
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", { FAKE_CREATE("A", "k") } });
	check_ok(sync_start(bench->sync, NULL, NULL));
	check_ok(order(bench->sync, SYNC_UPDATE, 1, on_done, &waiter, &ticket));
	assert_true(sync_forget(bench->sync, ticket));
	assert_false(sync_forget(bench->sync, ticket));
	update(bench->sync, 2, &other);
	goes_on = true;
	wait_for(&other);
	for (int i = 0; i < 5000; i++) { /* it ends soon after, or has already */
		enum err err = order(bench->sync, SYNC_UPDATE, 1, NULL, NULL, &ticket);
		if (!err)
			break;
		check_err(err, ERR_BUSY);
		usleep(1000);
	}
	assert_int_equal(waiter.done_n, 0);
	assert_false(sync_forget(bench->sync, ticket + 1000));
}

static void test_an_update_forces_a_try_and_says_what_failed(void **state)
{
	static const struct {
		enum err err;
		enum sync_state state;
	} cases[] = {
		{ ERR_OFFLINE, SYNC_STATE_OFFLINE },
		{ ERR_AUTH, SYNC_STATE_AUTH },
		{ ERR_NOT_EWS, SYNC_STATE_ERROR },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bench *bench = *state;
		struct waiter failed = { 0 }, healed = { 0 };
		struct sync_status status;

		check_ok(sync_start(bench->sync, NULL, NULL));
		wait_for_state(bench->sync, SYNC_STATE_IDLE);
		fake.folders_fault = (struct fake_fault){ cases[i].err, -1, -1 };
		update(bench->sync, 1, &failed);
		wait_for(&failed);
		check_err(failed.err, cases[i].err);
		sync_load_status(bench->sync, &status);
		assert_string_equal(sync_state_text(status.state), sync_state_text(cases[i].state));
		assert_true(strstr(status.last_error, "fault") != NULL);
		sync_stop(bench->sync);

		bench_close(bench);
		bench_open(bench);
		fake.folders_fault.n = 0;
		check_ok(sync_start(bench->sync, NULL, NULL));
		update(bench->sync, 1, &healed);
		wait_for(&healed);
		check_ok(healed.err);
		bench_close(bench);
		bench_open(bench);
	}
}

static void test_stopping_does_not_wait_for_the_gate(void **state)
{
	struct bench *bench = *state;
	struct waiter waiter = { 0 }, late = { 0 };
	uint64_t ticket;

	fake.folders_fault = (struct fake_fault){ ERR_THROTTLED, -1, 3600 * 1000 };
	check_ok(sync_start(bench->sync, NULL, NULL));
	update(bench->sync, 1, &waiter);
	wait_for_state(bench->sync, SYNC_STATE_THROTTLED);
	int64_t begun_ms = clock_boot_ms();
	sync_stop(bench->sync);
	assert_true(clock_boot_ms() - begun_ms < 1000);
	assert_int_equal(waiter.done_n, 1);
	check_err(waiter.err, ERR_CANCELLED);
	check_err(order(bench->sync, SYNC_UPDATE, 1, on_done, &late, &ticket), ERR_CANCELLED);
	assert_int_equal(late.done_n, 0);
}

/* Those of the others start a run as ever. */
static void test_a_folder_that_fails_keeps_no_event_waiting(void **state)
{
	struct bench *bench = *state;

	bench_close(bench);
	bench->account.notify = NOTIFY_AUTO;
	bench_open(bench);
	fake_add_folder("F", "ROOT", "F");
	fake_add_page(&(struct fake_page){ "F", NULL, .err = ERR_PROTOCOL });
	check_ok(sync_start(bench->sync, NULL, NULL));
	wait_for_state(bench->sync, SYNC_STATE_ERROR);
	sync_stop(bench->sync);
	assert_true(bench->sync->watch.is_ready);
}

/* Readers of the state, FORGETs and commands at once: for the thread sanitizer. */
static void *knock(void *ctx)
{
	struct sync *sync = ctx;
	struct sync_status status;

	for (uint64_t i = 0; i < 300; i++) {
		uint64_t ticket = 0;
		sync_load_status(sync, &status);
		sync_forget_inodes(sync, &i, 1);
		if (order(sync, SYNC_UPDATE, 100 + i % 7, NULL, NULL, &ticket) == ERR_OK)
			sync_forget(sync, ticket);
	}
	return NULL;
}

static void test_many_threads_may_knock(void **state)
{
	struct bench *bench = *state;
	struct waiter waiter = { 0 };
	pthread_t threads[4];

	fake_add_item("A", "k", "a");
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", { FAKE_CREATE("A", "k") } });
	check_ok(sync_start(bench->sync, hear, NULL));
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, knock, bench->sync), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	update(bench->sync, 1, &waiter);
	wait_for(&waiter);
	check_ok(waiter.err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_an_update_sees_what_the_server_had_at_the_call),
		bench_test(test_one_command_at_a_time_for_a_folder),
		bench_test(test_a_forgotten_command_is_not_called),
		bench_test(test_an_update_forces_a_try_and_says_what_failed),
		bench_test(test_stopping_does_not_wait_for_the_gate),
		bench_test(test_a_folder_that_fails_keeps_no_event_waiting),
		bench_test(test_many_threads_may_knock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
