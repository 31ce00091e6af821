/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"

/*
 * pull - the items of one folder, page after page.
 *
 * A page, the work that it leaves and the sync state that covers it commit together (I1): a
 * crash leaves all of it or nothing, and a page applied twice is harmless. The digest that was
 * read before goes in with the last page, so what changes meanwhile shows as a difference.
 */
enum {
	PAGES_MAX = 100 * 1000,
	IDLE_PAGES_MAX = 100, /* empty ones in a row that are not the last */
	SEARCHES_MAX = 5,     /* of a folder that changes while it is listed */
};

static size_t page_max(void)
{
	return (size_t)FAULT_NUMBER("EWSFS_PAGE_MAX", EWS_PAGE_MAX);
}

void pull_release(struct pull *pull)
{
	str_release(&pull->state);
	free(pull->seen.list);
	pull->seen = (struct rows){ 0 };
}

/* All of it is listed each time, and compared. */
static bool is_searched(const struct folder *folder)
{
	return tree_info(folder->tree)->is_searched;
}

static enum err ask_page(struct pull *pull, struct ews_page *ret)
{
	struct sync *sync = pull->sync;
	enum err err;
	int tries = 0;

	do {
		err = gate_enter(sync);
		if (!err && is_searched(pull->folder))
			err = ews_find_items(sync->ews, pull->folder->id, pull->state, page_max(),
					     ret);
		else if (!err)
			err = ews_sync_items(sync->ews, pull->folder->id, pull->state, page_max(),
					     ret);
	} while (gate_again(sync, err, &tries));
	return err;
}

/* Some servers call a full page the last one though more is there. */
static bool is_last(const struct ews_page *page)
{
	return page->last && page->n < page_max();
}

static enum err check_page(const struct pull *pull, const struct ews_page *page)
{
	bool moved = page->state && (!pull->state || strcmp(page->state, pull->state) != 0);

	if (page->state && *page->state && (moved || is_last(page)))
		return ERR_OK;
	gate_blame(pull->sync, "folder %s: the list of its items does not get on",
		   pull->folder->display_name);
	return ERR_PROTOCOL;
}

/* The first of several pages of a listing from nothing: a digest noted before, while the folder
 * was not shown or before it was listed afresh, must not pass for the whole of it after a
 * restart. */
static enum err forget_digest(struct pull *pull, struct txn *txn)
{
	const struct digest unknown = { .commit = TIME_NONE, .deleted_n = -1 };

	return store_put_folder_synced(txn, pull->folder->ino, &unknown, pull->folder->last_sync);
}

static enum err commit_page(struct pull *pull, const struct ews_page *page)
{
	uint64_t ino = pull->folder->ino;
	AUTO(txn) struct txn txn = { 0 };

	enum err err = txn_begin(&txn, pull->sync->store);
	if (!err)
		err = page_apply(pull, &txn, page);
	if (!err)
		err = store_put_folder_state(&txn, ino, page->state);
	if (!err && !is_last(page) && !pull->state)
		err = forget_digest(pull, &txn);
	if (!err && is_last(page) && pull->relist)
		err = relist_end(pull, &txn);
	/* Without a digest of this round they are older than what the hierarchy told. */
	if (!err && is_last(page) && pull->visit->is_read)
		err = store_put_folder_counts(&txn, ino, &pull->visit->digest);
	if (!err && is_last(page))
		err = store_put_folder_synced(&txn, ino, &pull->visit->digest,
					      clock_wall_ns() / NS_PER_S);
	if (!err)
		err = txn_commit(&txn);
	return err;
}

/* One page: asks, hands it on, and takes the state behind it. *ret_n: changes in it. */
static enum err pull_page(struct pull *pull, pull_page_fn fn, void *ctx, bool *ret_last,
			  size_t *ret_n)
{
	AUTO(ews_page) struct ews_page page = { 0 };

	enum err err = ask_page(pull, &page); /* the network: no transaction yet */
	if (!err)
		err = check_page(pull, &page);
	FAULT("pull.answer");
	if (!err)
		err = fn(ctx, &page, is_last(&page));
	if (err)
		return err;
	str_release(&pull->state);
	pull->state = give(page.state);
	*ret_last = is_last(&page);
	*ret_n = page.n;
	return ERR_OK;
}

