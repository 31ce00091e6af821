/* SPDX-License-Identifier: MIT */
#ifndef MODEL_HASH_H
#define MODEL_HASH_H

#include "base/buf.h"

/* hash - short names for long ids: the first digits (even, at most 64) of the SHA-256
 * of a text, in lower-case hex. */
MUST_CHECK enum err hash_print(struct buf *buf, const char *text, size_t digits);

#endif
