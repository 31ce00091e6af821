/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONTENT_H
#define SERVER_CONTENT_H

#include "props.h"

/*
 * content - an item's bytes as they were loaded, and what their headers say.
 *
 * The bytes are served exactly as they came. They are parsed once, leniently:
 * what cannot be understood is absent, and text that is not UTF-8 becomes U+FFFD.
 */
struct content;

/* Takes over the bytes. */
struct content *content_new(struct buf *mime);
void content_release(struct content **content);

/* What the bytes are, for the folder they go to and the item they make. */
enum kind content_kind(const struct content *content);
/* From the Date header, else Received, else DTSTART; TIME_NONE without any. */
int64_t content_date(const struct content *content);
bool content_is_draft(const struct content *content);
bool content_has_attachments(const struct content *content);
/* Of what is a calendar: one that has an event, from BEGIN to END. */
bool content_has_event(const struct content *content);
size_t content_size(const struct content *content);

void content_describe(const struct content *content, struct props *ret);
MUST_CHECK enum err content_mime(const struct content *content, struct buf *ret);
/* Other bytes of the same message: a line more at the end. */
void content_alter(struct content *content, unsigned revision);

/*
 * content_edit.c. Another header, or line of the event or card: `line` stands for
 * all of that name, "" for none; it ends in CRLF.
 */
void content_set_line(struct content **content, const char *name, const char *line);
/* Of a mail; its attachments stay. */
void content_set_body(struct content **content, const char *text, bool html);
struct content *content_copy(const struct content *content);

#endif
