/* SPDX-License-Identifier: MIT */
#ifndef FS_SESSION_H
#define FS_SESSION_H

#define FUSE_USE_VERSION 314
#include <fuse3/fuse_lowlevel.h>
#include <pthread.h>

#include "base/lock.h"
#include "fs/control.h"
#include "fs/fs.h"
#include "fs/notify.h"
#include "fs/park.h"
#include "fs/push.h"

/* session - one mount: what every operation finds behind fuse_req_userdata(). */
struct fs {
	struct fs_options options;
	struct mailbox *mailbox;
	struct fuse_session *session;
	struct notify *notify;
	struct push *push;
	struct controls controls;
	struct park park;

	void (*ready)(void *ctx);
	void *ready_ctx;
	enum err start_err; /* set by init, read after the loop */

	pid_t undertaker;
	pthread_t loop_thread, signal_thread;
	struct lock lock; /* a leaf; guards loop_ended */
	struct cond ended;
	bool loop_ended;
};

/* Starts the mailbox and says ready: from the init operation. */
void session_begin(struct fs *fs);

#endif
