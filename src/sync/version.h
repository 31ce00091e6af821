/* SPDX-License-Identifier: MIT */
#ifndef SYNC_VERSION_H
#define SYNC_VERSION_H

struct sync;

/*
 * version - which version of the protocol this server answers: found out by being refused, and
 * remembered with the account's cache, so that each mount begins with it. A server that was updated
 * is asked in the old version until the cache is made anew: all that we ask for is there too.
 */
/* At the start: begins with the one remembered. */
void version_recall(struct sync *sync);
/* After requests. What cannot be noted down is found out again. */
void version_remember(struct sync *sync);

#endif
