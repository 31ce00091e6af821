/* SPDX-License-Identifier: MIT */
#ifndef FS_PARK_H
#define FS_PARK_H

#define FUSE_USE_VERSION 314
#include <fuse3/fuse_lowlevel.h>

#include "base/lock.h"
#include "mailbox/mailbox.h"

/*
 * park - requests that wait for something outside every worker: writes to a `.ctl` for their
 * command, opens and reads for a content that is not here.
 *
 * Of each one three parties know: the operation that takes it in, the mailbox, which calls done
 * once, and an interrupt, which may come at any time. Exactly one answer follows: the done
 * callback's, or EINTR if the mailbox agrees that done will not come.
 */
struct fs;

typedef bool (*forget_fn)(struct mailbox *mailbox, uint64_t ticket);

struct parked {
	struct fs *fs;
	fuse_req_t req;
	/* Answers, with err. It is called once, outside the lock, with a copy. */
	void (*answer)(const struct parked *parked);
	/* False: too late. */
	forget_fn forget;
	uint64_t ino;
	size_t n;
	off_t offset;
	int tries;

	enum err err; /* of the done callback */
	/* The rest is park.c's. */
	struct parked *next;
	uint64_t ticket;
	/* Before `is_taken` the operation still works on it: others only leave word. */
	bool is_taken, is_done, is_interrupted;
};

struct park {
	struct lock lock; /* a leaf; guards the list and the state of what is in it */
	struct parked *first;
};

void park_init(struct park *park);
void park_release(struct park *park);

/* A copy of it, which an interrupt finds from here on; NULL: answered, for want of memory. */
struct parked *park_begin(const struct parked *what);
/* The mailbox's done callback; `ctx` is what park_begin() gave. */
void park_on_done(void *ctx, enum err err);
/* The mailbox has it, or refused it: then it is answered with that. */
void park_end(struct parked *parked, enum err err, uint64_t ticket);

#endif
