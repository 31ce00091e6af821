/* SPDX-License-Identifier: MIT */
#ifndef SERVER_MIME_IN_H
#define SERVER_MIME_IN_H

#include "props.h"

/*
 * mime_in - reads mail, leniently: what cannot be understood is absent or comes
 * as it stands. Lines may end in CRLF or LF. All text that is returned is UTF-8;
 * what was not becomes U+FFFD. Results are appended.
 */
typedef void (*mime_header_fn)(void *ctx, const char *name, const char *value);

/* Every header of the outermost part, unfolded, not decoded. */
void mime_each_header(const char *mime, size_t n, mime_header_fn fn, void *ctx);
/* The first of that name, unfolded; false where there is none. */
bool mime_header(const char *mime, size_t n, const char *name, struct buf *ret);
/* Where the header ends and the body begins; n where there is none. */
size_t mime_body_at(const char *mime, size_t n);

/* Encoded words (RFC 2047) and bytes to UTF-8. */
MUST_CHECK enum err mime_decode_words(const char *raw, struct buf *ret);
/* In that charset to UTF-8; NULL or unknown: UTF-8 as far as it is. */
MUST_CHECK enum err mime_to_utf8(const char *charset, const char *bytes, size_t n, struct buf *ret);
/* "Tue, 30 Jan 2024 10:15:12 +0100" */
bool mime_parse_date(const char *s, int64_t *ret);

/* One of "Name <address>, ..." after the other; groups are opened. */
typedef void (*mime_person_fn)(void *ctx, const char *name, const char *address);
void mime_each_person(const char *raw, mime_person_fn fn, void *ctx);

/* The value of ";name=value" in a header; false where there is none. */
bool mime_param(const char *header, const char *name, char *ret, size_t size);

/* A part that is not a multipart, decoded on demand. */
struct mime_part {
	char type[64]; /* "text/calendar", lower case */
	char charset[40], method[16];
	const char *whole; /* from its header on, up to the end of the body */
	const char *body;
	size_t body_n;
	char encoding[20];
	bool attachment;
};
/* Every one, in order, until fn returns true. */
typedef bool (*mime_part_fn)(void *ctx, const struct mime_part *part);
bool mime_each_part(const char *mime, size_t n, mime_part_fn fn, void *ctx);
/* What it holds: base64 and quoted-printable taken off. */
MUST_CHECK enum err mime_part_bytes(const struct mime_part *part, struct buf *ret);

/* The first text/plain or text/html that is no attachment: the wanted one, else the other. */
MUST_CHECK enum err mime_text_body(const char *mime, size_t n, bool html, struct buf *ret,
				   bool *ret_html);

#endif
