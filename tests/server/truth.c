/* SPDX-License-Identifier: MIT */
#include "truth.h"

#include <nettle/sha2.h>
#include <string.h>

#include "compose.h"
#include "item_xml.h"
#include "mime_in.h"

/* JSON has no place for absent text and times but null. */
static json_t *text(const char *s)
{
	return s ? json_string(s) : json_null();
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value ? value : json_null());
}

static json_t *hex(const uint8_t *bytes, size_t n)
{
	AUTO(buf) struct buf digits = { 0 };

	return text_print_hex(&digits, bytes, n) ? NULL : json_string(digits.bytes);
}

static void set_mime(json_t *object, const struct item *item, const struct props *props)
{
	AUTO(buf) struct buf mime = { 0 };
	struct sha256_ctx sha;
	uint8_t digest[SHA256_DIGEST_SIZE];

	if (item_mime(item, props, &mime))
		return;
	set(object, "mime_size", json_integer((json_int_t)mime.len));
	set(object, "mime_sha256", NULL);
	if (item->folder->box->like->mime_varies && item->kind < KIND_APPOINTMENT)
		return;
	sha256_init(&sha);
	sha256_update(&sha, mime.len, (const uint8_t *)buf_str(&mime));
	sha256_digest(&sha, sizeof(digest), digest);
	set(object, "mime_sha256", hex(digest, sizeof(digest)));
}

static json_t *categories(const struct item *item)
{
	json_t *names = json_array();

	for (size_t i = 0; item_category(item, i); i++)
		json_array_append_new(names, json_string(item_category(item, i)));
	return names;
}

static json_t *time_truth(int64_t time)
{
	return time == TIME_NONE ? NULL : json_integer(time);
}

static json_t *people(const struct person *all, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("[s?s?]", all[i].name, all[i].address));
	return list;
}

/* The versions that GetItem has given away: change key and list of each, the oldest first. */
static json_t *given(const struct item *item)
{
	json_t *list = json_array();

	for (size_t i = 0; i < item->past_n + item->given; i++) {
		uint8_t key[XID_BYTES], bytes[PCL_MAX_BYTES];
		struct item then = *item;
		if (i < item->past_n) {
			then.key = item->past[i].key;
			then.pcl = item->past[i].pcl;
		}
		xid_put(item->folder->box->identity.replica, then.key, key);
		json_array_append_new(list, json_pack("[oo]", hex(key, sizeof(key)),
						      hex(bytes, item_predecessors(&then, bytes))));
	}
	return list;
}

/* As text, as GetItem has it. */
static json_t *body(const struct item *item, const struct props *props)
{
	AUTO(buf) struct buf mime = { 0 };
	AUTO(buf) struct buf plain = { 0 };
	bool is_html;

	if (props->notes)
		return json_string(props->notes);
	if (item_mime(item, props, &mime) ||
	    mime_text_body(buf_str(&mime), mime.len, false, &plain, &is_html))
		return NULL;
	return json_string(buf_str(&plain));
}

/* What a card or a to-do is made of. */
static json_t *fields_truth(const struct item *item, const struct props *props)
{
	json_t *object = json_object();

	set(object, "given", text(props->given));
	set(object, "surname", text(props->surname));
	set(object, "company", text(props->company));
	set(object, "job", text(props->job));
	set(object, "email", text(props->email));
	set(object, "phone", text(props->phone));
	set(object, "mobile", text(props->mobile));
	set(object, "street", text(props->street));
	set(object, "city", text(props->city));
	set(object, "postal", text(props->postal));
	set(object, "country", text(props->country));
	set(object, "birthday", time_truth(props->birthday));
	set(object, "status", text(props->status));
	set(object, "percent", json_integer(props->percent));
	set(object, "begin", time_truth(props->begin));
	set(object, "due", time_truth(props->due));
	set(object, "completed", time_truth(props->completed));
	set(object, "recurring", json_boolean(props->recurring));
	set(object, "body", body(item, props));
	return object;
}

