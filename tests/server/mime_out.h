/* SPDX-License-Identifier: MIT */
#ifndef SERVER_MIME_OUT_H
#define SERVER_MIME_OUT_H

#include "props.h"

/*
 * mime_out - writes the headers and parts of a mail, and iCalendar and vCard lines.
 *
 * Lines end in CRLF. As in struct xml the first failure sticks, and one look at
 * `err` at the end is enough.
 */
struct mime_out {
	struct buf *buf; /* borrowed */
	enum err err;
};

void out_str(struct mime_out *out, const char *s);
void outf(struct mime_out *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "Name: value", encoded words (RFC 2047) where it is not plain ASCII, folded. */
void out_header(struct mime_out *out, const char *name, const char *value);
void out_people_header(struct mime_out *out, const char *name, const struct person *people,
		       size_t n);
void out_date_header(struct mime_out *out, const char *name, int64_t time);
/* A run of base64 lines of 76 characters. */
void out_base64_lines(struct mime_out *out, const uint8_t *bytes, size_t n);

/* "NAME:value" with commas, semicolons and line ends escaped, folded at 75 bytes. */
void out_property(struct mime_out *out, const char *name, const char *value);
/* "20240130T101512Z" with that name. */
void out_property_time(struct mime_out *out, const char *name, int64_t time);
void out_property_date(struct mime_out *out, const char *name, int64_t time);

#endif
