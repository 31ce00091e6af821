/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/*
 * audit - what the server counts in a folder against what we know of it.
 *
 * Changes can be lost without a word: a server that forgot a sync state sends all again and never
 * says what was deleted. The digest that is read anyway shows it, so idle costs nothing more. A
 * folder that differs with the same numbers in two digests is verified, and listed afresh where
 * that finds something. What a listing cannot mend is remembered, the numbers of both sides, and
 * left alone until one of them changes.
 */
static void drop(struct suspects *suspects)
{
	free(suspects->list);
	*suspects = (struct suspects){ 0 };
}

static int by_ino(const void *a, const void *b)
{
	uint64_t x = ((const struct suspect *)a)->ino, y = ((const struct suspect *)b)->ino;

	return (x > y) - (x < y);
}

/* They stand in the order of the round. */
static const struct suspect *find(const struct suspects *suspects, uint64_t ino)
{
	const struct suspect key = { .ino = ino };

	return suspects->n == 0 ? NULL
				: bsearch(&key, suspects->list, suspects->n, sizeof(key), by_ino);
}

static enum err add(struct suspects *suspects, const struct suspect *suspect)
{
	struct suspect *list = reallocarray(suspects->list, suspects->n + 1, sizeof(*list));

	if (!list)
		return ERR_NOMEM;
	suspects->list = list;
	suspects->list[suspects->n++] = *suspect;
	return ERR_OK;
}

static bool is_same(const struct suspect *a, const struct suspect *b)
{
	return a->total_n == b->total_n && a->unread_n == b->unread_n && a->known_n == b->known_n &&
	       a->known_unread_n == b->known_unread_n;
}

static bool differs(const struct suspect *suspect)
{
	return suspect->total_n != (int64_t)suspect->known_n ||
	       suspect->unread_n != (int64_t)suspect->known_unread_n;
}

/* *ret_differs is false as well while something is pending. */
static enum err compare(struct sync *sync, const struct folder *folder, const struct visit *visit,
			struct suspect *ret, bool *ret_differs)
{
	struct store_tally tally;
	uint64_t unseen_n = 0;

	enum err err = store_load_tally(sync->store, folder->ino, false, &tally);
	if (err)
		return err;
	*ret = (struct suspect){
		.ino = folder->ino,
		.total_n = visit->digest.total_n,
		.unread_n = visit->digest.unread_n,
		.known_n = tally.known_n,
		.known_unread_n = tally.unread_n,
	};
	*ret_differs = differs(ret) && tally.pending_n == 0;
	if (!*ret_differs)
		return ERR_OK;
	err = store_count_unseen(sync->store, folder->ino, &unseen_n);
	ret->known_unread_n += unseen_n;
	*ret_differs = differs(ret);
	return err;
}

/* --- what was left alone before --- */

static void print_memory(const struct suspect *suspect, char *ret, size_t size)
{
	snprintf(ret, size, "%" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64, suspect->total_n,
		 suspect->unread_n, suspect->known_n, suspect->known_unread_n);
}

static enum err is_remembered(struct sync *sync, const struct suspect *suspect, bool *ret)
{
	AUTO(str) char *memory = NULL;
	char text[96];

	print_memory(suspect, text, sizeof(text));
	enum err err = result_load_audit(sync, suspect->ino, &memory);
	*ret = !err && strcmp(memory, text) == 0;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err remember(struct sync *sync, const struct folder *folder,
			 const struct suspect *suspect)
{
	AUTO(txn) struct txn txn = { 0 };
	char text[96];

	log_info("folder %s: the server counts %" PRId64 " items, %" PRId64
		 " unread, of the %" PRIu64 ", %" PRIu64 " that it lists: left alone",
		 folder->display_name, suspect->total_n, suspect->unread_n, suspect->known_n,
		 suspect->known_unread_n);
	print_memory(suspect, text, sizeof(text));
	enum err err = txn_begin(&txn, sync->store);
	if (!err)
		err = result_put_audit(&txn, folder->ino, text);
	return err ? err : txn_commit(&txn);
}

/* --- what is done about it --- */

/* The second time: *ret_again when the folder is to be listed afresh. */
static enum err act(struct sync *sync, const struct folder *folder, struct suspect *suspect,
		    bool *ret_again)
{
	AUTO(comparison) struct comparison found = { 0 };

	log_info("folder %s: the server counts %" PRId64 " items, %" PRId64
		 " unread, and here are %" PRIu64 ", %" PRIu64 ": comparing",
		 folder->display_name, suspect->total_n, suspect->unread_n, suspect->known_n,
		 suspect->known_unread_n);
	enum err err = verify_folder(sync, folder, &found);
	if (!err)
		err = result_put_verify(sync, folder->ino, &found);
	if (err)
		return err;
	if (found.changed_n + found.missing_n + found.extra_n == 0)
		return remember(sync, folder, suspect);
	suspect->is_resynced = true;
	*ret_again = true;
	return wishes_add(sync, folder->ino, RELIST_EXPIRED);
}

static enum err judge(struct sync *sync, const struct folder *folder, struct suspect *suspect,
		      bool *ret_again)
{
	const struct suspect *before = find(&sync->suspects, folder->ino);
	bool same = before && suspect->total_n == before->total_n &&
		    suspect->unread_n == before->unread_n;

	if (same && before->is_resynced)
		return remember(sync, folder, suspect);
	if (!before || !is_same(before, suspect))
		return ERR_OK;
	enum err err = act(sync, folder, suspect, ret_again);
	if (!err || gate_ends_run(err))
		return err;
	/* An error of the folder: the next digest tries again. */
	log_info("folder %s: %s, comparing it with the next poll", folder->display_name,
		 err_text(err));
	return ERR_OK;
}

static bool is_audited(const struct folder *folder, const struct visit *visit)
{
	return visit->is_read && !visit->err && visit->digest.known && visit->digest.total_n >= 0 &&
	       folder->sync_state && (folder->shown_in || folder->ino == ROOT_INO);
}

static enum err audit_one(struct sync *sync, const struct folder *folder, const struct visit *visit,
			  struct suspects *suspects, bool *ret_again)
{
	struct suspect suspect;
	bool different = false, remembered = false;

	enum err err = compare(sync, folder, visit, &suspect, &different);
	if (!err && different)
		err = is_remembered(sync, &suspect, &remembered);
	if (err || !different || remembered)
		return err;
	err = judge(sync, folder, &suspect, ret_again);
	return err ? err : add(suspects, &suspect);
}

enum err audit_all(struct sync *sync, bool *ret_again)
{
	const struct round *round = &sync->last_round;
	struct suspects suspects = { 0 };
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < round->folders.n; i++) {
		if (is_audited(&round->folders.list[i], &round->visits[i]))
			err = audit_one(sync, &round->folders.list[i], &round->visits[i], &suspects,
					ret_again);
	}
	if (err) {
		drop(&suspects);
		return err;
	}
	drop(&sync->suspects);
	sync->suspects = suspects;
	return ERR_OK;
}
