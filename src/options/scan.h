/* SPDX-License-Identifier: MIT */
#ifndef OPTIONS_SCAN_H
#define OPTIONS_SCAN_H

#include "base/buf.h"
#include "base/secret.h"

/*
 * scan - the bytes of a configuration file, its secrets taken out.
 */
struct scan {
	struct secret raw; /* as it lies on the disk */
	struct buf public; /* the same lines; `password` and `proxy` have no value */
};

/* Reads the file. Refuses one that others may write, and one with a password that they may read.
 * ERR_NOT_FOUND: there is none. */
MUST_CHECK enum err scan_load(struct scan *scan, const char *path, struct buf *reason);
void scan_release(struct scan *scan);
/* The option's value may hold a secret, and is not in `public`. */
bool scan_is_secret(const char *name, size_t n);
/* The value on a line, as the file has it; not ended by a NUL. Lines count from 1. */
const char *scan_value(const struct scan *scan, unsigned line, size_t *ret_n);

#endif
