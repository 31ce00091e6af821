/* SPDX-License-Identifier: MIT */
#include "notice.h"

#include <stdio.h>

/* The stub says of what type a thing is, and of no version. gromox has none. */
static void write_id(struct call *call, const char *element, const char *id, uint32_t key_type)
{
	const uint8_t stub[4] = { (uint8_t)key_type };

	xml_rawf(call->out, "<t:%s Id=\"%s\"", element, id);
	if (!call->box->identity.bare) {
		xml_raw(call->out, " ChangeKey=\"");
		xml_base64(call->out, stub, sizeof(stub));
		xml_raw(call->out, "\"");
	}
	xml_raw(call->out, "/>");
}

static void write_folder_id(struct call *call, const char *element, uint64_t fid, uint32_t key_type)
{
	char id[FOLDER_ID_SIZE];

	id_print_folder(&call->box->identity, fid, id);
	write_id(call, element, id, key_type);
}

static void write_item_id(struct call *call, const char *element, uint64_t fid, uint64_t mid,
			  uint32_t key_type)
{
	char id[ITEM_ID_SIZE];

	id_print_item(&call->box->identity, fid, mid, id);
	write_id(call, element, id, key_type);
}

static void write_thing(struct call *call, const struct event *event, bool old)
{
	uint64_t parent = old ? event->old_parent : event->parent;
	uint64_t id = old ? event->old_id : event->id;

	if (event->is_folder)
		write_folder_id(call, old ? "OldFolderId" : "FolderId", id, event->key_type);
	else
		write_item_id(call, old ? "OldItemId" : "ItemId", parent, id, event->key_type);
	write_folder_id(call, old ? "OldParentFolderId" : "ParentFolderId", parent, 1);
}

static void write_watermark(struct call *call, const char *element, uint64_t number)
{
	char text[WATERMARK_SIZE];

	watermark_print(&call->box->identity, number, text);
	xml_element(call->out, element, text);
}

static void write_event(struct call *call, const struct subscription *subscription, uint64_t number,
			uint64_t mark)
{
	const struct event *event = events_at(&call->box->watch->events, number);
	char element[40];

	snprintf(element, sizeof(element), "t:%s", event_kind_name(event->kind));
	xml_open(call->out, element);
	if (!subscription->streaming && !call->server->like->bare_ids)
		write_watermark(call, "t:Watermark", mark);
	xml_element_time(call->out, "t:TimeStamp", event->time);
	write_thing(call, event, false);
	if (event->old_id)
		write_thing(call, event, true);
	if (event->unread >= 0)
		xml_element_int(call->out, "t:UnreadCount", event->unread);
	xml_close(call->out, element);
}

/* What stands before the events. */
static void write_head(struct call *call, const struct subscription *subscription, bool more)
{
	char id[SUBSCRIPTION_ID_SIZE];
	bool bare = call->server->like->bare_ids;

	subscription_print(call->box, subscription, id);
	xml_open(call->out, "m:Notification");
	xml_element(call->out, "t:SubscriptionId", id);
	if (!subscription->streaming && !bare)
		write_watermark(call, "t:PreviousWatermark", subscription->told);
	if (!subscription->streaming || bare)
		xml_element_bool(call->out, "t:MoreEvents", more);
}

static void write_status(struct call *call, const struct subscription *subscription, uint64_t mark)
{
	write_head(call, subscription, false);
	if (subscription->streaming || call->server->like->bare_ids) {
		xml_raw(call->out, "<t:StatusEvent/>");
	} else {
		xml_open(call->out, "t:StatusEvent");
		write_watermark(call, "t:Watermark", mark);
		xml_close(call->out, "t:StatusEvent");
	}
	xml_close(call->out, "m:Notification");
}

bool notice_write(struct call *call, struct subscription *subscription, uint64_t until)
{
	const struct watch *watch = call->box->watch;
	uint64_t numbers[NOTICE_EVENTS], at = subscription->told;
	size_t n = 0;

	while (n < NOTICE_EVENTS && (at = subscription_next(watch, subscription, at, until)) != 0)
		numbers[n++] = at;
	if (n == 0) {
		until = until > subscription->told ? until : subscription->told;
		write_status(call, subscription, until);
		subscription->told = until;
		return false;
	}
	uint64_t last = numbers[n - 1];
	bool more = subscription_next(watch, subscription, last, until) != 0;
	write_head(call, subscription, more);
	for (size_t i = 0; i < n; i++) {
		uint64_t number = numbers[watch->ways.reorder ? n - 1 - i : i];
		write_event(call, subscription, number, numbers[i]);
		if (watch->ways.duplicate)
			write_event(call, subscription, number, numbers[i]);
	}
	xml_close(call->out, "m:Notification");
	subscription->told = more ? last : until;
	return more;
}

void notice_write_status(struct call *call, const struct subscription *subscription)
{
	write_status(call, subscription, subscription->told);
}
