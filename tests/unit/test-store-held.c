/* SPDX-License-Identifier: MIT */
#include "test-store.h"

/* content=ondemand: files before their contents, contents that come and go. */

static void set(struct bench *b, enum content_mode mode, uint64_t limit)
{
	check_ok(store_set_content(b->store, mode, limit));
}

/* A file whose content has not come. */
static int64_t announce(struct bench *b, uint64_t dir, const char *id, const char *key)
{
	AUTO(txn) struct txn txn = { 0 };
	struct item item = make_item(id, key);

	begin(&txn, b->store);
	int64_t row = put_head(&txn, dir, id);
	check_ok(store_queue_fetch(&txn, row, key, FETCH_DELTA));
	check_ok(store_put_content(&txn, row, &item, id, VERDICT_OK, NULL));
	commit(&txn);
	return row;
}

static void make_room(struct bench *b, uint64_t bytes)
{
	bool more = true;

	while (more) {
		AUTO(txn) struct txn txn = { 0 };
		begin(&txn, b->store);
		check_ok(store_make_room(&txn, bytes, &more));
		commit(&txn);
	}
}

static void fill(struct bench *b, int64_t row, const char *id, const char *key, const char *text)
{
	AUTO(txn) struct txn txn = { 0 };
	AUTO(spool) struct spool spool = { .dir = b->dir };
	struct item item = make_item(id, key);

	check_ok(spool_append(&spool, text, strlen(text)));
	begin(&txn, b->store);
	check_ok(store_put_wanted(&txn, row, &item, id, VERDICT_OK, &spool));
	commit(&txn);
}

static uint64_t held(struct bench *b)
{
	uint64_t bytes = 0;

	check_ok(store_load_held_bytes(b->store, &bytes));
	return bytes;
}

static void use(struct bench *b, uint64_t ino)
{
	AUTO(txn) struct txn txn = { 0 };

	begin(&txn, b->store);
	check_ok(store_note_uses(&txn, &ino, 1));
	commit(&txn);
}

static void let_go(struct bench *b, uint64_t ino)
{
	AUTO(txn) struct txn txn = { 0 };

	begin(&txn, b->store);
	check_ok(store_let_go(&txn, ino));
	commit(&txn);
}

static void check_absent(struct bench *b, uint64_t ino, bool is_absent)
{
	AUTO(buf) struct buf bytes = { 0 };
	struct store_node node;

	check_ok(store_load_node(b->store, ino, &node));
	assert_int_equal(node.is_absent, is_absent);
	check_err(store_read_content(b->store, ino, 0, 100, &bytes),
		  is_absent ? ERR_ABSENT : ERR_OK);
}

static void test_a_file_is_there_before_its_content(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	set(b, CONTENT_ONDEMAND, 0);
	int64_t row = announce(b, dir, "AAAA", "K");
	struct store_node before = look(b->store, dir, "AAAA");
	assert_int_equal(before.size, 1000); /* what the server states */
	check_absent(b, before.ino, true);
	assert_int_equal(tally(b->store, dir, false).pending_n, 0);
	buf_clear(&b->news);
	fill(b, row, "AAAA", "K", "hello");
	struct store_node after = look(b->store, dir, "AAAA");
	assert_int_equal(after.ino, before.ino);
	assert_int_equal(after.size, 5);
	assert_non_null(strstr(buf_str(&b->news), "attr"));
	check_text(b->store, after.ino, "hello");
	assert_int_equal(held(b), 5);
}

static void test_I2_what_comes_again_is_what_was_seen_or_another_inode(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	set(b, CONTENT_ONDEMAND, 0);
	int64_t row = announce(b, dir, "AAAA", "K");
	fill(b, row, "AAAA", "K", "hello");
	uint64_t ino = look(b->store, dir, "AAAA").ino;
	let_go(b, ino);
	check_absent(b, ino, true);
	assert_int_equal(look(b->store, dir, "AAAA").size, 5);
	assert_int_equal(held(b), 0);
	/* Flags and the like under the same key leave it alone. */
	announce(b, dir, "AAAA", "K");
	assert_int_equal(look(b->store, dir, "AAAA").size, 5);
	fill(b, row, "AAAA", "K", "hello");
	assert_int_equal(look(b->store, dir, "AAAA").ino, ino);
	check_text(b->store, ino, "hello");
	let_go(b, ino);
	fill(b, row, "AAAA", "K", "hallo");
	uint64_t other = look(b->store, dir, "AAAA").ino;
	assert_int_not_equal(other, ino);
	check_text(b->store, other, "hallo");
	check_absent(b, ino, true);
	/* Another version of what was seen, too; nobody knows its bytes yet. */
	announce(b, dir, "AAAA", "K2");
	uint64_t third = look(b->store, dir, "AAAA").ino;
	assert_int_not_equal(third, other);
	check_absent(b, third, true);
	check_text(b->store, other, "hallo");
	/* One that nobody saw takes what comes. */
	announce(b, dir, "AAAA", "K3");
	assert_int_equal(look(b->store, dir, "AAAA").ino, third);
	fill(b, row, "AAAA", "K4", "hullo");
	assert_int_equal(look(b->store, dir, "AAAA").ino, third);
	check_text(b->store, third, "hullo");
}

