/* SPDX-License-Identifier: MIT */
#ifndef MAILBOX_INTERNAL_H
#define MAILBOX_INTERNAL_H

#include "mailbox/mailbox.h"
#include "mailbox/readers.h"
#include "sync/sync.h"

struct mailbox {
	const struct account *account;
	struct store *writer; /* the sync thread's, once that runs */
	struct sync *sync;
	struct readers readers;
	uint32_t generation;

	mailbox_change_fn listener;
	void *listener_ctx;
};

/* The directories on the way from one to the root, which is the last. */
struct above {
	uint64_t list[FOLDER_DEPTH_MAX];
	size_t n;
};
/* ERR_NOT_DIR for a file. */
MUST_CHECK enum err above_load(struct store *store, uint64_t dir, struct above *ret);

#endif
