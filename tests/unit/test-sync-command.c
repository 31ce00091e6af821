/* SPDX-License-Identifier: MIT */
#include "test-sync.h"

#include <stdatomic.h>

/* Commands other than update, and the audit. */

static void count_inbox(int64_t total_n, int64_t unread_n)
{
	fake_folder("INBOX")->total_n = total_n;
	fake_folder("INBOX")->unread_n = unread_n;
}

static void check_result(struct bench *bench, enum sync_result result, const char *expected)
{
	AUTO(str) char *text = NULL;
	enum err err = sync_load_result(bench->store, result, folder_ino(bench, "INBOX"), &text);

	if (!expected) {
		check_err(err, ERR_NOT_FOUND);
		return;
	}
	check_ok(err);
	assert_string_equal(text, expected);
}

/* --- the audit --- */

/* The server forgot the state and with it what was deleted. */
static void test_what_no_change_told_of_is_found_in_two_digests(void **state)
{
	struct bench *bench = *state;

	announce_three();
	count_inbox(2, 1);
	run_ok(bench);
	fake.pages_n = 0;
	struct ews_change read = FAKE_CREATE("A", "k");
	read.is_read = true;
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "t1", { read, FAKE_CREATE("B", "k") } });
	fake.item_ids_n = 0;
	run_ok(bench);
	check_item(bench, "A", "a");
	check_item(bench, "C", "-");
	assert_true(is_read(bench, "A"));
	assert_int_equal(fake.item_ids_n, 0);
	check_result(bench, SYNC_LAST_VERIFY,
		     "kept=1 changed=1 missing=0 extra=1 regressed=0 uncovered=0");
	check_result(bench, SYNC_LAST_VERIFY_ITEMS, "changed=A extra=C");
	check_result(bench, SYNC_LAST_RESYNC, "kept=1 changed=1 added=0 gone=1 regressed=0");
	fake.pages_calls_n = 0;
	for (int i = 0; i < 3; i++)
		run_ok(bench);
	assert_int_equal(fake.pages_calls_n, 0);
}

static void test_one_digest_that_differs_proves_nothing(void **state)
{
	struct bench *bench = *state;

	announce_three();
	count_inbox(2, 2);
	run_ok(bench);
	count_inbox(4, 3);
	run_ok(bench);
	count_inbox(3, 3);
	run_ok(bench);
	check_result(bench, SYNC_LAST_VERIFY, NULL);
}

/* A ghost, an item without a name of its own, a server that counts otherwise: no loop. */
static void test_what_a_listing_cannot_mend_is_left_alone_until_a_count_changes(void **state)
{
	struct bench *bench = *state;

	announce_three();
	count_inbox(7, 3);
	run_ok(bench);
	fake.pages_calls_n = 0;
	run_ok(bench);
	assert_int_equal(fake.pages_calls_n, 1); /* compared, and nothing was found */
	for (int i = 0; i < 3; i++)
		run_ok(bench);
	bench_close(bench);
	bench_open(bench);
	for (int i = 0; i < 3; i++)
		run_ok(bench);
	assert_int_equal(fake.pages_calls_n, 1);
	count_inbox(8, 3);
	for (int i = 0; i < 4; i++)
		run_ok(bench);
	assert_int_equal(fake.pages_calls_n, 3); /* asked for its changes, and compared again */
	/* Equal counts of the server with another count here are another difference. */
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_DELETE("C") } });
	for (int i = 0; i < 4; i++)
		run_ok(bench);
	assert_int_equal(fake.pages_calls_n, 6); /* its changes; compared; C is listed */
}

/* What the listing mends in part is listed once. */
static void test_a_difference_that_a_resync_leaves_is_remembered(void **state)
{
	struct bench *bench = *state;

	announce_three();
	count_inbox(9, 9);
	run_ok(bench);
	fake.pages_n = 0;
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "t1", { FAKE_CREATE("A", "k") } });
	fake.pages_calls_n = 0;
	for (int i = 0; i < 5; i++)
		run_ok(bench);
	check_item(bench, "B", "-");
	assert_int_equal(fake.pages_calls_n, 3); /* touched; compared; listed */
}

static void test_nothing_is_audited_while_something_is_pending(void **state)
{
	struct bench *bench = *state;

	announce_three();
	count_inbox(2, 2);
	fake_item("C")->err = ERR_TRANSIENT;
	fake.items_fault = (struct fake_fault){ ERR_AUTH, -1, -1 };
	check_err(run_whole(bench->sync), ERR_AUTH);
	check_err(run_whole(bench->sync), ERR_AUTH);
	check_result(bench, SYNC_LAST_VERIFY, NULL);
}

/* --- verify --- */

