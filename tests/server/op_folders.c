/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "folder_xml.h"
#include "operations.h"
#include "restriction.h"
#include "whose.h"

#define PAGE_MAX 1000

void op_get_folder(struct call *call)
{
	struct shape shape;
	const char *error;

	if (!shape_parse(call, node_child(call->op, "FolderShape"), folder_want, &shape))
		return;
	reply_begin(call, "GetFolder");
	const xmlNode *id = node_first(node_child(call->op, "FolderIds"));
	for (; id; id = node_next(id)) {
		const struct folder *folder = folder_asked(call, id, &error);
		if (!folder) {
			message_error_begin(call, "GetFolder", error);
			xml_raw(call->out, "<m:Folders/>");
		} else {
			message_begin(call, "GetFolder");
			xml_open(call->out, "m:Folders");
			folder_write(call->out, folder, &shape);
			xml_close(call->out, "m:Folders");
		}
		message_end(call, "GetFolder");
	}
	reply_end(call, "GetFolder");
}

static void write_folder(struct xml *out, const void *object, const struct shape *shape)
{
	folder_write(out, object, shape);
}

/* Those that the traversal meets, in the order of their ids. Returns how many. */
static size_t collect(struct call *call, const struct folder *parent, bool deep,
		      const struct folder **ret)
{
	const struct restriction restriction = { call, folder_want, write_folder };
	const xmlNode *expression = node_first(node_child(call->op, "Restriction"));
	struct mailbox *box = call->box;
	size_t n = 0;

	for (size_t i = 0; i < box->folders_n; i++) {
		const struct folder *folder = box->folders[i];
		if (folder->gone_seq || folder == parent)
			continue;
		if ((deep ? folder_is_below(folder, parent) : folder->parent == parent) &&
		    restriction_holds(&restriction, expression, folder))
			ret[n++] = folder;
	}
	return n;
}

static void write_page(struct call *call, const struct folder *const *found, size_t n,
		       const struct shape *shape)
{
	const xmlNode *view = node_child(call->op, "IndexedPageFolderView");
	size_t max = strtoul(node_attr(view, "MaxEntriesReturned"), NULL, 10);
	size_t offset = strtoul(node_attr(view, "Offset"), NULL, 10);

	if (!view || !max || max > PAGE_MAX)
		max = PAGE_MAX;
	if (offset > n)
		offset = n;
	size_t end = n - offset < max ? n : offset + max;
	xml_raw(call->out, "<m:RootFolder");
	if (view)
		xml_rawf(call->out, " IndexedPagingOffset=\"%zu\"", end);
	xml_rawf(call->out, " TotalItemsInView=\"%zu\" IncludesLastItemInRange=\"%s\"><t:Folders>",
		 n, end == n ? "true" : "false");
	for (size_t i = offset; i < end; i++)
		folder_write(call->out, found[i], shape);
	xml_raw(call->out, "</t:Folders></m:RootFolder>");
}

void op_find_folder(struct call *call)
{
	struct shape shape;
	const char *error;
	const char *traversal = node_attr(call->op, "Traversal");
	bool deep = strcmp(traversal, "Deep") == 0, none = strcmp(traversal, "SoftDeleted") == 0;

	if (!shape_parse(call, node_child(call->op, "FolderShape"), folder_want, &shape))
		return;
	const struct folder **found = must_alloc(NULL, call->box->folders_n * sizeof(*found));
	reply_begin(call, "FindFolder");
	const xmlNode *id = node_first(node_child(call->op, "ParentFolderIds"));
	for (; id; id = node_next(id)) {
		const struct folder *parent = folder_asked(call, id, &error);
		if (parent && deep && whose_is_public(call->box)) {
			parent = NULL;
			error = "ErrorInvalidOperation";
		}
		if (!parent) {
			message_error(call, "FindFolder", error);
			continue;
		}
		message_begin(call, "FindFolder");
		size_t n = none ? 0 : collect(call, parent, deep, found);
		write_page(call, found, n, &shape);
		message_end(call, "FindFolder");
	}
	reply_end(call, "FindFolder");
	free(found);
}
