/* SPDX-License-Identifier: MIT */
#include "test-sync.h"

/* What a command leaves that was cancelled half way. */

static struct bench *cancelled;
static int pages_left;

static void cancel_after_pages(void)
{
	uint64_t ticket;

	if (--pages_left == 0)
		check_ok(order(cancelled->sync, SYNC_CANCEL, folder_ino(cancelled, "INBOX"), NULL,
			       NULL, &ticket));
}

/* The command runs until so many pages have come. */
static void run_and_cancel(struct bench *bench, enum sync_command command, int pages_n)
{
	struct sync *sync = bench->sync;
	uint64_t ticket;

	cancelled = bench;
	pages_left = pages_n;
	fake.on_page = cancel_after_pages;
	check_ok(order(sync, command, folder_ino(bench, "INBOX"), NULL, NULL, &ticket));
	check_err(run_whole(sync), ERR_CANCELLED);
	fake.on_page = NULL;
	sync->is_broken = false;
	ews_resume(sync->ews);
	fake.pages_calls_n = fake.item_ids_n = 0;
}

/* A and B in two pages; C came with a change, and the pages from nothing have it since. */
static void hold_three(struct bench *bench)
{
	fake_add_item("A", "k", "a");
	fake_add_item("B", "k", "b");
	fake_add_item("C", "k", "c");
	fake_add_page(&(struct fake_page){
		"INBOX", NULL, "p1", { FAKE_CREATE("A", "k"), FAKE_CREATE("C", "k") }, true });
	fake_add_page(&(struct fake_page){ "INBOX", "p1", "s1", { FAKE_CREATE("B", "k") } });
	run_ok(bench);
}

/* As the engine does when a command was cancelled. */
static void drop_refetches(struct bench *bench)
{
	AUTO(txn) struct txn txn = { 0 };

	check_ok(txn_begin(&txn, bench->store));
	check_ok(store_drop_refetches(&txn));
	check_ok(txn_commit(&txn));
}

static void check_state(struct bench *bench, const char *expected)
{
	AUTO(folder) struct folder folder = { 0 };

	load_folder(bench, "INBOX", &folder);
	assert_string_equal(folder.sync_state, expected);
}

static void test_a_cancelled_listing_leaves_the_folder_as_it_was(void **state)
{
	static const enum sync_command commands[] = { SYNC_RESYNC, SYNC_CLEAR };

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		struct bench *bench = *state;
		enum relist relist;
		hold_three(bench);
		run_and_cancel(bench, commands[i], 1);
		check_state(bench, "s1");
		check_ok(relist_load(bench->sync, folder_ino(bench, "INBOX"), &relist));
		assert_int_equal(relist, RELIST_NONE);
		/* And the next run does not go on with it, but with what is new. */
		drop_refetches(bench);
		run_ok(bench);
		assert_int_equal(fake.pages_calls_n, 0);
		assert_int_equal(fake.item_ids_n, 0);
		fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_DELETE("C") } });
		run_ok(bench);
		assert_int_equal(fake.pages_calls_n, 1);
		check_item(bench, "A", "a");
		check_item(bench, "B", "b");
		check_item(bench, "C", "-");
		bench_down(state);
		bench_up(state);
	}
}

/* A state that the server had refused comes not back to life. */
static void test_a_listing_that_had_to_be_goes_on_after_a_cancelled_one(void **state)
{
	struct bench *bench = *state;
	enum relist relist;

	hold_three(bench);
	fake_add_page(&(struct fake_page){ "INBOX", "s1", .err = ERR_SYNC_RESET });
	cancelled = bench;
	fake_touch_items("INBOX");
	/* The listing that follows on it is cut short. */
	fake.on_page = cancel_after_pages;
	pages_left = 2;
	uint64_t ticket;
	check_ok(order(bench->sync, SYNC_UPDATE, folder_ino(bench, "INBOX"), NULL, NULL, &ticket));
	check_err(run_whole(bench->sync), ERR_CANCELLED);
	bench->sync->is_broken = false;
	ews_resume(bench->sync->ews);
	fake.on_page = NULL;
	run_and_cancel(bench, SYNC_CLEAR, 1);
	check_ok(relist_load(bench->sync, folder_ino(bench, "INBOX"), &relist));
	assert_int_equal(relist, RELIST_EXPIRED);
	run_ok(bench);
	assert_int_equal(fake.pages_calls_n, 2);
	check_state(bench, "s1");
	check_item(bench, "B", "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_a_cancelled_listing_leaves_the_folder_as_it_was),
		bench_test(test_a_listing_that_had_to_be_goes_on_after_a_cancelled_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
