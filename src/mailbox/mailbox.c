/* SPDX-License-Identifier: MIT */
#include "mailbox/internal.h"

#include <stdlib.h>

static enum err open_parts(struct mailbox *mailbox, struct buf *reason)
{
	enum err err = sync_open_cache(mailbox->account, &mailbox->writer, &mailbox->kept, reason);

	if (!err)
		err = eras_open(mailbox);
	if (!err)
		err = sync_open(mailbox->account, mailbox->writer, &mailbox->sync, reason);
	if (!err)
		mailbox->generation = store_generation(mailbox->writer);
	return err;
}

enum err mailbox_open(const struct account *account, struct mailbox **ret, struct buf *reason)
{
	AUTO(mailbox) struct mailbox *mailbox = calloc(1, sizeof(*mailbox));

	if (!mailbox)
		return ERR_NOMEM;
	mailbox->account = account;
	lock_init(&mailbox->lock);
	enum err err = open_parts(mailbox, reason);
	if (err && reason->len == 0 && buf_printf(reason, "%s: %s", account->cache, err_text(err)))
		return ERR_NOMEM;
	if (!err)
		*ret = give(mailbox);
	return err;
}

void mailbox_release(struct mailbox **ref)
{
	struct mailbox *mailbox = give(*ref);

	if (!mailbox)
		return;
	sync_release(&mailbox->sync);
	eras_close(mailbox);
	store_release(&mailbox->writer);
	store_release(&mailbox->kept);
	lock_destroy(&mailbox->lock);
	free(mailbox);
}

enum err mailbox_prepare(struct mailbox *mailbox, struct buf *reason)
{
	bool listed = false;

	enum err err = sync_is_listed(mailbox->sync, &listed);
	if (err) {
		if (buf_printf(reason, "%s: %s", mailbox->account->cache,
			       store_reason(mailbox->writer)))
			return ERR_NOMEM;
		return err;
	}
	return listed || mailbox->kept ? ERR_OK : sync_list_folders(mailbox->sync, reason);
}

/* --- news --- */

/* Also while the news of a new era is told. */
static void hear(void *ctx, const struct store_change *change)
{
	static const enum mailbox_change_kind kinds[] = {
		[STORE_ENTRY_ADDED] = MAILBOX_ENTRY_ADDED,
		[STORE_ENTRY_SWAPPED] = MAILBOX_ENTRY_SWAPPED,
		[STORE_ENTRY_REMOVED] = MAILBOX_ENTRY_REMOVED,
		[STORE_ATTR_CHANGED] = MAILBOX_ATTR_CHANGED,
		[STORE_DIR_CHANGED] = MAILBOX_DIR_CHANGED,
	};
	struct mailbox *mailbox = ctx;

	/* A burial is no news: the entry that went or was swapped is. */
	if (change->kind == STORE_BURIED)
		return;
	mailbox->listener(mailbox->listener_ctx, &(struct mailbox_change){
							 .kind = kinds[change->kind],
							 .parent = change->parent,
							 .ino = change->ino,
							 .name = change->name,
						 });
}

enum err mailbox_start(struct mailbox *mailbox, mailbox_change_fn fn, void *ctx)
{
	mailbox->listener = fn;
	mailbox->listener_ctx = ctx;
	eras_start(mailbox);
	return sync_start(mailbox->sync, fn ? hear : NULL, mailbox);
}

void mailbox_stop(struct mailbox *mailbox)
{
	sync_stop(mailbox->sync);
}

void mailbox_forget(struct mailbox *mailbox, const uint64_t *inos, size_t n)
{
	sync_forget_inodes(mailbox->sync, inos, n);
}

/* --- content=ondemand --- */

bool mailbox_is_ondemand(const struct mailbox *mailbox)
{
	return mailbox->account->content == CONTENT_ONDEMAND;
}

enum err mailbox_want(struct mailbox *mailbox, uint64_t ino, mailbox_done_fn done, void *ctx,
		      uint64_t *ret_ticket)
{
	/* Of a file that the engine has left nothing comes any more. */
	if (eras_is_left(mailbox, ino))
		return ERR_STALE;
	return sync_want(mailbox->sync, ino, done, ctx, ret_ticket);
}

bool mailbox_forget_want(struct mailbox *mailbox, uint64_t ticket)
{
	return sync_forget_want(mailbox->sync, ticket);
}

void mailbox_note_use(struct mailbox *mailbox, uint64_t ino)
{
	if (!eras_is_left(mailbox, ino))
		sync_note_use(mailbox->sync, ino);
}

bool mailbox_hold_passed(struct mailbox *mailbox, uint64_t ino)
{
	return sync_hold_passed(mailbox->sync, ino);
}

void mailbox_drop_passed(struct mailbox *mailbox, uint64_t ino)
{
	sync_drop_passed(mailbox->sync, ino);
}
