/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sync/engine.h"

/* The mailbox's values bear no name, as before there were other trees. */
static void print_key(enum tree tree, const char *name, char *ret, size_t size)
{
	snprintf(ret, size, "%s%s%s", name, tree != TREE_MAILBOX ? "." : "",
		 tree != TREE_MAILBOX ? tree_info(tree)->word : "");
}

enum err trees_load_value(struct store *store, enum tree tree, const char *name, char **ret)
{
	char key[48];

	print_key(tree, name, key, sizeof(key));
	return store_load_value(store, key, ret);
}

enum err trees_put_value(struct txn *txn, enum tree tree, const char *name, const char *value)
{
	char key[48];

	print_key(tree, name, key, sizeof(key));
	return store_put_value(txn, key, value);
}

static unsigned wanted(const struct sync *sync)
{
	return tree_wanted(sync->account) | TREE_BIT(TREE_MAILBOX);
}

enum err trees_find_due(struct sync *sync, unsigned *ret)
{
	enum err err = ERR_OK;

	*ret = sync->trees_failed;
	for (enum tree tree = 0; !err && tree < TREE_COUNT; tree++) {
		AUTO(str) char *root_id = NULL;
		if (!(wanted(sync) & TREE_BIT(tree)))
			continue;
		err = trees_load_value(sync->store, tree, VALUE_ROOT_ID, &root_id);
		if (err == ERR_NOT_FOUND || (!err && strcmp(root_id, TREE_NOTHING) == 0)) {
			*ret |= TREE_BIT(tree);
			err = ERR_OK;
		}
	}
	return err;
}

static bool is_root_of_tree(const struct folder *folder)
{
	return folder->tree != TREE_MAILBOX && folder->distinguished &&
	       strcmp(folder->distinguished, tree_info(folder->tree)->root) == 0;
}

void trees_mark_tops(struct folders *folders, const char *root_id)
{
	bool is_pieced = strcmp(root_id, TREE_NOTHING) == 0;

	for (size_t i = 0; i < folders->n; i++) {
		struct folder *folder = &folders->list[i];
		bool is_piece = is_pieced && folder->tree == TREE_MAILBOX &&
				folder->distinguished &&
				!folders_find_sorted(folders, folder->parent_id);
		folder->is_top = is_piece || is_root_of_tree(folder);
	}
}

enum err trees_drop_unwanted(struct sync *sync, struct txn *txn, struct folders *folders)
{
	bool *goes = calloc(folders->n + 1, sizeof(*goes));

	if (!goes)
		return ERR_NOMEM;
	for (size_t i = 0; i < folders->n; i++)
		goes[i] = !(wanted(sync) & TREE_BIT(folders->list[i].tree));
	enum err err = folders_drop_marked(txn, folders, goes);
	free(goes);
	for (enum tree tree = 0; !err && tree < TREE_COUNT; tree++) {
		if (wanted(sync) & TREE_BIT(tree))
			continue;
		err = trees_put_value(txn, tree, VALUE_ROOT_ID, NULL);
		if (!err)
			err = trees_put_value(txn, tree, VALUE_HIERARCHY_STATE, NULL);
	}
	return err;
}

/* The mailbox has answered in the same pass: it is the server of this tree that does not. */
static bool is_of_tree(enum err err)
{
	return err == ERR_MOVED || err == ERR_NOT_EWS || err == ERR_OFFLINE;
}

enum err trees_note_result(struct sync *sync, enum tree tree, unsigned *failed, enum err err)
{
	unsigned bit = TREE_BIT(tree), before = *failed;
	const char *word = tree_info(tree)->word;

	if (gate_ends_run(err) && !is_of_tree(err))
		return err;
	*failed = err ? before | bit : before & ~bit;
	if (err && !(before & bit))
		log_warning("%s: trees=%s: %s (%s), asking again with each poll",
			    sync->account->url, word, err_text(err), sync->reason);
	else if (!err && before & bit)
		log_info("%s: trees=%s: it is there now", sync->account->url, word);
	return ERR_OK;
}

size_t trees_find_watched(const struct sync *sync, const char **ids, uint64_t *ret_hash)
{
	const struct folders *folders = &sync->last_round.folders;
	size_t n = 0;

	*ret_hash = TEXT_HASH;
	for (size_t i = 0; i < folders->n; i++) {
		const struct folder *folder = &folders->list[i];
		if (folder->tree != TREE_MAILBOX || !(folder->shown_in || folder->ino == ROOT_INO))
			continue;
		*ret_hash = text_hash(*ret_hash, folder->id);
		if (n < TREES_WATCHED_MAX)
			ids[n] = folder->id;
		n++;
	}
	return n;
}