static void test_what_was_not_used_for_longest_goes_first(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox"), inos[4];
	static const char *const ids[] = { "AAAA", "BBBB", "CCCC", "DDDD" };

	set(b, CONTENT_ONDEMAND, 12);
	for (int i = 0; i < 4; i++) {
		int64_t row = announce(b, dir, ids[i], "K");
		inos[i] = look(b->store, dir, ids[i]).ino;
		if (i == 3)
			use(b, inos[0]);
		make_room(b, 4);
		fill(b, row, ids[i], "K", "1234");
		assert_in_range(held(b), 0, 12);
	}
	check_absent(b, inos[0], false);
	check_absent(b, inos[1], true);
	check_absent(b, inos[2], false);
	check_absent(b, inos[3], false);
	store_release(&b->store);
	bench_open(b);
	set(b, CONTENT_ONDEMAND, 4);
	assert_int_equal(held(b), 12);
	make_room(b, 0);
	assert_int_equal(held(b), 4);
	check_absent(b, inos[3], false);
}

static void test_what_is_larger_than_the_limit_is_not_kept(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	AUTO(txn) struct txn txn = { 0 };
	bool more = false;

	set(b, CONTENT_ONDEMAND, 4);
	int64_t row = announce(b, dir, "AAAA", "K");
	uint64_t ino = look(b->store, dir, "AAAA").ino;
	begin(&txn, b->store);
	check_err(store_make_room(&txn, 5, &more), ERR_TOO_LARGE);
	commit(&txn);
	for (int i = 0; i < 2; i++) {
		fill(b, row, "AAAA", "K", "hello");
		check_absent(b, ino, true);
		assert_int_equal(look(b->store, dir, "AAAA").ino, ino);
		assert_int_equal(look(b->store, dir, "AAAA").size, 5);
	}
	fill(b, row, "AAAA", "K", "hallo");
	assert_int_not_equal(look(b->store, dir, "AAAA").ino, ino);
	assert_int_equal(held(b), 0);
}

static void test_a_rollback_takes_the_count_back(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	set(b, CONTENT_ONDEMAND, 8);
	int64_t row = announce(b, dir, "AAAA", "K");
	fill(b, row, "AAAA", "K", "hello");
	uint64_t ino = look(b->store, dir, "AAAA").ino;
	{
		AUTO(txn) struct txn txn = { 0 };
		begin(&txn, b->store);
		check_ok(store_let_go(&txn, ino));
	}
	check_text(b->store, ino, "hello");
	make_room(b, 3);
	check_absent(b, ino, false);
	make_room(b, 4);
	check_absent(b, ino, true);
}

static void test_graves_count_and_go_like_others(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	AUTO(fetch_batch) struct fetch_batch batch = { 0 };
	AUTO(txn) struct txn txn = { 0 };

	set(b, CONTENT_ONDEMAND, 8);
	int64_t row = announce(b, dir, "AAAA", "K");
	fill(b, row, "AAAA", "K", "hello");
	uint64_t ino = look(b->store, dir, "AAAA").ino;
	check_ok(store_load_wanted(b->store, ino, &batch));
	assert_string_equal(batch.jobs[0].id, "AAAA");
	fetch_batch_release(&batch);
	drop(b->store, "AAAA");
	check_text(b->store, ino, "hello");
	assert_int_equal(held(b), 5);
	check_err(store_load_wanted(b->store, ino, &batch), ERR_STALE);
	make_room(b, 4);
	check_absent(b, ino, true);
	begin(&txn, b->store);
	check_ok(store_purge_grave(&txn, ino));
	commit(&txn);
	assert_int_equal(held(b), 0);
}

static void test_I4_a_mirror_shows_no_estimates_and_what_it_had_counts_after(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	struct store_node node;

	deliver(b->store, dir, "AAAA", "K", "AAAA", "hello");
	uint64_t ino = look(b->store, dir, "AAAA").ino;
	set(b, CONTENT_ONDEMAND, 0);
	assert_int_equal(held(b), 5);
	announce(b, dir, "BBBB", "K");
	let_go(b, ino);
	set(b, CONTENT_ONDEMAND, 0);
	check_absent(b, ino, true);
	set(b, CONTENT_MIRROR, 0);
	check_err(store_find_entry(b->store, dir, "AAAA", &node), ERR_NOT_FOUND);
	check_err(store_find_entry(b->store, dir, "BBBB", &node), ERR_NOT_FOUND);
	assert_int_equal(tally(b->store, dir, false).pending_n, 2);
	deliver(b->store, dir, "BBBB", "K", "BBBB", "hullo");
	check_text(b->store, look(b->store, dir, "BBBB").ino, "hullo");
	set(b, CONTENT_ONDEMAND, 0);
	assert_int_equal(held(b), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_a_file_is_there_before_its_content),
		bench_test(test_I2_what_comes_again_is_what_was_seen_or_another_inode),
		bench_test(test_what_was_not_used_for_longest_goes_first),
		bench_test(test_what_is_larger_than_the_limit_is_not_kept),
		bench_test(test_a_rollback_takes_the_count_back),
		bench_test(test_graves_count_and_go_like_others),
		bench_test(test_I4_a_mirror_shows_no_estimates_and_what_it_had_counts_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
