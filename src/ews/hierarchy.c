/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ews/folder_rules.h"
#include "ews/session.h"

/*
 * hierarchy - SyncFolderHierarchy: which folders there are, or what changed since.
 */
struct hierarchy_call {
	struct folder_reader reader; /* first: the rules want it */
	const char *root, *state;    /* asked with; no state: NULL */
	struct ews_hierarchy result;
	size_t dropped_size;
	bool is_search_folder;
	struct call call;
};

void ews_hierarchy_release(struct ews_hierarchy *h)
{
	folders_release(&h->put);
	for (size_t i = 0; i < h->dropped_n; i++)
		free(h->dropped[i]);
	free(h->dropped);
	free(h->state);
	*h = (struct ews_hierarchy){ 0 };
}

/* clang-format off */
static const char shape[] =
	"<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
	SOAP_FIELD("folder:DisplayName")
	SOAP_FIELD("folder:ParentFolderId")
	SOAP_FIELD("folder:FolderClass")
	SOAP_MAPI("0x10f4", "Boolean")
	SOAP_MAPI("0x65e2", "Binary")
	SOAP_MAPI("0x65e3", "Binary")
	"</t:AdditionalProperties></m:FolderShape>";
/* clang-format on */

static enum err write_question(const void *ctx, enum version version, struct buf *to)
{
	const struct hierarchy_call *h = ctx;
	enum err err = buf_append_str(to, shape);
	(void)version;

	if (!err)
		err = buf_append_str(to, "<m:SyncFolderId>");
	if (!err)
		err = soap_folder_id(to, h->root, h->call.ews->mailbox);
	if (!err)
		err = buf_append_str(to, "</m:SyncFolderId>");
	if (!err && h->state && *h->state)
		err = soap_text(to, "m:SyncState", h->state);
	return err;
}

static enum err open_message(void *ctx, size_t index)
{
	struct hierarchy_call *h = ctx;
	(void)index;

	ews_hierarchy_release(&h->result);
	h->dropped_size = 0;
	return ERR_OK;
}

static enum err open_folder(void *ctx, const struct sax *sax)
{
	struct hierarchy_call *h = ctx;

	folder_reader_reset(&h->reader);
	h->is_search_folder = strcmp(sax_name(sax), "SearchFolder") == 0;
	return ERR_OK;
}

/* Search folders cannot be synced, so they are no folders to us. */
static enum err close_folder(void *ctx, const struct sax *sax)
{
	struct hierarchy_call *h = ctx;
	AUTO(folder) struct folder folder = { 0 };
	(void)sax;

	if (h->is_search_folder)
		return ERR_OK;
	if (!h->reader.folder.id)
		return ERR_PROTOCOL;
	folder_reader_take(&h->reader, &folder);
	return folders_take(&h->result.put, &folder);
}

static enum err make_room(struct hierarchy_call *h)
{
	struct ews_hierarchy *r = &h->result;

	if (r->dropped_n < h->dropped_size)
		return ERR_OK;
	if (r->dropped_n >= FOLDERS_MAX)
		return ERR_LIMIT;
	size_t size = h->dropped_size ? 2 * h->dropped_size : 16;
	char **list = reallocarray(r->dropped, size, sizeof(*list));
	if (!list)
		return ERR_NOMEM;
	r->dropped = list;
	h->dropped_size = size;
	return ERR_OK;
}

static enum err take_dropped(void *ctx, const struct sax *sax)
{
	struct hierarchy_call *h = ctx;
	AUTO(str) char *id = NULL;
	enum err err = sax_copy_attr(sax, "Id", ID_MAX_BYTES, &id);

	if (!err && !id)
		err = ERR_PROTOCOL;
	if (!err)
		err = make_room(h);
	if (!err)
		h->result.dropped[h->result.dropped_n++] = give(id);
	return err;
}

static const struct sax_rule rules[] = {
	{ "m:SyncState", .text = take_string, .cap = STATE_MAX_BYTES,
	  .arg = offsetof(struct hierarchy_call, result.state) },
	{ "m:IncludesLastFolderInRange", .text = take_bool, .cap = WORD_MAX_BYTES,
	  .arg = offsetof(struct hierarchy_call, result.last) },
	{ "m:Changes/t:Delete/t:FolderId", .open = take_dropped },
	{ "m:Changes/t:Create/*", .open = open_folder, .close = close_folder },
	{ "m:Changes/t:Update/*", .open = open_folder, .close = close_folder },
	FOLDER_RULES("m:Changes/*/*"),
	{ 0 },
};

static const struct operation sync_hierarchy = {
	.name = "SyncFolderHierarchy",
	.write = write_question,
	.rules = rules,
	.open = open_message,
};

enum err ews_sync_hierarchy(struct ews *ews, const char *root, const char *state,
			    struct ews_hierarchy *ret)
{
	struct hierarchy_call h = { .root = root, .state = state };

	h.call = (struct call){ .ews = ews, .operation = &sync_hierarchy, .ctx = &h, .n = 1 };
	enum err err = call_run(&h.call);
	/* An empty state comes with errors as well, and must never be stored. */
	if (!err && (!h.result.state || !*h.result.state))
		err = call_refuse(&h.call, "the list of folders came without a sync state");
	folder_release(&h.reader.folder);
	if (err)
		ews_hierarchy_release(&h.result);
	else
		*ret = h.result;
	return err;
}
