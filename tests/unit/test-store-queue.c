/* SPDX-License-Identifier: MIT */
#include "test-store.h"

/* The fetch queue: which jobs go together, which go first, which wait. */

/* `after`: received so many seconds after T0, or TIME_NONE. */
static int64_t queue(struct store *store, uint64_t dir, const char *id, enum item_kind kind,
		     int64_t after, uint64_t size, enum fetch_priority priority)
{
	AUTO(txn) struct txn txn = { 0 };
	struct item_head head = { .id = id, .kind = kind, .modified = T0, .size = size };
	int64_t row = 0;

	head.received = after == TIME_NONE ? TIME_NONE : T0 + after;
	begin(&txn, store);
	check_ok(store_put_head(&txn, dir, &head, &row));
	check_ok(store_queue_fetch(&txn, row, "K1", priority));
	commit(&txn);
	return row;
}

/* Takes a batch and compares its ids, joined by blanks; "" for none. */
static struct fetch_batch take(struct store *store, int64_t now_ms, size_t max_n,
			       uint64_t max_bytes, const char *ids)
{
	AUTO(buf) struct buf got = { 0 };
	struct fetch_batch batch = { 0 };
	enum err err = store_take_batch(store, now_ms, max_n, max_bytes, &batch);

	if (err)
		check_err(err, ERR_NOT_FOUND);
	for (size_t i = 0; i < batch.n; i++)
		check_ok(buf_printf(&got, i ? " %s" : "%s", batch.jobs[i].id));
	assert_string_equal(buf_str(&got), ids);
	return batch;
}

static void take_and_leave(struct store *store, int64_t now_ms, size_t max_n, uint64_t max_bytes,
			   const char *ids)
{
	struct fetch_batch batch = take(store, now_ms, max_n, max_bytes, ids);

	fetch_batch_release(&batch);
}

static void retry(struct store *store, int64_t row, int64_t not_before_ms)
{
	AUTO(txn) struct txn txn = { 0 };

	begin(&txn, store);
	check_ok(store_put_retry(&txn, row, not_before_ms));
	commit(&txn);
}

static void test_a_batch_is_of_one_folder_and_kind_newest_first(void **state)
{
	struct bench *b = *state;
	uint64_t one = make_folder(b->store, "F1", 1, "One");
	uint64_t two = make_folder(b->store, "F2", 1, "Two");

	queue(b->store, one, "old", KIND_MESSAGE, 1, 10, FETCH_FIRST_SYNC);
	queue(b->store, one, "new", KIND_MESSAGE, 9, 10, FETCH_FIRST_SYNC);
	queue(b->store, one, "card", KIND_CONTACT, 8, 10, FETCH_FIRST_SYNC);
	queue(b->store, two, "other", KIND_MESSAGE, 7, 10, FETCH_FIRST_SYNC);
	queue(b->store, one, "mid", KIND_MESSAGE, 5, 10, FETCH_FIRST_SYNC);
	queue(b->store, two, "delta", KIND_MESSAGE, 0, 10, FETCH_DELTA);
	queue(b->store, one, "undated", KIND_MESSAGE, TIME_NONE, 10, FETCH_FIRST_SYNC);
	take_and_leave(b->store, 0, 10, 1000, "delta");
	take_and_leave(b->store, 0, 3, 1000, "new mid old");
	take_and_leave(b->store, 0, 10, 1000, "card");
	take_and_leave(b->store, 0, 10, 1000, "other");
	take_and_leave(b->store, 0, 10, 1000, "undated");
	take_and_leave(b->store, 0, 10, 1000, "");
}

static void test_a_batch_keeps_within_its_bytes(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "One");

	queue(b->store, dir, "huge", KIND_MESSAGE, 9, 5000, FETCH_DELTA);
	queue(b->store, dir, "a", KIND_MESSAGE, 8, 600, FETCH_DELTA);
	queue(b->store, dir, "b", KIND_MESSAGE, 7, 400, FETCH_DELTA);
	queue(b->store, dir, "c", KIND_MESSAGE, 6, 1, FETCH_DELTA);
	take_and_leave(b->store, 0, 10, 1000, "huge");
	take_and_leave(b->store, 0, 10, 1000, "a b");
	take_and_leave(b->store, 0, 10, 1000, "c");
}

