/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * command - what other threads want of the engine.
 *
 * A command belongs to the list from sync_run() until somebody takes it out to end it: the sync
 * thread when it is through, or whoever cancels it, at once. So the sync thread works with copies
 * (struct errand) and tells of progress by ticket.
 */

static bool is_in(const uint64_t *above, size_t n, uint64_t dir)
{
	for (size_t i = 0; i < n; i++) {
		if (above[i] == dir)
			return true;
	}
	return false;
}

/* True when the command is at work in that directory. */
static bool covers(const struct command *command, uint64_t dir, const uint64_t *above, size_t n)
{
	return command->dir == dir || (command->tree && is_in(above, n, command->dir));
}

static bool compares(enum sync_command kind)
{
	return kind == SYNC_RESYNC || kind == SYNC_CLEAR || kind == SYNC_VERIFY;
}

static bool collide(const struct command *a, const struct command *b)
{
	if (a->kind == SYNC_OFFLINE || b->kind == SYNC_OFFLINE)
		return false;
	if (a->dir == b->dir)
		return true;
	return compares(a->kind) && compares(b->kind) &&
	       (covers(a, b->dir, b->above, b->above_n) || covers(b, a->dir, a->above, a->above_n));
}

static bool is_busy_locked(const struct sync *sync, const struct command *command)
	REQUIRES(&sync->lock)
{
	for (const struct command *c = sync->commands; c; c = c->next) {
		if (collide(c, command))
			return true;
	}
	return false;
}

/* ERR_OK: it is in the list now, which owns it. */
static enum err add_command(struct sync *sync, struct command *command, uint64_t *ret_ticket)
{
	enum err err = ERR_OK;

	lock_acquire(&sync->lock);
	if (sync->is_stopping) {
		err = ERR_CANCELLED;
	} else if (sync->is_offline && command->kind != SYNC_OFFLINE) {
		err = ERR_OFFLINE;
	} else if (is_busy_locked(sync, command)) {
		err = ERR_BUSY;
	} else {
		command->ticket = *ret_ticket = ++sync->next_ticket;
		command->next = sync->commands;
		sync->commands = command;
		sync->is_offline |= command->kind == SYNC_OFFLINE;
		sync->has_news = true;
		cond_wake_all(&sync->cond);
	}
	lock_drop(&sync->lock);
	return err;
}

static enum err start(struct sync *sync, const struct sync_order *order, sync_done_fn done,
		      void *ctx, uint64_t *ret_ticket)
{
	struct command *added = malloc(sizeof(*added) + order->above_n * sizeof(*added->above));

	if (!added)
		return ERR_NOMEM;
	*added = (struct command){
		.kind = order->command,
		.dir = order->dir,
		.tree = order->tree,
		.done = done,
		.ctx = ctx,
		.above_n = order->above_n,
	};
	for (size_t i = 0; i < order->above_n; i++)
		added->above[i] = order->above[i];
	enum err err = add_command(sync, added, ret_ticket);
	if (err)
		free(added);
	else if (order->command == SYNC_OFFLINE)
		ews_interrupt(sync->ews);
	else
		ews_wake(sync->ews);
	return err;
}

/* --- to end them --- */

static void finish(struct sync *sync, struct command *command, enum err err)
{
	if (command->is_done && command->err) {
		err = command->err;
		status_note_failure(sync, command->reason);
	}
	if (command->done)
		command->done(command->ctx, err);
	free(command);
}

static struct command *take_locked(struct sync *sync, uint64_t ticket) REQUIRES(&sync->lock)
{
	struct command **at = &sync->commands;

	while (*at && (*at)->ticket != ticket)
		at = &(*at)->next;
	struct command *taken = *at;
	if (taken)
		*at = taken->next;
	return taken;
}

void commands_end(struct sync *sync, uint64_t ticket, enum err err)
{
	lock_acquire(&sync->lock);
	struct command *taken = take_locked(sync, ticket);
	lock_drop(&sync->lock);
	if (taken)
		finish(sync, taken, err);
}

