/* SPDX-License-Identifier: MIT */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * buf - a growing string of bytes with a ceiling.
 *
 * Zero-initialise, append, release. `bytes` is always followed by a NUL that
 * `len` does not count, once anything was appended. A failed append (out of
 * memory, or beyond BUF_MAX) leaves the buffer as it was.
 * Not for threads: one buf, one owner.
 */
#define BUF_MAX ((size_t)256 << 20)

struct buf {
	char *bytes;
	size_t len, size;
};

MUST_CHECK enum err buf_append(struct buf *buf, const void *bytes, size_t n);
MUST_CHECK enum err buf_append_str(struct buf *buf, const char *s);
MUST_CHECK enum err buf_append_char(struct buf *buf, char c);
MUST_CHECK enum err buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* In place of what it holds the one line for the user that says why, cut where it is too long;
 * hands err back, so that it ends a function. Out of memory it stays empty. */
MUST_CHECK enum err buf_refuse(struct buf *reason, enum err err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* Empties it and keeps the memory. */
void buf_clear(struct buf *buf);
void buf_release(struct buf *buf);
/* What was appended so far as a string, "" when nothing was. */
static inline const char *buf_str(const struct buf *buf)
{
	return buf->bytes ? buf->bytes : "";
}
/* Hands the string to the caller and leaves an empty buf; never NULL on ERR_OK. */
MUST_CHECK enum err buf_give(struct buf *buf, char **ret);

#endif
