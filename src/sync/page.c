/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>
#include <string.h>

/*
 * page - the rules by which a page of changes becomes rows.
 *
 * Flags, sizes and times that stand in the page are applied always, whatever the change key;
 * read flags would diverge for ever otherwise. Content is asked for unless we hold the same
 * item under the same change key (I6: inequality is the rule, in whichever direction). A key of
 * four bytes names no version and proves nothing.
 */

/* A change and where it stands, to find the same id twice. */
struct mention {
	const char *id;
	size_t index;
};

static int by_mention(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

/*
 * Where an id comes twice the later change counts: marks what came before it. A flag alone
 * overrides nothing but a flag, so it is left where it is.
 */
static enum err mark_overridden(const struct ews_page *page, bool *overridden)
{
	struct mention *mentions = calloc(page->n + 1, sizeof(*mentions));
	size_t n = 0;

	if (!mentions)
		return ERR_NOMEM;
	for (size_t i = 0; i < page->n; i++) {
		if (page->changes[i].kind != EWS_READ_FLAG)
			mentions[n++] = (struct mention){ page->changes[i].id, i };
	}
	qsort(mentions, n, sizeof(*mentions), by_mention);
	for (size_t i = 0; i + 1 < n; i++)
		overridden[mentions[i].index] = strcmp(mentions[i].id, mentions[i + 1].id) == 0;
	free(mentions);
	return ERR_OK;
}

/* What we hold is the version that the page names. */
static bool is_held(const struct item_row *row, const struct ews_change *change)
{
	if (row->state != ITEM_LOCAL && row->state != ITEM_QUARANTINED)
		return false;
	return row->change_key && change->change_key &&
	       !ews_change_key_is_stub(change->change_key) &&
	       strcmp(row->change_key, change->change_key) == 0;
}

static bool needs_fetch(const struct item_row *row, const struct ews_change *change)
{
	if (!is_held(row, change))
		return true;
	/* An Update that brings no new key, but another time. */
	return change->kind == EWS_UPDATE && change->modified != TIME_NONE &&
	       row->modified != TIME_NONE && change->modified != row->modified;
}

enum difference page_compare(const struct item_row *row, const struct ews_change *change)
{
	const char *key = change->change_key;

	if (!row || row->state == ITEM_LEFT || (row->state == ITEM_PENDING && row->ino == 0))
		return DIFFERENCE_ABSENT;
	if (change->has_read && row->has_read && change->is_read != row->is_read)
		return DIFFERENCE_CHANGED;
	/* Of a ghost there is no version, and a key that names none tells nothing. */
	if (row->state == ITEM_GHOST || !key || ews_change_key_is_stub(key))
		return DIFFERENCE_NONE;
	return row->change_key && strcmp(row->change_key, key) == 0 ? DIFFERENCE_NONE
								    : DIFFERENCE_CHANGED;
}

/* Listed afresh by command, an item is fetched that would else be taken as it is. */
static bool is_forced(const struct pull *pull, const struct item_row *row)
{
	return pull->relist == RELIST_CLEAR ||
	       (pull->relist == RELIST_RESYNC && row->state == ITEM_QUARANTINED);
}

/* Create and Update: which it is does not matter, only whether we know the item. */
static enum err put_item(struct pull *pull, struct txn *txn, const struct ews_change *change)
{
	AUTO(item_row) struct item_row row = { 0 };
	const struct item_head head = {
		.id = change->id,
		.kind = change->item_kind,
		.has_read = change->has_read,
		.is_read = change->is_read,
		.received = change->received,
		.modified = change->modified,
		.size = change->size,
	};
	int64_t number = 0;

	enum err err = store_find_item(txn->store, change->id, &row);
	bool known = !err;
	if (err == ERR_NOT_FOUND)
		err = ERR_OK;
	bool is_outside = !err && scope_is_outside(pull->sync, change, known ? &row : NULL);
	bool is_new = !known && !is_outside;
	if (!err && is_new)
		err = store_add_item(txn, pull->folder->ino, &head, change->change_key,
				     pull->priority, &number);
	else if (!err)
		err = store_put_head(txn, pull->folder->ino, &head, &number);
	if (!err && change->has_read)
		fetch_note_flag(pull->sync, change->id, change->is_read);
	if (!err && pull->relist)
		err = relist_note(pull, number, page_compare(known ? &row : NULL, change));
	if (!err && pull->relist == RELIST_CLEAR && want_is_ondemand(pull->sync) && row.ino)
		err = store_let_go(txn, row.ino);
	if (err || is_new)
		return err;
	if (is_outside)
		err = store_put_excluded(txn, number, change->change_key);
	else if (needs_fetch(&row, change))
		err = store_queue_fetch(txn, number, change->change_key, pull->priority);
	else if (is_forced(pull, &row))
		err = store_queue_fetch(txn, number, change->change_key, FETCH_REFETCH);
	return err;
}

/* A folder speaks of its own items only: where ids survive a move, the item may be elsewhere. */
static enum err drop_item(struct pull *pull, struct txn *txn, const struct ews_change *change)
{
	AUTO(item_row) struct item_row row = { 0 };

	enum err err = store_find_item(txn->store, change->id, &row);
	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	return row.folder == pull->folder->ino ? store_drop_item(txn, change->id) : ERR_OK;
}

static enum err apply(struct pull *pull, struct txn *txn, const struct ews_change *change)
{
	switch (change->kind) {
	case EWS_CREATE:
	case EWS_UPDATE: return put_item(pull, txn, change);
	case EWS_DELETE: return drop_item(pull, txn, change);
	case EWS_READ_FLAG: break;
	}
	fetch_note_flag(pull->sync, change->id, change->is_read);
	return store_put_read_flag(txn, change->id, change->is_read);
}

enum err page_apply(struct pull *pull, struct txn *txn, const struct ews_page *page)
{
	bool *overridden = calloc(page->n + 1, sizeof(*overridden));

	if (!overridden)
		return ERR_NOMEM;
	enum err err = mark_overridden(page, overridden);
	for (size_t i = 0; !err && i < page->n; i++) {
		if (!overridden[i])
			err = apply(pull, txn, &page->changes[i]);
	}
	free(overridden);
	return err;
}