void commands_end_all(struct sync *sync, enum err err)
{
	for (;;) {
		lock_acquire(&sync->lock);
		/* Online again: those that came since may stay. */
		bool over = err == ERR_OFFLINE && !sync->is_offline;
		struct command *first = over ? NULL : sync->commands;
		if (first)
			sync->commands = first->next;
		lock_drop(&sync->lock);
		if (!first)
			return;
		bool is_wanted = first->kind == SYNC_OFFLINE && err == ERR_OFFLINE;
		first->is_done = false;
		finish(sync, first, is_wanted ? ERR_OK : err);
	}
}

/* The command is at work where the order to cancel is for. */
static bool is_cancelled_by(const struct command *command, const struct sync_order *order)
{
	if (command->kind == SYNC_OFFLINE)
		return false;
	if (command->dir == order->dir)
		return true;
	if (order->tree && is_in(command->above, command->above_n, order->dir))
		return true;
	return compares(command->kind) && covers(command, order->dir, order->above, order->above_n);
}

static void cancel(struct sync *sync, const struct sync_order *order)
{
	struct command *taken = NULL;
	bool is_broken = false;

	lock_acquire(&sync->lock);
	for (struct command **at = &sync->commands; *at;) {
		struct command *command = *at;
		if (!is_cancelled_by(command, order)) {
			at = &command->next;
			continue;
		}
		is_broken |= command->is_covered;
		*at = command->next;
		command->next = taken;
		taken = command;
	}
	sync->is_broken |= is_broken;
	sync->has_news |= is_broken;
	cond_wake_all(&sync->cond);
	lock_drop(&sync->lock);
	if (is_broken)
		ews_interrupt(sync->ews);
	if (taken)
		status_note_failure(sync, err_text(ERR_CANCELLED));
	while (taken) {
		struct command *next = taken->next;
		taken->is_done = false;
		finish(sync, taken, ERR_CANCELLED);
		taken = next;
	}
}

static struct command *take_offline_locked(struct sync *sync) REQUIRES(&sync->lock)
{
	for (const struct command *c = sync->commands; c; c = c->next) {
		if (c->kind == SYNC_OFFLINE)
			return take_locked(sync, c->ticket);
	}
	return NULL;
}

static void go_online(struct sync *sync)
{
	lock_acquire(&sync->lock);
	sync->is_offline = false;
	sync->has_news = true;
	cond_wake_all(&sync->cond);
	lock_drop(&sync->lock);
	/* Those that the sync thread did not see in time. */
	for (;;) {
		lock_acquire(&sync->lock);
		struct command *taken = take_offline_locked(sync);
		lock_drop(&sync->lock);
		if (!taken)
			return;
		finish(sync, taken, ERR_OK);
	}
}

enum err sync_run(struct sync *sync, const struct sync_order *order, sync_done_fn done, void *ctx,
		  uint64_t *ret_ticket)
{
	switch (order->command) {
	case SYNC_CANCEL: cancel(sync, order); break;
	case SYNC_ONLINE: go_online(sync); break;
	default: return start(sync, order, done, ctx, ret_ticket);
	}
	*ret_ticket = 0;
	if (done)
		done(ctx, ERR_OK);
	return ERR_OK;
}

bool sync_forget(struct sync *sync, uint64_t ticket)
{
	bool found = false;

	lock_acquire(&sync->lock);
	for (struct command *c = sync->commands; c && !found; c = c->next) {
		if (c->ticket != ticket)
			continue;
		found = c->done != NULL;
		c->done = NULL;
	}
	lock_drop(&sync->lock);
	return found;
}

/* --- for the sync thread --- */

bool commands_wait(struct sync *sync)
{
	bool found = false;

	lock_acquire(&sync->lock);
	for (const struct command *c = sync->commands; c && !found; c = c->next)
		found = !c->is_covered && c->kind != SYNC_OFFLINE;
	lock_drop(&sync->lock);
	return found;
}

enum cover commands_cover(struct sync *sync)
{
	enum cover cover = COVER_NOTHING;

	lock_acquire(&sync->lock);
	for (struct command *c = sync->commands; c; c = c->next) {
		/* What ends the run ends the one to go offline. */
		if (c->kind == SYNC_OFFLINE || c->is_covered)
			continue;
		c->is_covered = true;
		if (c->kind != SYNC_VERIFY)
			cover = COVER_LISTING;
		else if (cover == COVER_NOTHING)
			cover = COVER_COMPARISON;
	}
	lock_drop(&sync->lock);
	return cover;
}

