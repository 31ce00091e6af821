/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * text - the small encodings that several layers share.
 *
 * Times are int64_t seconds since 1970, UTC; TIME_NONE is "absent".
 */
#define TIME_NONE INT64_MIN

/* Accepts what EWS sends: "2024-01-30T10:15:12Z", with a fraction (dropped) or
 * an offset (applied). False, and *ret untouched, for anything else. */
bool text_parse_time(const char *s, int64_t *ret);
/* Days from 1970-01-01 to a day of the Gregorian calendar, from the year 1 on, which libc counts
 * many times slower. False, and *ret untouched, when there is no such day. */
bool text_count_days(int64_t year, int month, int day, int64_t *ret);
/* "2024-01-30T10:15:12Z"; years beyond 9999 and TIME_NONE are refused. */
MUST_CHECK enum err text_print_time(struct buf *buf, int64_t time);

MUST_CHECK enum err text_print_hex(struct buf *buf, const void *bytes, size_t n);
/* Lower case, as it is printed; ERR_INVALID. */
MUST_CHECK enum err text_parse_hex(struct buf *buf, const char *s, size_t n);

MUST_CHECK enum err text_print_base64(struct buf *buf, const void *bytes, size_t n);
/* Whole texts only; white space is skipped. ERR_INVALID for anything else. */
MUST_CHECK enum err text_parse_base64(struct buf *buf, const char *s, size_t n);

/* Decimal, the whole string, within [min, max]. False, and *ret untouched, otherwise. */
bool text_parse_int(const char *s, int64_t min, int64_t max, int64_t *ret);

/* FNV-1a, 64 bits: begins with TEXT_HASH, goes on with what came before. Tells apart what differs
 * by accident, not what was made to collide. A NULL string adds what an empty one does. */
#define TEXT_HASH UINT64_C(0xcbf29ce484222325)
uint64_t text_hash(uint64_t hash, const char *s);

/* For a line that quotes a user or a server: no line break of theirs, and nothing that a terminal
 * obeys. */
void text_blank_controls(char *line);

/* strdup that reports; a NULL source gives a NULL copy. */
MUST_CHECK enum err text_copy(const char *s, char **ret);

#endif
