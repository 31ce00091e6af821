/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVENTS_H
#define SERVER_EVENTS_H

#include "mailbox.h"

/*
 * events - what happened in a mailbox, for those who have subscribed to it.
 *
 * One ring per mailbox holds the newest EVENTS_KEPT events, numbered from 1 on; each
 * subscription remembers a number (watch.h). So an event costs the same however many
 * listen, and a million of them no more memory than the ring. It is made when somebody
 * subscribes for the first time; until then nothing is recorded.
 *
 * As a real store has it, what happens to an item happens to its folder, too: behind each
 * event of an item stands a ModifiedEvent of the folder, with its count of unread items.
 *
 * Threads: as in mailbox.h, the caller holds the mailbox's lock.
 */
#define EVENTS_KEPT 65536

enum event_kind {
	EVENT_COPIED,
	EVENT_CREATED,
	EVENT_DELETED,
	EVENT_MODIFIED,
	EVENT_MOVED,
	EVENT_NEW_MAIL,
	EVENT_FREE_BUSY,
	EVENT_KIND_COUNT
};

/* "CopiedEvent" ...; EVENT_KIND_COUNT for none of that name. */
const char *event_kind_name(enum event_kind kind);
enum event_kind event_kind_from(const char *name);

struct event {
	int64_t time;		     /* of day, in seconds */
	int64_t boot_ms;	     /* the same by clock_boot_ms() */
	uint64_t parent, id;	     /* the folder that it is in, and the item or folder itself */
	uint64_t old_parent, old_id; /* before it was moved, or what was copied */
	int64_t unread;		     /* -1: not said */
	uint8_t kind, key_type;	     /* key_type: first field of the ChangeKey */
	bool is_folder;
};

struct events {
	struct event *ring;
	uint64_t last; /* the number of the newest */
};

void events_start(struct events *events);
void events_release(struct events *events);
/* The number of the oldest that is kept; last + 1 where none is. */
uint64_t events_first(const struct events *events);
/* One that is kept. */
const struct event *events_at(const struct events *events, uint64_t number);

/* mailbox.c says what it does. `old`: where it was, or what it was copied from. */
void events_of_item(struct mailbox *box, enum event_kind kind, const struct item *item,
		    const struct item *old);
void events_of_folder(struct mailbox *box, enum event_kind kind, const struct folder *folder,
		      const struct folder *old, const struct folder *old_parent);
/* One that nothing has caused. Takes its time from now. */
void events_put(struct mailbox *box, const struct event *event);

#endif
