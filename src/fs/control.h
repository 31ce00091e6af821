/* SPDX-License-Identifier: MIT */
#ifndef FS_CONTROL_H
#define FS_CONTROL_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/lock.h"
#include "fs/fs.h"
#include "fs/push.h"

/*
 * control - the control files: snapshots of the status that live from a lookup to its FORGET.
 *
 * Each lookup makes one, with a nodeid of its own: an opener has his own text, which never
 * changes under him, and his own inode lock in the kernel, so that a second `echo` is not kept
 * waiting behind a first one that runs. st_ino is the same each time.
 * A lookup is answered once and so counts one: any FORGET is the last. It may come while the answer
 * to a READ is still being sent, so that holds a reference, too.
 */
#define CONTROL_BIT (UINT64_C(1) << 62)
#define CONTROLS_MAX 65536

struct control {
	uint64_t nodeid, dir;
	enum mailbox_view view;
	int64_t made_ns;
	struct buf text;
	/* guarded by the lock of struct controls */
	unsigned refs_n;
	struct control *next; /* in its bucket */
};

enum { CONTROL_BUCKETS = 1024 };

struct controls {
	struct lock lock; /* a leaf; guards everything below */
	struct control *buckets[CONTROL_BUCKETS];
	uint64_t last;
	size_t n;
};

static inline bool control_is_ino(uint64_t ino)
{
	return ino & CONTROL_BIT;
}

/* A name that no item can have, whatever the directory. */
bool control_is_name(const char *name);
/* False where that directory has no such control file. */
bool control_by_name(uint64_t dir, const char *name, enum mailbox_view *ret);
void control_stat(const struct control *control, const struct fs_options *options,
		  struct stat *ret);

void controls_init(struct controls *controls);
void controls_release(struct controls *controls);
/* Borrowed until its nodeid is dropped. ERR_NOMEM when CONTROLS_MAX are held. */
MUST_CHECK enum err controls_make(struct controls *controls, struct mailbox *mailbox,
				  const struct push *push, uint64_t dir, enum mailbox_view view,
				  const struct control **ret);
/* The kernel's reference ends. */
void controls_drop(struct controls *controls, uint64_t nodeid);
/* Takes a reference. NULL when the kernel does not hold that one. */
struct control *controls_take(struct controls *controls, uint64_t nodeid);
void controls_give_back(struct controls *controls, struct control *control);

#endif
