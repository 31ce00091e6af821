/* SPDX-License-Identifier: MIT */
#include "control_private.h"
#include "xml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool action_fail(struct action *action, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(action->error, sizeof(action->error), fmt, args);
	va_end(args);
	xml_trim(action->error);
	return false;
}

const char *action_text(const struct action *action, const char *key)
{
	return json_string_value(json_object_get(action->json, key));
}

int64_t action_number(const struct action *action, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(action->json, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool action_truth(const struct action *action, const char *key, bool otherwise)
{
	const json_t *value = json_object_get(action->json, key);

	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

void action_answer_item(struct action *action, const struct item *item)
{
	char id[ITEM_ID_SIZE];

	id_print_item(&action->box->identity, item->folder->fid, item->mid, id);
	json_array_append_new(action->ids, json_string(id));
}

bool action_answer_folder(struct action *action, const struct folder *folder)
{
	char id[FOLDER_ID_SIZE];

	id_print_folder(&action->box->identity, folder->fid, id);
	json_array_append_new(action->ids, json_string(id));
	return true;
}

struct folder *action_find_folder(struct action *action, const char *where)
{
	uint64_t fid, mid;

	if (id_parse(&action->box->identity, where, &fid, &mid) == ID_FOLDER)
		return mailbox_folder(action->box, fid);
	return mailbox_path(action->box, where);
}

static bool pick_item(struct action *action, const char *id)
{
	uint64_t fid, mid;
	bool well_formed = id_parse(&action->box->identity, id, &fid, &mid) == ID_ITEM;

	action->folder = well_formed ? mailbox_folder(action->box, fid) : NULL;
	struct item *item = action->folder ? folder_item(action->folder, mid) : NULL;
	if (!item)
		return action_fail(action, "no such item");
	action->items = must_alloc(NULL, sizeof(*action->items));
	action->items[action->items_n++] = item;
	return true;
}

bool action_pick_oldest(struct action *action, size_t count)
{
	struct item *const *sorted = folder_sorted(action->box, action->folder);
	size_t n = action->folder->items_n;

	if (count > n)
		return action_fail(action, "the folder has only %zu items", n);
	action->items = must_alloc(NULL, count * sizeof(*action->items));
	for (size_t i = 0; i < count; i++)
		action->items[action->items_n++] = sorted[n - 1 - i];
	return true;
}

/* Reads folder, item and count. Delivering and making folders look at them themselves. */
bool action_pick(struct action *action)
{
	const char *where = action_text(action, "folder"), *item = action_text(action, "item");
	int64_t count = action_number(action, "count", -1);

	if (item)
		return pick_item(action, item);
	if (!where)
		return action_fail(action, "neither folder nor item is given");
	action->folder = action_find_folder(action, where);
	if (!action->folder)
		return action_fail(action, "no such folder: %.100s", where);
	return count < 0 || action_pick_oldest(action, (size_t)count);
}
