/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/*
 * scope - what the user wants to have here: exclude= and since=.
 *
 * Both may differ from mount to mount, and the edge of since= moves at midnight. What is in force
 * stands in the store; where that differs from what is wanted, a round begins by bringing the store
 * in line, without asking the server: what falls out goes, what comes back is queued.
 */
#define VALUE_EXCLUDE "exclude"
#define VALUE_SINCE "since"

/* --- exclude= --- */

/* Another tree has a name of its own here. */
static const char *name_of(const struct folder *folder)
{
	const char *directory = tree_info(folder->tree)->directory;

	return folder->is_top && directory ? directory : folder->display_name;
}

/*
 * True when the display names from the top down to the folder, '/' between them, are the first n
 * bytes of the path. Walks up while the path gets shorter, so that a cycle ends.
 */
static bool is_at(const struct folders *folders, const struct folder *folder, const char *root_id,
		  const char *path, size_t n)
{
	while (folder && name_of(folder)) {
		const char *name = name_of(folder);
		size_t name_n = strlen(name);
		if (name_n == 0 || name_n > n || memcmp(path + n - name_n, name, name_n) != 0)
			return false;
		n -= name_n;
		bool is_top = folder->is_top ||
			      (folder->parent_id && strcmp(folder->parent_id, root_id) == 0);
		if (n == 0 || path[n - 1] != '/')
			return n == 0 && is_top;
		n--;
		folder = is_top ? NULL : folders_find_sorted(folders, folder->parent_id);
	}
	return false;
}

static void mark(const struct account *account, const struct folders *folders, const char *root_id,
		 bool *excluded)
{
	for (size_t p = 0; p < account->excludes_n; p++) {
		const char *path = account->excludes[p];
		bool found = false;
		for (size_t i = 0; i < folders->n; i++) {
			if (!is_at(folders, &folders->list[i], root_id, path, strlen(path)))
				continue;
			excluded[i] = found = true;
		}
		if (!found)
			log_info("exclude=%s: no such folder, waiting for one", path);
	}
}

/* trees= without the mailbox: its root is still that of the mount. */
static void mark_mailbox(const struct folders *folders, bool *excluded)
{
	for (size_t i = 0; i < folders->n; i++)
		excluded[i] |= folders->list[i].tree == TREE_MAILBOX &&
			       folders->list[i].ino != ROOT_INO;
}

static enum err print_excludes(const struct account *account, struct buf *ret)
{
	unsigned trees = tree_wanted(account);
	enum err err = buf_append_str(ret, "");

	if (!err && trees != TREE_BIT(TREE_MAILBOX))
		err = buf_printf(ret, "trees %x\n", trees);
	for (size_t i = 0; !err && i < account->excludes_n; i++)
		err = buf_printf(ret, "%s\n", account->excludes[i]);
	return err;
}

static enum err note_excludes(const struct account *account, struct txn *txn)
{
	AUTO(buf) struct buf wanted = { 0 };
	enum err err = print_excludes(account, &wanted);

	return err ? err : store_put_value(txn, VALUE_EXCLUDE, buf_str(&wanted));
}

/* What exclude= leaves out is hidden, and nothing of it is kept but the history of its keys. Its
 * items may go meanwhile: that shows when it is listed from nothing. */
static enum err clear_excluded(struct txn *txn, const struct folder *folder)
{
	struct store_tally tally;
	enum err err = store_load_tally(txn->store, folder->ino, false, &tally);

	if (err || (tally.items_n == 0 && tally.pending_n == 0 && !folder->sync_state))
		return err;
	err = store_clear_folder(txn, folder->ino);
	return err ? err : relist_put(txn, folder->ino, RELIST_EXPIRED);
}

static enum err place_marked(struct txn *txn, struct folders *folders, const char *root_id,
			     const bool *excluded)
{
	for (size_t i = 0; i < folders->n; i++)
		folders->list[i].is_hidden |= excluded[i];
	enum err err = folders_lay_out(folders, root_id);
	for (size_t i = 0; !err && i < folders->n; i++) {
		err = store_place_folder(txn, &folders->list[i]);
		if (!err && excluded[i])
			err = clear_excluded(txn, &folders->list[i]);
	}
	return err;
}

