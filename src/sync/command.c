/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>

static bool is_busy_locked(const struct sync *sync, uint64_t dir) REQUIRES(&sync->lock)
{
	for (const struct command *c = sync->commands; c; c = c->next) {
		if (c->dir == dir)
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
	} else if (is_busy_locked(sync, command->dir)) {
		err = ERR_BUSY;
	} else {
		command->ticket = *ret_ticket = ++sync->next_ticket;
		command->next = sync->commands;
		sync->commands = command;
		sync->has_news = true;
		cond_wake_all(&sync->cond);
	}
	lock_drop(&sync->lock);
	return err;
}

enum err sync_run(struct sync *sync, enum sync_command command, uint64_t dir, bool tree,
		  sync_done_fn done, void *ctx, uint64_t *ret_ticket)
{
	(void)command; /* there is one */
	(void)tree;

	struct command *added = malloc(sizeof(*added));
	if (!added)
		return ERR_NOMEM;
	*added = (struct command){ .dir = dir, .done = done, .ctx = ctx };
	enum err err = add_command(sync, added, ret_ticket);
	if (err)
		free(added);
	else
		ews_wake(sync->ews);
	return err;
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

bool commands_wait(struct sync *sync)
{
	bool found = false;

	lock_acquire(&sync->lock);
	for (const struct command *c = sync->commands; c && !found; c = c->next)
		found = !c->is_covered;
	lock_drop(&sync->lock);
	return found;
}

void commands_cover(struct sync *sync)
{
	lock_acquire(&sync->lock);
	for (struct command *c = sync->commands; c; c = c->next)
		c->is_covered = true;
	lock_drop(&sync->lock);
}

/* Takes one out of the list that is to end; NULL when there is none. */
static struct command *take_ended(struct sync *sync, bool all)
{
	struct command *taken = NULL;

	lock_acquire(&sync->lock);
	for (struct command **at = &sync->commands; *at && !taken;) {
		if (!all && !(*at)->is_covered) {
			at = &(*at)->next;
			continue;
		}
		taken = *at;
		*at = taken->next;
	}
	lock_drop(&sync->lock);
	return taken;
}

void commands_end(struct sync *sync, enum err err)
{
	struct command *command;

	while ((command = take_ended(sync, err == ERR_CANCELLED))) {
		if (command->done)
			command->done(command->ctx, err ? err : run_result(sync, command->dir));
		free(command);
	}
}
