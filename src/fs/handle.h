/* SPDX-License-Identifier: MIT */
#ifndef FS_HANDLE_H
#define FS_HANDLE_H

#include <stdbool.h>

/*
 * handle - a thread's own way into the kernel.
 *
 * What a thread tells the kernel may wait there, beyond kill -9, for a reader who waits for our
 * answer. If we die in that moment the connection would never be aborted: its descriptor stays
 * open as long as the waiting thread lives. So such a thread has a descriptor table to itself, and
 * in it nothing but a second handle on the connection, under the number of the first; the first
 * then closes with the other threads, which ends their readers' requests, then the wait, then the
 * thread.
 *
 * Such a thread can open, read and log nothing: it only tells the kernel. Where there is no second
 * handle to be had, or not without the others (an old kernel, a /dev/fuse that only root may open:
 * false), the thread does its work all the same, and only the end of a crash is worse.
 */
bool handle_take_own(int session_fd);

#endif
