/* SPDX-License-Identifier: MIT */
#include "events.h"

#include <string.h>

#include "base/clock.h"
#include "watch.h"

static const char *const names[EVENT_KIND_COUNT] = {
	[EVENT_COPIED] = "CopiedEvent",
	[EVENT_CREATED] = "CreatedEvent",
	[EVENT_DELETED] = "DeletedEvent",
	[EVENT_MODIFIED] = "ModifiedEvent",
	[EVENT_MOVED] = "MovedEvent",
	[EVENT_NEW_MAIL] = "NewMailEvent",
	[EVENT_FREE_BUSY] = "FreeBusyChangedEvent",
};

const char *event_kind_name(enum event_kind kind)
{
	return names[kind];
}

enum event_kind event_kind_from(const char *name)
{
	int kind = 0;

	while (kind < EVENT_KIND_COUNT && strcmp(names[kind], name) != 0)
		kind++;
	return kind;
}

void events_start(struct events *events)
{
	if (!events->ring)
		events->ring = must_alloc(NULL, EVENTS_KEPT * sizeof(*events->ring));
}

void events_release(struct events *events)
{
	free(events->ring);
	*events = (struct events){ 0 };
}

uint64_t events_first(const struct events *events)
{
	return events->last < EVENTS_KEPT ? 1 : events->last - EVENTS_KEPT + 1;
}

const struct event *events_at(const struct events *events, uint64_t number)
{
	return &events->ring[number % EVENTS_KEPT];
}

void events_put(struct mailbox *box, const struct event *event)
{
	struct watch *watch = box->watch;

	if (!watch || !watch->events.ring || watch->ways.suppress)
		return;
	struct event *kept = &watch->events.ring[++watch->events.last % EVENTS_KEPT];
	*kept = *event;
	kept->time = clock_wall_ns() / NS_PER_S;
	kept->boot_ms = clock_boot_ms();
	watch_wake(watch);
}

static uint64_t parent_of(const struct folder *folder)
{
	return folder->parent ? folder->parent->fid : folder->fid;
}

static void put_folder_modified(struct mailbox *box, const struct folder *folder)
{
	const struct event event = {
		.kind = EVENT_MODIFIED,
		.is_folder = true,
		.key_type = (uint8_t)folder_kind_info(folder->kind)->key_type,
		.id = folder->fid,
		.parent = parent_of(folder),
		.unread = (int64_t)folder->unread_n,
	};

	events_put(box, &event);
}

void events_of_item(struct mailbox *box, enum event_kind kind, const struct item *item,
		    const struct item *old)
{
	struct event event = {
		.kind = (uint8_t)kind,
		.key_type = (uint8_t)kind_info(item->kind)->key_type,
		.id = item->mid,
		.parent = item->folder->fid,
		.unread = -1,
	};

	if (!box->watch)
		return;
	if (old) {
		event.old_id = old->mid;
		event.old_parent = old->folder->fid;
	}
	events_put(box, &event);
	/* The folder is told of a new mail once, with the event of its creation. */
	if (kind == EVENT_NEW_MAIL)
		return;
	if (kind == EVENT_MOVED && old->folder != item->folder)
		put_folder_modified(box, old->folder);
	put_folder_modified(box, item->folder);
}

void events_of_folder(struct mailbox *box, enum event_kind kind, const struct folder *folder,
		      const struct folder *old, const struct folder *old_parent)
{
	struct event event = {
		.kind = (uint8_t)kind,
		.is_folder = true,
		.key_type = (uint8_t)folder_kind_info(folder->kind)->key_type,
		.id = folder->fid,
		.parent = parent_of(folder),
		.unread = kind == EVENT_MODIFIED ? (int64_t)folder->unread_n : -1,
	};

	if (!box->watch)
		return;
	if (old) {
		event.old_id = old->fid;
		event.old_parent = old_parent->fid;
	}
	events_put(box, &event);
	if (kind == EVENT_MODIFIED || !folder->parent)
		return;
	if (kind == EVENT_MOVED && old_parent != folder->parent)
		put_folder_modified(box, old_parent);
	put_folder_modified(box, folder->parent);
}
