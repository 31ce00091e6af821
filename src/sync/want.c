/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/*
 * want - files whose content somebody waits for (content=ondemand).
 *
 * They go before all else: with the next request that may leave, whether a run is under way or
 * not. All who want one file wait for one request. A want belongs to the list from sync_want()
 * until somebody takes it out to end it; the sync thread, which asks, knows of it by its inode.
 *
 * Nobody waits long for a server that is away: a request ends as timeout= says, is repeated once
 * where it was quick to fail, and for a little while after that nothing is tried. While the server
 * wants us to wait, those give up who have waited for timeout=.
 */
enum {
	AGAIN_TRIES = 1,
	SOON_MS = 5 * 1000, /* a failure that was no timeout */
	LOST_MS = 3 * 1000,
	SHRINKS_N = 32, /* as much as a step of eviction can leave, in steps of 1 MiB */
};

bool want_is_ondemand(const struct sync *sync)
{
	return sync->account->content == CONTENT_ONDEMAND;
}

/* --- for others --- */

static enum err add_want(struct sync *sync, struct want *want, uint64_t *ret_ticket)
{
	struct want **end = &sync->wants;
	enum err err = ERR_OK;

	lock_acquire(&sync->lock);
	if (sync->is_stopping) {
		err = ERR_CANCELLED;
	} else if (sync->is_offline) {
		err = ERR_OFFLINE;
	} else {
		while (*end)
			end = &(*end)->next;
		*end = want;
		want->ticket = *ret_ticket = ++sync->next_ticket;
		sync->has_news = true;
		cond_wake_all(&sync->cond);
	}
	lock_drop(&sync->lock);
	return err;
}

enum err sync_want(struct sync *sync, uint64_t ino, sync_done_fn done, void *ctx,
		   uint64_t *ret_ticket)
{
	struct want *want = malloc(sizeof(*want));

	if (!want)
		return ERR_NOMEM;
	*want = (struct want){
		.ino = ino,
		.since_ms = clock_boot_ms(),
		.done = done,
		.ctx = ctx,
	};
	enum err err = add_want(sync, want, ret_ticket);
	if (err)
		free(want);
	else
		ews_wake(sync->ews);
	return err;
}

bool sync_forget_want(struct sync *sync, uint64_t ticket)
{
	struct want **at = &sync->wants, *found;

	lock_acquire(&sync->lock);
	while (*at && (*at)->ticket != ticket)
		at = &(*at)->next;
	found = *at;
	if (found)
		*at = found->next;
	lock_drop(&sync->lock);
	free(found);
	return found != NULL;
}

void sync_note_use(struct sync *sync, uint64_t ino)
{
	struct uses *uses = &sync->uses;

	lock_acquire(&sync->lock);
	bool is_last = uses->n > 0 && uses->list[uses->n - 1] == ino;
	/* The older half is the least that can be lost. */
	if (!is_last && uses->n == USES_MAX) {
		uses->n = USES_MAX / 2;
		memmove(uses->list, uses->list + uses->n, uses->n * sizeof(*uses->list));
	}
	if (!is_last)
		uses->list[uses->n++] = ino;
	lock_drop(&sync->lock);
}

/* --- their ends --- */

static struct want *take(struct sync *sync, uint64_t ino)
{
	struct want **at = &sync->wants, *found;

	lock_acquire(&sync->lock);
	while (*at && ino && (*at)->ino != ino)
		at = &(*at)->next;
	found = *at;
	if (found)
		*at = found->next;
	lock_drop(&sync->lock);
	return found;
}

/* ino 0: all of them. */
static void end(struct sync *sync, uint64_t ino, enum err err)
{
	struct want *want;

	while ((want = take(sync, ino))) {
		want->done(want->ctx, err);
		free(want);
	}
}

void wants_end_all(struct sync *sync, enum err err)
{
	end(sync, 0, err);
}

static bool is_offline(struct sync *sync)
{
	lock_acquire(&sync->lock);
	bool offline = sync->is_offline;
	lock_drop(&sync->lock);
	return offline;
}

void wants_end_offline(struct sync *sync)
{
	/* Online again: those that came since may stay. */
	while (is_offline(sync)) {
		struct want *want = take(sync, 0);
		if (!want)
			return;
		want->done(want->ctx, ERR_OFFLINE);
		free(want);
	}
}

/* Marks all who want it. */
static void mark(struct sync *sync, uint64_t ino, bool is_asked, int tries)
{
	lock_acquire(&sync->lock);
	for (struct want *want = sync->wants; want; want = want->next) {
		if (want->ino != ino)
			continue;
		want->is_asked = is_asked;
		want->tries += tries;
	}
	lock_drop(&sync->lock);
}

static bool is_worth_another(enum err err)
{
	return err == ERR_OFFLINE || err == ERR_STALE_REPLY || err == ERR_PROTOCOL ||
	       err == ERR_TRANSIENT;
}

/* What came may stand under another inode. */
static enum err check(struct sync *sync, uint64_t ino, bool is_passed)
{
	struct store_node node;
	enum err err = store_load_node(sync->store, ino, &node);

