/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_FAKE_EWS_H
#define TESTS_UNIT_FAKE_EWS_H

#include "ews/ews.h"

/*
 * fake-ews - a scripted mailbox behind ews.h, by linking.
 *
 * Folders and items are tables that a test fills and changes; pages of changes are
 * scripted one by one, by folder and by the state that they follow. What is not scripted is an
 * empty last page. Counters tell what it cost.
 */
enum {
	FAKE_FOLDERS_MAX = 64,
	FAKE_ITEMS_MAX = 64,
	FAKE_PAGES_MAX = 64,
	FAKE_CHANGES_MAX = 8,
	FAKE_EVENTS_MAX = 8
};

struct fake_folder {
	const char *id, *parent_id, *name, *distinguished, *change_key;
	bool is_hidden, is_gone;
	bool is_listed; /* gone, but the hierarchy does not say so */
	enum err err;	/* of GetFolder and FindFolder */
	int64_t child_n, commit, deleted_n;
	int64_t total_n, unread_n; /* total_n -1: not said, which is how they begin */
	bool has_no_digest;
};

struct fake_page {
	const char *folder, *from, *to; /* from NULL: no state */
	struct ews_change changes[FAKE_CHANGES_MAX];
	bool more;    /* not the last */
	bool is_full; /* filled up to the maximum with a flag of an unknown id */
	enum err err; /* instead */
};

struct fake_item {
	const char *id, *change_key, *mime, *subject;
	bool is_read;
	enum err err; /* instead */
	const char *code;
	bool fails_in_part; /* ... but in the shape without content */
	bool is_odd;	    /* only the shape for everything fits it */
};

struct fake {
	struct fake_folder folders[FAKE_FOLDERS_MAX];
	size_t folders_n;
	struct fake_page pages[FAKE_PAGES_MAX];
	size_t pages_n;
	struct fake_item items[FAKE_ITEMS_MAX];
	size_t items_n;
	enum item_kind asked_kind; /* of the last GetItem */

	/* What SyncFolderHierarchy tells after a state "hN": entries from N on. */
	const char *moves[FAKE_FOLDERS_MAX];
	size_t moves_n;

	/* The next n calls fail so; -1: all. */
	struct fake_fault {
		enum err err;
		int n;
		int64_t back_off_ms;
		size_t after_n; /* of items_fault: so many of a batch are answered before */
	} folders_fault, hierarchy_fault, pages_fault, items_fault;
	const char *busy_item;	  /* is refused, as by a busy server, with all behind it ... */
	bool is_busy_whole;	  /* ... or the whole batch */
	void (*on_folders)(void); /* before GetFolder is answered */
	void (*on_items)(void);	  /* before a batch is answered */
	void (*on_page)(void);	  /* after a page was answered */

	const char *version; /* as ews_version() says */

	/* As ews_set_tempo() was told. */
	int connections_n;
	int64_t pace_ms, hold_ms;

	/* Notifications: what pull tells with its next call, and how a stream was asked for. */
	struct fake_fault subscribe_fault, events_fault;
	struct ews_event events[FAKE_EVENTS_MAX];
	size_t events_n;
	int64_t silence_ms;
	int subscribe_calls_n, events_calls_n, stream_calls_n, unsubscribe_calls_n;
	enum ews_subscription kind;
	size_t subscribed_n; /* folders; 0: all */

	int folders_calls_n, hierarchy_calls_n, pages_calls_n, items_calls_n;
	int folder_ids_n, item_ids_n, mime_ids_n, find_calls_n;
};
extern struct fake fake;

/* An Inbox and a root, and nothing in them. */
void fake_reset(void);
/* Under a parent, by id; the parent's count and the hierarchy hear of it. */
struct fake_folder *fake_add_folder(const char *id, const char *parent_id, const char *name);
struct fake_folder *fake_folder(const char *id);
/* The hierarchy tells of it with the next sync; `change_key` NULL: as it is. */
void fake_touch_folder(const char *id, const char *change_key);
void fake_drop_folder(const char *id);
/* The digest of the folder differs from now on. */
void fake_touch_items(const char *id);
/* A page, whose digest differs then. */
void fake_add_page(const struct fake_page *page);
void fake_add_item(const char *id, const char *change_key, const char *mime);
struct fake_item *fake_item(const char *id);

/* What the stream brings, which must be open. */
void fake_beat(void);
void fake_event(const struct ews_event *event);
void fake_end_stream(enum err err);

#define FAKE_CREATE(item_id, key) \
	{ \
		.kind = EWS_CREATE, .id = (char *)(item_id), .change_key = (char *)(key), \
		.has_read = true, .received = 1700000000, .modified = 1700000000, .size = 1000 \
	}
#define FAKE_UPDATE(item_id, key) \
	{ \
		.kind = EWS_UPDATE, .id = (char *)(item_id), .change_key = (char *)(key), \
		.has_read = true, .received = 1700000000, .modified = 1700000000, .size = 1000 \
	}
#define FAKE_DELETE(item_id) \
	{ \
		.kind = EWS_DELETE, .id = (char *)(item_id) \
	}
#define FAKE_READ(item_id, flag) \
	{ \
		.kind = EWS_READ_FLAG, .id = (char *)(item_id), .has_read = true, \
		.is_read = (flag) \
	}

#endif
