/* SPDX-License-Identifier: MIT */
#ifndef EWS_EVENT_RULES_H
#define EWS_EVENT_RULES_H

#include "ews/ews.h"
#include "ews/take.h"

/*
 * event_rules - how events stand in a notification, of GetEvents and of a stream alike.
 */
struct event_reader {
	ews_event_fn fn;
	void *fn_ctx;
	char *folder_id, *parent_id, *old_parent_id; /* of the event under way */
	char *watermark;			     /* of the last one that had one */
	bool has_more;
	size_t n; /* events read */
};

void event_reader_release(struct event_reader *reader);
enum err event_open(void *ctx, const struct sax *sax);
enum err event_close(void *ctx, const struct sax *sax);
enum err event_take_id(void *ctx, const struct sax *sax);

/* `path` leads to the Notification, whose namespace servers and schema see differently; the ctx
 * begins with a struct event_reader. */
/* clang-format off */
#define EVENT_RULES(path) \
	{ path "/t:MoreEvents", .text = take_bool, .cap = WORD_MAX_BYTES, \
	  .arg = offsetof(struct event_reader, has_more) }, \
	{ path "/*", .open = event_open, .close = event_close }, \
	{ path "/*/t:Watermark", .text = take_string, .cap = ID_MAX_BYTES, \
	  .arg = offsetof(struct event_reader, watermark) }, \
	{ path "/*/t:FolderId", .open = event_take_id, \
	  .arg = offsetof(struct event_reader, folder_id) }, \
	{ path "/*/t:ParentFolderId", .open = event_take_id, \
	  .arg = offsetof(struct event_reader, parent_id) }, \
	{ path "/*/t:OldParentFolderId", .open = event_take_id, \
	  .arg = offsetof(struct event_reader, old_parent_id) }
/* clang-format on */

#endif
