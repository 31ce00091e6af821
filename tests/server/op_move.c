/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "folder_xml.h"
#include "item_xml.h"
#include "operations.h"

typedef struct item *(*transfer_fn)(struct mailbox *box, struct item *item, struct folder *to);

static struct item *copy(struct mailbox *box, struct item *item, struct folder *to)
{
	return item_copy(box, item, to);
}

static void write_error(struct call *call, const char *name, const char *error)
{
	message_error_begin(call, name, error);
	xml_raw(call->out, "<m:Items/>");
	message_end(call, name);
}

/* MoveItem and CopyItem. Each id stands for itself: some may fail. */
static void transfer(struct call *call, const char *name, transfer_fn fn)
{
	const char *to_error, *error;
	struct folder *to = folder_asked(call, node_first(node_child(call->op, "ToFolderId")),
					 &to_error);
	const xmlNode *wanted = node_child(call->op, "ReturnNewItemIds");
	bool ids = !wanted || text_is_true(node_text(wanted));

	if (!to && strcmp(to_error, "ErrorItemNotFound") == 0)
		to_error = "ErrorToFolderNotFound";
	reply_begin(call, name);
	const xmlNode *id = node_first(node_child(call->op, "ItemIds"));
	for (; id; id = node_next(id)) {
		struct item *item = to ? item_asked(call, id, &error) : NULL;
		if (!item) {
			write_error(call, name, to ? error : to_error);
			continue;
		}
		item = fn(call->box, item, to);
		message_begin(call, name);
		xml_open(call->out, "m:Items");
		if (ids)
			item_write_bare(call->out, item);
		xml_close(call->out, "m:Items");
		message_end(call, name);
	}
	reply_end(call, name);
}

void op_move_item(struct call *call)
{
	transfer(call, "MoveItem", item_move);
}

void op_copy_item(struct call *call)
{
	transfer(call, "CopyItem", copy);
}

/* --- DeleteItem --- */

static const char *check_delete(const struct call *call, const struct item *item)
{
	if (item->kind == KIND_APPOINTMENT && !*node_attr(call->op, "SendMeetingCancellations"))
		return "ErrorSendMeetingCancellationsRequired";
	if (item->kind == KIND_TASK && !*node_attr(call->op, "AffectedTaskOccurrences"))
		return "ErrorAffectedTaskOccurrencesRequired";
	return NULL;
}

/* What is in Deleted Items already goes for good. */
static void dispose(struct mailbox *box, struct item *item, const char *type)
{
	struct folder *trash = mailbox_distinguished(box, "deleteditems");

	if (strcmp(type, "MoveToDeletedItems") == 0 && !folder_is_below(item->folder, trash))
		item_move(box, item, trash);
	else
		item_delete(box, item);
}

void op_delete_item(struct call *call)
{
	const char *type = node_attr(call->op, "DeleteType");

	reply_begin(call, "DeleteItem");
	const xmlNode *id = node_first(node_child(call->op, "ItemIds"));
	for (; id; id = node_next(id)) {
		const char *error;
		struct item *item = item_asked(call, id, &error);
		if (item)
			error = check_delete(call, item);
		if (error) {
			message_error(call, "DeleteItem", error);
			continue;
		}
		dispose(call->box, item, type);
		message_begin(call, "DeleteItem");
		message_end(call, "DeleteItem");
	}
	reply_end(call, "DeleteItem");
}
