/* SPDX-License-Identifier: MIT */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * secret - a short text that must not reach a disk, a core dump or a log (I11).
 *
 * It lives in pages of its own, locked and left out of dumps as far as the system
 * allows, and is wiped before they are given back. A process that is forked off has no copy.
 * Zero-initialise.
 */
#define SECRET_MAX 16384
/* A command that prints one ends with this status when there is none to print. */
#define SECRET_NOT_KEPT 77

struct secret {
	char *text; /* NULL: none */
	size_t size;
};

/* Room for n bytes, all 0, in place of what it held. */
MUST_CHECK enum err secret_make_room(struct secret *secret, size_t n);
/* A copy; ERR_LIMIT from SECRET_MAX bytes on. */
MUST_CHECK enum err secret_put(struct secret *secret, const char *text, size_t n);
bool secret_equal(const struct secret *a, const struct secret *b);
void secret_release(struct secret *secret);

/* free() and realloc() that leave nothing behind: libcurl keeps passwords and requests in
 * its own memory. */
void secret_free(void *memory);
void *secret_realloc(void *memory, size_t n);

#endif