	if (!err && (node.is_buried || (node.is_absent && !is_passed)))
		err = ERR_STALE;
	return err == ERR_NOT_FOUND ? ERR_STALE : err;
}

/* The first who wants it. */
static bool find(struct sync *sync, uint64_t ino, struct want *ret)
{
	const struct want *want;

	lock_acquire(&sync->lock);
	for (want = sync->wants; want && want->ino != ino; want = want->next)
		;
	if (want)
		*ret = *want;
	lock_drop(&sync->lock);
	return want != NULL;
}

void wants_note_result(struct sync *sync, const struct flight *flight, enum err err)
{
	uint64_t ino = flight->wanted;
	struct want first;

	if (!find(sync, ino, &first))
		return; /* nobody waits any more */
	bool was_quick = clock_boot_ms() - flight->asked_ms < SOON_MS;
	if (err == ERR_CANCELLED && is_offline(sync))
		err = ERR_OFFLINE;
	bool is_put_off = err == ERR_THROTTLED || (err == ERR_CANCELLED && !sync_is_stopping(sync));
	if (is_put_off || (is_worth_another(err) && was_quick && first.tries < AGAIN_TRIES)) {
		mark(sync, ino, false, !is_put_off);
		return;
	}
	if (err == ERR_OFFLINE)
		sync->lost_until_ms = clock_boot_ms() + LOST_MS;
	if (!err)
		err = check(sync, ino, flight->is_passed);
	end(sync, ino, err);
}

/* --- asking --- */

/* The next that nobody asked for. */
static bool next(struct sync *sync, struct want *ret)
{
	const struct want *want;

	lock_acquire(&sync->lock);
	for (want = sync->wants; want && want->is_asked; want = want->next)
		;
	if (want)
		*ret = *want;
	lock_drop(&sync->lock);
	return want != NULL;
}

static bool may_ask(struct sync *sync)
{
	return gate_is_open(sync) && ews_pending_n(sync->ews) < gate_connections_n(sync);
}

/* ERR_BUSY: it may not leave yet. */
static enum err ask(struct sync *sync, const struct want *want)
{
	AUTO(fetch_batch) struct fetch_batch batch = { 0 };
	const struct flight *flight = sync->flights;
	struct store_node node;
	int64_t now = clock_boot_ms(), patience_ms = sync->account->timeout_s * INT64_C(1000);
	enum err err = store_load_node(sync->store, want->ino, &node);

	if (!err && !node.is_absent) {
		end(sync, want->ino, ERR_OK);
		return ERR_OK;
	}
	while (flight && flight->wanted != want->ino)
		flight = flight->next;
	if (flight) {
		mark(sync, want->ino, true, 0);
		return ERR_OK;
	}
	if (now < sync->lost_until_ms)
		return ERR_OFFLINE;
	if (!may_ask(sync))
		return now - want->since_ms < patience_ms ? ERR_BUSY : ERR_OFFLINE;
	err = store_load_wanted(sync->store, want->ino, &batch);
	if (err)
		return err;
	mark(sync, want->ino, true, 0);
	return fetch_wanted(sync, want->ino, &batch);
}

void wants_tend(struct sync *sync)
{
	struct want want;

	while (next(sync, &want)) {
		enum err err = sync_is_interrupted(sync) ? ERR_CANCELLED : ask(sync, &want);
		/* What is broken off goes on soon; offline by command does not. */
		if (err == ERR_CANCELLED || err == ERR_BUSY)
			return;
		if (err)
			end(sync, want.ino, err);
	}
}

/* --- room --- */

static size_t take_uses(struct sync *sync, uint64_t list[USES_MAX])
{
	lock_acquire(&sync->lock);
	size_t n = sync->uses.n;
	memcpy(list, sync->uses.list, n * sizeof(*list));
	sync->uses.n = 0;
	lock_drop(&sync->lock);
	return n;
}

/* Also when nothing has to go, so that the next mount knows what was used. */
static enum err make_some_room(struct sync *sync, uint64_t bytes, bool *ret_more)
{
	AUTO(txn) struct txn txn = { 0 };
	uint64_t uses[USES_MAX];
	enum err err = txn_begin(&txn, sync->store);

	if (!err)
		err = store_note_uses(&txn, uses, take_uses(sync, uses));
	if (!err)
		err = store_make_room(&txn, bytes, ret_more);
	return err ? err : txn_commit(&txn);
}

enum err wants_make_room(struct sync *sync, uint64_t bytes)
{
	bool more = want_is_ondemand(sync);
	enum err err = ERR_OK;

	while (!err && more)
		err = make_some_room(sync, bytes, &more);
	return err;
}

void wants_begin(struct sync *sync)
{
	bool more = want_is_ondemand(sync);
	enum err err = ERR_OK;

	if (more)
		log_warning("content=ondemand: until a file is opened its size is an estimate; "
			    "rsync and "
			    "tar, which look before they open, may complain");
	while (!err && more && !sync_is_stopping(sync)) {
		err = make_some_room(sync, 0, &more);
		for (int n = 0; !err && more && n < SHRINKS_N; n++)
			err = store_shrink(sync->store);
	}
	if (err)
		log_error("%s: letting contents go: %s", sync->account->cache,
			  store_reason(sync->store));
}