void commands_note_listed(struct sync *sync)
{
	lock_acquire(&sync->lock);
	for (struct command *c = sync->commands; c; c = c->next)
		c->is_listed |= c->is_covered;
	lock_drop(&sync->lock);
}

void commands_uncover(struct sync *sync)
{
	lock_acquire(&sync->lock);
	for (struct command *c = sync->commands; c; c = c->next) {
		c->is_covered = c->is_expanded = c->is_listed = false;
		c->counts = (struct counts){ 0 };
	}
	lock_drop(&sync->lock);
}

void commands_widen(struct sync *sync)
{
	lock_acquire(&sync->lock);
	for (struct command *c = sync->commands; c; c = c->next) {
		c->dir = ROOT_INO;
		c->tree = true;
		c->above_n = 0;
	}
	lock_drop(&sync->lock);
}

bool commands_next(struct sync *sync, uint64_t after, struct errand *ret)
{
	const struct command *next = NULL;

	lock_acquire(&sync->lock);
	for (const struct command *c = sync->commands; c; c = c->next) {
		if (c->is_covered && c->ticket > after && (!next || c->ticket < next->ticket))
			next = c;
	}
	if (next)
		*ret = (struct errand){
			.ticket = next->ticket,
			.kind = next->kind,
			.dir = next->dir,
			.tree = next->tree,
			.is_expanded = next->is_expanded,
			.is_listed = next->is_listed,
			.is_done = next->is_done,
			.counts = next->counts,
		};
	lock_drop(&sync->lock);
	return next != NULL;
}

/* NULL when it was cancelled meanwhile. */
static struct command *find_locked(struct sync *sync, uint64_t ticket) REQUIRES(&sync->lock)
{
	struct command *command = sync->commands;

	while (command && command->ticket != ticket)
		command = command->next;
	return command;
}

void commands_note_expanded(struct sync *sync, uint64_t ticket)
{
	lock_acquire(&sync->lock);
	struct command *command = find_locked(sync, ticket);
	if (command)
		command->is_expanded = true;
	lock_drop(&sync->lock);
}

void commands_add_counts(struct sync *sync, uint64_t ticket, const struct counts *counts)
{
	lock_acquire(&sync->lock);
	struct command *command = find_locked(sync, ticket);
	if (command) {
		command->counts.kept_n += counts->kept_n;
		command->counts.changed_n += counts->changed_n;
		command->counts.added_n += counts->added_n;
		command->counts.gone_n += counts->gone_n;
	}
	lock_drop(&sync->lock);
}

void commands_note_result(struct sync *sync, uint64_t ticket, enum err err, const char *reason)
{
	lock_acquire(&sync->lock);
	struct command *command = find_locked(sync, ticket);
	if (command) {
		command->is_done = true;
		command->err = err;
		snprintf(command->reason, sizeof(command->reason), "%s", reason);
	}
	lock_drop(&sync->lock);
}

/* --- what is shown of them --- */

static enum sync_state state_of(enum sync_command kind)
{
	switch (kind) {
	case SYNC_CLEAR: return SYNC_STATE_CLEARING;
	case SYNC_RESYNC: return SYNC_STATE_RESYNCING;
	case SYNC_VERIFY: return SYNC_STATE_VERIFYING;
	case SYNC_UPDATE: return SYNC_STATE_SYNCING;
	default: return SYNC_STATE_IDLE;
	}
}

enum sync_state sync_state_of_work(struct sync *sync, uint64_t dir, const uint64_t *above,
				   size_t above_n)
{
	enum sync_state state = SYNC_STATE_IDLE;

	lock_acquire(&sync->lock);
	for (const struct command *c = sync->commands; c; c = c->next) {
		/* The root speaks for the whole mailbox. */
		bool shown = above_n == 0 || covers(c, dir, above, above_n);
		if (shown && state_of(c->kind) < state)
			state = state_of(c->kind);
	}
	lock_drop(&sync->lock);
	return state;
}
