/* SPDX-License-Identifier: MIT */
#include "test-store.h"

/* Folders, their listings and times, and the facts of the mailbox as a whole. */

static void test_folders_swap_names_in_one_commit(void **state)
{
	struct bench *b = *state;
	uint64_t one = make_folder(b->store, "F1", 1, "One");
	uint64_t two = make_folder(b->store, "F2", 1, "Two");
	AUTO(txn) struct txn txn = { 0 };
	struct folder folder;

	begin(&txn, b->store);
	assert_int_equal(put_folder(&txn, "F1", 1, "Two"), one);
	assert_int_equal(put_folder(&txn, "F2", 1, "One"), two);
	commit(&txn);
	assert_int_equal(look(b->store, 1, "One").ino, two);
	assert_int_equal(look(b->store, 1, "Two").ino, one);
	buf_clear(&b->news);
	begin(&txn, b->store);
	put_folder(&txn, "F1", 1, "Two");
	commit(&txn);
	assert_string_equal(buf_str(&b->news), "");
	/* Nowhere. */
	check_ok(store_load_folder(b->store, one, &folder));
	str_release(&folder.shown_as);
	begin(&txn, b->store);
	check_ok(store_place_folder(&txn, &folder));
	commit(&txn);
	assert_string_equal(buf_str(&b->news), "removed 1 Two 2\ndir 0 - 1\n");
	folder_release(&folder);
}

static void test_folders_keep_their_progress(void **state)
{
	struct bench *b = *state;
	struct digest digest = { true, 10, 3, 1, 12345, 6 };
	AUTO(txn) struct txn txn = { 0 };
	AUTO(folders) struct folders folders = { 0 };
	struct folder folder;

	begin(&txn, b->store);
	check_ok(store_put_value(&txn, "root_id", "ROOT"));
	assert_int_equal(put_folder(&txn, "ROOT", 0, NULL), 1);
	uint64_t dir = put_folder(&txn, "F1", 1, "Inbox");
	check_ok(store_put_folder_error(&txn, dir, "no access"));
	check_ok(store_put_folder_state(&txn, dir, "c3RhdGU="));
	commit(&txn);
	assert_int_equal(tally(b->store, dir, false).last_sync, TIME_NONE);
	check_ok(store_load_folder(b->store, dir, &folder));
	assert_string_equal(folder.error, "no access");
	assert_false(folder.digest.known);
	folder_release(&folder);

	begin(&txn, b->store);
	check_ok(store_put_folder_synced(&txn, dir, &digest, T0));
	digest.total_n = 11;
	digest.child_n = 0;
	check_ok(store_put_folder_counts(&txn, dir, &digest));
	commit(&txn);
	begin(&txn, b->store);
	put_folder(&txn, "F1", 1, "Inbox");
	commit(&txn);
	check_ok(store_load_folders(b->store, &folders));
	assert_int_equal(folders.n, 2);
	struct folder *inbox = folders_find(&folders, "F1");
	assert_non_null(inbox);
	assert_null(inbox->error);
	assert_string_equal(inbox->sync_state, "c3RhdGU=");
	assert_int_equal(inbox->last_sync, T0);
	assert_int_equal(inbox->shown_in, 1);
	assert_string_equal(inbox->shown_as, "Inbox");
	assert_true(inbox->digest.known);
	assert_int_equal(inbox->digest.total_n, 10);
	assert_int_equal(inbox->digest.commit, 12345);
	assert_int_equal(inbox->digest.deleted_n, 6);
	check_attr(b->store, dir, ATTR_TOTAL_COUNT, "11");
	check_attr(b->store, dir, ATTR_LAST_SYNC, "2024-01-30T10:15:12Z");
	assert_int_equal(tally(b->store, dir, true).last_sync, T0);
	assert_int_equal(tally(b->store, 1, true).last_sync, TIME_NONE); /* the root never */
}

static void test_a_dropped_folder_takes_its_items_along(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	uint64_t sub = make_folder(b->store, "F2", dir, "Sub");
	AUTO(txn) struct txn txn = { 0 };
	struct store_node node;
	struct folder folder;
	uint64_t n;
	int64_t due;

	deliver(b->store, dir, "AAAA", "K1", "a.eml", "one");
	deliver(b->store, sub, "BBBB", "K1", "b.eml", "two");
	uint64_t ino = look(b->store, dir, "a.eml").ino;
	begin(&txn, b->store);
	check_ok(store_queue_fetch(&txn, put_head(&txn, dir, "CCCC"), "K", FETCH_DELTA));
	commit(&txn);
	buf_clear(&b->news);
	begin(&txn, b->store);
	check_ok(store_drop_folder(&txn, dir));
	commit(&txn);
	assert_string_equal(buf_str(&b->news), "buried 0 - 4\nremoved 2 a.eml 4\nburied 0 - 2\n"
					       "removed 1 Inbox 2\ndir 0 - 1\ndir 0 - 2\n");
	check_err(store_find_entry(b->store, 1, "Inbox", &node), ERR_NOT_FOUND);
	check_err(store_load_folder(b->store, dir, &folder), ERR_NOT_FOUND);
	check_text(b->store, ino, "one");
	check_attr(b->store, ino, ATTR_PARENT_FOLDER_ID, "F1");
	check_attr(b->store, dir, ATTR_DISPLAY_NAME, "Inbox");
	check_ok(store_load_node(b->store, dir, &node));
	assert_true(node.is_buried && node.is_dir);
	check_text(b->store, look(b->store, sub, "b.eml").ino, "two");
	check_ok(store_load_queue(b->store, &due, &n));
	assert_int_equal(n, 0);
	/* The subfolder finds another place. */
	begin(&txn, b->store);
	put_folder(&txn, "F2", 1, "Sub");
	check_err(store_drop_folder(&txn, 1), ERR_INVALID);
	check_err(store_drop_folder(&txn, 999), ERR_NOT_FOUND);
	commit(&txn);
	assert_int_equal(look(b->store, 1, "Sub").parent, 1);
}