static void test_what_is_taken_is_not_given_twice(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "One");
	int64_t row = queue(b->store, dir, "a", KIND_MESSAGE, 9, 1, FETCH_DELTA);
	uint64_t n;
	int64_t due;

	queue(b->store, dir, "b", KIND_MESSAGE, 8, 1, FETCH_DELTA);
	struct fetch_batch first = take(b->store, 0, 10, 1000, "a b");
	take_and_leave(b->store, 0, 10, 1000, "");
	check_ok(store_return_batch(b->store, &first));
	check_ok(store_return_batch(b->store, &first));
	fetch_batch_release(&first);
	take_and_leave(b->store, 0, 10, 1000, "a b");
	/* A row that left the queue and came again is another job. */
	deliver(b->store, dir, "a", "K1", "a.eml", "x");
	check_ok(store_load_queue(b->store, &due, &n));
	assert_int_equal(n, 1);
	assert_int_equal(queue(b->store, dir, "a", KIND_MESSAGE, 9, 1, FETCH_DELTA), row);
	take_and_leave(b->store, 0, 10, 1000, "a");
}

static void test_a_version_announced_meanwhile_stays_wanted(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "One");
	AUTO(txn) struct txn txn = { 0 };
	struct item item = make_item("a", "K1");

	int64_t row = queue(b->store, dir, "a", KIND_MESSAGE, 9, 1, FETCH_DELTA);
	take_and_leave(b->store, 0, 10, 1000, "a");
	begin(&txn, b->store);
	check_ok(store_queue_fetch(&txn, row, "K2", FETCH_FIRST_SYNC));
	commit(&txn);
	take_and_leave(b->store, 0, 10, 1000, ""); /* still on its way */
	begin(&txn, b->store);
	put_text(&txn, row, &item, "a.eml", "one");
	commit(&txn);
	take_and_leave(b->store, 0, 10, 1000, "a");
	item.change_key = (char *)"K2";
	begin(&txn, b->store);
	put_text(&txn, row, &item, "a.eml", "two");
	commit(&txn);
	take_and_leave(b->store, 0, 10, 1000, "");
	check_text(b->store, look(b->store, dir, "a.eml").ino, "two");
}

static void test_I1_what_is_taken_stays_taken_when_its_transaction_is_let_go(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "One");
	struct item item = make_item("a", "K1");
	int64_t row = queue(b->store, dir, "a", KIND_MESSAGE, 9, 1, FETCH_DELTA);
	struct fetch_batch batch = take(b->store, 0, 10, 1000, "a");

	{
		AUTO(txn) struct txn txn = { 0 };
		begin(&txn, b->store);
		put_text(&txn, row, &item, "a.eml", "one");
	}
	take_and_leave(b->store, 0, 10, 1000, "");
	{
		AUTO(txn) struct txn txn = { 0 };
		begin(&txn, b->store);
		check_ok(store_queue_fetch(&txn, row, "K2", FETCH_DELTA));
	}
	/* Nobody announced it anew: it waits like any that failed. */
	retry(b->store, row, 5000);
	take_and_leave(b->store, 0, 10, 1000, "");
	check_ok(store_return_batch(b->store, &batch));
	fetch_batch_release(&batch);
	take_and_leave(b->store, 5000, 10, 1000, "a");
}

static void test_failed_jobs_wait_and_go_alone(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "One");
	int64_t row = queue(b->store, dir, "bad", KIND_MESSAGE, 9, 1, FETCH_DELTA);
	int64_t due;
	uint64_t n;

	queue(b->store, dir, "b", KIND_MESSAGE, 8, 1, FETCH_DELTA);
	queue(b->store, dir, "c", KIND_MESSAGE, 7, 1, FETCH_DELTA);
	take_and_leave(b->store, 0, 1, 1000, "bad");
	retry(b->store, row, 500);
	check_ok(store_load_queue(b->store, &due, &n));
	assert_int_equal(due, 500);
	assert_int_equal(n, 3);
	struct fetch_batch batch = take(b->store, 499, 10, 1000, "b c");
	check_ok(store_return_batch(b->store, &batch));
	fetch_batch_release(&batch);
	batch = take(b->store, 500, 10, 1000, "bad");
	assert_int_equal(batch.jobs[0].tries, 1);
	fetch_batch_release(&batch);
	retry(b->store, row, 600);
	retry(b->store, row, 700);
	take_and_leave(b->store, 699, 10, 1000, "b c");
	take_and_leave(b->store, 699, 10, 1000, "");
	/* Announced anew in the same version: at once, but alone. In another: as if new. */
	queue(b->store, dir, "d", KIND_MESSAGE, 1, 1, FETCH_DELTA);
	queue(b->store, dir, "bad", KIND_MESSAGE, 9, 1, FETCH_DELTA);
	batch = take(b->store, 0, 10, 1000, "bad");
	assert_int_equal(batch.jobs[0].tries, 3);
	check_ok(store_return_batch(b->store, &batch));
	fetch_batch_release(&batch);
	AUTO(txn) struct txn txn = { 0 };
	begin(&txn, b->store);
	check_ok(store_queue_fetch(&txn, row, "K2", FETCH_FIRST_SYNC));
	commit(&txn);
	take_and_leave(b->store, 0, 10, 1000, "bad d");
}

