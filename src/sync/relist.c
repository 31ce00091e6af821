/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/log.h"

/*
 * relist - a folder that is listed from nothing: its sync state is no longer taken, or somebody
 * asked for it.
 *
 * Items with an equal change key keep their content and cost no GetItem, and what the
 * listing did not show is dropped at its end. The rows seen are kept in memory, 8 bytes an item,
 * each with how it differed: where one comes twice, the greater difference is the first one's, as
 * what was absent is known by then. A mark in the store makes a listing that was cut short
 * begin anew, since a state without that memory could no longer tell what is gone.
 */
enum { SWEEP_MAX = 256, DIFFERENCE_BITS = 2 };

static void print_key(uint64_t ino, char *ret, size_t size)
{
	snprintf(ret, size, "relist.%llu", (unsigned long long)ino);
}

enum err relist_load(struct sync *sync, uint64_t ino, enum relist *ret)
{
	AUTO(str) char *mark = NULL;
	char key[32];

	print_key(ino, key, sizeof(key));
	enum err err = store_load_value(sync->store, key, &mark);
	if (err && err != ERR_NOT_FOUND)
		return err;
	*ret = err ? RELIST_NONE : RELIST_EXPIRED;
	if (mark && *mark >= '0' + RELIST_EXPIRED && *mark <= '0' + RELIST_CLEAR)
		*ret = (enum relist)(*mark - '0');
	return ERR_OK;
}

enum err relist_put(struct txn *txn, uint64_t ino, enum relist kind)
{
	const char mark[] = { (char)('0' + kind), '\0' };
	char key[32];

	print_key(ino, key, sizeof(key));
	return store_put_value(txn, key, kind ? mark : NULL);
}

enum err relist_begin(struct pull *pull, enum relist kind)
{
	const struct folder *folder = pull->folder;
	AUTO(txn) struct txn txn = { 0 };

	enum err err = txn_begin(&txn, pull->sync->store);
	if (!err)
		err = relist_put(&txn, folder->ino, kind);
	if (!err)
		err = store_put_folder_state(&txn, folder->ino, NULL);
	if (!err)
		err = txn_commit(&txn);
	FAULT("relist.begin");
	if (err)
		return err;
	str_release(&pull->state);
	pull->seen.n = 0;
	pull->relist = kind;
	return ERR_OK;
}

enum err relist_abandon(struct pull *pull, enum relist before)
{
	const struct folder *folder = pull->folder;
	AUTO(txn) struct txn txn = { 0 };

	enum err err = txn_begin(&txn, pull->sync->store);
	if (!err)
		err = relist_put(&txn, folder->ino, before);
	if (!err)
		err = store_put_folder_state(&txn, folder->ino, folder->sync_state);
	if (!err)
		err = store_put_folder_synced(&txn, folder->ino, &folder->digest,
					      folder->last_sync);
	return err ? err : txn_commit(&txn);
}

enum err relist_note(struct pull *pull, int64_t row, enum difference difference)
{
	struct rows *seen = &pull->seen;

	if (seen->n == seen->size) {
		size_t size = seen->size ? 2 * seen->size : 1024;
		int64_t *list = reallocarray(seen->list, size, sizeof(*list));
		if (!list)
			return ERR_NOMEM;
		seen->list = list;
		seen->size = size;
	}
	seen->list[seen->n++] = row << DIFFERENCE_BITS | (int64_t)difference;
	return ERR_OK;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t row_of(int64_t seen)
{
	return seen >> DIFFERENCE_BITS;
}

static int by_row(const void *a, const void *b)
{
	int64_t x = row_of(*(const int64_t *)a), y = row_of(*(const int64_t *)b);

	return (x > y) - (x < y);
}

/* Sorts what was seen, the same row once, and counts it. */
static void order_rows(struct pull *pull)
{
	struct rows *seen = &pull->seen;
	struct counts *counts = &pull->counts;
	size_t n = 0;

	*counts = (struct counts){ 0 };
	if (seen->n > 0)
		qsort(seen->list, seen->n, sizeof(*seen->list), by_value);
	for (size_t i = 0; i < seen->n; i++) {
		int64_t here = seen->list[i];
		if (i + 1 < seen->n && row_of(seen->list[i + 1]) == row_of(here))
			continue;
		seen->list[n++] = here;
		switch ((enum difference)(here & ((1 << DIFFERENCE_BITS) - 1))) {
		case DIFFERENCE_NONE: counts->kept_n++; break;
		case DIFFERENCE_CHANGED: counts->changed_n++; break;
		case DIFFERENCE_ABSENT: counts->added_n++; break;
		}
	}
	seen->n = n;
}

/* A stretch of the folder's rows: those not seen. */
struct sweep {
	const struct rows *seen;
	char *ids[SWEEP_MAX];
	size_t n;
	int64_t after;
	enum err err;
};

static void sweep_release(struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->n; i++)
		str_release(&sweep->ids[i]);
	sweep->n = 0;
}

static bool note_row(void *ctx, int64_t row, const char *id)
{
	struct sweep *sweep = ctx;
	const struct rows *seen = sweep->seen;

	sweep->after = row;
	int64_t key = row << DIFFERENCE_BITS;
	if (seen->n > 0 && bsearch(&key, seen->list, seen->n, sizeof(key), by_row))
		return true;
	sweep->err = text_copy(id, &sweep->ids[sweep->n]);
	sweep->n += !sweep->err;
	return !sweep->err && sweep->n < SWEEP_MAX;
}

/* *ret_n: how many were dropped; 0 at the end of the folder. */
static enum err sweep_some(struct pull *pull, struct txn *txn, int64_t *after, size_t *ret_n)
{
	AUTO(sweep) struct sweep sweep = { .seen = &pull->seen, .after = *after };

	enum err err = store_each_item(txn->store, pull->folder->ino, *after, note_row, &sweep);
	if (!err)
		err = sweep.err;
	for (size_t i = 0; !err && i < sweep.n; i++)
		err = store_drop_item(txn, sweep.ids[i]);
	*after = sweep.after;
	*ret_n = sweep.n;
	return err;
}

enum err relist_end(struct pull *pull, struct txn *txn)
{
	struct counts *counts = &pull->counts;
	uint64_t ino = pull->folder->ino;
	int64_t after = 0;
	size_t n;
	enum err err;

	order_rows(pull);
	do {
		err = sweep_some(pull, txn, &after, &n);
		counts->gone_n += n;
	} while (!err && n > 0);
	FAULT("relist.end");
	if (!err)
		err = relist_put(txn, ino, RELIST_NONE);
	if (!err && pull->is_quiet)
		return ERR_OK;
	if (!err)
		err = result_put_resync(txn, ino, false, counts);
	if (!err)
		log_info("folder %s: listed afresh, %llu items kept, %llu changed, %llu added, "
			 "%llu gone",
			 pull->folder->display_name, (unsigned long long)counts->kept_n,
			 (unsigned long long)counts->changed_n, (unsigned long long)counts->added_n,
			 (unsigned long long)counts->gone_n);
	return err;
}
