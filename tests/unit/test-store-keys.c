/* SPDX-License-Identifier: MIT */
#include "test-store.h"

#include <endian.h>

#include "store/internal.h"

/* Ids in any form, and the keys that ids and names are found by. */

static void test_ids_of_any_form_come_back_as_they_were(void **state)
{
	struct bench *b = *state;
	static const char *const ids[] = { "AAAA",     "AAA=",	  "AAB=",	 "AA==", "AB==",
					   "plain id", "aaaa",	  "AAAA\n",	 "====", "AA=A",
					   "A",	       "Ünïcode", "AAMkAGI1/+8=" };
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		char name[16];
		snprintf(name, sizeof(name), "%zu", i);
		deliver(b->store, dir, ids[i], ids[i], name, name);
	}
	assert_int_equal(tally(b->store, dir, false).items_n, ARRAY_LEN(ids));
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		char name[16];
		snprintf(name, sizeof(name), "%zu", i);
		check_attr(b->store, look(b->store, dir, name).ino, ATTR_ITEM_ID, ids[i]);
		check_attr(b->store, look(b->store, dir, name).ino, ATTR_CHANGE_KEY, ids[i]);
	}
}

/* Two ids of 16 bytes with one key, for who knows the secret. */
static void make_twins(const struct store *store, char first[17], char second[17])
{
	const uint64_t last = UINT64_C(0x4242424242424242);

	strcpy(first, "AAAAAAAABBBBBBBB");
	do {
		snprintf(second, 9, "%08x", (unsigned)rand());
		uint64_t other = htobe64(last + siphash(store->secret, first, 8) -
					 siphash(store->secret, second, 8));
		memcpy(second + 8, &other, sizeof(other));
		second[16] = '\0';
	} while (strlen(second) < 16);
}

static void test_ids_that_share_a_key_are_told_apart(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	char first[17], second[17];
	AUTO(txn) struct txn txn = { 0 };

	make_twins(b->store, first, second);
	assert_int_equal(v_id_key(b->store, first).n, v_id_key(b->store, second).n);
	deliver(b->store, dir, first, "K", "1", "one");
	deliver(b->store, dir, second, "K", "2", "two");
	check_text(b->store, look(b->store, dir, "1").ino, "one");
	check_text(b->store, look(b->store, dir, "2").ino, "two");
	begin(&txn, b->store);
	check_ok(store_drop_item(&txn, second));
	commit(&txn);
	check_text(b->store, look(b->store, dir, "1").ino, "one");
	assert_int_equal(tally(b->store, dir, false).known_n, 1);
}

static int64_t ask(struct bench *b, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_prepare_v2(b->store->db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static void test_names_that_share_a_key_are_told_apart(void **state)
{
	/* With a secret of zeros. */
	static const char *const names[] = { "2024-01-30 10e1d5627e", "2024-01-30 10ef47eaf7" };
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	memset(b->store->secret, 0, sizeof(b->store->secret));
	deliver(b->store, dir, "AAAA", "K", names[0], "one");
	deliver(b->store, dir, "BBBB", "K", names[1], "two");
	assert_int_equal(ask(b, "SELECT count(DISTINCT name_key) FROM entry WHERE parent = 2"), 1);
	check_text(b->store, look(b->store, dir, names[0]).ino, "one");
	check_text(b->store, look(b->store, dir, names[1]).ino, "two");
}

/* Names or ids that share a key in one cache do not in another. */
static void test_I9_a_server_cannot_choose_what_shares_a_key(void **state)
{
	struct bench *b = *state;
	struct bench other = { 0 };
	char first[17], second[17];

	snprintf(other.path, sizeof(other.path), "%s/other.db", b->dir);
	bench_open(&other);
	make_twins(other.store, first, second);
	assert_int_not_equal(v_id_key(b->store, first).n, v_id_key(b->store, second).n);
	/* It is the file's, not the connection's. */
	int64_t key = v_id_key(other.store, first).n;
	store_release(&other.store);
	bench_open(&other);
	assert_int_equal(v_id_key(other.store, first).n, key);
	deliver(other.store, make_folder(other.store, "F1", 1, "Inbox"), "A", "K", "name", "one");
	deliver(b->store, make_folder(b->store, "F1", 1, "Inbox"), "A", "K", "name", "one");
	int64_t name_key = ask(&other, "SELECT name_key FROM entry WHERE parent = 2");
	assert_int_not_equal(ask(b, "SELECT name_key FROM entry WHERE parent = 2"), name_key);
	store_release(&other.store);
	buf_release(&other.news);
	unlink(other.path);
}

static void test_ids_given_out_one_after_the_other_have_keys_near_each_other(void **state)
{
	struct bench *b = *state;

	assert_int_equal(
		v_id_key(b->store, "AAMkAGI1AAAB").n - v_id_key(b->store, "AAMkAGI1AAAA").n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_ids_of_any_form_come_back_as_they_were),
		bench_test(test_ids_that_share_a_key_are_told_apart),
		bench_test(test_names_that_share_a_key_are_told_apart),
		bench_test(test_I9_a_server_cannot_choose_what_shares_a_key),
		bench_test(test_ids_given_out_one_after_the_other_have_keys_near_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
