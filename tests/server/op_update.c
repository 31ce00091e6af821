/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "content.h"
#include "item_set.h"
#include "operations.h"

#define STUB_BYTES 4
#define KEY_BYTES (8 + XID_BYTES)

/* The length of what a ChangeKey stands for; 0 for what is none. */
static size_t key_length(const char *key)
{
	AUTO(buf) struct buf bytes = { 0 };

	if (text_parse_base64(&bytes, key, strlen(key)))
		return 0;
	return bytes.len == STUB_BYTES || bytes.len == KEY_BYTES ? bytes.len : 0;
}

/*
 * A change must say what it is based on. The stub says nothing, and is as good as
 * the present version to all who do not insist on one.
 */
static const char *check_key(const struct call *call, const xmlNode *id, const struct item *item)
{
	const char *key = node_attr(id, "ChangeKey");
	bool strict = strcmp(node_attr(call->op, "ConflictResolution"), "NeverOverwrite") == 0;
	char present[CHANGE_KEY_SIZE];

	if (call->server->like->keys_ignored)
		return NULL;
	if (!*key)
		return "ErrorChangeKeyRequiredForWriteOperations";
	size_t n = key_length(key);
	if (!n)
		return "ErrorInvalidChangeKey";
	if (strict && n == STUB_BYTES)
		return "ErrorChangeKeyRequiredForWriteOperations";
	key_print(&call->box->identity, kind_info(item->kind)->key_type, item->key, present);
	return strict && strcmp(key, present) != 0 ? "ErrorIrresolvableConflict" : NULL;
}

static const char *check_attributes(const struct call *call, const struct item *item)
{
	if (item->kind == KIND_APPOINTMENT &&
	    !*node_attr(call->op, "SendMeetingInvitationsOrCancellations"))
		return "ErrorSendMeetingInvitationsOrCancellationsRequired";
	if (kind_folder(item->kind) == FOLDER_MAIL && item->kind != KIND_POST &&
	    !*node_attr(call->op, "MessageDisposition"))
		return "ErrorMessageDispositionRequired";
	return NULL;
}

static const char *read_how(const xmlNode *update, struct set *ret)
{
	const xmlNode *item = node_next(node_first(update));

	ret->how = node_is(update, "DeleteItemField")	  ? SET_DELETED
		   : node_is(update, "AppendToItemField") ? SET_APPENDED
							  : SET_VALUE;
	ret->value = ret->how == SET_DELETED ? NULL : node_first(item);
	if (ret->how == SET_DELETED)
		return NULL;
	return !ret->value || node_next(ret->value) ? "ErrorIncorrectUpdatePropertyCount" : NULL;
}

/* Path and value must be of the same property. */
static const char *read_update(const xmlNode *update, const struct item *item, struct set *ret)
{
	struct set given;

	*ret = (struct set){ 0 };
	set_from_path(node_first(update), ret);
	const char *error = read_how(update, ret);
	if (error || ret->how == SET_DELETED)
		return error;
	set_from_element(ret->value, item->kind, &given);
	const char *colon = strchr(ret->key, ':');
	bool same = strcmp(given.key, ret->key) == 0 ||
		    (colon && strcmp(given.key, colon + 1) == 0);
	return same ? NULL : "ErrorUpdatePropertyMismatch";
}

/* All of them, before any is made: a change happens as a whole or not at all. */
static const char *check_updates(const xmlNode *updates, const struct item *item,
				 char at[EDIT_KEY_SIZE])
{
	struct set set;

	for (const xmlNode *update = node_first(updates); update; update = node_next(update)) {
		const char *error = read_update(update, item, &set);
		if (!error)
			error = set_check(&set, item, false);
		if (!error)
			continue;
		memcpy(at, set.key, sizeof(set.key));
		return error;
	}
	return NULL;
}

static struct set_result apply(struct call *call, const xmlNode *updates, struct item *item)
{
	struct set_result result = { 0 };
	struct set set;

	for (const xmlNode *update = node_first(updates); update; update = node_next(update))
		if (!read_update(update, item, &set))
			set_apply(&set, item, &result);
	if (strncmp(node_attr(call->op, "MessageDisposition"), "Send", 4) == 0) {
		result.changed |= item->draft;
		item->draft = false;
	}
	/* gromox makes another version of it. */
	if (result.has_read && call->server->like->read_is_update && item->read != result.read)
		result.changed = true;
	if (result.changed)
		item_changed(call->box, item);
	if (result.has_read)
		item_set_read(call->box, item, result.read);
	return result;
}

/* Exchange answers a change of the read flag alone with a key that says nothing. */
static void write_flagged(struct xml *out, const struct item *item)
{
	const char *element = kind_info(item->kind)->element;
	uint8_t stub[STUB_BYTES] = { (uint8_t)kind_info(item->kind)->key_type };
	char id[ITEM_ID_SIZE];

	id_print_item(&item->folder->box->identity, item->folder->fid, item->mid, id);
	xml_open(out, element);
	xml_rawf(out, "<t:ItemId Id=\"%s\" ChangeKey=\"", id);
	xml_base64(out, stub, sizeof(stub));
	xml_raw(out, "\"/>");
	xml_close(out, element);
}

static void answer(struct call *call, const struct item *item, const struct set_result *result)
{
	message_begin(call, "UpdateItem");
	xml_open(call->out, "m:Items");
	if (result->has_read && !result->changed)
		write_flagged(call->out, item);
	else
		item_write_bare(call->out, item);
	xml_close(call->out, "m:Items");
	xml_raw(call->out, "<m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>");
	message_end(call, "UpdateItem");
}

static const char *update_one(struct call *call, const xmlNode *change, char at[EDIT_KEY_SIZE])
{
	const xmlNode *id = node_first(change), *updates = node_child(change, "Updates");
	const char *error;
	struct item *item = item_asked(call, id, &error);

	if (!item)
		return error;
	error = check_attributes(call, item);
	if (!error)
		error = check_key(call, id, item);
	if (!error)
		error = check_updates(updates, item, at);
	if (error)
		return error;
	struct set_result result = apply(call, updates, item);
	answer(call, item, &result);
	return NULL;
}

void op_update_item(struct call *call)
{
	reply_begin(call, "UpdateItem");
	const xmlNode *change = node_first(node_child(call->op, "ItemChanges"));
	for (; change; change = node_next(change)) {
		char at[EDIT_KEY_SIZE] = "";
		const char *error = update_one(call, change, at);
		if (!error)
			continue;
		message_error_at(call, "UpdateItem", error, at);
		xml_raw(call->out, "<m:Items/>");
		message_end(call, "UpdateItem");
	}
	reply_end(call, "UpdateItem");
}
