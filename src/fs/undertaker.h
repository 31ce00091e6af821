/* SPDX-License-Identifier: MIT */
#ifndef FS_UNDERTAKER_H
#define FS_UNDERTAKER_H

#include <sys/types.h>

/*
 * undertaker - a small process that outlives us when we are killed.
 *
 * A thread that tells the kernel (handle.h) may wait there for a page that a READ is to fill. If we
 * die in that moment, the READ fails, but the kernel asks once more for the page, and as the
 * waiting thread keeps the connection open, nobody ever answers: reader, thread and umount hang. So
 * once we are dead this process answers whatever is asked, with an error, until the last thread is
 * gone and nobody asks any more.
 *
 * It holds nothing but a handle on the connection, and ends with us.
 */

/* To be called by the thread that ends last, before there are others. 0: there is none, which is no
 * failure. */
pid_t undertaker_start(int session_fd);
void undertaker_stop(pid_t pid);

#endif