static void test_ghosts_leave_the_queue(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "One");
	int64_t row = queue(b->store, dir, "a", KIND_MESSAGE, 9, 70, FETCH_DELTA);
	AUTO(txn) struct txn txn = { 0 };
	struct item_row item = { 0 };

	assert_int_equal(tally(b->store, dir, false).pending_n, 1);
	assert_int_equal(tally(b->store, dir, false).pending_bytes, 70);
	take_and_leave(b->store, 0, 10, 1000, "a");
	begin(&txn, b->store);
	check_ok(store_put_ghost(&txn, row));
	check_ok(store_put_ghost(&txn, 4711));
	commit(&txn);
	check_ok(store_find_item(b->store, "a", &item));
	assert_int_equal(item.state, ITEM_GHOST);
	assert_false(item.is_queued);
	item_row_release(&item);
	struct store_tally t = tally(b->store, dir, false);
	assert_int_equal(t.pending_n, 0);
	assert_int_equal(t.pending_bytes, 0);
	assert_int_equal(t.known_n, 1);
	queue(b->store, dir, "a", KIND_MESSAGE, 9, 70, FETCH_DELTA);
	assert_int_equal(tally(b->store, dir, false).pending_n, 1);
	take_and_leave(b->store, 0, 10, 1000, "a");
}

static void test_a_job_follows_its_item_to_another_folder(void **state)
{
	struct bench *b = *state;
	uint64_t one = make_folder(b->store, "F1", 1, "One");
	uint64_t two = make_folder(b->store, "F2", 1, "Two");
	AUTO(txn) struct txn txn = { 0 };

	queue(b->store, one, "a", KIND_MESSAGE, 0, 1, FETCH_DELTA);
	queue(b->store, two, "b", KIND_MESSAGE, -1, 1, FETCH_DELTA);
	begin(&txn, b->store);
	put_head(&txn, two, "a");
	commit(&txn);
	take_and_leave(b->store, 0, 10, 10000, "a b");
}

/* What is on its way comes all the same, and what was wanted for another reason as well. */
static void test_refetches_are_taken_back(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "One");
	AUTO(txn) struct txn txn = { 0 };

	queue(b->store, dir, "A", KIND_MESSAGE, 9, 10, FETCH_REFETCH);
	queue(b->store, dir, "B", KIND_MESSAGE, 8, 10, FETCH_REFETCH);
	queue(b->store, dir, "C", KIND_MESSAGE, 7, 10, FETCH_REFETCH);
	queue(b->store, dir, "C", KIND_MESSAGE, 7, 10, FETCH_DELTA);
	queue(b->store, dir, "D", KIND_MESSAGE, 6, 10, FETCH_DELTA);
	queue(b->store, dir, "D", KIND_MESSAGE, 6, 10, FETCH_REFETCH);
	take_and_leave(b->store, 0, 2, 1000, "C D");
	struct fetch_batch batch = take(b->store, 0, 1, 1000, "A");
	begin(&txn, b->store);
	check_ok(store_drop_refetches(&txn));
	commit(&txn);
	take_and_leave(b->store, 0, 9, 1000, "");
	retry(b->store, batch.jobs[0].row, 0);
	take_and_leave(b->store, 1, 9, 1000, "A");
	fetch_batch_release(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_a_batch_is_of_one_folder_and_kind_newest_first),
		bench_test(test_a_batch_keeps_within_its_bytes),
		bench_test(test_what_is_taken_is_not_given_twice),
		bench_test(test_a_version_announced_meanwhile_stays_wanted),
		bench_test(test_I1_what_is_taken_stays_taken_when_its_transaction_is_let_go),
		bench_test(test_failed_jobs_wait_and_go_alone),
		bench_test(test_ghosts_leave_the_queue),
		bench_test(test_a_job_follows_its_item_to_another_folder),
		bench_test(test_refetches_are_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