/* The later of two mentions counts, a delete in a listing too; what differs is named, but not
 * without end. */
static void test_a_comparison_counts_each_item_once(void **state)
{
	struct bench *bench = *state;
	AUTO(comparison) struct comparison found = { 0 };
	AUTO(folder) struct folder inbox = { 0 };

	announce_three();
	run_ok(bench);
	fake.pages_n = 0;
	fake_add_page(
		&(struct fake_page){ "INBOX",
				     NULL,
				     "t1",
				     { FAKE_CREATE("A", "k2"), FAKE_CREATE("N", "k"),
				       FAKE_CREATE("N", "k"), FAKE_CREATE("M", "k"),
				       FAKE_DELETE("M"), FAKE_CREATE("B", "k"), FAKE_DELETE("B") },
				     .more = true });
	fake_add_page(&(struct fake_page){ "INBOX", "t1", "t2", { FAKE_UPDATE("A", "k") } });
	load_folder(bench, "INBOX", &inbox);
	check_ok(verify_folder(bench->sync, &inbox, &found));
	assert_int_equal(found.kept_n, 1);
	assert_int_equal(found.changed_n, 0);
	assert_int_equal(found.missing_n, 1);
	assert_int_equal(found.extra_n, 2);
	for (int i = 0; i < 1000; i++)
		check_ok(comparison_add_item(&found, "extra", "an id that is long enough"));
	assert_true(found.has_more && found.items_n == 100);
}

/* --- with the thread --- */

struct waiter {
	atomic_int done_n;
	enum err err;
};

static void on_done(void *ctx, enum err err)
{
	struct waiter *waiter = ctx;

	waiter->err = err;
	waiter->done_n++;
}

static void wait_for(struct waiter *waiter)
{
	for (int i = 0; waiter->done_n == 0 && i < 5000; i++)
		usleep(1000);
	assert_int_equal(waiter->done_n, 1);
}

static enum err run_command(struct bench *bench, enum sync_command command, uint64_t dir)
{
	struct waiter waiter = { 0 };
	uint64_t ticket;
	enum err err = order(bench->sync, command, dir, on_done, &waiter, &ticket);

	if (err)
		return err;
	wait_for(&waiter);
	return waiter.err;
}

static void start(struct bench *bench)
{
	check_ok(sync_start(bench->sync, NULL, NULL));
	check_ok(run_command(bench, SYNC_UPDATE, 1));
}

static void test_a_resync_asks_again_for_what_could_not_be_delivered(void **state)
{
	struct bench *bench = *state;

	announce_three();
	fake_item("B")->err = ERR_BAD_ITEM;
	start(bench);
	fake_item("B")->err = ERR_OK;
	fake.item_ids_n = 0;
	check_ok(run_command(bench, SYNC_RESYNC, 1));
	assert_int_equal(fake.item_ids_n, 1);
	check_ok(run_command(bench, SYNC_CLEAR, 1));
	assert_int_equal(fake.item_ids_n, 4);
	sync_stop(bench->sync);
	check_item(bench, "B", "b");
	check_result(bench, SYNC_LAST_RESYNC, "kept=3 changed=0 added=0 gone=0 regressed=0");
}

static void test_a_verify_lists_and_stores_nothing(void **state)
{
	struct bench *bench = *state;

	announce_three();
	start(bench);
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_DELETE("A") } });
	fake.pages_calls_n = fake.folders_calls_n = fake.hierarchy_calls_n = 0;
	check_ok(run_command(bench, SYNC_VERIFY, 1));
	assert_int_equal(fake.folders_calls_n + fake.hierarchy_calls_n, 0);
	assert_int_equal(fake.pages_calls_n, 2);
	check_ok(run_command(bench, SYNC_VERIFY, 2));
	assert_int_equal(fake.pages_calls_n, 3);
	sync_stop(bench->sync);
	check_item(bench, "A", "a");
}

/* A verify lists nothing: that it went well says nothing of the sync that did not. */
static void test_a_verify_does_not_make_the_sync_complete(void **state)
{
	struct bench *bench = *state;
	struct sync_status status;

	announce_three();
	fake.items_fault = (struct fake_fault){ ERR_AUTH, -1, -1 };
	check_ok(sync_start(bench->sync, NULL, NULL));
	check_err(run_command(bench, SYNC_UPDATE, 1), ERR_AUTH);
	fake.items_fault.n = 0;
	check_ok(run_command(bench, SYNC_VERIFY, 2));
	sync_load_status(bench->sync, &status);
	assert_string_equal(sync_state_text(status.state), "syncing");
	check_ok(run_command(bench, SYNC_UPDATE, 1));
	sync_load_status(bench->sync, &status);
	assert_string_equal(sync_state_text(status.state), "idle");
	/* Nor does it mend what failed. */
	fake.folders_fault = (struct fake_fault){ ERR_NO_SPACE, 1, -1 };
	check_err(run_command(bench, SYNC_UPDATE, 1), ERR_NO_SPACE);
	check_ok(run_command(bench, SYNC_VERIFY, 2));
	sync_load_status(bench->sync, &status);
	assert_string_equal(sync_state_text(status.state), "error");
	assert_true(*status.last_error);
}