enum err pull_each_page(struct pull *pull, pull_page_fn fn, void *ctx)
{
	bool last = false;
	int idle_n = 0;
	enum err err = ERR_OK;

	for (int pages_n = 0; !err && !last; pages_n++) {
		size_t n = 0;
		err = pull_page(pull, fn, ctx, &last, &n);
		idle_n = n > 0 ? 0 : idle_n + 1;
		if (!err && !last && (idle_n > IDLE_PAGES_MAX || pages_n > PAGES_MAX)) {
			gate_blame(pull->sync, "folder %s: the list of its items has no end",
				   pull->folder->display_name);
			err = ERR_PROTOCOL;
		}
	}
	return err;
}

static enum err keep_page(void *ctx, const struct ews_page *page, bool last)
{
	struct pull *pull = ctx;
	enum err err = commit_page(pull, page);

	FAULT("pull.page");
	if (err)
		return err;
	pull->visit->had_full_page |= page->n >= page_max();
	if (last && pull->relist && !pull->is_quiet)
		errands_note_relist(pull->sync, pull->folder->ino, &pull->counts);
	return fetch_fill(pull->sync);
}

static enum err pull_afresh(struct pull *pull, enum relist kind)
{
	log_info("folder %s: %s afresh", pull->folder->display_name,
		 kind == RELIST_CLEAR ? "fetching all of it" : "listing it");
	status_note_work(pull->sync,
			 kind == RELIST_CLEAR ? SYNC_STATE_CLEARING : SYNC_STATE_RESYNCING);
	/* What is new elsewhere goes before what is here already. */
	if (kind == RELIST_CLEAR)
		pull->priority = FETCH_FIRST_SYNC;
	enum err err = relist_begin(pull, kind);
	return err ? err : pull_each_page(pull, keep_page, pull);
}

/* Nothing is dropped before the end, so one that is cut short leaves nothing behind. */
static enum err pull_compared(struct pull *pull)
{
	enum err err;
	int tries = 0;

	pull->relist = RELIST_EXPIRED;
	pull->is_quiet = true;
	do {
		str_release(&pull->state);
		pull->seen.n = 0;
		err = pull_each_page(pull, keep_page, pull);
	} while (err == ERR_SYNC_RESET && ++tries < SEARCHES_MAX);
	return err;
}

bool pull_is_wanted(const struct folder *folder)
{
	return folder->shown_in != 0 || folder->ino == ROOT_INO || folder->sync_state;
}

enum err pull_folder(struct sync *sync, const struct folder *folder, struct visit *visit)
{
	AUTO(pull) struct pull pull = { .sync = sync, .folder = folder, .visit = visit };
	enum relist before = RELIST_NONE, wish = wishes_find(sync, folder->ino);

	pull.priority = folder->sync_state ? FETCH_DELTA : FETCH_FIRST_SYNC;
	visit->had_full_page = false;
	status_note_folder(sync, folder->ino);
	enum err err = text_copy(folder->sync_state, &pull.state);
	if (!err)
		err = relist_load(sync, folder->ino, &before);
	/* Asked for now, or begun before and not ended. */
	enum relist kind = before > wish ? before : wish;
	if (!err && kind)
		err = pull_afresh(&pull, kind);
	else if (!err && is_searched(folder))
		err = pull_compared(&pull);
	else if (!err)
		err = pull_each_page(&pull, keep_page, &pull);
	if (err == ERR_SYNC_RESET && pull.state && !is_searched(folder)) {
		log_info("folder %s: its sync state expired", folder->display_name);
		err = pull_afresh(&pull, kind ? kind : RELIST_EXPIRED);
	}
	/* Whoever asked for it does so no longer, or asks again. */
	if (err == ERR_CANCELLED && pull.relist && wish >= RELIST_RESYNC) {
		enum err failed = relist_abandon(&pull, before);
		err = failed ? failed : err;
	}
	status_note_folder(sync, 0);
	return err;
}
