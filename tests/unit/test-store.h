/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_TEST_STORE_H
#define TESTS_UNIT_TEST_STORE_H

/* What the tests of the store share: a store in a directory of its own, and short ways to put
 * things into it and to look at them. */

#include <stdio.h>
#include <unistd.h>

#include "check.h"

#include "base/clock.h"
#include "store/store.h"

#define T0 INT64_C(1706609712) /* 2024-01-30T10:15:12Z */

struct bench {
	char dir[32], path[64];
	struct store *store;
	struct buf news; /* of the listener: one line a change */
};

static inline void hear(void *ctx, const struct store_change *change)
{
	static const char *const words[] = {
		"added", "swapped", "removed", "attr", "dir", "buried"
	};

	check_ok(buf_printf(ctx, "%s %llu %s %llu\n", words[change->kind],
			    (unsigned long long)change->parent, change->name ? change->name : "-",
			    (unsigned long long)change->ino));
}

static inline void bench_open(struct bench *bench)
{
	AUTO(buf) struct buf reason = { 0 };
	enum err err = store_open(bench->path, STORE_WRITER, &bench->store, &reason);

	if (err)
		fail_msg("%s", buf_str(&reason));
	store_set_listener(bench->store, hear, &bench->news);
}

static inline int bench_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	strcpy(bench->dir, "/var/tmp/store-XXXXXX");
	assert_non_null(mkdtemp(bench->dir));
	snprintf(bench->path, sizeof(bench->path), "%s/cache.db", bench->dir);
	bench_open(bench);
	*state = bench;
	return 0;
}

static inline int bench_down(void **state)
{
	struct bench *bench = *state;
	char wal[80], shm[80];

	store_forget_damage(bench->path);

	store_release(&bench->store);
	snprintf(wal, sizeof(wal), "%s-wal", bench->path);
	snprintf(shm, sizeof(shm), "%s-shm", bench->path);
	unlink(bench->path);
	unlink(wal);
	unlink(shm);
	assert_int_equal(rmdir(bench->dir), 0);
	buf_release(&bench->news);
	free(bench);
	return 0;
}

#define bench_test(fn) cmocka_unit_test_setup_teardown(fn, bench_up, bench_down)

static inline void begin(struct txn *txn, struct store *store)
{
	check_ok(txn_begin(txn, store));
}

static inline void commit(struct txn *txn)
{
	check_ok(txn_commit(txn));
}

/* A folder, shown in `parent` under its name. */
static inline uint64_t put_folder(struct txn *txn, const char *id, uint64_t parent,
				  const char *name)
{
	struct folder folder;

	folder_init(&folder);
	folder.id = (char *)id;
	folder.display_name = (char *)name;
	check_ok(store_put_folder(txn, &folder));
	folder.shown_in = parent;
	folder.shown_as = (char *)name;
	check_ok(store_place_folder(txn, &folder));
	return folder.ino;
}

static inline uint64_t make_folder(struct store *store, const char *id, uint64_t parent,
				   const char *name)
{
	AUTO(txn) struct txn txn = { 0 };

	begin(&txn, store);
	uint64_t ino = put_folder(&txn, id, parent, name);
	commit(&txn);
	return ino;
}

static inline int64_t put_head(struct txn *txn, uint64_t folder, const char *id)
{
	struct item_head head = {
		.id = id, .has_read = true, .received = T0, .modified = T0 + 60, .size = 1000
	};
	int64_t row = 0;

	check_ok(store_put_head(txn, folder, &head, &row));
	return row;
}

/* A message as GetItem would give it; strings are borrowed: no release. */
static inline struct item make_item(const char *id, const char *change_key)
{
	struct item item;

	item_init(&item);
	item.id = (char *)id;
	item.change_key = (char *)change_key;
	item.subject = (char *)"Lanterns";
	item.item_class = (char *)"IPM.Note";
	item.received = T0;
	item.modified = T0 + 60;
	return item;
}

static inline void put_text(struct txn *txn, int64_t row, const struct item *item, const char *name,
			    const char *text)
{
	AUTO(spool) struct spool spool = { .dir = store_dir(txn->store) };

	check_ok(spool_append(&spool, text, strlen(text)));
	check_ok(store_put_content(txn, row, item, name, VERDICT_OK, &spool));
}

/* Announces, queues and delivers in one commit. */
static inline int64_t deliver(struct store *store, uint64_t folder, const char *id,
			      const char *change_key, const char *name, const char *text)
{
	AUTO(txn) struct txn txn = { 0 };
	struct item item = make_item(id, change_key);

	begin(&txn, store);
	int64_t row = put_head(&txn, folder, id);
	check_ok(store_queue_fetch(&txn, row, change_key, FETCH_DELTA));
	put_text(&txn, row, &item, name, text);
	commit(&txn);
	return row;
}

static inline void drop(struct store *store, const char *id)
{
	AUTO(txn) struct txn txn = { 0 };

	begin(&txn, store);
	check_ok(store_drop_item(&txn, id));
	commit(&txn);
}

static inline struct store_node look(struct store *store, uint64_t dir, const char *name)
{
	struct store_node node = { 0 };

	check_ok(store_find_entry(store, dir, name, &node));
	return node;
}

static inline void check_text(struct store *store, uint64_t ino, const char *text)
{
	AUTO(buf) struct buf bytes = { 0 };

	check_ok(store_read_content(store, ino, 0, 1 << 20, &bytes));
	assert_string_equal(buf_str(&bytes), text);
}

/* "-" when the attribute is not there. */
static inline void check_attr(struct store *store, uint64_t ino, enum attr attr, const char *text)
{
	AUTO(buf) struct buf set = { 0 }, value = { 0 };
	const char *bytes = "-";
	size_t n = 1;

	check_ok(store_load_attrs(store, ino, &set));
	enum err err = attr_find(&set, attr, &bytes, &n);
	if (err)
		check_err(err, ERR_NO_XATTR);
	check_ok(buf_append(&value, bytes, n));
	assert_string_equal(buf_str(&value), text);
}

static inline struct store_tally tally(struct store *store, uint64_t dir, bool tree)
{
	struct store_tally ret = { 0 };

	check_ok(store_load_tally(store, dir, tree, &ret));
	return ret;
}

#endif
