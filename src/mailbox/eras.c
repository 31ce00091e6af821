/* SPDX-License-Identifier: MIT */
#include "mailbox/internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * eras - a damaged cache file and the one that is made in its place.
 *
 * Nearly always there is one. From the moment damage is met until the new file is whole the tree
 * shown is what is left of the damaged one. Then the root is the new one's, and with it all that is
 * found from there. Inodes that the kernel holds are read on from where they are: the numbers of
 * the two never meet.
 */

static void on_damage(void *ctx)
{
	struct era *era = ctx;
	struct mailbox *mailbox = era->mailbox;

	lock_acquire(&mailbox->lock);
	bool is_newest = era == &mailbox->eras[mailbox->eras_n - 1];
	lock_drop(&mailbox->lock);
	if (is_newest)
		sync_note_damage(mailbox->sync);
}

static void add_era(struct mailbox *mailbox, const char *path, const struct store *store)
{
	struct era *era = &mailbox->eras[mailbox->eras_n];

	era->mailbox = mailbox;
	era->first_ino = store_first_ino(store);
	readers_init(&era->readers, path, on_damage, era);
	lock_acquire(&mailbox->lock);
	mailbox->eras_n++;
	lock_drop(&mailbox->lock);
}

enum err eras_open(struct mailbox *mailbox)
{
	AUTO(buf) struct buf fresh = { 0 };
	const struct account *account = mailbox->account;
	enum err err = sync_print_fresh(account, &fresh);

	if (!err)
		err = buf_give(&fresh, &mailbox->fresh);
	if (err)
		return err;
	add_era(mailbox, account->cache, mailbox->kept ? mailbox->kept : mailbox->writer);
	if (mailbox->kept)
		add_era(mailbox, mailbox->fresh, mailbox->writer);
	return ERR_OK;
}

void eras_close(struct mailbox *mailbox)
{
	while (mailbox->eras_n > 0)
		readers_destroy(&mailbox->eras[--mailbox->eras_n].readers);
	str_release(&mailbox->fresh);
}

static struct era *find_era(struct mailbox *mailbox, uint64_t ino)
{
	lock_acquire(&mailbox->lock);
	bool is_second = mailbox->eras_n == ERAS_MAX;
	if (is_second && ino == ROOT_INO)
		is_second = mailbox->is_switched;
	else if (is_second)
		is_second = ino - mailbox->eras[1].first_ino < STORE_INO_SPAN;
	lock_drop(&mailbox->lock);
	return &mailbox->eras[is_second];
}

enum err eras_take_reader(struct mailbox *mailbox, uint64_t ino, struct reader *ret)
{
	return reader_take(&find_era(mailbox, ino)->readers, ret);
}

enum err eras_take_newest(struct mailbox *mailbox, struct reader *ret)
{
	lock_acquire(&mailbox->lock);
	struct era *newest = &mailbox->eras[mailbox->eras_n - 1];
	lock_drop(&mailbox->lock);
	return reader_take(&newest->readers, ret);
}

bool eras_is_left(struct mailbox *mailbox, uint64_t ino)
{
	lock_acquire(&mailbox->lock);
	bool has_two = mailbox->eras_n == ERAS_MAX;
	lock_drop(&mailbox->lock);
	return has_two && ino != ROOT_INO && find_era(mailbox, ino) == &mailbox->eras[0];
}

/* --- what the engine tells --- */

static void on_begun(void *ctx, struct store *fresh)
{
	struct mailbox *mailbox = ctx;

	mailbox->kept = mailbox->writer;
	mailbox->writer = fresh;
	add_era(mailbox, mailbox->fresh, fresh);
}

/* Names, each with its end. */
static bool note_name(void *ctx, const struct store_entry *entry)
{
	return buf_append(ctx, entry->name, strlen(entry->name) + 1) == ERR_OK;
}

/* What stands in the root of that file is another's now, or comes from it. */
static void tell_names(struct mailbox *mailbox, struct era *era)
{
	AUTO(reader) struct reader reader = { 0 };
	AUTO(buf) struct buf names = { 0 };
	struct mailbox_change change = { .kind = MAILBOX_ENTRY_SWAPPED, .parent = ROOT_INO };

	/* What cannot be read was not shown. */
	enum err err = reader_take(&era->readers, &reader);
	if (!err)
		err = store_each_entry(reader.store, ROOT_INO, 0, note_name, &names);
	(void)err;
	for (size_t at = 0; at < names.len; at += strlen(change.name) + 1) {
		change.name = names.bytes + at;
		mailbox->listener(mailbox->listener_ctx, &change);
	}
}

static void on_whole(void *ctx)
{
	struct mailbox *mailbox = ctx;
	const struct mailbox_change change = { .kind = MAILBOX_DIR_CHANGED, .ino = ROOT_INO };

	lock_acquire(&mailbox->lock);
	mailbox->is_switched = true;
	lock_drop(&mailbox->lock);
	if (!mailbox->listener)
		return;
	for (size_t i = 0; i < ERAS_MAX; i++)
		tell_names(mailbox, &mailbox->eras[i]);
	mailbox->listener(mailbox->listener_ctx, &change);
}

void eras_start(struct mailbox *mailbox)
{
	const struct sync_rebuild rebuild = { on_begun, on_whole, mailbox };

	sync_set_rebuild(mailbox->sync, &rebuild, mailbox->kept != NULL);
}