static enum err place(struct sync *sync, struct txn *txn, struct folders *folders,
		      const char *root_id)
{
	bool *excluded = calloc(folders->n + 1, sizeof(*excluded));
	enum err err = excluded ? ERR_OK : ERR_NOMEM;

	trees_mark_tops(folders, root_id);
	if (!err)
		mark(sync->account, folders, root_id, excluded);
	if (!err && !(tree_wanted(sync->account) & TREE_BIT(TREE_MAILBOX)))
		mark_mailbox(folders, excluded);
	if (!err)
		err = folders_mark_subtrees(folders, excluded);
	if (!err)
		err = place_marked(txn, folders, root_id, excluded);
	if (!err)
		err = note_excludes(sync->account, txn);
	free(excluded);
	return err;
}

enum err scope_place(struct sync *sync, struct txn *txn, struct folders *folders)
{
	AUTO(str) char *root_id = NULL;

	enum err err = store_load_value(sync->store, VALUE_ROOT_ID, &root_id);
	return err ? err : place(sync, txn, folders, root_id);
}

static enum err place_anew(struct sync *sync, struct txn *txn)
{
	AUTO(folders) struct folders folders = { 0 };

	enum err err = folders_load_sorted(sync->store, &folders);
	if (!err)
		err = trees_drop_unwanted(sync, txn, &folders);
	return err ? err : scope_place(sync, txn, &folders);
}

/* "" where there is no such value. */
static enum err load_value(struct store *store, const char *key, char **ret)
{
	enum err err = store_load_value(store, key, ret);

	return err == ERR_NOT_FOUND ? text_copy("", ret) : err;
}

static enum err apply_excludes(struct sync *sync)
{
	AUTO(buf) struct buf wanted = { 0 };
	AUTO(str) char *held = NULL;
	AUTO(txn) struct txn txn = { 0 };
	bool listed = false;

	enum err err = sync_is_listed(sync, &listed);
	if (err || !listed)
		return err;
	err = load_value(sync->store, VALUE_EXCLUDE, &held);
	if (!err)
		err = print_excludes(sync->account, &wanted);
	if (err || strcmp(held, buf_str(&wanted)) == 0)
		return err;
	log_info("%s: trees= or exclude= has changed", sync->account->url);
	err = txn_begin(&txn, sync->store);
	if (!err)
		err = place_anew(sync, &txn);
	return err ? err : txn_commit(&txn);
}

/* --- since= --- */

bool scope_is_outside(const struct sync *sync, const struct ews_change *change,
		      const struct item_row *row)
{
	bool is_mail = change->item_kind == KIND_MESSAGE || change->item_kind == KIND_SAFE;

	if (sync->edge == 0 || !is_mail)
		return false;
	if (change->received == TIME_NONE)
		return row && row->state == ITEM_EXCLUDED;
	return change->received < sync->edge;
}

/* Some at a time, so that nobody waits long for the store. Cut short, it begins anew. */
static enum err age_items(struct sync *sync, int64_t edge)
{
	enum err err = ERR_OK;
	int64_t after = 0;
	bool more = true;

	while (!err && more) {
		AUTO(txn) struct txn txn = { 0 };
		err = txn_begin(&txn, sync->store);
		if (!err)
			err = store_age_items(&txn, edge, &after, &more);
		if (!err)
			err = txn_commit(&txn);
		if (!err && sync_is_stopping(sync))
			err = ERR_CANCELLED;
	}
	return err;
}

static enum err put_edge(struct sync *sync, const char *text)
{
	AUTO(txn) struct txn txn = { 0 };

	enum err err = txn_begin(&txn, sync->store);
	if (!err)
		err = store_put_value(&txn, VALUE_SINCE, text);
	return err ? err : txn_commit(&txn);
}

static enum err apply_since(struct sync *sync)
{
	int64_t edge = since_edge(&sync->account->since, clock_wall_ns() / NS_PER_S);
	AUTO(str) char *held = NULL;
	char text[24] = "";

	if (edge != INT64_MIN)
		snprintf(text, sizeof(text), "%lld", (long long)edge);
	sync->edge = edge != INT64_MIN ? edge : 0;
	enum err err = load_value(sync->store, VALUE_SINCE, &held);
	if (err || strcmp(held, text) == 0)
		return err;
	err = age_items(sync, edge);
	return err ? err : put_edge(sync, *text ? text : NULL);
}

enum err scope_apply(struct sync *sync)
{
	enum err err = apply_excludes(sync);

	if (!err)
		err = apply_since(sync);
	if (err && err != ERR_CANCELLED)
		gate_blame(sync, "%s", store_reason(sync->store));
	return err;
}
