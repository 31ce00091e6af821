/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * errand - what commands want of the folders, and when they have got it.
 *
 * When a round begins, the folders of each new command that lists afresh are taken down as
 * wishes, which the pulls of the round serve. A command is through when the round has listed
 * its folders and none of their items waits to be fetched; those of the root end with the
 * run, as it speaks for the whole.
 */
enum { SETTLE_MS = 50 };

/* --- wishes --- */

static int by_ino(const void *a, const void *b)
{
	uint64_t x = ((const struct wish *)a)->ino, y = ((const struct wish *)b)->ino;

	return (x > y) - (x < y);
}

static struct wish *find_wish(const struct sync *sync, uint64_t ino)
{
	const struct wish key = { .ino = ino };
	const struct wishes *wishes = &sync->wishes;

	return wishes->n == 0 ? NULL : bsearch(&key, wishes->list, wishes->n, sizeof(key), by_ino);
}

/* Unsorted where it is a new one. */
static enum err put_wish(struct sync *sync, uint64_t ino, enum relist kind, struct wish *known)
{
	struct wishes *wishes = &sync->wishes;

	if (known) {
		if (known->kind < kind)
			known->kind = kind;
		return ERR_OK;
	}
	struct wish *list = reallocarray(wishes->list, wishes->n + 1, sizeof(*list));
	if (!list)
		return ERR_NOMEM;
	wishes->list = list;
	wishes->list[wishes->n++] = (struct wish){ ino, kind };
	return ERR_OK;
}

static void sort_wishes(struct sync *sync)
{
	if (sync->wishes.n > 0)
		qsort(sync->wishes.list, sync->wishes.n, sizeof(*sync->wishes.list), by_ino);
}

enum err wishes_add(struct sync *sync, uint64_t ino, enum relist kind)
{
	enum err err = put_wish(sync, ino, kind, find_wish(sync, ino));

	sort_wishes(sync);
	return err;
}

enum relist wishes_find(const struct sync *sync, uint64_t ino)
{
	const struct wish *wish = find_wish(sync, ino);

	return wish ? wish->kind : RELIST_NONE;
}

void wishes_clear(struct sync *sync)
{
	free(sync->wishes.list);
	sync->wishes = (struct wishes){ 0 };
}

/* --- where a command is at work --- */

static const struct folder *find_folder(const struct round *round, uint64_t ino)
{
	const struct visit *visit = round_find(round, ino);

	return visit ? &round->folders.list[visit - round->visits] : NULL;
}

static bool covers(const struct sync *sync, const struct errand *errand,
		   const struct folder *folder)
{
	for (int depth = 0; folder && depth < FOLDER_DEPTH_MAX; depth++) {
		if (folder->ino == errand->dir)
			return true;
		if (!errand->tree || folder->ino == ROOT_INO)
			return false;
		/* The top folder itself may not be among them. */
		if (folder->shown_in == errand->dir)
			return true;
		folder = find_folder(&sync->last_round, folder->shown_in);
	}
	return false;
}

/* Its folders: those shown, one after the other. *at begins with 0. NULL: no more. */
static const struct folder *next_folder(const struct sync *sync, const struct errand *errand,
					size_t *at)
{
	const struct folders *folders = &sync->last_round.folders;

	while (*at < folders->n) {
		const struct folder *folder = &folders->list[(*at)++];
		if ((folder->shown_in || folder->ino == ROOT_INO) && covers(sync, errand, folder))
			return folder;
	}
	return NULL;
}

static bool lists_afresh(const struct errand *errand)
{
	return errand->kind == SYNC_RESYNC || errand->kind == SYNC_CLEAR;
}

static enum err expand(struct sync *sync, const struct errand *errand)
{
	enum relist kind = errand->kind == SYNC_CLEAR ? RELIST_CLEAR : RELIST_RESYNC;
	size_t sorted_n = sync->wishes.n, at = 0;
	const struct folder *folder;
	enum err err = ERR_OK;

	while (!err && (folder = next_folder(sync, errand, &at))) {
		/* The new ones stand behind those that can be found. */
		size_t n = sync->wishes.n;
		sync->wishes.n = sorted_n;
		struct wish *known = find_wish(sync, folder->ino);
		sync->wishes.n = n;
		err = put_wish(sync, folder->ino, kind, known);
	}
	sort_wishes(sync);
	commands_note_expanded(sync, errand->ticket);
	return err;
}

enum err errands_expand(struct sync *sync)
{
	struct errand errand = { 0 };
	enum err err = ERR_OK;

	while (!err && commands_next(sync, errand.ticket, &errand)) {
		if (lists_afresh(&errand) && !errand.is_expanded)
			err = expand(sync, &errand);
	}
	return err;
}

void errands_note_relist(struct sync *sync, uint64_t ino, const struct counts *counts)
{
	struct wish *wish = find_wish(sync, ino);
	const struct folder *folder = find_folder(&sync->last_round, ino);
	struct errand errand = { 0 };

	if (!wish || wish->kind == RELIST_NONE)
		return;
	wish->kind = RELIST_NONE;
	while (commands_next(sync, errand.ticket, &errand)) {
		if (lists_afresh(&errand) && covers(sync, &errand, folder))
			commands_add_counts(sync, errand.ticket, counts);
	}
}

/* --- their ends --- */

