/* SPDX-License-Identifier: MIT */
#ifndef MODEL_MIME_DECODE_H
#define MODEL_MIME_DECODE_H

#include "base/buf.h"

/*
 * mime_decode - the content transfer encodings of RFC 2045, in pieces of any size.
 *
 * Lenient as mail readers are: in base64, what is not of the alphabet is skipped and a
 * '=' ends it; in quoted-printable, a '=' that starts no escape stands for itself.
 */
enum mime_encoding { MIME_IDENTITY, MIME_BASE64, MIME_QUOTED };

struct mime_decoder {
	enum mime_encoding encoding;
	uint32_t bits; /* base64: not written yet */
	int bits_n;
	bool ended;
	char held[4]; /* quoted-printable: an escape that is not complete */
	size_t held_n;
};

/* By the value of Content-Transfer-Encoding; an unknown one is as it stands. */
enum mime_encoding mime_encoding(const char *header);
/* Appends what the piece completes. */
MUST_CHECK enum err mime_decode(struct mime_decoder *decoder, const char *text, size_t n,
				struct buf *ret);

#endif
