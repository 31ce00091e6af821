/* SPDX-License-Identifier: MIT */
#ifndef MODEL_CONTENTLINE_H
#define MODEL_CONTENTLINE_H

#include "base/buf.h"

/*
 * contentline - the lines that vCard (RFC 6350) and iCalendar (RFC 5545) share.
 *
 * `head` is the property's name and parameters, always our own literal; the
 * value is the server's and cannot break out of its line: text is escaped,
 * control characters are dropped. Lines are folded at 75 octets between code points and
 * end in CRLF. An absent or empty value prints no line.
 */

/* TEXT: backslash, comma, semicolon and line break are escaped. */
MUST_CHECK enum err contentline_put(struct buf *ret, const char *head, const char *text);
/* TEXTs joined by ';' (N, ADR, ORG), NULL for an empty one; no line when all are empty. */
MUST_CHECK enum err contentline_put_parts(struct buf *ret, const char *head,
					  const char *const *parts, size_t n);
/* A comma-separated list of TEXTs, from one a line. */
MUST_CHECK enum err contentline_put_list(struct buf *ret, const char *head, const char *lines);
/* One line each for the fields of that path. */
struct fields;
MUST_CHECK enum err contentline_put_each(struct buf *ret, const char *head,
					 const struct fields *fields, const char *path);
/* As _put_raw, with a parameter whose text is the server's (RFC 6868); none when that is empty. */
MUST_CHECK enum err contentline_put_with(struct buf *ret, const char *head, const char *parameter,
					 const char *text, const char *value);
/* Dates, numbers and URIs: as it stands. */
MUST_CHECK enum err contentline_put_raw(struct buf *ret, const char *head, const char *value);

/* "20240130T101512Z"; no line for a time that no calendar shows. */
MUST_CHECK enum err contentline_put_time(struct buf *ret, const char *head, int64_t time);

/*
 * "20240130", from what EWS sends for a day: the midnight of some time zone in
 * UTC, a day with an offset, or noon. The nearest midnight in UTC is that day, from
 * UTC-11:59 to UTC+12. No line when it is not a time, nor for the days that stand for
 * none: 1601-01-01 (a FILETIME of 0) and 4501-01-01 (Outlook's). A birthday whose year
 * nobody knows is in 1604: "--0130".
 */
MUST_CHECK enum err contentline_put_day(struct buf *ret, const char *head, const char *value);
bool contentline_parse_day(const char *value, char ret[9]);

/* An UUID (version 8: our own) out of the item's id, the same on every run. */
MUST_CHECK enum err contentline_put_uid(struct buf *ret, const char *head, const char *item_id);

#endif
