/* SPDX-License-Identifier: MIT */
#include "test-store.h"

#include <sqlite3.h>

/* What the store keeps of change keys over time, and items outside of since=. */

#define A "\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1"

/* A version whose key has that counter, and whose list the other. */
static enum verdict put_versions(struct bench *b, uint64_t dir, const char *change_key,
				 char counter, char listed, bool *ret_is_news)
{
	AUTO(txn) struct txn txn = { 0 };
	AUTO(spool) struct spool spool = { .dir = b->dir };
	struct item item = make_item("I1", change_key);
	enum verdict verdict = VERDICT_UNKNOWN;
	const char entry[] = { 17 };

	check_ok(buf_append(&item.mapi_change_key, A, 16));
	check_ok(buf_append_char(&item.mapi_change_key, counter));
	check_ok(buf_append(&item.predecessors, entry, 1));
	check_ok(buf_append(&item.predecessors, A, 16));
	check_ok(buf_append_char(&item.predecessors, listed));
	check_ok(spool_append(&spool, &counter, 1));
	begin(&txn, b->store);
	int64_t row = put_head(&txn, dir, "I1");
	check_ok(store_queue_fetch(&txn, row, change_key, FETCH_DELTA));
	check_ok(store_judge(b->store, row, &item, &verdict, ret_is_news));
	check_ok(store_put_content(&txn, row, &item, "one.eml", verdict, &spool));
	commit(&txn);
	buf_release(&item.mapi_change_key);
	buf_release(&item.predecessors);
	return verdict;
}

static enum verdict put_version(struct bench *b, uint64_t dir, const char *change_key, char counter,
				bool *ret_is_news)
{
	return put_versions(b, dir, change_key, counter, counter, ret_is_news);
}

static int count_high(struct bench *b)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM high", -1, &stmt, NULL), 0);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

/* A list that is higher than the key is nothing new when the same version comes again. */
static void test_a_version_that_is_fetched_again_is_judged_as_before(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	bool is_news = false;

	assert_int_equal(put_versions(b, dir, "K5", 5, 6, &is_news), VERDICT_OK);
	assert_int_equal(put_versions(b, dir, "K5", 5, 6, &is_news), VERDICT_OK);
	assert_false(is_news);
	assert_int_equal(put_versions(b, dir, "K4", 4, 6, &is_news), VERDICT_REGRESSED);
	assert_int_equal(put_versions(b, dir, "K4", 4, 6, &is_news), VERDICT_REGRESSED);
}

static void test_high_is_kept_only_where_the_version_held_is_not_the_highest(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	bool is_news = false;

	assert_int_equal(put_version(b, dir, "K5", 5, &is_news), VERDICT_OK);
	assert_true(is_news);
	assert_int_equal(put_version(b, dir, "K7", 7, &is_news), VERDICT_OK);
	assert_int_equal(count_high(b), 0);
	assert_int_equal(put_version(b, dir, "K3", 3, &is_news), VERDICT_REGRESSED);
	assert_true(is_news);
	assert_int_equal(count_high(b), 1);
	assert_int_equal(tally(b->store, dir, false).regressed_n, 1);
	check_attr(b->store, look(b->store, dir, "one.eml").ino, ATTR_SYNC, "regressed");
	/* Fetched again, as by a clear: no news. */
	assert_int_equal(put_version(b, dir, "K3", 3, &is_news), VERDICT_REGRESSED);
	assert_false(is_news);
	assert_int_equal(put_version(b, dir, "K7b", 7, &is_news), VERDICT_OK);
	assert_int_equal(count_high(b), 0);
	assert_int_equal(tally(b->store, dir, false).regressed_n, 0);
}

