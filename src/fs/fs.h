/* SPDX-License-Identifier: MIT */
#ifndef FS_FS_H
#define FS_FS_H

#include "mailbox/mailbox.h"

/*
 * fs - the kernel's view: one FUSE session over one mailbox, low-level API.
 *
 * Rules, each tried (DESIGN.md, "The kernel side"): opens are stateless (ENOSYS once), inodes
 * are immutable, so the kernel caches for a day and is told what changed; directory offsets
 * are entry ids; listings are invalidated by mtime; control files get a nodeid with every
 * lookup; a write that runs a command is parked, never holding a worker. Notifications leave
 * from threads of their own (I12). While it serves there is a second process, which holds nothing
 * but a handle on the connection: undertaker.h.
 *
 * Files: session (mount, loop, signals, end), mountpoint, ops (the table, and what is refused),
 * lookup, readdir, read, open, xattr, control (control files), command (writes to them), park
 * (requests that wait), notify, push (files
 * that nobody asked for yet), handle and undertaker (so that no end of ours hangs anybody).
 */
struct fs_options {
	const char *source,
		*mountpoint; /* mountpoint: absolute; both borrowed for the mount's life */
	bool allow_other, debug;
	bool has_umask; /* with umask= modes are 0444/0555, less its bits */
	unsigned umask, uid, gid;
};

struct fs;

/*
 * Makes sure that a mount can go there: an empty directory. A mountpoint left stale by a crash
 * is unmounted first, in a loop, since mounting over it would stack silently. *reason gets the
 * one line for the user. fs_mount does it too; asking early spares a login.
 */
MUST_CHECK enum err fs_prepare_mountpoint(const char *path, struct buf *reason);

/* Mounts. From here on SIGTERM, SIGINT and SIGHUP wait for fs_serve. *reason as above. */
MUST_CHECK enum err fs_mount(const struct fs_options *options, struct mailbox *mailbox,
			     struct fs **ret, struct buf *reason);
/*
 * Serves until unmounted or told to stop by a signal. Starts the mailbox, and calls ready (from a
 * thread of its own) when the mount answers; stops the mailbox before it returns.
 */
MUST_CHECK enum err fs_serve(struct fs *fs, void (*ready)(void *ctx), void *ctx);
/* Unmounts if still mounted. */
void fs_release(struct fs **fs);

#endif
