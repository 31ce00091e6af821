/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "content.h"
#include "control_private.h"
#include "events.h"
#include "synth.h"

#define DELIVERED_BYTES 4000
#define DELIVERED_MOST 1000000

struct content *action_read_mime(const char *mime)
{
	AUTO(buf) struct buf bytes = { 0 };
	size_t n = strlen(mime);

	if (!memchr(mime, ':', strcspn(mime, "\n")) && !text_parse_base64(&bytes, mime, n))
		return content_new(&bytes);
	buf_clear(&bytes);
	return buf_append(&bytes, mime, n) ? NULL : content_new(&bytes);
}

bool action_class_kind(const char *item_class, uint8_t *ret)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		const char *root = kind_info(kind)->item_class;
		size_t n = strlen(root);
		if (strncasecmp(item_class, root, n) == 0 &&
		    (!item_class[n] || item_class[n] == '.')) {
			*ret = (uint8_t)kind;
			return true;
		}
	}
	return false;
}

/* What Exchange has no element for is a Message there; "Item" is what other servers say. */
static bool class_kind(const char *item_class, const char *element, uint8_t *ret)
{
	bool is_class = strncasecmp(item_class, "IPM.", 4) == 0 ||
			strncasecmp(item_class, "REPORT.", 7) == 0;

	if (element && strcmp(element, "Item") == 0)
		*ret = KIND_OTHER;
	else if (!action_class_kind(item_class, ret))
		*ret = KIND_MESSAGE;
	return is_class;
}

static bool deliver_one(struct action *action)
{
	const char *mime = action_text(action, "mime"), *item_class = action_text(action, "class");
	int64_t size = action_number(action, "size", DELIVERED_BYTES);

	if (size < 1 || size > 200000000)
		return action_fail(action, "size is out of range");
	struct item item = synth_item(action->box, action->folder, (uint32_t)size);
	uint8_t kind = item.kind;
	if (item_class && !class_kind(item_class, action_text(action, "element"), &kind))
		return action_fail(action, "no such class: %.100s", item_class);
	if (mime) {
		item.content = action_read_mime(mime);
		item.kind = (uint8_t)content_kind(item.content);
		item.size = (uint32_t)content_size(item.content);
	}
	if (item_class)
		item.kind = kind;
	if (item_class && strcasecmp(kind_info(kind)->item_class, item_class) != 0)
		item.item_class = must_copy(item_class);
	item.subject = must_copy(action_text(action, "subject"));
	item.read = action_truth(action, "read", item.read);
	const struct item *added = folder_add(action->box, action->folder, &item);
	if (kind_folder(item.kind) == FOLDER_MAIL)
		events_of_item(action->box, EVENT_NEW_MAIL, added, NULL);
	action_answer_item(action, added);
	return true;
}

bool do_deliver(struct action *action)
{
	const char *where = action_text(action, "folder");
	int64_t count = action_number(action, "count", 1);

	action->folder = action_find_folder(action, where ? where : "Inbox");
	if (!action->folder)
		return action_fail(action, "no such folder: %.100s", where ? where : "Inbox");
	if (count < 1 || count > DELIVERED_MOST)
		return action_fail(action, "count is out of range");
	for (int64_t i = 0; i < count; i++)
		if (!deliver_one(action))
			return false;
	return true;
}

bool do_move(struct action *action)
{
	const char *where = action_text(action, "to");
	struct folder *to = where ? action_find_folder(action, where) : NULL;

	if (!to)
		return action_fail(action, "no such folder: %.100s", where ? where : "(no \"to\")");
	if (!action->items)
		return move_folder(action, to);
	for (size_t i = 0; i < action->items_n; i++)
		action_answer_item(action, item_move(action->box, action->items[i], to));
	return true;
}

bool do_delete(struct action *action)
{
	if (!action->items) {
		if (action->folder->distinguished)
			return action_fail(action, "%s is a distinguished folder",
					   action->folder->name);
		action_answer_folder(action, action->folder);
		folder_delete(action->box, action->folder);
		return true;
	}
	for (size_t i = 0; i < action->items_n; i++) {
		action_answer_item(action, action->items[i]);
		item_delete(action->box, action->items[i]);
	}
	return true;
}

bool do_withhold(struct action *action)
{
	if (!action->items)
		return action_fail(action, "only items can be withheld");
	for (size_t i = 0; i < action->items_n; i++) {
		action->items[i]->withheld = action_truth(action, "withheld", true);
		action_answer_item(action, action->items[i]);
	}
	return true;
}

bool do_flag(struct action *action)
{
	bool whole = !action->items;

	if (whole && !action_pick_oldest(action, action->folder->items_n))
		return false;
	for (size_t i = 0; i < action->items_n; i++) {
		struct item *item = action->items[i];
		item_set_read(action->box, item,
			      action_truth(action, "read", whole || !item->read));
		action_answer_item(action, item);
	}
	return true;
}
