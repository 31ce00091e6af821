/* SPDX-License-Identifier: MIT */
#include "model/tree.h"

static const struct tree_info trees[TREE_COUNT] = {
	[TREE_MAILBOX] = { "mailbox", "msgfolderroot", NULL, false },
	[TREE_ARCHIVE] = { "archive", "archivemsgfolderroot", "Online Archive", false },
	[TREE_PUBLIC] = { "public", "publicfoldersroot", "Public Folders", true },
	[TREE_RECOVERABLE] = { "recoverable", "recoverableitemsroot", "Recoverable Items", false },
};

/* Those too that are not there yet, and whatever is shown: a name is the same in every mount. */
const char *const tree_directories[] = { "Online Archive", "Public Folders", "Recoverable Items",
					 "Search Folders", "Calendar Views", NULL };

const struct tree_info *tree_info(enum tree tree)
{
	return &trees[tree];
}

unsigned tree_wanted(const struct account *account)
{
	return account->trees ? account->trees : TREE_BIT(TREE_MAILBOX);
}
