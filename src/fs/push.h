/* SPDX-License-Identifier: MIT */
#ifndef FS_PUSH_H
#define FS_PUSH_H

#include "fs/fs.h"

struct fuse_session;

/*
 * push - hands the kernel files that nobody has asked for yet.
 *
 * Whoever reads one file after the other (grep -r, rsync, an indexer) pays a round trip for each.
 * So after a READ of a file's beginning the files behind it in its directory go into the kernel's
 * page cache by themselves, whole; then a reader who comes to them asks for nothing. How far
 * ahead: a little after the first READ, twice as far after each READ of what comes next, at most
 * 64 MB; where a directory has come to its end, as far into the next one, at most 4 MB. It ends
 * there, as a reader who is served in this way is not heard of. One who is heard of in between is
 * as fast as we are, and nothing ends.
 *
 * An inode never changes its content (I2), so what is pushed is right whenever it arrives. Two
 * threads in a row: one reads the cache, the other tells the kernel (I12, handle.h).
 */
struct push;

MUST_CHECK enum err push_open(struct mailbox *mailbox, struct push **ret);
void push_release(struct push **push);
/* Starts the threads. */
MUST_CHECK enum err push_start(struct push *push, struct fuse_session *session);
/* Somebody reads the file from its beginning. Cheap. */
void push_note_read(struct push *push, uint64_t ino);
/* Nothing is under way when it returns, and nothing follows: as notify_quiet(). */
void push_quiet(struct push *push);

/* For .ctl.metrics. Of what was pushed it is known to have been read when the reader asks for what
 * comes behind it. */
MUST_CHECK enum err push_print_metrics(const struct push *push, struct buf *ret);

#endif
