/* SPDX-License-Identifier: MIT */
#ifndef EWS_CHARFILTER_H
#define EWS_CHARFILTER_H

#include "base/buf.h"

/*
 * charfilter - makes of any bytes such as an XML parser takes.
 *
 * Exchange puts characters into replies that XML 1.0 forbids, most as references
 * (&#x1F;), and a strict parser gives up the whole reply for one of them. Each becomes
 * U+FFFD here: illegal references, illegal characters as they stand, and bytes that are not
 * UTF-8. A byte order mark and white space at the very start are dropped. Where the bytes are
 * cut makes no difference. Zero-initialise; it owns nothing.
 */
struct charfilter {
	char held[32]; /* the start of a reference or of a character, its end not seen yet */
	size_t held_n;
	bool has_begun;
};

typedef enum err (*charfilter_fn)(void *ctx, const char *bytes, size_t n);

MUST_CHECK enum err charfilter_feed(struct charfilter *filter, const char *bytes, size_t n,
				    charfilter_fn out, void *ctx);
/* Hands on what is still held. */
MUST_CHECK enum err charfilter_finish(struct charfilter *filter, charfilter_fn out, void *ctx);

/* What to make of the character at `s`: its first *ret_n bytes are good as they are, or stand
 * for one that must be replaced, or are too few to tell. n > 0. */
enum char_verdict { CHAR_FINE, CHAR_REPLACE, CHAR_UNDECIDED };
enum char_verdict char_judge(const char *s, size_t n, size_t *ret_n);

#define REPLACEMENT "\xef\xbf\xbd"

#endif
