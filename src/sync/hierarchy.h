/* SPDX-License-Identifier: MIT */
#ifndef SYNC_HIERARCHY_H
#define SYNC_HIERARCHY_H

#include "model/tree.h"
#include "store/store.h"

/*
 * hierarchy - the folders of all trees that the user wants to see, in step with the server.
 *
 * Each tree has a root and a state of its own. Only the mailbox is one that a run cannot do
 * without: another that is not there (no archive is enabled, there are no public folders) or that
 * fails is told once and left out; what is held of it stays, and each poll asks for it again.
 */
struct sync;

/* Every folder of the store, sorted by id. */
MUST_CHECK enum err folders_load_sorted(struct store *store, struct folders *ret);
/* By id, in such a list; NULL when it is not there. */
struct folder *folders_find_sorted(const struct folders *folders, const char *id);
/* Marks what is below the marked. */
MUST_CHECK enum err folders_mark_subtrees(const struct folders *folders, bool *marks);
/* Drops the marked from the store and from the list. */
MUST_CHECK enum err folders_drop_marked(struct txn *txn, struct folders *folders,
					const bool *marks);

/* Learns the roots and the folders of these trees (bits) from nothing. */
MUST_CHECK enum err hierarchy_list(struct sync *sync, unsigned trees);
/* Applies what changed in these trees since the last time. `root`, that of the mailbox, is not
 * among the changes: an empty one lists everything. */
MUST_CHECK enum err hierarchy_update(struct sync *sync, const struct folder *root, unsigned trees);

/* --- trees.c: what the store knows of each tree --- */

#define VALUE_ROOT_ID "root_id"
#define VALUE_HIERARCHY_STATE "hierarchy_state"
/* In place of a root's id: the folders of the mailbox stand for themselves (see listing.h). In
 * place of a state: there is none, everything is listed each time. */
#define TREE_NOTHING "-"

MUST_CHECK enum err trees_load_value(struct store *store, enum tree tree, const char *name,
				     char **ret);
MUST_CHECK enum err trees_put_value(struct txn *txn, enum tree tree, const char *name,
				    const char *value);
/* Those that are to be asked for whatever the digests say: their root is not known or there is
 * none, or they failed the last time. */
MUST_CHECK enum err trees_find_due(struct sync *sync, unsigned *ret);
/* Says which folders (sorted by id) are at the top whatever their parents are. */
void trees_mark_tops(struct folders *folders, const char *root_id);
/* Drops the folders of trees that are wanted no longer, from the list as well. */
MUST_CHECK enum err trees_drop_unwanted(struct sync *sync, struct txn *txn,
					struct folders *folders);
/* The folders of another's mailbox that a subscription has to name; `ids` has room for
 * TREES_WATCHED_MAX. Returns how many there are, which may be more, and a hash of them. */
#define TREES_WATCHED_MAX 200
size_t trees_find_watched(const struct sync *sync, const char **ids, uint64_t *ret_hash);
/* A tree other than the mailbox is in step, or why not; `failed`: of the engine, trees_failed or
 * digests_failed. The error that ends the run, if it is one. */
MUST_CHECK enum err trees_note_result(struct sync *sync, enum tree tree, unsigned *failed,
				      enum err err);

#endif
