/* SPDX-License-Identifier: MIT */
#ifndef MAILBOX_INTERNAL_H
#define MAILBOX_INTERNAL_H

#include "mailbox/mailbox.h"
#include "mailbox/readers.h"
#include "sync/sync.h"

/* A file of the cache, and the inodes that are in it. */
struct era {
	struct mailbox *mailbox;
	struct readers readers;
	uint64_t first_ino;
};
enum { ERAS_MAX = 2 };

struct mailbox {
	const struct account *account;
	struct store *writer; /* the sync thread's, once that runs */
	struct store *kept;   /* of the first of two eras: holds the file */
	struct sync *sync;
	char *fresh; /* the path of the second */
	uint32_t generation;

	struct lock lock; /* leaf; guards the next two, which only grow */
	size_t eras_n;
	bool is_switched; /* the root is the second's */
	struct era eras[ERAS_MAX];

	mailbox_change_fn listener;
	void *listener_ctx;
};

/* --- eras.c --- */

MUST_CHECK enum err eras_open(struct mailbox *mailbox);
void eras_close(struct mailbox *mailbox);
/* Hears of a new file from here on. */
void eras_start(struct mailbox *mailbox);
/* A reader of the file that an inode is in; the root is in the one that is shown. */
MUST_CHECK enum err eras_take_reader(struct mailbox *mailbox, uint64_t ino, struct reader *ret);
/* The same of the newest, which the engine works on. */
MUST_CHECK enum err eras_take_newest(struct mailbox *mailbox, struct reader *ret);
/* True for an inode of a file that the engine has left. */
bool eras_is_left(struct mailbox *mailbox, uint64_t ino);

/* The directories on the way from one to the root, which is the last. */
struct above {
	uint64_t list[FOLDER_DEPTH_MAX];
	size_t n;
};
/* ERR_NOT_DIR for a file. */
MUST_CHECK enum err above_load(struct store *store, uint64_t dir, struct above *ret);

#endif
