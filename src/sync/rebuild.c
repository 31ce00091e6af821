/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/log.h"

/*
 * rebuild - away from a damaged store, while it goes on being served.
 *
 * Nothing of what the engine remembers of the old store is true of the new one: rows, inodes and
 * folders have other numbers there. So it is left between two runs, when nothing is in the air, and
 * everything that names such a number is forgotten.
 */
enum { LAND_MS = 1000, RETRY_MS = 60 * 1000 };

void sync_set_rebuild(struct sync *sync, const struct sync_rebuild *rebuild, bool is_begun)
{
	sync->renewal.hooks = *rebuild;
	sync->renewal.is_begun = is_begun;
}

void sync_note_damage(struct sync *sync)
{
	lock_acquire(&sync->lock);
	bool is_news = !sync->has_damage;
	sync->has_damage = true;
	sync->has_news |= is_news;
	cond_wake_all(&sync->cond);
	lock_drop(&sync->lock);
	if (is_news)
		ews_wake(sync->ews);
}

bool rebuild_is_due(struct sync *sync)
{
	const struct renewal *renewal = &sync->renewal;

	/* Once: what the second one is damaged by, the next mount sees. */
	if (renewal->is_begun || !renewal->hooks.begun || clock_boot_ms() < renewal->retry_ms)
		return false;
	if (store_take_damage(sync->store))
		sync_note_damage(sync);
	lock_acquire(&sync->lock);
	bool has_damage = sync->has_damage;
	lock_drop(&sync->lock);
	return has_damage;
}

/* What is in the air belongs to rows of the old store. */
static enum err land(struct sync *sync)
{
	enum err err = ERR_OK;

	while (!err && ews_pending_n(sync->ews) > 0)
		err = ews_wait(sync->ews, LAND_MS);
	return err;
}

void rebuild_forget(struct sync *sync)
{
	round_release(&sync->last_round);
	findings_release(&sync->findings);
	wishes_clear(sync);
	free(sync->suspects.list);
	sync->suspects = (struct suspects){ 0 };
	free(sync->sights);
	sync->sights = NULL;
	sync->sights_n = 0;
	sync->space = (struct space){ 0 };
	sync->edge = 0;
	sync->retry_until_ms = 0;
	graves_forget(sync);
}

static void move_to(struct sync *sync, struct store *fresh)
{
	struct store *old = sync->store;

	store_set_listener(fresh, sync_hear, sync);
	store_set_listener(old, NULL, NULL);
	rebuild_forget(sync);
	lock_acquire(&sync->lock);
	sync->store = fresh;
	sync->renewal.is_begun = true;
	lock_drop(&sync->lock);
	sync->renewal.hooks.begun(sync->renewal.hooks.ctx, fresh);
	commands_widen(sync);
	sync->due_ms = 0;
	sync->is_own = true;
}

enum err rebuild_begin(struct sync *sync)
{
	AUTO(buf) struct buf reason = { 0 };
	AUTO(str) char *damage = NULL;
	struct store *fresh = NULL;

	sync_note_damage(sync);
	if (!rebuild_is_due(sync))
		return ERR_DAMAGED;
	enum err err = land(sync);
	if (!err)
		err = text_copy(store_reason(sync->store), &damage);
	if (!err)
		err = sync_open_fresh(sync->account, sync->store, &fresh, &reason);
	FAULT("rebuild.begun");
	if (err == ERR_CANCELLED)
		return err;
	if (err) {
		sync->renewal.retry_ms = clock_boot_ms() + RETRY_MS;
		gate_blame(sync, "%s", reason.len ? buf_str(&reason) : err_text(err));
		return err;
	}
	log_warning("%s: damaged (%s), served as far as it can be read while another is made",
		    sync->account->cache, *damage ? damage : "met by a reader");
	move_to(sync, fresh);
	status_begin_anew(sync, "the local cache is damaged, another is being made");
	return ERR_CANCELLED;
}

enum err rebuild_end(struct sync *sync)
{
	struct renewal *renewal = &sync->renewal;
	AUTO(txn) struct txn txn = { 0 };

	if (!renewal->is_begun || renewal->is_whole || sync->board.round_s == TIME_NONE)
		return ERR_OK;
	enum err err = txn_begin(&txn, sync->store);
	if (!err)
		err = store_put_value(&txn, SYNC_VALUE_WHOLE, "1");
	if (!err)
		err = txn_commit(&txn);
	if (err)
		return err;
	FAULT("rebuild.whole");
	renewal->is_whole = true;
	renewal->hooks.whole(renewal->hooks.ctx);
	log_info("%s: made anew, the damaged one is set aside with the next mount",
		 sync->account->cache);
	return ERR_OK;
}
