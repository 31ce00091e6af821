/* SPDX-License-Identifier: MIT */
#ifndef MODEL_TREE_H
#define MODEL_TREE_H

#include "model/account.h"

/*
 * tree - the trees of folders that a mount can show: trees=.
 *
 * The mailbox is the mount's root; each other tree is a directory in it, under the name that
 * Outlook has for it. A folder belongs to one tree for good: ids do not wander between them.
 */
enum tree { TREE_MAILBOX, TREE_ARCHIVE, TREE_PUBLIC, TREE_RECOVERABLE, TREE_COUNT };

struct tree_info {
	const char *word;      /* of trees= */
	const char *root;      /* the distinguished name of its top folder */
	const char *directory; /* NULL: the mount's root */
	/* SyncFolder* do not work there: it is listed whole, and compared. */
	bool is_searched;
};

const struct tree_info *tree_info(enum tree tree);
#define TREE_BIT(tree) (1u << (tree))
/* What the account wants to see, as bits. */
unsigned tree_wanted(const struct account *account);
/* The names in the mount's root that no folder of the mailbox may have; closed by NULL. */
extern const char *const tree_directories[];

#endif
