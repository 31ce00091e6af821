/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>

/*
 * daemon - into the background, and word to who started us.
 *
 * The fork comes before everything that threads or libraries would not survive. The parent waits
 * for word from the child: "ready", or the one line that says what failed; until then the
 * child stays in its process group and dies with it, so that nothing is left behind.
 *
 * Ready is also told to the descriptor in $EWSFS_READY_FD and to systemd ($NOTIFY_SOCKET), by the
 * process that the caller started.
 */
struct daemon {
	bool is_foreground;
	int parent_fd; /* -1 in the foreground, and once ready */
	int ready_fd;  /* -1: nobody asked */
};

/* Returns in the process that is to serve. The parent ends in here, with the child's result. */
void daemon_begin(struct daemon *daemon, bool is_foreground);
void daemon_ready(struct daemon *daemon);
/* One line on stderr, "ewsfs: " before it, or through the parent. */
void daemon_fail(struct daemon *daemon, const char *reason);

#endif
