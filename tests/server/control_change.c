/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "content.h"
#include "control_private.h"
#include "props.h"

static void new_content(struct item *item)
{
	item->revision++;
	if (item->content)
		content_alter(item->content, item->revision);
}

static void take_mime(struct item *item, struct content *content)
{
	content_release(&item->content);
	item->content = content;
	item->size = (uint32_t)content_size(content);
}

/* Another letter for the last one of the bytes as they are, which are kept from here on. */
static bool change_same_size(struct action *action, struct item *item)
{
	AUTO(buf) struct buf mime = { 0 };
	struct props props;

	item_describe(item, &props);
	if (item_mime(item, &props, &mime))
		return action_fail(action, "the item has no bytes");
	size_t at = mime.len;
	while (at > 0 && !isalpha((unsigned char)mime.bytes[at - 1]))
		at--;
	if (!at)
		return action_fail(action, "there is no letter to change");
	mime.bytes[at - 1] ^= 1;
	if (!isalpha((unsigned char)mime.bytes[at - 1]))
		mime.bytes[at - 1] ^= 3;
	take_mime(item, content_new(&mime));
	return true;
}

static bool change_content(struct action *action, struct item *item)
{
	if (action_truth(action, "same_size", false))
		return change_same_size(action, item);
	new_content(item);
	return true;
}

static bool change_category(struct action *action, struct item *item)
{
	(void)action;
	item->category = (uint8_t)(1 + item->category % (CATEGORIES - 1));
	return true;
}

static bool change_flag(struct action *action, struct item *item)
{
	(void)action;
	item->flag = item->flag ? item->flag - 1 : FLAG_FLAGGED;
	return true;
}

static bool change_subject(struct action *action, struct item *item)
{
	(void)item;
	return action_text(action, "subject") || action_fail(action, "no subject is given");
}

/* The given one, else one that it does not have. */
static bool change_importance(struct action *action, struct item *item)
{
	static const char *const names[] = { "", "Low", "Normal", "High" };
	const char *wanted = action_text(action, "importance");
	struct props props;

	item_describe(item, &props);
	if (!wanted)
		wanted = strcmp(props.importance, "High") == 0 ? "Low" : "High";
	for (uint8_t i = IMPORTANCE_LOW; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], wanted) == 0) {
			item->importance = i;
			return true;
		}
	return action_fail(action, "no such importance: %.100s", wanted);
}

static bool change_received(struct action *action, struct item *item)
{
	const char *time = action_text(action, "received");

	if (!time)
		item->received += 3600;
	else if (!text_parse_time(time, &item->received))
		return action_fail(action, "not a time: %.100s", time);
	return true;
}

/* Calendars and cards are bytes of their own; all else is mail. */
static enum kind format_of(enum kind kind)
{
	return kind == KIND_APPOINTMENT || kind == KIND_CONTACT ? kind : KIND_MESSAGE;
}

/* An item is what its class says. Bytes of another format are made anew from the seed. */
static bool change_class(struct action *action, struct item *item)
{
	const char *item_class = action_text(action, "class");

	if (!item_class)
		return action_fail(action, "no class is given");
	free(item->item_class);
	item->item_class = must_copy(item_class);
	item->kind = KIND_MESSAGE;
	action_class_kind(item_class, &item->kind);
	if (item->content && format_of(content_kind(item->content)) != format_of(item->kind))
		content_release(&item->content);
	return true;
}

static const struct {
	const char *name;
	bool (*change)(struct action *action, struct item *item);
} kinds[] = {
	{ "content", change_content },
	{ "category", change_category },
	{ "flag", change_flag },
	{ "subject", change_subject },
	{ "importance", change_importance },
	{ "received", change_received },
	{ "class", change_class },
};

static bool change_kind(struct action *action, struct item *item)
{
	const char *kind = action_text(action, "kind");

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, kind ? kind : "content") == 0)
			return kinds[i].change(action, item);
	return action_fail(action, "no such kind of change: %.100s", kind);
}

static bool change_one(struct action *action, struct item *item)
{
	const char *mime = action_text(action, "mime"), *subject = action_text(action, "subject");

	if (mime)
		take_mime(item, action_read_mime(mime));
	else if (!change_kind(action, item))
		return false;
	if (subject) {
		free(item->subject);
		item->subject = must_copy(subject);
	}
	item_changed(action->box, item);
	action_answer_item(action, item);
	return true;
}

bool do_change(struct action *action)
{
	if (!action->items) {
		folder_changed(action->box, action->folder);
		return action_answer_folder(action, action->folder);
	}
	for (size_t i = 0; i < action->items_n; i++)
		if (!change_one(action, action->items[i]))
			return false;
	return true;
}

/* What is wrong with the list of predecessors; true is the worst of "uncovered". */
static enum pcl_state read_pcl(const struct action *action)
{
	const char *uncovered = action_text(action, "uncovered");

	if (action_truth(action, "garble", false))
		return PCL_GARBLED;
	if (uncovered && strcmp(uncovered, "lower") == 0)
		return PCL_BELOW_KEY;
	return action_truth(action, "uncovered", false) ? PCL_LACKS_KEY : PCL_WHOLE;
}

/* The number of the change goes on as ever: it is the key alone that steps back. */
bool do_regress(struct action *action)
{
	enum pcl_state pcl = read_pcl(action);
	int64_t by = action_number(action, "by", pcl == PCL_WHOLE);

	if (!action->items)
		return action_fail(action, "regress wants an item or a count");
	for (size_t i = 0; i < action->items_n; i++) {
		struct item *item = action->items[i];
		uint64_t before = item->key;
		if (by < 0 || (uint64_t)by >= before)
			return action_fail(action, "by is out of range");
		new_content(item);
		item_changed(action->box, item);
		if (by)
			item->key = before - (uint64_t)by;
		item->pcl = (uint8_t)pcl;
		action_answer_item(action, item);
	}
	return true;
}