static atomic_bool goes_on, is_held;
static void hold(void)
{
	is_held = true;
	while (!goes_on)
		usleep(1000);
}

static void throttle_the_second(void)
{
	if (fake.items_calls_n < 2)
		return;
	fake.items_fault = (struct fake_fault){ ERR_THROTTLED, 1, 4000 };
	fake.on_items = NULL;
}

/* What is held up is another folder's: its own has come. */
static void test_an_update_does_not_wait_for_the_delays_of_others(void **state)
{
	struct fake_page page = { "F", "s0", "s1", { FAKE_CREATE("X", "k") } };
	struct bench *bench = *state;
	struct waiter inbox = { 0 }, all = { 0 };
	uint64_t ticket;

	fake_add_folder("F", "ROOT", "F");
	fake_add_item("A", "k", "a");
	fake_add_item("X", "k", "x");
	run_ok(bench);
	uint64_t ino = folder_ino(bench, "INBOX");
	start(bench);
	goes_on = false;
	fake.on_page = hold;
	bench->sync->server.account.connections_n = 1;
	fake.items_calls_n = 0;
	fake.on_items = throttle_the_second;
	fake_add_page(&(struct fake_page){ "INBOX", "s0", "s1", { FAKE_CREATE("A", "k") } });
	page.changes[0].received -= 1000;
	fake_add_page(&page);
	check_ok(order(bench->sync, SYNC_UPDATE, ino, on_done, &inbox, &ticket));
	check_ok(order(bench->sync, SYNC_UPDATE, 1, on_done, &all, &ticket));
	goes_on = true;
	int64_t begun_ms = clock_boot_ms();
	wait_for(&inbox);
	check_ok(inbox.err);
	assert_true(clock_boot_ms() - begun_ms < 2000);
	assert_int_equal(all.done_n, 0);
	sync_stop(bench->sync);
	check_item(bench, "A", "a");
}

static void test_commands_that_compare_the_same_folder_exclude_each_other(void **state)
{
	static const struct {
		enum sync_command first, second;
		uint64_t first_dir, second_dir;
		enum err err;
	} cases[] = {
		{ SYNC_RESYNC, SYNC_UPDATE, 2, 2, ERR_BUSY },
		{ SYNC_RESYNC, SYNC_UPDATE, 2, 1, ERR_OK },
		{ SYNC_RESYNC, SYNC_VERIFY, 2, 1, ERR_BUSY },
		{ SYNC_VERIFY, SYNC_CLEAR, 1, 2, ERR_BUSY },
		{ SYNC_UPDATE, SYNC_CLEAR, 1, 2, ERR_OK },
	};
	struct bench *bench = *state;

	announce_three();
	start(bench);
	fake.on_page = hold;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct waiter waiter = { 0 }, second = { 0 };
		uint64_t ticket;
		goes_on = false;
		fake_touch_items("INBOX");
		check_ok(order(bench->sync, cases[i].first, cases[i].first_dir, on_done, &waiter,
			       &ticket));
		enum err err = order(bench->sync, cases[i].second, cases[i].second_dir, on_done,
				     &second, &ticket);
		if (err != cases[i].err)
			fail_msg("%zu: %s", i, err_text(err));
		goes_on = true;
		wait_for(&waiter);
		if (!err)
			wait_for(&second);
	}
}

static void test_a_cancel_is_for_its_directory(void **state)
{
	struct bench *bench = *state;
	struct waiter inbox = { 0 }, other = { 0 };
	uint64_t ticket;

	announce_three();
	start(bench);
	goes_on = false;
	fake.on_page = hold;
	check_ok(order(bench->sync, SYNC_RESYNC, 2, on_done, &inbox, &ticket));
	check_ok(order(bench->sync, SYNC_UPDATE, 3, on_done, &other, &ticket));
	check_ok(run_command(bench, SYNC_CANCEL, 2));
	assert_int_equal(inbox.done_n, 1);
	check_err(inbox.err, ERR_CANCELLED);
	assert_int_equal(other.done_n, 0);
	goes_on = true;
	wait_for(&other);
	check_ok(other.err);
	check_ok(run_command(bench, SYNC_RESYNC, 2));
}

