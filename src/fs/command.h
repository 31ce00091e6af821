/* SPDX-License-Identifier: MIT */
#ifndef FS_COMMAND_H
#define FS_COMMAND_H

#include "base/lock.h"

/*
 * command - writes to a `.ctl` that wait for their command, parked outside every worker.
 *
 * Of each one three parties know: the operation that takes it in, the mailbox, which calls done
 * once, and an interrupt, which may come at any time. Exactly one answer follows: the done
 * callback's, through the notify queue, or EINTR if the mailbox agrees that done will not come.
 */
#define COMMAND_MAX_BYTES 4096

struct parked;

struct commands {
	struct lock lock; /* a leaf; guards the list and the state of what is in it */
	struct parked *first;
};

void commands_init(struct commands *commands);
void commands_release(struct commands *commands);

#endif
