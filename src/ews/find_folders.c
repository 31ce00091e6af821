/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "ews/folder_rules.h"
#include "ews/session.h"

/*
 * find_folders - FindFolder: what is right below a folder. Public folders refuse the deep one.
 */
enum { FOUND_MAX = 500 };

struct find_call {
	struct folder_reader reader; /* first: the rules want it */
	const char *parent_id;
	uint64_t offset;
	int64_t next; /* -1: not said */
	struct ews_hierarchy result;
	bool is_search_folder;
	struct call call;
};

static enum err write_question(const void *ctx, enum version version, struct buf *to)
{
	const struct find_call *f = ctx;
	enum err err = buf_append_str(to, FOLDER_SHAPE);
	(void)version;

	if (!err)
		err = buf_printf(
			to,
			"<m:IndexedPageFolderView MaxEntriesReturned=\"%d\" Offset=\"%llu\""
			" BasePoint=\"Beginning\"/><m:ParentFolderIds>",
			FOUND_MAX, (unsigned long long)f->offset);
	if (!err)
		err = soap_folder_id(to, f->parent_id, f->call.ews->mailbox);
	return err ? err : buf_append_str(to, "</m:ParentFolderIds>");
}

static enum err open_message(void *ctx, size_t index)
{
	struct find_call *f = ctx;
	(void)index;

	ews_hierarchy_release(&f->result);
	f->next = -1;
	return ERR_OK;
}

static enum err take_view(void *ctx, const struct sax *sax)
{
	struct find_call *f = ctx;
	AUTO(str) char *next = NULL;
	AUTO(str) char *last = NULL;

	enum err err = sax_copy_attr(sax, "IndexedPagingOffset", WORD_MAX_BYTES, &next);
	if (!err)
		err = sax_copy_attr(sax, "IncludesLastItemInRange", WORD_MAX_BYTES, &last);
	if (next)
		text_parse_int(next, 0, INT64_MAX, &f->next);
	f->result.last = last && parse_bool(last);
	return err;
}

static enum err open_folder(void *ctx, const struct sax *sax)
{
	struct find_call *f = ctx;

	folder_reader_reset(&f->reader);
	f->is_search_folder = strcmp(sax_name(sax), "SearchFolder") == 0;
	return ERR_OK;
}

static enum err close_folder(void *ctx, const struct sax *sax)
{
	struct find_call *f = ctx;
	AUTO(folder) struct folder folder = { 0 };
	(void)sax;

	if (f->is_search_folder)
		return ERR_OK;
	if (!f->reader.folder.id)
		return ERR_PROTOCOL;
	folder_reader_take(&f->reader, &folder);
	return folders_take(&f->result.put, &folder);
}

#define FOLDER "m:RootFolder/t:Folders/*"

static const struct sax_rule rules[] = {
	{ "m:RootFolder", .open = take_view },
	{ FOLDER, .open = open_folder, .close = close_folder },
	FOLDER_RULES(FOLDER),
	{ 0 },
};

static const struct operation find_folder = {
	.name = "FindFolder",
	.attributes = " Traversal=\"Shallow\"",
	.write = write_question,
	.rules = rules,
	.open = open_message,
};

enum err ews_find_folders(struct ews *ews, const char *parent_id, uint64_t *offset,
			  struct ews_hierarchy *ret)
{
	struct find_call f = { .parent_id = parent_id, .offset = *offset };

	f.call = (struct call){ .ews = ews, .operation = &find_folder, .ctx = &f, .n = 1 };
	enum err err = call_run(&f.call);
	folder_release(&f.reader.folder);
	if (!err && !f.result.last && f.next <= (int64_t)*offset)
		err = call_refuse(&f.call, "the list of folders does not get on");
	if (err) {
		ews_hierarchy_release(&f.result);
		return err;
	}
	if (f.next >= 0)
		*offset = (uint64_t)f.next;
	*ret = f.result;
	return ERR_OK;
}