static void test_offline_ends_what_runs_and_refuses_what_comes(void **state)
{
	struct bench *bench = *state;
	struct waiter waiter = { 0 }, offline = { 0 };
	struct sync_status status;
	uint64_t ticket;

	announce_three();
	start(bench);
	goes_on = false;
	fake.on_page = hold;
	check_ok(order(bench->sync, SYNC_RESYNC, 2, on_done, &waiter, &ticket));
	check_ok(order(bench->sync, SYNC_OFFLINE, 1, on_done, &offline, &ticket));
	check_err(run_command(bench, SYNC_UPDATE, 3), ERR_OFFLINE);
	goes_on = true;
	wait_for(&offline);
	wait_for(&waiter);
	check_ok(offline.err);
	check_err(waiter.err, ERR_OFFLINE);
	sync_load_status(bench->sync, &status);
	assert_string_equal(sync_state_text(status.state), "offline");
	uint64_t requests_n = status.requests_n;
	usleep(20000);
	sync_load_status(bench->sync, &status);
	assert_int_equal(status.requests_n, requests_n);
	check_ok(run_command(bench, SYNC_ONLINE, 1));
	check_ok(run_command(bench, SYNC_UPDATE, 1));
}

/* No reply is waited for. */
static void test_going_offline_ends_what_is_under_way(void **state)
{
	struct bench *bench = *state;
	struct waiter offline = { 0 };
	uint64_t ticket;

	fake_add_item("A", "k", "a");
	fake_add_item("B", "k", "b");
	fake_add_item("C", "k", "c");
	fake_add_item("D", "k", "d");
	fake_add_page(&(struct fake_page){ "INBOX",
					   NULL,
					   "s1",
					   { FAKE_CREATE("A", "k"), FAKE_CREATE("B", "k"),
					     FAKE_CREATE("C", "k"), FAKE_CREATE("D", "k") } });
	bench->sync->server.account.connections_n = 4;
	bench->sync->server.account.batch_n = 1;
	goes_on = is_held = false;
	fake.on_items = hold;
	check_ok(sync_start(bench->sync, NULL, NULL));
	while (!is_held)
		usleep(1000);
	check_ok(order(bench->sync, SYNC_OFFLINE, 1, on_done, &offline, &ticket));
	goes_on = true;
	wait_for(&offline);
	assert_int_equal(ews_pending_n(bench->sync->ews), 0);
	check_ok(run_command(bench, SYNC_ONLINE, 1));
	check_ok(run_command(bench, SYNC_UPDATE, 1));
	sync_stop(bench->sync);
	check_item(bench, "D", "d");
}

/* For the thread sanitizer. */
static void *knock(void *ctx)
{
	static const enum sync_command commands[] = { SYNC_RESYNC,  SYNC_CANCEL, SYNC_VERIFY,
						      SYNC_OFFLINE, SYNC_CLEAR,	 SYNC_ONLINE };
	struct bench *bench = ctx;
	struct sync_status status;
	uint64_t ticket;

	for (uint64_t i = 0; i < 300; i++) {
		(void)!order(bench->sync, commands[i % ARRAY_LEN(commands)], 1 + i % 3, NULL, NULL,
			     &ticket);
		sync_load_status(bench->sync, &status);
		sync_state_of_work(bench->sync, 2, NULL, 0);
	}
	return NULL;
}

static void test_many_threads_may_command(void **state)
{
	struct bench *bench = *state;
	pthread_t threads[4];

	announce_three();
	start(bench);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, knock, bench), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	check_ok(run_command(bench, SYNC_ONLINE, 1));
	check_ok(run_command(bench, SYNC_CANCEL, 1));
	check_ok(run_command(bench, SYNC_RESYNC, 1));
	sync_stop(bench->sync);
	check_item(bench, "C", "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_what_no_change_told_of_is_found_in_two_digests),
		bench_test(test_one_digest_that_differs_proves_nothing),
		bench_test(test_what_a_listing_cannot_mend_is_left_alone_until_a_count_changes),
		bench_test(test_a_difference_that_a_resync_leaves_is_remembered),
		bench_test(test_nothing_is_audited_while_something_is_pending),
		bench_test(test_a_comparison_counts_each_item_once),
		bench_test(test_a_resync_asks_again_for_what_could_not_be_delivered),
		bench_test(test_a_verify_lists_and_stores_nothing),
		bench_test(test_a_verify_does_not_make_the_sync_complete),
		bench_test(test_an_update_does_not_wait_for_the_delays_of_others),
		bench_test(test_commands_that_compare_the_same_folder_exclude_each_other),
		bench_test(test_a_cancel_is_for_its_directory),
		bench_test(test_offline_ends_what_runs_and_refuses_what_comes),
		bench_test(test_going_offline_ends_what_is_under_way),
		bench_test(test_many_threads_may_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