static json_t *item_truth(const struct item *item, bool with_mime)
{
	const struct identity *identity = &item->folder->box->identity;
	char id[ITEM_ID_SIZE], key[CHANGE_KEY_SIZE];
	static const char *const flags[] = { "NotFlagged", "Complete", "Flagged" };
	uint8_t list[PCL_MAX_BYTES];
	struct props props;
	json_t *object = json_object();

	item_describe(item, &props);
	id_print_item(identity, item->folder->fid, item->mid, id);
	key_print(identity, kind_info(item->kind)->key_type, item->key, key);
	set(object, "id", json_string(id));
	set(object, "change_key", json_string(key));
	set(object, "kind", json_string(kind_info(item->kind)->element + 2));
	set(object, "class", text(props.item_class));
	set(object, "subject", text(props.subject));
	set(object, "received", json_integer(item->received));
	set(object, "created", json_integer(item->created));
	set(object, "modified", json_integer(item->modified));
	set(object, "sent", json_integer(props.sent));
	set(object, "start", props.start == TIME_NONE ? NULL : json_integer(props.start));
	set(object, "size", json_integer(item->size));
	set(object, "is_read", json_boolean(item->read));
	set(object, "is_draft", json_boolean(item->draft));
	set(object, "has_attachments", json_boolean(props.has_attachments));
	set(object, "flag", json_string(flags[item->flag]));
	set(object, "categories", categories(item));
	set(object, "importance", text(props.importance));
	set(object, "message_id", text(props.message_id));
	set(object, "from_name", text(props.from.name));
	set(object, "from_address", text(props.from.address));
	set(object, "to", people(props.to, props.to_n));
	set(object, "cc", people(props.cc, props.cc_n));
	set(object, "sensitivity", text(props.sensitivity));
	set(object, "predecessors", hex(list, item_predecessors(item, list)));
	set(object, "given", given(item));
	if (!with_mime)
		return object;
	set_mime(object, item, &props);
	if (item->kind > KIND_APPOINTMENT)
		set(object, "fields", fields_truth(item, &props));
	return object;
}

/* "Inbox/Sub", from below the top; "" for the top and what is above it. */
static void print_path(const struct folder *folder, struct buf *ret)
{
	if (!folder->parent || !folder->parent->parent)
		return;
	print_path(folder->parent, ret);
	if ((ret->len && buf_append_char(ret, '/')) || buf_append_str(ret, folder->name))
		buf_clear(ret);
}

static json_t *folder_truth(const struct folder *folder, bool with_mime)
{
	const struct identity *identity = &folder->box->identity;
	const struct folder_kind_info *info = folder_kind_info(folder->kind);
	AUTO(buf) struct buf path = { 0 };
	char id[FOLDER_ID_SIZE], parent[FOLDER_ID_SIZE] = "", key[CHANGE_KEY_SIZE];
	json_t *object = json_object(), *items = json_array();

	print_path(folder, &path);
	id_print_folder(identity, folder->fid, id);
	if (folder->parent)
		id_print_folder(identity, folder->parent->fid, parent);
	key_print(identity, info->key_type, folder->change_seq, key);
	set(object, "path", json_string(buf_str(&path)));
	set(object, "name", json_string(folder->name));
	set(object, "id", json_string(id));
	set(object, "change_key", json_string(key));
	set(object, "parent_id", json_string(parent));
	set(object, "distinguished", text(folder->distinguished));
	set(object, "class", json_string(info->folder_class));
	set(object, "hidden", json_boolean(folder->hidden));
	set(object, "total", json_integer((json_int_t)folder->items_n));
	set(object, "unread", json_integer((json_int_t)folder->unread_n));
	for (size_t i = 0; i < folder->items_n; i++)
		json_array_append_new(items, item_truth(folder->items[i], with_mime));
	set(object, "items", items);
	return object;
}

json_t *truth_of(struct mailbox *box, bool with_mime)
{
	json_t *folders = json_array(), *object = json_object();

	for (size_t i = 0; i < box->folders_n; i++)
		if (!box->folders[i]->gone_seq)
			json_array_append_new(folders, folder_truth(box->folders[i], with_mime));
	set(object, "user", json_string(box->name));
	set(object, "address", json_string(box->address));
	set(object, "folders", folders);
	return object;
}
