/* SPDX-License-Identifier: MIT */
#ifndef FS_NOTIFY_H
#define FS_NOTIFY_H

#include "fs/fs.h"

struct fuse_req;
struct fuse_session;

/*
 * notify - tells the kernel what changed, from a thread of its own (I12).
 *
 * One queue, first in, first out: the answer to a command leaves behind the invalidations that
 * the command caused, so that after `echo update > .ctl` nothing stale is left in the kernel.
 *
 * A notification takes kernel locks that a reader may hold while it waits for our answer. So
 * none is sent under a lock of ours, none by a thread that answers requests, and none once those
 * threads stop: notify_quiet() comes first.
 */
struct notify;

MUST_CHECK enum err notify_open(struct notify **ret);
/* Delivers the answers still queued, and ends the thread. */
void notify_release(struct notify **notify);

/* Starts the thread. */
MUST_CHECK enum err notify_start(struct notify *notify, struct fuse_session *session);
/* While the queue is full both wait; the kernel soon takes one. A change that comes after
 * notify_quiet() is dropped. */
void notify_put_change(struct notify *notify, const struct mailbox_change *change);
/* The answer to a parked write of n bytes. */
void notify_put_answer(struct notify *notify, struct fuse_req *req, enum err err, size_t n);
/* The answer to a parked open: open_reply(). */
void notify_put_open(struct notify *notify, struct fuse_req *req, enum err err, uint64_t ino,
		     bool is_passed);
/* No invalidation is under way when it returns, and none follows; answers go on. Call it while
 * requests are still answered, else one under way may wait for ever. */
void notify_quiet(struct notify *notify);

#endif
