/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "store/internal.h"

/*
 * Transactions, and the news of each for the kernel side.
 *
 * What changes in the tree is noted down as it happens, in a spool: dropping a folder of a million
 * items makes a million changes, and memory stays small. After the commit the notes
 * are read out to the listener. A directory's times move once for each commit, just before it, so
 * that readers see listing and mtime change together.
 */
struct note {
	uint64_t parent, ino;
	uint16_t name_n;
	uint8_t kind;
};

enum err txn_begin(struct txn *txn, struct store *store)
{
	if (store->in_txn)
		return store_fail(store, ERR_INVALID, "a transaction is open already");
	enum err err = set_copy(&store->taken, &store->taken_at_begin);
	if (!err)
		err = set_copy(&store->again, &store->again_at_begin);
	if (!err)
		err = run(store, SQL_BEGIN);
	if (err)
		return err;
	store->in_txn = true;
	store->txn_err = ERR_OK;
	memcpy(store->last_at_begin, store->last, sizeof(store->last));
	txn->store = store;
	return ERR_OK;
}

static void swap(struct set *a, struct set *b)
{
	struct set old = *a;

	*a = *b;
	*b = old;
}

static void forget_news(struct store *store)
{
	spool_release(&store->news);
	set_release(&store->dirs);
	store->counts_n = 0;
}

void txn_release(struct txn *txn)
{
	struct store *store = txn->store;

	txn->store = NULL;
	if (!store)
		return;
	/* SQLite rolls back by itself on some failures. */
	if (!sqlite3_get_autocommit(store->db) && run(store, SQL_ROLLBACK) != ERR_OK)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->in_txn = false;
	memcpy(store->last, store->last_at_begin, sizeof(store->last));
	swap(&store->taken, &store->taken_at_begin);
	swap(&store->again, &store->again_at_begin);
	forget_news(store);
}

static enum err append_note(struct store *store, const struct note *note, const char *name)
{
	if (!store->listener)
		return ERR_OK;
	enum err err = spool_append(&store->news, note, sizeof(*note));
	if (!err && note->name_n > 0)
		err = spool_append(&store->news, name, note->name_n);
	return err ? store_fail(store, err, "noting a change: %s", err_text(err)) : ERR_OK;
}

enum err news_entry(struct store *store, enum store_change_kind kind, uint64_t parent,
		    const char *name, uint64_t ino)
{
	struct note note = { .parent = parent, .ino = ino, .kind = (uint8_t)kind };

	note.name_n = (uint16_t)strlen(name);
	enum err err = append_note(store, &note, name);
	if (!err)
		err = set_put(&store->dirs, parent);
	return err;
}

enum err news_inode(struct store *store, enum store_change_kind kind, uint64_t ino)
{
	struct note note = { .ino = ino, .kind = (uint8_t)kind };

	return append_note(store, &note, NULL);
}

static enum err stamp_dirs(struct store *store)
{
	int64_t now = clock_wall_ns();
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < store->dirs.n; i++) {
		err = run(store, SQL_STAMP_DIR, v_ino(store->dirs.list[i]), v_int(now));
		if (!err)
			err = news_inode(store, STORE_DIR_CHANGED, store->dirs.list[i]);
	}
	return err;
}

const char *const number_keys[NUMBER_COUNT] = { "last_entry", "last_ino", "last_row", "last_use",
						"held_bytes" };

static enum err put_numbers(struct store *store)
{
	enum err err = ERR_OK;
	char text[24];

	for (int i = 0; !err && i < NUMBER_COUNT; i++) {
		if (store->last[i] == store->last_at_begin[i])
			continue;
		snprintf(text, sizeof(text), "%llu", (unsigned long long)store->last[i]);
		err = run(store, SQL_PUT_VALUE, v_text(number_keys[i]), v_text(text));
	}
	return err;
}

static enum err tell(const struct spool *news, store_change_fn fn, void *ctx)
{
	char name[UINT16_MAX + 1];
	uint64_t at = 0;
	enum err err = ERR_OK;

	while (!err && at < news->len) {
		struct note note;
		err = spool_read(news, at, &note, sizeof(note));
		if (!err)
			err = spool_read(news, at + sizeof(note), name, note.name_n);
		if (err)
			break;
		name[note.name_n] = '\0';
		at += sizeof(note) + note.name_n;
		fn(ctx, &(struct store_change){ .kind = note.kind,
						.parent = note.parent,
						.ino = note.ino,
						.name = note.name_n ? name : NULL });
	}
	return err;
}

enum err txn_commit(struct txn *txn)
{
	struct store *store = txn->store;
	enum err err = store->txn_err;

	if (!err)
		err = stamp_dirs(store);
	if (!err)
		err = put_numbers(store);
	if (!err)
		err = tally_flush(store);
	FAULT("txn.commit");
	if (!err)
		err = run(store, SQL_COMMIT);
	FAULT("txn.committed");
	if (err) {
		txn_release(txn);
		return err;
	}
	/* From here on another transaction may begin: the listener's own, say. */
	AUTO(spool) struct spool news = store->news;
	store->news = (struct spool){ .dir = store->dir };
	set_release(&store->dirs);
	store->in_txn = false;
	txn->store = NULL;
	return store->listener ? tell(&news, store->listener, store->listener_ctx) : ERR_OK;
}

void store_set_listener(struct store *store, store_change_fn fn, void *ctx)
{
	store->listener = fn;
	store->listener_ctx = ctx;
}
