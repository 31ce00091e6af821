/* SPDX-License-Identifier: MIT */
#ifndef TEST_CONTENT_H
#define TEST_CONTENT_H

#include "check.h"

#include "model/content.h"
#include "model/contentline.h"

/* What the tests of generated contents share. */

static inline void put(struct item *item, const char *path, const char *text)
{
	check_ok(fields_put(&item->fields, path, text, strlen(text)));
}

static inline void init(struct item *item, const char *item_class)
{
	item_init(item);
	item->id = strdup("AAMkAGI=");
	item->item_class = strdup(item_class);
	item->modified = 1706609712;
}

static inline void fill(struct spool *spool, const char *text)
{
	spool->dir = "/tmp";
	check_ok(spool_append(spool, text, strlen(text)));
}

static inline void check_content(const struct item *item, const char *mime, const char *expected)
{
	AUTO(spool) struct spool spool = { 0 };
	char content[4096] = "";

	fill(&spool, mime);
	check_ok(content_make(item, &spool));
	assert_true(spool.len < sizeof(content));
	check_ok(spool_read(&spool, 0, content, spool.len));
	assert_string_equal(content, expected);
}

static inline void check_lines(enum err (*print)(const struct item *item, struct buf *ret),
			       struct item *item, const char *expected)
{
	AUTO(buf) struct buf once = { 0 }, twice = { 0 };

	check_ok(print(item, &once));
	check_ok(print(item, &twice));
	assert_string_equal(once.bytes, expected);
	assert_string_equal(twice.bytes, expected);
	item_release(item);
}

static inline enum err print_todo(const struct item *item, struct buf *ret)
{
	return vtodo_print(item, NULL, ret);
}

#define VCARD \
	"BEGIN:VCARD\r\nVERSION:4.0\r\nPRODID:-//ewsfs//EN\r\n" \
	"UID:urn:uuid:d4bf5810-ec20-85cc-aee8-ac45e5aad510\r\n"
#define VCARD_END "REV:20240130T101512Z\r\nEND:VCARD\r\n"
#define VTODO \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//ewsfs//EN\r\nBEGIN:VTODO\r\n" \
	"UID:d4bf5810-ec20-85cc-aee8-ac45e5aad510\r\nDTSTAMP:20240130T101512Z\r\n"
#define VTODO_MODIFIED "LAST-MODIFIED:20240130T101512Z\r\n"
#define VTODO_END "END:VTODO\r\nEND:VCALENDAR\r\n"

#endif
