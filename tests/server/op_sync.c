/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "folder_xml.h"
#include "item_xml.h"
#include "operations.h"
#include "state.h"
#include "whose.h"

#define MAX_CHANGES 512

static void write_state(struct call *call, const struct state *state)
{
	xml_open(call->out, "m:SyncState");
	if (!call->out->err)
		call->out->err = state_print(state, &call->box->identity, &call->out->buf);
	xml_close(call->out, "m:SyncState");
}

/* The state that the request brings, or a fresh one; false for one that is not valid. */
static bool read_state(struct call *call, enum state_kind kind, uint64_t fid,
		       const struct epochs *epochs, struct state *ret)
{
	const char *text = child_text(call->op, "SyncState");

	state_init(ret, kind, fid);
	if (!*text)
		return true;
	bool valid = !state_parse(text, &call->box->identity, kind, fid, ret) &&
		     state_is_within(ret, call->box->loaded_seq, call->box->seq);
	if (valid && state_newest(ret) < epochs->refused)
		return false;
	bool forgotten = valid ? state_newest(ret) < epochs->forgotten
			       : call->server->like->any_state;
	if (forgotten)
		state_init(ret, kind, fid);
	return valid || forgotten;
}

/* A refused one comes with an empty state, which is a trap: it is not to be kept. */
static void refuse(struct call *call, const char *name, const char *code, const char *last)
{
	reply_begin(call, name);
	message_error_begin(call, name, code);
	xml_raw(call->out, "<m:SyncState/>");
	xml_element(call->out, last, "true");
	message_end(call, name);
	reply_end(call, name);
}

/* --- SyncFolderHierarchy --- */

/* A folder that vanished below another needs no word of its own where the client knew it there. */
static bool is_news(const struct folder *folder, uint64_t seen)
{
	if (!folder->gone_seq)
		return folder->change_seq > seen;
	return folder->gone_seq > seen && folder->born_seq <= seen &&
	       (!folder->gone_with_parent || folder->change_seq > seen);
}

static void write_folder_change(struct call *call, const struct folder *folder, uint64_t seen,
				const struct shape *shape)
{
	const char *what = folder->gone_seq	     ? "t:Delete"
			   : folder->born_seq > seen ? "t:Create"
						     : "t:Update";

	xml_open(call->out, what);
	if (folder->gone_seq)
		folder_write_id(call->out, folder);
	else
		folder_write(call->out, folder, shape);
	xml_close(call->out, what);
}

/* Newest first, so children before their parents; the deleted ones at the end. */
static void write_folder_changes(struct call *call, const struct folder *root, uint64_t seen,
				 const struct shape *shape)
{
	const struct mailbox *box = call->box;

	for (int gone = 0; gone <= 1; gone++) {
		for (size_t i = box->folders_n; i-- > 0;) {
			const struct folder *folder = box->folders[i];
			if (folder != root && (folder->gone_seq != 0) == gone &&
			    folder_is_below(folder, root) && is_news(folder, seen))
				write_folder_change(call, folder, seen, shape);
		}
	}
}

void op_sync_hierarchy(struct call *call)
{
	static const char name[] = "SyncFolderHierarchy", last[] = "m:IncludesLastFolderInRange";
	const xmlNode *asked = node_first(node_child(call->op, "SyncFolderId"));
	const char *error = "ErrorFolderNotFound";
	struct shape shape;
	struct state state;

	if (!shape_parse(call, node_child(call->op, "FolderShape"), folder_want, &shape))
		return;
	const struct folder *root = asked ? folder_asked(call, asked, &error)
					  : mailbox_distinguished(call->box, "msgfolderroot");
	if (root && whose_is_public(call->box)) {
		root = NULL;
		error = "ErrorInvalidOperation";
	}
	if (!root) {
		refuse(call, name, error, last);
		return;
	}
	/* No root asked for and the root asked for are different states to Exchange. */
	uint64_t fid = asked ? root->fid : 0;
	if (!read_state(call, STATE_HIERARCHY, fid, &call->box->states, &state)) {
		refuse(call, name, "ErrorInvalidSyncStateData", last);
		return;
	}
	uint64_t seen = state_oldest(&state);
	state_told(&state, 0, call->box->seq);
	reply_begin(call, name);
	message_begin(call, name);
	write_state(call, &state);
	xml_element(call->out, last, "true");
	xml_open(call->out, "m:Changes");
	write_folder_changes(call, root, seen, &shape);
	xml_close(call->out, "m:Changes");
	message_end(call, name);
	reply_end(call, name);
}