static void test_high_outlives_the_folder_that_is_left_out(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	AUTO(txn) struct txn txn = { 0 };
	struct store_node node;
	bool is_news, more;
	int64_t after = 0;

	put_version(b, dir, "K5", 5, &is_news);
	begin(&txn, b->store);
	check_ok(store_clear_folder(&txn, dir));
	/* since= has nothing to say of it, in either direction. */
	check_ok(store_age_items(&txn, T0 + 1, &after, &more));
	after = 0;
	check_ok(store_age_items(&txn, INT64_MIN, &after, &more));
	commit(&txn);
	check_err(store_find_entry(b->store, dir, "one.eml", &node), ERR_NOT_FOUND);
	assert_int_equal(tally(b->store, dir, false).pending_n, 0);
	assert_int_equal(tally(b->store, dir, false).items_n, 0);
	assert_int_equal(put_version(b, dir, "K3", 3, &is_news), VERDICT_REGRESSED);
	assert_int_equal(tally(b->store, dir, false).regressed_n, 1);
}

static void exclude(struct bench *b, uint64_t dir)
{
	AUTO(txn) struct txn txn = { 0 };

	begin(&txn, b->store);
	check_ok(store_put_excluded(&txn, put_head(&txn, dir, "I1"), "K5"));
	commit(&txn);
}

static void test_high_outlives_the_file_and_goes_with_the_id(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	bool is_news = false;

	put_version(b, dir, "K5", 5, &is_news);
	exclude(b, dir);
	assert_int_equal(count_high(b), 1);
	assert_int_equal(put_version(b, dir, "K4", 4, &is_news), VERDICT_REGRESSED);
	drop(b->store, "I1");
	assert_int_equal(count_high(b), 0);
	assert_int_equal(put_version(b, dir, "K3", 3, &is_news), VERDICT_OK);
}

static void test_an_excluded_item_is_known_and_has_no_file(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	AUTO(spool) struct spool spool = { .dir = b->dir };
	AUTO(txn) struct txn txn = { 0 };
	struct item item = make_item("I1", "K6");
	struct store_node node;
	bool is_news = false;

	put_version(b, dir, "K5", 5, &is_news);
	exclude(b, dir);
	check_err(store_find_entry(b->store, dir, "one.eml", &node), ERR_NOT_FOUND);
	struct store_tally all = tally(b->store, dir, false);
	assert_int_equal(all.known_n, 1);
	assert_int_equal(all.items_n + all.pending_n + all.bytes, 0);
	/* What was on its way is too late. */
	begin(&txn, b->store);
	check_ok(store_put_content(&txn, put_head(&txn, dir, "I1"), &item, "one.eml", VERDICT_OK,
				   &spool));
	commit(&txn);
	check_err(store_find_entry(b->store, dir, "one.eml", &node), ERR_NOT_FOUND);
}

static void age(struct bench *b, int64_t edge)
{
	AUTO(txn) struct txn txn = { 0 };
	int64_t after = 0;
	bool more = true;

	begin(&txn, b->store);
	while (more)
		check_ok(store_age_items(&txn, edge, &after, &more));
	commit(&txn);
}

static void test_the_edge_moves_both_ways(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox"), n = 0;
	bool is_news = false;
	int64_t due_ms;

	put_version(b, dir, "K5", 5, &is_news); /* received at T0 */
	age(b, T0);
	assert_int_equal(tally(b->store, dir, false).items_n, 1);
	age(b, T0 + 1);
	assert_int_equal(tally(b->store, dir, false).items_n, 0);
	check_ok(store_load_queue(b->store, &due_ms, &n));
	assert_int_equal(n, 0);
	age(b, T0);
	assert_int_equal(tally(b->store, dir, false).pending_n, 1);
	check_ok(store_load_queue(b->store, &due_ms, &n));
	assert_int_equal(n, 1);
	assert_int_equal(put_version(b, dir, "K5", 5, &is_news), VERDICT_OK);
	age(b, INT64_MIN);
	assert_int_equal(tally(b->store, dir, false).items_n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_high_outlives_the_folder_that_is_left_out),
		bench_test(test_a_version_that_is_fetched_again_is_judged_as_before),
		bench_test(test_high_is_kept_only_where_the_version_held_is_not_the_highest),
		bench_test(test_high_outlives_the_file_and_goes_with_the_id),
		bench_test(test_an_excluded_item_is_known_and_has_no_file),
		bench_test(test_the_edge_moves_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
