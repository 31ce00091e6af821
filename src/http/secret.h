/* SPDX-License-Identifier: MIT */
#ifndef HTTP_SECRET_H
#define HTTP_SECRET_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/secret.h"

/*
 * Runs the command by /bin/sh -c in the root directory, stdin and stderr /dev/null, and takes the
 * first line of its stdout. After SECRET_LIMIT_S its process group is killed, and when a signal
 * ends this process. On failure *ret is untouched and `reason` says why; `what`, "password" or
 * "token", is the word for it there. `stop` set ends it with ERR_CANCELLED.
 */
#define SECRET_LIMIT_S 30
MUST_CHECK enum err secret_ask(const char *command, const char *what, const atomic_bool *stop,
			       struct secret *ret, struct buf *reason);

#endif
