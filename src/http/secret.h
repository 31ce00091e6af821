/* SPDX-License-Identifier: MIT */
#ifndef HTTP_SECRET_H
#define HTTP_SECRET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"

/*
 * secret - a short text that must not reach a disk, a core dump or a log (I11).
 *
 * It lives in pages of its own, locked and left out of dumps as far as the system
 * allows, and is wiped before they are given back. Zero-initialise.
 */
#define SECRET_MAX 16384

struct secret {
	char *text; /* NULL: none */
};

/*
 * Runs the command by /bin/sh -c, stdin and stderr /dev/null, and takes the first line of
 * its stdout. After SECRET_LIMIT_S its process group is killed. On failure *ret is
 * untouched and `reason` says why. `stop` set ends it with ERR_CANCELLED.
 */
#define SECRET_LIMIT_S 30
MUST_CHECK enum err secret_ask(const char *command, const atomic_bool *stop, struct secret *ret,
			       struct buf *reason);
bool secret_equal(const struct secret *a, const struct secret *b);
void secret_release(struct secret *secret);

/* free() and realloc() that leave nothing behind: libcurl keeps passwords and requests in
 * its own memory. */
void secret_free(void *memory);
void *secret_realloc(void *memory, size_t n);

#endif