struct listing {
	size_t n, max;
	uint64_t last;
	char seen[256];
};

static bool note_entry(void *ctx, const struct store_entry *entry)
{
	struct listing *listing = ctx;

	assert_true(entry->offset > listing->last && entry->offset > 2);
	listing->last = entry->offset;
	listing->seen[atoi(entry->name)]++;
	return ++listing->n % listing->max != 0;
}

static void test_listings_go_on_over_swaps(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	struct listing listing = { .max = 7 };
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i);
		deliver(b->store, dir, name, "K1", name, name);
	}
	for (int i = 0; i < 100; i++) {
		size_t before = listing.n;
		check_ok(store_each_entry(b->store, dir, listing.last, note_entry, &listing));
		if (listing.n == before)
			break;
		/* Meanwhile everything is replaced, what was seen and what was not. */
		snprintf(name, sizeof(name), "%d", i * 7 % 100);
		deliver(b->store, dir, name, "K2", name, "other");
		snprintf(name, sizeof(name), "%d", 99 - i);
		deliver(b->store, dir, name, "K2", name, "other");
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(listing.seen[i], 1);
}

static void test_directory_times_move_once_a_commit(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	struct store_node last, now;

	check_ok(store_load_node(b->store, dir, &last));
	for (int i = 0; i < 50; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%d", i / 2);
		deliver(b->store, dir, name, i % 2 ? "K1" : "K2", name, i % 2 ? "a" : "b");
		check_ok(store_load_node(b->store, dir, &now));
		assert_true(now.mtime_ns > last.mtime_ns && now.ctime_ns > last.ctime_ns);
		last = now;
	}
}

static void test_values_and_claims(void **state)
{
	struct bench *b = *state;
	AUTO(txn) struct txn txn = { 0 };
	AUTO(str) char *value = NULL;
	AUTO(buf) struct buf reason = { 0 };
	uint32_t generation = store_generation(b->store);

	check_err(store_load_value(b->store, "x", &value), ERR_NOT_FOUND);
	begin(&txn, b->store);
	check_ok(store_put_value(&txn, "x", "1"));
	check_ok(store_put_value(&txn, "x", "2"));
	check_ok(store_put_value(&txn, "y", NULL));
	commit(&txn);
	check_ok(store_load_value(b->store, "x", &value));
	assert_string_equal(value, "2");
	begin(&txn, b->store);
	check_ok(store_put_value(&txn, "x", NULL));
	check_err(txn_begin(&(struct txn){ 0 }, b->store), ERR_INVALID);
	commit(&txn);
	str_release(&value);
	check_err(store_load_value(b->store, "x", &value), ERR_NOT_FOUND);

	check_ok(store_claim(b->store, "ana@corp", MTIME_RECEIVED, &reason));
	store_release(&b->store);
	bench_open(b);
	assert_int_equal(store_generation(b->store), generation);
	check_ok(store_claim(b->store, "ana@corp", MTIME_RECEIVED, &reason));
	check_err(store_claim(b->store, "bob@corp", MTIME_RECEIVED, &reason), ERR_OTHER_OWNER);
	assert_non_null(strstr(buf_str(&reason), "ana@corp"));
	assert_non_null(strstr(buf_str(&reason), "bob@corp"));
	assert_null(strchr(buf_str(&reason), '\n'));
}

enum { MANY_N = 20 };

static void put_in_each(struct txn *txn, const uint64_t dirs[MANY_N], int round)
{
	for (int i = 0; i < MANY_N; i++) {
		char id[32];
		snprintf(id, sizeof(id), "item-%d-%d", i, round);
		put_head(txn, dirs[i], id);
	}
}

static void check_known(struct store *store, const uint64_t dirs[MANY_N], uint64_t n)
{
	for (int i = 0; i < MANY_N; i++)
		assert_int_equal(tally(store, dirs[i], false).known_n, n);
}

/* More of them than what a transaction adds is summed up for at once. */
static void test_I1_the_counts_of_many_folders_go_with_their_transaction(void **state)
{
	struct bench *b = *state;
	uint64_t dirs[MANY_N];
	char id[16];

	for (int i = 0; i < MANY_N; i++) {
		snprintf(id, sizeof(id), "F%d", i);
		dirs[i] = make_folder(b->store, id, 1, id);
	}
	for (int i = 0; i < 2; i++) {
		AUTO(txn) struct txn txn = { 0 };
		begin(&txn, b->store);
		put_in_each(&txn, dirs, 0);
		put_in_each(&txn, dirs, 1);
		/* Who asks within it is told of all so far. */
		check_known(b->store, dirs, 2);
		put_in_each(&txn, dirs, 2);
		if (i == 1)
			commit(&txn);
		else
			txn_release(&txn);
		check_known(b->store, dirs, i == 1 ? 3 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_folders_swap_names_in_one_commit),
		bench_test(test_folders_keep_their_progress),
		bench_test(test_a_dropped_folder_takes_its_items_along),
		bench_test(test_listings_go_on_over_swaps),
		bench_test(test_directory_times_move_once_a_commit),
		bench_test(test_values_and_claims),
		bench_test(test_I1_the_counts_of_many_folders_go_with_their_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
