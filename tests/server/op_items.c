/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "folder_xml.h"
#include "item_xml.h"
#include "operations.h"
#include "restriction.h"
#include "whose.h"

#define PAGE_MAX 1000

struct item *item_asked(struct call *call, const xmlNode *node, const char **ret_error)
{
	struct item *item = NULL;
	uint64_t fid, mid;

	*ret_error = "ErrorItemNotFound";
	switch (id_parse(&call->box->identity, node_attr(node, "Id"), &fid, &mid)) {
	case ID_ITEM: {
		const struct folder *folder = mailbox_folder(call->box, fid);
		bool may = folder && !folder->denied && whose_may(call, folder);
		item = may ? folder_item(folder, mid) : NULL;
		if (folder && !may)
			*ret_error = "ErrorAccessDenied";
		break;
	}
	case ID_FOREIGN: *ret_error = "ErrorAccessDenied"; break;
	case ID_FOLDER: *ret_error = "ErrorCannotUseFolderIdForItemId"; break;
	default: *ret_error = "ErrorInvalidIdMalformed"; break;
	}
	return item;
}

void op_get_item(struct call *call)
{
	struct shape shape;
	const char *error;

	if (!shape_parse(call, node_child(call->op, "ItemShape"), item_want, &shape))
		return;
	reply_begin(call, "GetItem");
	const xmlNode *id = node_first(node_child(call->op, "ItemIds"));
	for (; id; id = node_next(id)) {
		server_count(call->server, "GetItem.items");
		struct item *item = item_asked(call, id, &error);
		if (item && item_refuses(item, &shape)) {
			item = NULL;
			error = "ErrorInvalidPropertyRequest";
		}
		if (!item) {
			message_error_begin(call, "GetItem", error);
			xml_raw(call->out, "<m:Items/>");
		} else {
			message_begin(call, "GetItem");
			xml_open(call->out, "m:Items");
			item_write(call->out, item, &shape);
			item->given = true;
			xml_close(call->out, "m:Items");
		}
		message_end(call, "GetItem");
	}
	reply_end(call, "GetItem");
}

/* --- FindItem --- */

/* Which of the sorted items are on the page: [from, to). */
struct window {
	size_t from, to;
	bool fractional;
};

static size_t number_of(const xmlNode *view, const char *name)
{
	return strtoul(node_attr(view, name), NULL, 10);
}

static struct window read_window(const struct call *call, size_t n)
{
	const xmlNode *fractional = node_child(call->op, "FractionalPageItemView");
	const xmlNode *view = fractional ? fractional : node_child(call->op, "IndexedPageItemView");
	size_t max = number_of(view, "MaxEntriesReturned");
	struct window window = { .fractional = fractional != NULL };

	if (!max || max > PAGE_MAX)
		max = PAGE_MAX;
	window.from = number_of(view, "Offset");
	if (fractional && number_of(view, "Denominator"))
		window.from = n * number_of(view, "Numerator") / number_of(view, "Denominator");
	if (window.from > n)
		window.from = n;
	window.to = n - window.from < max ? n : window.from + max;
	if (strcmp(node_attr(view, "BasePoint"), "End") == 0) {
		size_t behind = window.from;
		window.to = n - behind;
		window.from = window.to > max ? window.to - max : 0;
	}
	return window;
}

static void write_any(struct xml *out, const void *object, const struct shape *shape)
{
	item_write(out, object, shape);
}

/*
 * Those that are searched for, in the order that is asked for: by the number that IMAP
 * knows them by, or else by the time at which they came. Returns how many.
 */
static size_t collect(struct call *call, struct folder *folder, struct item **ret)
{
	const struct restriction restriction = { call, item_want, write_any };
	const xmlNode *expression = node_first(node_child(call->op, "Restriction"));
	const xmlNode *order = node_first(node_child(call->op, "SortOrder"));
	bool ascending = strcmp(node_attr(order, "Order"), "Ascending") == 0;
	bool by_number = strcasecmp(node_attr(node_first(order), "PropertyTag"), "0xe23") == 0;
	struct item *const *sorted = by_number ? folder->items : folder_sorted(call->box, folder);
	size_t n = 0, all = folder->items_n;

	for (size_t i = 0; i < all; i++) {
		struct item *item = sorted[ascending != by_number ? all - 1 - i : i];
		if (restriction_holds(&restriction, expression, item))
			ret[n++] = item;
	}
	return n;
}

static void write_page(struct call *call, struct folder *folder, const struct shape *shape)
{
	struct item **found = must_alloc(NULL, folder->items_n * sizeof(*found));
	size_t n = collect(call, folder, found);
	struct window window = read_window(call, n);

	xml_raw(call->out, "<m:RootFolder");
	if (window.fractional)
		xml_rawf(call->out, " NumeratorOffset=\"%zu\" AbsoluteDenominator=\"%zu\"",
			 window.to, n);
	else
		xml_rawf(call->out, " IndexedPagingOffset=\"%zu\"", window.to);
	xml_rawf(call->out, " TotalItemsInView=\"%zu\" IncludesLastItemInRange=\"%s\"><t:Items>", n,
		 window.to == n ? "true" : "false");
	for (size_t i = window.from; i < window.to; i++)
		item_write(call->out, found[i], shape);
	xml_raw(call->out, "</t:Items></m:RootFolder>");
	free(found);
}

/* Nobody has hidden or softly deleted items here. */
static void write_nothing(struct call *call)
{
	xml_raw(call->out, "<m:RootFolder IndexedPagingOffset=\"0\" TotalItemsInView=\"0\" "
			   "IncludesLastItemInRange=\"true\"><t:Items/></m:RootFolder>");
}

void op_find_item(struct call *call)
{
	static const char *const refused[] = { "CalendarView", "ContactsView",
					       "GroupBy",      "DistinguishedGroupBy",
					       "QueryString",  "SeekToConditionPageItemView" };
	struct shape shape;
	const char *error;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (!node_child(call->op, refused[i]))
			continue;
		soap_fault(call, "ErrorInvalidRequest", "The request is invalid: no %s here.",
			   refused[i]);
		return;
	}
	if (!shape_parse(call, node_child(call->op, "ItemShape"), item_want, &shape))
		return;
	shape.no_bodies = shape.no_recipients = true;
	reply_begin(call, "FindItem");
	const xmlNode *id = node_first(node_child(call->op, "ParentFolderIds"));
	for (; id; id = node_next(id)) {
		struct folder *folder = folder_asked(call, id, &error);
		if (!folder) {
			message_error(call, "FindItem", error);
			continue;
		}
		message_begin(call, "FindItem");
		if (strcmp(node_attr(call->op, "Traversal"), "Shallow") == 0)
			write_page(call, folder, &shape);
		else
			write_nothing(call);
		message_end(call, "FindItem");
	}
	reply_end(call, "FindItem");
}
