/* SPDX-License-Identifier: MIT */
#include "fs/park.h"

#include <stdlib.h>

#include "fs/node.h"
#include "fs/session.h"

void park_init(struct park *park)
{
	lock_init(&park->lock);
}

/* By then the mailbox has stopped, which ended all of them. */
void park_release(struct park *park)
{
	lock_destroy(&park->lock);
}

static void link_locked(struct park *park, struct parked *parked) REQUIRES(&park->lock)
{
	parked->next = park->first;
	park->first = parked;
}

static void unlink_locked(struct park *park, struct parked *parked) REQUIRES(&park->lock)
{
	struct parked **link = &park->first;

	while (*link != parked)
		link = &(*link)->next;
	*link = parked->next;
}

static struct parked *find_locked(struct park *park, fuse_req_t req) REQUIRES(&park->lock)
{
	struct parked *parked = park->first;

	while (parked && parked->req != req)
		parked = parked->next;
	return parked;
}

static void drop(struct parked *parked)
{
	struct park *park = &parked->fs->park;

	lock_acquire(&park->lock);
	unlink_locked(park, parked);
	lock_drop(&park->lock);
	free(parked);
}

/* Done: outside of the list it can meet no interrupt any more. */
static void finish(struct parked *parked)
{
	const struct parked copy = *parked;

	drop(parked);
	copy.answer(&copy);
}

void park_on_done(void *ctx, enum err err)
{
	struct parked *parked = ctx;
	struct park *park = &parked->fs->park;

	lock_acquire(&park->lock);
	parked->err = err;
	parked->is_done = true;
	bool is_taken = parked->is_taken;
	lock_drop(&park->lock);
	if (is_taken)
		finish(parked);
}

/* Who asked is gone, what was asked for goes on. */
static void give_up(struct fs *fs, struct parked *parked, forget_fn forget, uint64_t ticket)
{
	if (!forget(fs->mailbox, ticket))
		return; /* done was first, and parked may be gone */
	fuse_req_t req = parked->req;
	drop(parked);
	fuse_reply_err(req, err_to_errno(ERR_INTERRUPTED));
}

/*
 * Called by libfuse, which may have looked up the request just before we answered it; it keeps
 * the request's memory until this returns, but not ours. So the request is looked for in the list.
 */
static void on_interrupt(fuse_req_t req, void *data)
{
	struct fs *fs = data;
	forget_fn forget = NULL;
	uint64_t ticket = 0;

	lock_acquire(&fs->park.lock);
	struct parked *parked = find_locked(&fs->park, req);
	bool is_waiting = parked && parked->is_taken && !parked->is_done;
	if (parked)
		forget = parked->forget;
	if (is_waiting)
		ticket = parked->ticket;
	else if (parked)
		parked->is_interrupted = true;
	lock_drop(&fs->park.lock);
	if (is_waiting)
		give_up(fs, parked, forget, ticket);
}

/* The mailbox has it. What happened while it was handed over is made up for. */
static void park(struct parked *parked, uint64_t ticket)
{
	struct fs *fs = parked->fs;
	forget_fn forget = parked->forget;

	lock_acquire(&fs->park.lock);
	parked->ticket = ticket;
	parked->is_taken = true;
	bool is_done = parked->is_done, is_interrupted = parked->is_interrupted;
	lock_drop(&fs->park.lock);
	if (is_done)
		finish(parked);
	else if (is_interrupted)
		give_up(fs, parked, forget, ticket);
}

struct parked *park_begin(const struct parked *what)
{
	struct park *all = &what->fs->park;
	struct parked *parked = malloc(sizeof(*parked));

	if (!parked) {
		node_reply_err(what->req, ERR_NOMEM);
		return NULL;
	}
	*parked = *what;
	lock_acquire(&all->lock);
	link_locked(all, parked);
	lock_drop(&all->lock);
	fuse_req_interrupt_func(what->req, on_interrupt, what->fs);
	return parked;
}

void park_end(struct parked *parked, enum err err, uint64_t ticket)
{
	fuse_req_t req = parked->req;

	if (!err) {
		park(parked, ticket);
		return;
	}
	drop(parked);
	node_reply_err(req, err);
}
