/* SPDX-License-Identifier: MIT */
#ifndef FS_MOUNTPOINT_H
#define FS_MOUNTPOINT_H

#include "fs/session.h"

/* mountpoint - the directory below us: made ready (fs_prepare_mountpoint in fs.h), mounted on. */

/* fuse_session_mount(), which says why it failed on stderr; here that goes to *reason. */
MUST_CHECK enum err mountpoint_mount(struct fuse_session *session, const char *path,
				     struct buf *reason);

#endif
