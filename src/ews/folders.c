/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "ews/folder_rules.h"
#include "ews/session.h"

/*
 * folders - GetFolder: what folders are called, and their digests.
 */
struct folders_call {
	struct folder_reader reader; /* first: the rules want it */
	const char *const *ids;
	size_t n, index;
	bool has_folder;
	ews_folder_fn fn;
	void *fn_ctx;
	struct call call;
};

bool ews_is_distinguished(const char *id)
{
	/* clang-format off */
	static const char *const names[] = {
		"adminauditlogs", "archive", "archivedeleteditems", "archiveinbox", "archivemsgfolderroot",
		"archiverecoverableitemsdeletions", "archiverecoverableitemspurges",
		"archiverecoverableitemsroot", "archiverecoverableitemsversions", "archiveroot", "calendar",
		"conflicts", "contacts", "conversationhistory", "deleteditems", "directory", "drafts",
		"favorites", "imcontactlist", "inbox", "journal", "junkemail", "localfailures", "mecontact",
		"msgfolderroot", "mycontacts", "notes", "outbox", "peopleconnect", "publicfoldersroot",
		"quickcontacts", "recipientcache", "recoverableitemsdeletions", "recoverableitemspurges",
		"recoverableitemsroot", "recoverableitemsversions", "root", "searchfolders", "sentitems",
		"serverfailures", "syncissues", "tasks", "todosearch", "voicemail",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], id) == 0)
			return true;
	return false;
}

static enum err write_question(const void *ctx, enum version version, struct buf *to)
{
	const struct folders_call *f = ctx;
	enum err err = buf_append_str(to, FOLDER_SHAPE);
	(void)version;

	if (!err)
		err = buf_append_str(to, "<m:FolderIds>");
	for (size_t i = 0; !err && i < f->n; i++)
		err = soap_folder_id(to, f->ids[i], f->call.ews->mailbox);
	if (!err)
		err = buf_append_str(to, "</m:FolderIds>");
	return err;
}

static enum err open_message(void *ctx, size_t index)
{
	struct folders_call *f = ctx;

	folder_reader_reset(&f->reader);
	f->index = index;
	f->has_folder = false;
	return ERR_OK;
}

static enum err open_folder(void *ctx, const struct sax *sax)
{
	struct folders_call *f = ctx;
	(void)sax;

	if (f->has_folder)
		return ERR_STALE_REPLY;
	f->has_folder = true;
	return ERR_OK;
}

/* A name brings the folder's id along; an id must come back as it was. */
static bool is_asked_for(const struct folders_call *f)
{
	const char *id = f->reader.folder.id, *asked = f->ids[f->index];

	return id && (ews_is_distinguished(asked) || strcmp(id, asked) == 0);
}

static enum err close_message(void *ctx, const struct reply_message *message)
{
	struct folders_call *f = ctx;
	AUTO(folder) struct folder folder = { 0 };
	struct ews_folder_reply reply = { .err = message->err, .code = message->code };

	if (!message->err) {
		if (!is_asked_for(f))
			return ERR_STALE_REPLY;
		folder_reader_take(&f->reader, &folder);
		if (ews_is_distinguished(f->ids[f->index])) {
			enum err err = text_copy(f->ids[f->index], &folder.distinguished);
			if (err)
				return err;
		}
		reply.folder = &folder;
	}
	return f->fn(f->fn_ctx, message->index, &reply);
}

static const struct sax_rule rules[] = {
	{ "m:Folders/*", .open = open_folder },
	FOLDER_RULES("m:Folders/*"),
	{ 0 },
};

static const struct operation get_folder = {
	.name = "GetFolder",
	.write = write_question,
	.rules = rules,
	.open = open_message,
	.close = close_message,
};

enum err ews_get_folders(struct ews *ews, const char *const *ids, size_t n, ews_folder_fn fn,
			 void *ctx)
{
	struct folders_call f = { .ids = ids, .n = n, .fn = fn, .fn_ctx = ctx };

	if (n == 0 || n > EWS_FOLDERS_MAX)
		return n == 0 ? ERR_OK : ERR_INVALID;
	f.call = (struct call){ .ews = ews, .operation = &get_folder, .ctx = &f, .n = n };
	enum err err = call_run(&f.call);
	folder_release(&f.reader.folder);
	return err;
}
