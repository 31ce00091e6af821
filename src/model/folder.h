/* SPDX-License-Identifier: MIT */
#ifndef MODEL_FOLDER_H
#define MODEL_FOLDER_H

#include "base/buf.h"
#include "base/text.h"
#include "model/tree.h"

/*
 * folder - one folder of the mailbox, as the server describes it and as we show it.
 * Strings are owned, NULL when absent.
 */

/*
 * What GetFolder tells cheaply about a folder's content. Two unequal digests mean
 * that something in it changed; two equal ones that nothing did.
 */
struct digest {
	bool known; /* false: never read, or the server does not give it */
	int64_t total_n, unread_n, child_n;
	int64_t commit;	   /* PR_LOCAL_COMMIT_TIME_MAX 0x670A; TIME_NONE: the server has none */
	int64_t deleted_n; /* PR_DELETED_COUNT_TOTAL 0x670B; -1: the server has none */
};

/* False when either is unknown or lacks the commit time: without it nothing proves that
 * nothing changed. */
bool digest_equal(const struct digest *a, const struct digest *b);

#define ROOT_INO 1 /* of the top folder, which is the mount's root */

struct folder {
	uint64_t ino; /* 0: not in the store yet */
	char *id, *change_key, *parent_id;
	char *display_name, *folder_class;
	char *distinguished; /* "inbox", ... ; NULL for the others */
	char *sync_state;    /* NULL: never synced */
	bool is_hidden;	     /* PR_ATTR_HIDDEN */
	enum tree tree;	     /* where it belongs */
	bool is_top;	     /* shown in the root whatever its parent is; not stored */
	struct digest digest;
	int64_t last_sync;
	char *error; /* why its sync does not get on; NULL when it does */

	/* Where it is shown; set by folders_lay_out(). */
	uint64_t shown_in; /* ino of its parent's directory; 0: not shown */
	char *shown_as;	   /* its directory name; NULL when not shown */
};

void folder_init(struct folder *folder);
void folder_release(struct folder *folder);

/* A list that owns its folders. At most FOLDERS_MAX; more is ERR_LIMIT. */
#define FOLDERS_MAX 100000
struct folders {
	struct folder *list;
	size_t n, size;
};

/* Moves the folder in and leaves it zeroed. */
MUST_CHECK enum err folders_take(struct folders *folders, struct folder *folder);
/* Borrowed until the next take; NULL when there is none. Linear. */
struct folder *folders_find(const struct folders *folders, const char *id);
void folders_release(struct folders *folders);

/*
 * Decides for all folders of a mailbox at once what is shown, where and under
 * which name: pure. The root (root_id) is shown as inode 1; where it is in the list
 * itself, its own shown_in stays 0 and shown_as NULL. Left out: hidden folders and all
 * below them, folders whose parents do not lead to the root, cycles, and what lies
 * deeper than FOLDER_DEPTH_MAX (Exchange allows 300). The top of another tree (is_top) bears the
 * name of the tree, and no folder of the mailbox bears one of these. Every folder must have its
 * ino; two with one id are ERR_INVALID. n log n. On failure nothing is said of what was set.
 */
#define FOLDER_DEPTH_MAX 400
MUST_CHECK enum err folders_lay_out(struct folders *folders, const char *root_id);

/* The attributes of a folder, packed. */
MUST_CHECK enum err folder_print_attrs(const struct folder *folder, struct buf *set);

#endif
