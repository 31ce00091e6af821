/* SPDX-License-Identifier: MIT */
#ifndef SERVER_XML_H
#define SERVER_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * xml - writes a reply straight into a buffer, with no tree in between.
 *
 * The first failure sticks in `err` and everything after it is dropped, so a
 * writer is a run of plain calls and one look at `err` at the end.
 * Names are written as given ("t:Subject"); text and attributes are escaped.
 * Characters that XML 1.0 forbids go out as references ("&#x1F;"), because that
 * is what Exchange does and what its clients have to live with.
 */
struct xml {
	struct buf buf;
	enum err err;
};

void xml_bytes(struct xml *xml, const void *bytes, size_t n);
void xml_raw(struct xml *xml, const char *s);
void xml_rawf(struct xml *xml, const char *fmt, ...) PRINTF_LIKE(2, 3);
void xml_text(struct xml *xml, const char *s);
/* Takes away a character at the end of s that a bounded print has cut. */
void xml_trim(char *s);
/* As base64, in one run however long it is. */
void xml_base64(struct xml *xml, const void *bytes, size_t n);

void xml_open(struct xml *xml, const char *name);
void xml_close(struct xml *xml, const char *name);

/* <name>value</name>, and <name/> for an empty string; NULL writes nothing. */
void xml_element(struct xml *xml, const char *name, const char *value);
void xml_element_int(struct xml *xml, const char *name, int64_t value);
void xml_element_bool(struct xml *xml, const char *name, bool value);
void xml_element_time(struct xml *xml, const char *name, int64_t time);

void xml_release(struct xml *xml);

#endif
