/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "item_parts.h"
#include "operations.h"

/*
 * Attachments that a client gave with CreateItem; those within a mail are not counted. Their
 * ids are "A", a digit, and the id of the item.
 */
#define ATTACHMENTS_MAX 10

static const xmlNode *attachments_of(const struct item *item)
{
	const struct edit *edit = edits_find(item->edits, "item:Attachments");

	return edit ? node_first(edit->value) : NULL;
}

static void write_head(struct xml *out, const struct item *item, size_t n, const xmlNode *file)
{
	const char *photo = child_text(file, "IsContactPhoto");
	char id[ITEM_ID_SIZE];

	id_print_item(&item->folder->box->identity, item->folder->fid, item->mid, id);
	xml_rawf(out, "<t:AttachmentId Id=\"A%zu%s\"/>", n, id);
	xml_element(out, "t:Name", child_text(file, "Name"));
	xml_element(out, "t:ContentType", "image/jpeg");
	if (*photo)
		xml_element(out, "t:IsContactPhoto", photo);
}

void part_attachments(struct xml *out, struct item_view *view)
{
	const xmlNode *file = attachments_of(view->item);

	if (!file)
		return;
	xml_open(out, "t:Attachments");
	for (size_t n = 0; file && n < ATTACHMENTS_MAX; n++, file = node_next(file)) {
		xml_open(out, "t:FileAttachment");
		write_head(out, view->item, n, file);
		xml_close(out, "t:FileAttachment");
	}
	xml_close(out, "t:Attachments");
}

/* NULL where there is none of that id. */
static const xmlNode *find(struct call *call, const char *id, const struct item **ret_item,
			   size_t *ret_n)
{
	uint64_t fid, mid;

	if (id[0] != 'A' || id[1] < '0' || id[1] > '9' ||
	    id_parse(&call->box->identity, id + 2, &fid, &mid) != ID_ITEM)
		return NULL;
	const struct folder *folder = mailbox_folder(call->box, fid);
	*ret_item = folder ? folder_item(folder, mid) : NULL;
	const xmlNode *file = *ret_item ? attachments_of(*ret_item) : NULL;
	*ret_n = (size_t)(id[1] - '0');
	for (size_t n = *ret_n; file && n > 0; n--)
		file = node_next(file);
	return file;
}

void op_get_attachment(struct call *call)
{
	const struct item *item;
	size_t n;

	reply_begin(call, "GetAttachment");
	const xmlNode *id = node_first(node_child(call->op, "AttachmentIds"));
	for (; id; id = node_next(id)) {
		const xmlNode *file = find(call, node_attr(id, "Id"), &item, &n);
		if (!file) {
			message_error_begin(call, "GetAttachment", "ErrorItemNotFound");
			xml_raw(call->out, "<m:Attachments/>");
		} else {
			message_begin(call, "GetAttachment");
			xml_raw(call->out, "<m:Attachments><t:FileAttachment>");
			write_head(call->out, item, n, file);
			xml_element(call->out, "t:Content", child_text(file, "Content"));
			xml_raw(call->out, "</t:FileAttachment></m:Attachments>");
		}
		message_end(call, "GetAttachment");
	}
	reply_end(call, "GetAttachment");
}