/* --- SyncFolderItems --- */

/* One page of one call. */
struct page {
	const struct folder *folder;
	const struct shape *shape;
	const xmlNode *ignore;
	struct state state;
	size_t room;
	bool deletes_first;
	struct xml *out;
};

static bool is_ignored(const struct page *page, const struct item *item)
{
	char id[ITEM_ID_SIZE];

	if (!page->ignore)
		return false;
	id_print_item(&page->folder->box->identity, page->folder->fid, item->mid, id);
	for (const xmlNode *node = node_first(page->ignore); node; node = node_next(node))
		if (strcmp(node_attr(node, "Id"), id) == 0)
			return true;
	return false;
}

static void write_item(struct page *page, const char *what, const struct item *item)
{
	if (is_ignored(page, item) || item->withheld)
		return;
	xml_open(page->out, what);
	item_write(page->out, item, page->shape);
	xml_close(page->out, what);
	page->room--;
}

static void write_gone(struct page *page, const struct item *item)
{
	if (is_ignored(page, item))
		return;
	xml_raw(page->out, "<t:Delete>");
	if (page->folder->box->identity.bare)
		item_write_bare_id(page->out, item);
	else
		item_write_id(page->out, item);
	xml_raw(page->out, "</t:Delete>");
	page->room--;
}

static void write_flag(struct page *page, const struct item *item)
{
	if (is_ignored(page, item))
		return;
	xml_raw(page->out, "<t:ReadFlagChange>");
	item_write_id(page->out, item);
	xml_element_bool(page->out, "t:IsRead", item->read);
	xml_raw(page->out, "</t:ReadFlagChange>");
	page->room--;
}

/* What has happened to it since the client last heard of it. */
static void write_news(struct page *page, const struct item *item)
{
	uint64_t seen = state_seen(&page->state, item->mid);

	if (item->gone_seq) {
		if (item->born_seq <= seen && item->gone_seq > seen && !page->deletes_first)
			write_gone(page, item);
	} else if (item->born_seq > seen) {
		write_item(page, "t:Create", item);
	} else if (item->content_seq > seen) {
		write_item(page, "t:Update", item);
	} else if (item->flag_seq > seen) {
		write_flag(page, item);
	}
}

/* The first round: the folder itself, from where the last page ended. */
static void list_items(struct page *page, uint64_t now)
{
	const struct folder *folder = page->folder;
	size_t i = page->state.below ? folder_find(folder, page->state.below) : folder->items_n;

	while (i > 0 && page->room > 0)
		write_news(page, folder->items[--i]);
	state_told(&page->state, i ? folder->items[i]->mid : 0, now);
}

static int newer_first(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;

	return x->mid < y->mid ? 1 : -1;
}

/* A later round: only what the log holds. Each item's last entry is the one that counts. */
static void list_changes(struct page *page, uint64_t now)
{
	const struct folder *folder = page->folder;
	size_t from = folder_log_after(folder, state_oldest(&page->state)), n = 0, i = 0;
	const struct item **items = must_alloc(NULL, (folder->log_n - from) * sizeof(*items));

	for (; from < folder->log_n; from++) {
		const struct log_entry *entry = &folder->log[from];
		if (entry->seq == item_last_seq(entry->item) &&
		    (!page->state.below || entry->item->mid < page->state.below))
			items[n++] = entry->item;
	}
	if (n)
		qsort(items, n, sizeof(*items), newer_first);
	while (i < n && page->room > 0)
		write_news(page, items[i++]);
	state_told(&page->state, i < n ? items[i - 1]->mid : 0, now);
	free(items);
}

/* All deletes go ahead of the rounds, as they happened. */
static void list_deletes(struct page *page, uint64_t now)
{
	const struct folder *folder = page->folder;
	size_t i = folder_log_after(folder, page->state.gone);

	for (; i < folder->log_n && page->room > 0; i++) {
		const struct item *item = folder->log[i].item;
		uint64_t seen = state_seen(&page->state, item->mid);
		if (!item->gone_seq || item->gone_seq != folder->log[i].seq)
			continue;
		if (item->born_seq <= seen && item->gone_seq > seen)
			write_gone(page, item);
		page->state.gone = item->gone_seq;
	}
	if (i == folder->log_n)
		page->state.gone = now;
}

