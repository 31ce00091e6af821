/* SPDX-License-Identifier: MIT */
#ifndef MODEL_UTF8_H
#define MODEL_UTF8_H

#include "base/buf.h"

/*
 * utf8 - text that a server controls, read without trusting it.
 */
#define UTF8_ELLIPSIS "\xE2\x80\xA6"

/*
 * The code point at the start of s and how many of the n > 0 bytes it takes, at
 * least 1. Ill-formed bytes read as U+FFFD, one for each maximal subpart (Unicode
 * 3.9, best practice; what browsers and Python do).
 */
size_t utf8_next(const char *s, size_t n, int32_t *ret);
MUST_CHECK enum err utf8_append(struct buf *buf, int32_t code);

/* White space, control characters, line and paragraph separators, the byte order
 * mark and bidi controls: nothing of them may show in one line of text. */
bool utf8_is_blank(int32_t code);

/*
 * How many of the n bytes to keep so that at most max remain and no grapheme is
 * torn; a first grapheme that is longer than max by itself is cut at a code point.
 * The text must be well-formed.
 */
size_t utf8_cut(const char *s, size_t n, size_t max);

/*
 * Appends the text with ill-formed bytes replaced. Where it is longer than max
 * it is cut at a grapheme and ends in an ellipsis, max bytes in all at most.
 */
MUST_CHECK enum err utf8_append_capped(struct buf *buf, const char *text, size_t n, size_t max);

/* The same as one line: every run of blanks is a space, none at the ends. */
MUST_CHECK enum err utf8_append_line(struct buf *buf, const char *text, size_t n, size_t max);

#endif