/* What became of its folders; one below that is closed to us is no failure. */
static enum err result_of(struct sync *sync, const struct errand *errand)
{
	enum err err = run_result(sync, errand->dir);
	const struct folder *folder;
	size_t at = 0;

	while (!err && errand->tree && (folder = next_folder(sync, errand, &at))) {
		err = round_find(&sync->last_round, folder->ino)->err;
		if (err == ERR_DENIED)
			err = ERR_OK;
	}
	return err;
}

/* Its numbers, of all its folders. */
static enum err keep_counts(struct sync *sync, const struct errand *errand)
{
	AUTO(txn) struct txn txn = { 0 };

	enum err err = txn_begin(&txn, sync->store);
	if (!err)
		err = result_put_resync(&txn, errand->dir, errand->tree, &errand->counts);
	return err ? err : txn_commit(&txn);
}

/* Ends it; err is the run's. */
static void end(struct sync *sync, const struct errand *errand, enum err err)
{
	if (!err && errand->kind != SYNC_VERIFY)
		err = result_of(sync, errand);
	if (!err && lists_afresh(errand))
		err = keep_counts(sync, errand);
	commands_end(sync, errand->ticket, err);
}

void errands_end(struct sync *sync, enum err err)
{
	struct errand errand = { 0 };

	while (commands_next(sync, errand.ticket, &errand))
		end(sync, &errand, err);
}

/* --- verify --- */

static void sum_up(struct comparison *sum, const struct comparison *more)
{
	sum->kept_n += more->kept_n;
	sum->changed_n += more->changed_n;
	sum->missing_n += more->missing_n;
	sum->extra_n += more->extra_n;
	sum->regressed_n += more->regressed_n;
	sum->uncovered_n += more->uncovered_n;
	sum->items_n += more->items_n;
	sum->has_more |= more->has_more;
}

/* Each folder has its own result; their sum is that of the directory. */
static enum err verify_one(struct sync *sync, const struct folder *folder, struct comparison *sum)
{
	AUTO(comparison) struct comparison found = { 0 };

	/* The list is one for all of them, and what was there before is not this folder's. */
	found.items_n = sum->items_n;
	enum err err = verify_folder(sync, folder, &found);
	found.items_n -= sum->items_n;
	if (!err)
		err = result_put_verify(sync, folder->ino, &found);
	if (!err && found.items.len > 0)
		err = buf_printf(&sum->items, "%s%s", sum->items.len > 0 ? " " : "",
				 buf_str(&found.items));
	if (!err)
		sum_up(sum, &found);
	return err;
}

/* An error of a folder ends the command, not the run. */
static enum err verify(struct sync *sync, const struct errand *errand)
{
	AUTO(comparison) struct comparison sum = { 0 };
	char reason[256] = "";
	const struct folder *folder;
	size_t at = 0;
	enum err err = ERR_OK;

	sync->reason[0] = '\0';
	while (!err && (folder = next_folder(sync, errand, &at))) {
		err = verify_one(sync, folder, &sum);
		if (err)
			snprintf(reason, sizeof(reason), "folder %s: %s", folder->display_name,
				 sync->reason[0] ? sync->reason : err_text(err));
		if (err == ERR_DENIED && folder->ino != errand->dir)
			err = ERR_OK;
	}
	if (!err && errand->tree)
		err = result_put_verify(sync, errand->dir, &sum);
	if (err && gate_ends_run(err))
		return err;
	commands_note_result(sync, errand->ticket, err, reason);
	return ERR_OK;
}

enum err errands_verify(struct sync *sync)
{
	struct errand errand = { 0 };
	enum err err = ERR_OK;

	while (!err && commands_next(sync, errand.ticket, &errand)) {
		if (errand.kind == SYNC_VERIFY && !errand.is_done)
			err = verify(sync, &errand);
	}
	return err;
}

/* --- in the middle of a run --- */

/* *ret: nothing is left to do for it but, maybe, to compare. */
static enum err is_through(struct sync *sync, const struct errand *errand, bool *ret)
{
	const struct folder *folder;
	bool due = false;
	size_t at = 0;
	enum err err = ERR_OK;

	*ret = false;
	while (!err && !due && (folder = next_folder(sync, errand, &at))) {
		bool failed = round_find(&sync->last_round, folder->ino)->err;
		due = wishes_find(sync, folder->ino) && !failed;
		if (!err && !due)
			err = store_is_folder_due(sync->store, folder->ino, sync->retry_until_ms,
						  &due);
	}
	*ret = !err && !due;
	return err;
}

static enum err settle(struct sync *sync, const struct errand *errand)
{
	bool through = false;

	enum err err = is_through(sync, errand, &through);
	if (!err && through && errand->kind == SYNC_VERIFY && !errand->is_done)
		err = verify(sync, errand);
	if (!err && through)
		end(sync, errand, ERR_OK);
	return err;
}

enum err errands_settle(struct sync *sync)
{
	struct errand errand = { 0 };
	int64_t now = clock_boot_ms();
	enum err err = ERR_OK;

	if (now < sync->settle_ms)
		return ERR_OK;
	while (!err && commands_next(sync, errand.ticket, &errand)) {
		if (errand.dir != ROOT_INO && errand.is_listed)
			err = settle(sync, &errand);
	}
	sync->settle_ms = clock_boot_ms() + SETTLE_MS;
	return err;
}
