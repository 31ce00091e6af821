/* SPDX-License-Identifier: MIT */
#ifndef HTTP_REDACT_H
#define HTTP_REDACT_H

#include "base/buf.h"

/*
 * redact - what of an exchange may be shown to strangers: its shape.
 *
 * What is not known to be harmless is left out, not the other way round: of XML the tags stay, a
 * text only in elements that hold codes, counts, times and classes, an attribute only where it is
 * an identity or a number. Of anything else stands how long it was. Texts for people lose every
 * word with an '@' in it. Of a head's lines some stay, of the others the name.
 *
 * It takes bytes in pieces of any size, and needs no well-formed XML. Zero-initialise.
 */
enum { REDACT_TAG_MAX = 4096, REDACT_TEXT_MAX = 512, REDACT_NAME_MAX = 64 };

struct redact {
	bool is_in_tag;
	char quote;   /* within an attribute's value */
	char last[2]; /* the bytes before */
	char tag[REDACT_TAG_MAX + 1], text[REDACT_TEXT_MAX];
	size_t tag_n, text_n;		   /* held */
	uint64_t tag_bytes, text_bytes;	   /* that came */
	char element[REDACT_NAME_MAX + 1]; /* that has just begun; "" after its end */
	int64_t property;		   /* tag of the ExtendedFieldURI before */
};

MUST_CHECK enum err redact_feed(struct redact *redact, const char *bytes, size_t n, struct buf *to);
/* What is left at the end. */
MUST_CHECK enum err redact_finish(struct redact *redact, struct buf *to);
/* A line of a head, with its end or without. */
MUST_CHECK enum err redact_head(const char *line, size_t n, struct buf *to);

#endif
