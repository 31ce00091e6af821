/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "content.h"
#include "synth.h"
#include "truth.h"

#define DELIVERED_BYTES 4000
#define DELIVERED_MOST 1000000

/* One POST: what it is about, and what comes of it. */
struct action {
	struct mailbox *box;
	const json_t *json;
	struct folder *folder; /* of the items, or meant itself */
	struct item **items;   /* owned; NULL when the folder itself is meant */
	size_t items_n;
	json_t *ids;
	char error[256];
};

PRINTF_LIKE(2, 3) static bool fail(struct action *action, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(action->error, sizeof(action->error), fmt, args);
	va_end(args);
	return false;
}

/* NULL where absent. */
static const char *text(const struct action *action, const char *key)
{
	return json_string_value(json_object_get(action->json, key));
}

static int64_t number(const struct action *action, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(action->json, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static bool truth(const struct action *action, const char *key, bool otherwise)
{
	const json_t *value = json_object_get(action->json, key);

	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

static void answer_item(struct action *action, const struct item *item)
{
	char id[ITEM_ID_SIZE];

	id_print_item(&action->box->identity, item->folder->fid, item->mid, id);
	json_array_append_new(action->ids, json_string(id));
}

static bool answer_folder(struct action *action, const struct folder *folder)
{
	char id[FOLDER_ID_SIZE];

	id_print_folder(&action->box->identity, folder->fid, id);
	json_array_append_new(action->ids, json_string(id));
	return true;
}

/* A path or a FolderId. */
static struct folder *find_folder(struct action *action, const char *where)
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
		return fail(action, "no such item");
	action->items = must_alloc(NULL, sizeof(*action->items));
	action->items[action->items_n++] = item;
	return true;
}

static bool pick_oldest(struct action *action, size_t count)
{
	struct item *const *sorted = folder_sorted(action->box, action->folder);
	size_t n = action->folder->items_n;

	if (count > n)
		return fail(action, "the folder has only %zu items", n);
	action->items = must_alloc(NULL, count * sizeof(*action->items));
	for (size_t i = 0; i < count; i++)
		action->items[action->items_n++] = sorted[n - 1 - i];
	return true;
}

/* Reads folder, item and count. Delivering and making folders look at them themselves. */
static bool pick(struct action *action)
{
	const char *where = text(action, "folder"), *item = text(action, "item");
	int64_t count = number(action, "count", -1);

	if (item)
		return pick_item(action, item);
	if (!where)
		return fail(action, "neither folder nor item is given");
	action->folder = find_folder(action, where);
	if (!action->folder)
		return fail(action, "no such folder: %.100s", where);
	return count < 0 || pick_oldest(action, (size_t)count);
}

/* Text, or base64 of it: a mail's first line has a colon, and base64 has none. */
static struct content *read_mime(const char *mime)
{
	AUTO(buf) struct buf bytes = { 0 };
	size_t n = strlen(mime);

	if (!memchr(mime, ':', strcspn(mime, "\n")) && !text_parse_base64(&bytes, mime, n))
		return content_new(&bytes);
	buf_clear(&bytes);
	return buf_append(&bytes, mime, n) ? NULL : content_new(&bytes);
}

static bool class_kind(const char *item_class, uint8_t *ret)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (strcasecmp(kind_info(kind)->item_class, item_class) == 0) {
			*ret = (uint8_t)kind;
			return true;
		}
	return false;
}

static bool deliver_one(struct action *action)
{
	const char *mime = text(action, "mime"), *item_class = text(action, "class");
	int64_t size = number(action, "size", DELIVERED_BYTES);

	if (size < 1 || size > 200000000)
		return fail(action, "size is out of range");
	struct item item = synth_item(action->box, action->folder, (uint32_t)size);
	if (mime) {
		item.content = read_mime(mime);
		item.kind = (uint8_t)content_kind(item.content);
		item.size = (uint32_t)content_size(item.content);
	}
	if (item_class && !class_kind(item_class, &item.kind))
		return fail(action, "no such class: %.100s", item_class);
	item.subject = must_copy(text(action, "subject"));
	item.read = truth(action, "read", item.read);
	answer_item(action, folder_add(action->box, action->folder, &item));
	return true;
}

static bool do_deliver(struct action *action)
{
	const char *where = text(action, "folder");
	int64_t count = number(action, "count", 1);

	action->folder = find_folder(action, where ? where : "Inbox");
	if (!action->folder)
		return fail(action, "no such folder: %.100s", where ? where : "Inbox");
	if (count < 1 || count > DELIVERED_MOST)
		return fail(action, "count is out of range");
	for (int64_t i = 0; i < count; i++)
		if (!deliver_one(action))
			return false;
	return true;
}

static bool change_one(struct action *action, struct item *item)
{
	const char *kind = text(action, "kind"), *mime = text(action, "mime");
	const char *subject = text(action, "subject");

	if (subject) {
		free(item->subject);
		item->subject = must_copy(subject);
	}
	if (mime) {
		content_release(&item->content);
		item->content = read_mime(mime);
		item->size = (uint32_t)content_size(item->content);
	} else if (kind && strcmp(kind, "category") == 0) {
		item->category = (uint8_t)(1 + item->category % (CATEGORIES - 1));
	} else if (kind && strcmp(kind, "flag") == 0) {
		item->flag = item->flag ? item->flag - 1 : FLAG_FLAGGED;
	} else if (kind) {
		return fail(action, "no such kind of change: %.100s", kind);
	} else {
		item->revision++;
		if (item->content)
			content_alter(item->content, item->revision);
	}
	item_changed(action->box, item);
	answer_item(action, item);
	return true;
}

static bool do_change(struct action *action)
{
	if (!action->items) {
		folder_changed(action->box, action->folder);
		return answer_folder(action, action->folder);
	}
	for (size_t i = 0; i < action->items_n; i++)
		if (!change_one(action, action->items[i]))
			return false;
	return true;
}

static bool is_free(struct action *action, const struct folder *parent, const char *name)
{
	return !folder_child(action->box, parent, name) ||
	       fail(action, "there is a folder of that name: %.100s", name);
}

static bool move_folder(struct action *action, struct folder *to)
{
	struct folder *folder = action->folder;

	if (folder->distinguished)
		return fail(action, "%s is a distinguished folder", folder->name);
	if (folder_is_below(to, folder))
		return fail(action, "a folder cannot go below itself");
	if (!is_free(action, to, folder->name))
		return false;
	folder->parent = to;
	folder_changed(action->box, folder);
	return answer_folder(action, folder);
}

static bool do_move(struct action *action)
{
	const char *where = text(action, "to");
	struct folder *to = where ? find_folder(action, where) : NULL;

	if (!to)
		return fail(action, "no such folder: %.100s", where ? where : "(no \"to\")");
	if (!action->items)
		return move_folder(action, to);
	for (size_t i = 0; i < action->items_n; i++)
		answer_item(action, item_move(action->box, action->items[i], to));
	return true;
}

static bool do_delete(struct action *action)
{
	if (!action->items) {
		if (action->folder->distinguished)
			return fail(action, "%s is a distinguished folder", action->folder->name);
		answer_folder(action, action->folder);
		folder_delete(action->box, action->folder);
		return true;
	}
	for (size_t i = 0; i < action->items_n; i++) {
		answer_item(action, action->items[i]);
		item_delete(action->box, action->items[i]);
	}
	return true;
}

static bool do_flag(struct action *action)
{
	bool whole = !action->items;

	if (whole && !pick_oldest(action, action->folder->items_n))
		return false;
	for (size_t i = 0; i < action->items_n; i++) {
		struct item *item = action->items[i];
		item_set_read(action->box, item, truth(action, "read", whole || !item->read));
		answer_item(action, item);
	}
	return true;
}

static enum folder_kind class_folder(const char *folder_class)
{
	for (int kind = 0; folder_class && kind < FOLDER_KIND_COUNT; kind++)
		if (strcasecmp(folder_kind_info(kind)->folder_class, folder_class) == 0)
			return kind;
	return FOLDER_MAIL;
}

static bool do_mkdir(struct action *action)
{
	const char *where = text(action, "folder"), *name = text(action, "name");
	enum folder_kind kind = class_folder(text(action, "class"));

	if (!where && !name)
		return fail(action, "neither folder nor name is given");
	if (!name && find_folder(action, where))
		return fail(action, "there is a folder of that name: %.100s", where);
	struct folder *folder = find_folder(action, where ? where : "");
	if (!folder)
		folder = mailbox_mkdir_path(action->box, where, kind);
	if (name && !is_free(action, folder, name))
		return false;
	return answer_folder(action,
			     name ? mailbox_mkdir(action->box, folder, name, kind) : folder);
}

static bool do_rename(struct action *action)
{
	struct folder *folder = action->folder;
	const char *name = text(action, "name");

	if (!name || action->items)
		return fail(action, "rename wants a folder and a name");
	if (folder->distinguished)
		return fail(action, "%s is a distinguished folder", folder->name);
	if (strcasecmp(name, folder->name) != 0 && !is_free(action, folder->parent, name))
		return false;
	free(folder->name);
	folder->name = must_copy(name);
	folder_changed(action->box, folder);
	return answer_folder(action, folder);
}

static bool do_hide(struct action *action)
{
	if (action->items)
		return fail(action, "only folders can be hidden");
	action->folder->hidden = truth(action, "hidden", true);
	folder_changed(action->box, action->folder);
	return answer_folder(action, action->folder);
}

static const struct {
	const char *name;
	bool (*run)(struct action *action);
	bool picks; /* works on what is there */
} actions[] = {
	{ "change", do_change, true },	  { "delete", do_delete, true },
	{ "deliver", do_deliver, false }, { "flag", do_flag, true },
	{ "hide", do_hide, true },	  { "mkdir", do_mkdir, false },
	{ "move", do_move, true },	  { "rename", do_rename, true },
};

/* NULL where it is not clear whose mailbox is meant. */
static struct mailbox *box_of(struct server *server, const char *user)
{
	if (!user)
		return server->users_n == 1 ? server->users[0].box : NULL;
	struct user *found = server_user(server, user);
	return found ? found->box : NULL;
}

/* Hands over the JSON. */
static int reply(json_t *json, int status, struct buf *ret)
{
	char *dumped = json_dumps(json, JSON_COMPACT);
	enum err err = dumped ? buf_append_str(ret, dumped) : ERR_NOMEM;

	free(dumped);
	json_decref(json);
	return err ? 500 : status;
}

static int reply_error(const char *error, int status, struct buf *ret)
{
	return reply(json_pack("{s:s}", "error", error), status, ret);
}

static int run(struct action *action, size_t which, struct buf *ret)
{
	action->ids = json_array();
	lock_acquire(&action->box->lock);
	bool ok = (!actions[which].picks || pick(action)) && actions[which].run(action);
	lock_drop(&action->box->lock);
	free(action->items);
	if (ok)
		return reply(json_pack("{s:o}", "ids", action->ids), 200, ret);
	json_decref(action->ids);
	return reply_error(action->error, 400, ret);
}

static int post(struct server *server, const struct control_request *request, struct buf *ret)
{
	size_t which = 0;
	json_error_t error;

	while (which < ARRAY_LEN(actions) && strcmp(actions[which].name, request->name) != 0)
		which++;
	if (which == ARRAY_LEN(actions))
		return reply_error("no such operation", 404, ret);
	json_t *json = json_loadb(request->body, request->body_n, JSON_REJECT_DUPLICATES, &error);
	struct action action = { .json = json };
	if (!json_is_object(json)) {
		json_decref(json);
		return reply_error("the body is not one JSON object", 400, ret);
	}
	action.box = box_of(server, text(&action, "user"));
	int status = action.box ? run(&action, which, ret) : reply_error("no such user", 400, ret);
	json_decref(json);
	return status;
}

static int count_requests(struct server *server, bool reset, struct buf *ret)
{
	json_t *json = json_object();

	lock_acquire(&server->lock);
	if (reset)
		server->counters_n = 0;
	for (size_t i = 0; i < server->counters_n; i++)
		json_object_set_new(json, server->counters[i].operation,
				    json_integer((json_int_t)server->counters[i].n));
	lock_drop(&server->lock);
	return reply(json, 200, ret);
}

int control_answer(struct server *server, const struct control_request *request, struct buf *ret)
{
	bool get = strcmp(request->method, "GET") == 0;

	if (strcmp(request->method, "POST") == 0)
		return post(server, request, ret);
	if (strcmp(request->name, "requests") == 0)
		return count_requests(server, !get, ret);
	if (strcmp(request->name, "mailbox") != 0 || !get)
		return reply_error("no such operation", 404, ret);
	struct mailbox *box = box_of(server, request->user);
	if (!box)
		return reply_error("no such user", 400, ret);
	bool with_mime = !request->mime || strcmp(request->mime, "0") != 0;
	lock_acquire(&box->lock);
	json_t *json = truth_of(box, with_mime);
	lock_drop(&box->lock);
	return reply(json, 200, ret);
}