/* Whether anything but a delete is left to be told. */
static bool has_news(const struct page *page)
{
	for (size_t i = 0; i < page->folder->items_n; i++) {
		const struct item *item = page->folder->items[i];
		if (item_last_seq(item) > state_seen(&page->state, item->mid))
			return true;
	}
	return false;
}

/* Fills the page. True if the client is told that it is the last. */
static bool list(struct page *page, uint64_t now)
{
	if (page->deletes_first)
		list_deletes(page, now);
	while (page->room > 0 && !state_is_complete(&page->state, now))
		(state_oldest(&page->state) ? list_changes : list_items)(page, now);
	return state_is_complete(&page->state, now) || (page->deletes_first && !has_news(page));
}

/* The changes go to a buffer of their own, since the state that covers them stands before them. */
static void sync_folder(struct call *call, struct page *page)
{
	static const char name[] = "SyncFolderItems";
	struct xml changes = { 0 };
	uint64_t now = call->box->seq;

	page->out = &changes;
	bool last = list(page, now);
	reply_begin(call, name);
	message_begin(call, name);
	write_state(call, &page->state);
	xml_element_bool(call->out, "m:IncludesLastItemInRange", last);
	xml_open(call->out, "m:Changes");
	xml_raw(call->out, buf_str(&changes.buf));
	xml_close(call->out, "m:Changes");
	message_end(call, name);
	reply_end(call, name);
	if (changes.err)
		call->out->err = changes.err;
	xml_release(&changes);
}

/* False, with a fault, for a number that the schema does not allow. */
static bool read_max(struct call *call, size_t *ret)
{
	const char *text = child_text(call->op, "MaxChangesReturned");
	int64_t max;

	if (text_parse_int(text, 1, MAX_CHANGES, &max)) {
		*ret = (size_t)max;
		return true;
	}
	soap_schema_fault(call,
			  "The 'http://schemas.microsoft.com/exchange/services/2006/messages:"
			  "MaxChangesReturned' element is invalid - The value '%.20s' is invalid.",
			  text);
	return false;
}

/* gromox goes on telling what was in a folder that is deleted. */
static struct folder *find_deleted(struct call *call, const xmlNode *node)
{
	uint64_t fid, mid;

	if (!call->server->like->deleted_speak ||
	    id_parse(&call->box->identity, node_attr(node, "Id"), &fid, &mid) != ID_FOLDER)
		return NULL;
	for (size_t i = 0; i < call->box->folders_n; i++)
		if (call->box->folders[i]->fid == fid)
			return call->box->folders[i];
	return NULL;
}

void op_sync_items(struct call *call)
{
	static const char name[] = "SyncFolderItems", last[] = "m:IncludesLastItemInRange";
	const xmlNode *asked = node_first(node_child(call->op, "SyncFolderId"));
	struct page page = { .ignore = node_child(call->op, "Ignore"),
			     .deletes_first = call->server->like->deletes_first };
	struct shape shape;
	const char *error;

	if (!read_max(call, &page.room) ||
	    !shape_parse(call, node_child(call->op, "ItemShape"), item_want, &shape))
		return;
	shape.no_bodies = true;
	if (!*child_text(call->op, "SyncState"))
		server_count(call->server, "SyncFolderItems.initial");
	page.folder = folder_asked(call, asked, &error);
	if (!page.folder && strcmp(error, "ErrorItemNotFound") == 0)
		page.folder = find_deleted(call, asked);
	page.shape = &shape;
	if (page.folder && whose_is_public(call->box)) {
		page.folder = NULL;
		error = "ErrorInvalidOperation";
	}
	if (!page.folder) {
		bool missing = strcmp(error, "ErrorItemNotFound") == 0;
		refuse(call, name, missing ? "ErrorSyncFolderNotFound" : error, last);
	} else if (shape.mime) {
		refuse(call, name, "ErrorInvalidPropertyForOperation", last);
	} else if (!read_state(call, STATE_ITEMS, page.folder->fid, &page.folder->states,
			       &page.state)) {
		refuse(call, name, "ErrorInvalidSyncStateData", last);
	} else {
		sync_folder(call, &page);
	}
}
