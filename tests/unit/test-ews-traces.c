/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdlib.h>

#include "ews/ews.h"
#include "ews/reply.h"
#include "fake-http.h"

/*
 * What other servers really answered, read by our functions. The recordings are not ours and
 * not in the repository: EWSFS_SHARED says where they are, and without them the tests skip.
 */
static const char *traces_dir(void)
{
	static char dir[4096];
	const char *shared = getenv("EWSFS_SHARED");

	snprintf(dir, sizeof(dir), "%s/ews/traces", shared ? shared : EWSFS_SHARED_DEFAULT);
	return dir;
}

static char *load(const char *path)
{
	char name[8192];
	AUTO(buf) struct buf text = { 0 };
	char block[65536], *ret = NULL;
	size_t n;

	snprintf(name, sizeof(name), "%s/%s", traces_dir(), path);
	FILE *file = fopen(name, "r");
	if (!file)
		return NULL;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		check_ok(buf_append(&text, block, n));
	fclose(file);
	check_ok(buf_give(&text, &ret));
	return ret;
}

/* The n-th "body" of a JSON file, unescaped in place. */
static char *json_body(char *text, int nth)
{
	static const char key[] = "\"body\": \"";
	char *from = text, *to;

	for (int i = 0; i <= nth && from; i++) {
		from = strstr(from, key);
		from = from ? from + strlen(key) : NULL;
	}
	if (!from)
		return NULL;
	char *body = to = from;
	for (; *from && *from != '"'; from++) {
		unsigned code = 0;
		if (*from != '\\') {
			*to++ = *from;
		} else if (*++from == 'u' && sscanf(from + 1, "%4x", &code) == 1) {
			/* Enough for what is in them: the basic plane, no surrogates. */
			if (code >= 0x800)
				*to++ = (char)(0xe0 | code >> 12);
			if (code >= 0x80)
				*to++ = (char)(code >= 0x800 ? 0x80 | (code >> 6 & 63)
							     : 0xc0 | code >> 6);
			*to++ = (char)(code >= 0x80 ? 0x80 | (code & 63) : code);
			from += 4;
		} else {
			*to++ = *from == 'n'   ? '\n'
				: *from == 'r' ? '\r'
				: *from == 't' ? '\t'
					       : *from;
		}
	}
	*to = '\0';
	return body;
}

/* The body of the n-th reply in a log whose lines from the server begin with "< ". */
static char *log_body(char *text, int nth)
{
	char *to = text;
	int reply = -1;
	bool is_body = false;

	for (char *line = text, *next; line && *line; line = next) {
		size_t n = strcspn(line, "\n");
		next = line[n] ? line + n + 1 : NULL;
		if (strncmp(line, "< HTTP/", 7) == 0) {
			reply++;
			is_body = false;
		} else if (strncmp(line, "< ", 2) != 0) {
			is_body = false;
		} else if (n <= 3) {
			is_body = true;
		} else if (is_body && reply == nth) {
			memmove(to, line + 2, n - 2);
			to += n - 2;
		}
	}
	*to = '\0';
	return to > text ? text : NULL;
}

static char *body_of(const char *path, int nth, char *text)
{
	if (strstr(path, ".json"))
		return json_body(text, nth);
	if (strncmp(path, "evolution-ews/", 14) == 0)
		return log_body(text, nth);
	if (!strstr(path, ".http"))
		return text;
	char *body = strstr(text, "\r\n\r\n");
	return body ? body + 4 : strstr(text, "\n\n");
}

enum { MESSAGES_MAX = 64 };

/* What to ask so that the recorded reply is the answer: the ids in it. */
struct question {
	char *ids[MESSAGES_MAX];
	size_t n;
};

static void question_release(struct question *q)
{
	for (size_t i = 0; i < q->n; i++)
		free(q->ids[i]);
}

static void make_question(const char *body, const char *attr, struct question *q)
{
	const char *at = strstr(body, "ResponseClass=");

	while (at && q->n < MESSAGES_MAX) {
		const char *next = strstr(at + 1, "ResponseClass=");
		const char *id = strstr(at, attr);
		bool has_id = id && (!next || id < next);
		id += has_id ? strlen(attr) : 0;
		q->ids[q->n++] = has_id ? strndup(id, strcspn(id, "\"'")) : strdup("asked");
		at = next;
	}
	if (q->n == 0)
		q->ids[q->n++] = strdup("asked");
}

enum op { FOLDERS, HIERARCHY, PAGE, MAIL, CONTACT, OTHER };

/* What must come out. */
struct row {
	enum op op;
	const char *path;
	int nth;	   /* of several replies in one file */
	enum err err;	   /* of the whole */
	const char *code;  /* of the failure, or of the first message that failed */
	size_t n, bad_n;   /* folders, changes, items; of them failed, or deletes in a page */
	const char *state; /* the beginning of the sync state */
	const char *what;  /* the beginning of the first display name, change key or subject */
	size_t size;	   /* bytes of the first MIME, or number of fields; read flags in a page */
};

/* What did come out. */
struct outcome {
	enum err err;
	char code[128], what[4096], state[64];
	size_t n, bad_n, size;
};

static void note_what(struct outcome *o, const char *what)
{
	if (!*o->what)
		snprintf(o->what, sizeof(o->what), "%s", what ? what : "");
}

static enum err note_folder(void *ctx, size_t index, const struct ews_folder_reply *reply)
{
	struct outcome *o = ctx;

	assert_int_equal(index, o->n++);
	if (reply->err && o->bad_n++ == 0)
		snprintf(o->code, sizeof(o->code), "%s", reply->code);
	if (reply->folder)
		note_what(o, reply->folder->display_name);
	return ERR_OK;
}

static enum err note_item(void *ctx, size_t index, struct ews_item_reply *reply)
{
	struct outcome *o = ctx;

	assert_int_equal(index, o->n++);
	if (reply->err && o->bad_n++ == 0)
		snprintf(o->code, sizeof(o->code), "%s", *reply->code ? reply->code : reply->text);
	if (reply->item)
		note_what(o, reply->item->subject);
	if (reply->item && o->size == 0)
		o->size = reply->mime && reply->mime->len ? reply->mime->len
							  : reply->item->fields.n;
	return ERR_OK;
}

static void note_done(void *ctx, enum err err)
{
	struct outcome *o = ctx;
	o->err = err;
}

static const struct ews_items_sink sink = { note_item, note_done };

static void run_page(struct ews *ews, struct outcome *o)
{
	struct ews_page page = { 0 };

	o->err = ews_sync_items(ews, "folder", NULL, EWS_PAGE_MAX, &page);
	if (o->err)
		return;
	o->n = page.n;
	snprintf(o->state, sizeof(o->state), "%s", page.state);
	for (size_t i = 0; i < page.n; i++) {
		o->bad_n += page.changes[i].kind == EWS_DELETE;
		o->size += page.changes[i].kind == EWS_READ_FLAG;
		note_what(o, page.changes[i].change_key);
	}
	ews_page_release(&page);
}

static void run_hierarchy(struct ews *ews, struct outcome *o)
{
	struct ews_hierarchy hierarchy = { 0 };

	o->err = ews_sync_hierarchy(ews, NULL, &hierarchy);
	if (o->err)
		return;
	o->n = hierarchy.put.n;
	o->size = hierarchy.dropped_n;
	snprintf(o->state, sizeof(o->state), "%s", hierarchy.state);
	if (o->n > 0)
		note_what(o, hierarchy.put.list[0].display_name);
	ews_hierarchy_release(&hierarchy);
}

/* Of operations that are not ours (yet): what their messages say. */
static enum err open_other(void *ctx, size_t index)
{
	(void)ctx, (void)index;
	return ERR_OK;
}

static enum err close_other(void *ctx, const struct reply_message *message)
{
	struct outcome *o = ctx;

	o->n++;
	if (message->err && o->bad_n++ == 0)
		snprintf(o->code, sizeof(o->code), "%s", message->code);
	return ERR_OK;
}

static void run_other(const char *body, size_t n, size_t cut, struct outcome *o)
{
	static const struct sax_rule no_rules[] = { { 0 } };
	AUTO(reply) struct reply *reply = NULL;
	char name[64] = "";
	const char *end = strstr(body, "Response");
	const char *at = end;

	while (at > body && at[-1] != ':' && at[-1] != '<')
		at--;
	snprintf(name, sizeof(name), "%.*s", (int)(end - at), at);
	const struct operation other = {
		.name = name,
		.rules = no_rules,
		.open = open_other,
		.close = close_other,
	};
	check_ok(reply_new(&other, n, o, &reply));
	for (size_t left = strlen(body); left > 0 && !o->err; left -= cut < left ? cut : left)
		o->err = reply_feed(reply, body + strlen(body) - left, cut < left ? cut : left);
	if (!o->err)
		o->err = reply_finish(reply);
	if (o->err)
		snprintf(o->code, sizeof(o->code), "%s", reply_code(reply));
}

static void run(const struct row *row, const char *body, size_t cut, struct outcome *o)
{
	/* Twice: the shape of a page may be refused and asked for again. */
	const struct fake_reply replies[] = { { body, strlen(body), 200 },
					      { body, strlen(body), 200 } };
	const struct account account = { 0 };
	AUTO(ews) struct ews *ews = NULL;
	AUTO(question) struct question q = { 0 };
	AUTO(buf) struct buf reason = { 0 };

	fake_put(replies, ARRAY_LEN(replies), cut);
	check_ok(ews_open(&account, &ews, &reason));
	make_question(body, row->op == FOLDERS ? "FolderId Id=\"" : "ItemId Id=\"", &q);
	const char *const *ids = (const char *const *)q.ids;
	if (row->op == OTHER)
		run_other(body, q.n, cut, o);
	else if (row->op == FOLDERS)
		o->err = ews_get_folders(ews, ids, q.n, note_folder, o);
	else if (row->op == HIERARCHY)
		run_hierarchy(ews, o);
	else if (row->op == PAGE)
		run_page(ews, o);
	else
		check_ok(ews_get_items(ews, row->op == MAIL ? KIND_MESSAGE : KIND_CONTACT, ids, q.n,
				       "/tmp", &sink, o));
	if (row->op == MAIL || row->op == CONTACT)
		check_ok(ews_wait(ews, 0));
	if (o->err && row->op != OTHER)
		snprintf(o->code, sizeof(o->code), "%s", ews_code(ews));
}

/* clang-format off */
static const struct row rows[] = {
	/* what, file, which, err, code, n, of them bad, state, name, size */
	{ FOLDERS, "gromox/01-GetFolder.response.xml", 0, ERR_OK, "ErrorFolderNotFound", 11, 1, "", "Top of Information Store", 0 },
	{ HIERARCHY, "gromox/03-SyncFolderHierarchy-nochange.response.xml", 0, ERR_OK, "", 0, 0, "AgACARdAIgAA", "", 0 },
	{ HIERARCHY, "gromox/07-SyncFolderHierarchy-created.response.xml", 0, ERR_OK, "", 2, 0, "AgACARdAKgAA", "Wire 1795293320 ä", 0 },
	{ MAIL, "gromox/101-GetItem-task-props.response.xml", 0, ERR_OK, "", 1, 0, "", "Do it", 1546 },
	{ PAGE, "gromox/103-SyncFolderItems-calendar.response.xml", 0, ERR_OK, "", 3, 0, "AgACARdAEAAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAfQ", 0 },
	{ PAGE, "gromox/123-SyncFolderItems-invalid-SyncState-short.response.xml", 0, ERR_OK, "", 4, 0, "AwACARdAEgAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAjw", 0 },
	{ PAGE, "gromox/125-SyncFolderItems-invalid-SyncState-notbase64.response.xml", 0, ERR_OK, "", 4, 0, "AwACARdAEgAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAjw", 0 },
	{ PAGE, "gromox/127-SyncFolderItems-with-other-folders-SyncState.response.xml", 0, ERR_OK, "", 6, 3, "AgACARdAEAAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAfQ", 0 },
	{ PAGE, "gromox/129-SyncFolderItems-MaxChanges513.response.xml", 0, ERR_OK, "", 4, 0, "AwACARdAEgAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAjw", 0 },
	{ PAGE, "gromox/13-SyncFolderItems-initial-max512.response.xml", 0, ERR_OK, "", 7, 0, "AwACARdADwAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAUg", 0 },
	{ MAIL, "gromox/131-SyncFolderItems-bad-FolderId.response.xml", 0, ERR_BAD_ITEM, "ErrorInvalidId", 0, 0, "", "", 0 },
	{ MAIL, "gromox/133-malformed-xml.response.xml", 0, ERR_TRANSIENT, "", 0, 0, "", "", 0 },
	{ FOLDERS, "gromox/135-other-mailbox-no-rights.response.xml", 0, ERR_OK, "ErrorAccessDenied", 1, 1, "", "", 0 },
	{ FOLDERS, "gromox/137-wrong-password.response.xml", 0, ERR_NOT_EWS, "", 0, 0, "", "", 0 },
	{ PAGE, "gromox/15-SyncFolderItems-page2.response.xml", 0, ERR_OK, "", 2, 0, "AgACARdAEAAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAUw", 0 },
	{ PAGE, "gromox/17-SyncFolderItems-page4.response.xml", 0, ERR_OK, "", 1, 0, "AwACARdADwAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAALA", 0 },
	{ MAIL, "gromox/19-GetItem-mime-ext.response.xml", 0, ERR_OK, "", 3, 0, "", "", 1017 },
	{ CONTACT, "gromox/21-GetItem-Default-noMime.response.xml", 0, ERR_OK, "", 1, 0, "", "Plain one", 4 },
	{ PAGE, "gromox/25-SyncFolderItems-after-read.response.xml", 0, ERR_OK, "", 1, 0, "AwACARdADwAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAVQ", 0 },
	{ PAGE, "gromox/27-SyncFolderItems-after-unread.response.xml", 0, ERR_OK, "", 1, 0, "AwACARdADwAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAVw", 0 },
	{ PAGE, "gromox/29-SyncFolderItems-readflag-nochange.response.xml", 0, ERR_OK, "", 0, 0, "AwACARdADwAA", "", 0 },
	{ PAGE, "gromox/31-SyncFolderItems-4readflags-max2-page2.response.xml", 0, ERR_OK, "", 4, 0, "AwACARdADwAA", "", 4 },
	{ MAIL, "gromox/35-GetItem-after-update.response.xml", 0, ERR_OK, "", 1, 0, "", "Changed subject", 1023 },
	{ PAGE, "gromox/37-SyncFolderItems-after-mimeupdate.response.xml", 0, ERR_OK, "", 1, 0, "AwACARdADwAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAYQ", 0 },
	{ PAGE, "gromox/39-SyncFolderItems-SubA-empty.response.xml", 0, ERR_OK, "", 0, 0, "AgACARdAAAAA", "", 0 },
	{ PAGE, "gromox/41-SyncFolderItems-inbox-after-move.response.xml", 0, ERR_OK, "", 1, 1, "AwACARdADwAA", "", 0 },
	{ CONTACT, "gromox/43-GetItem-old-id-after-move.response.xml", 0, ERR_OK, "ErrorItemNotFound", 1, 1, "", "", 0 },
	{ MAIL, "gromox/45-GetItem-by-id-from-sync-after-move.response.xml", 0, ERR_OK, "", 1, 0, "", "", 1005 },
	{ PAGE, "gromox/49-SyncFolderItems-SubA-after-move-back-and-forth.response.xml", 0, ERR_OK, "", 2, 1, "AgACARdACgAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAZg", 0 },
	{ PAGE, "gromox/55-SyncFolderItems-after-3-deletes-page2.response.xml", 0, ERR_OK, "", 1, 1, "AwACARdAEAAA", "", 0 },
	{ HIERARCHY, "gromox/73-SyncFolderHierarchy-after-move.response.xml", 0, ERR_OK, "", 2, 0, "AgACARdALgAA", "Sub B", 0 },
	{ HIERARCHY, "gromox/77-SyncFolderHierarchy-after-delete.response.xml", 0, ERR_OK, "", 0, 0, "AgACARdALgAA", "", 0 },
	{ FOLDERS, "gromox/81-GetFolder-moved-to-deleted.response.xml", 0, ERR_OK, "", 1, 0, "", "Sub C", 0 },
	{ PAGE, "gromox/83-SyncFolderItems-deleted-folder.response.xml", 0, ERR_OK, "", 7, 0, "AgACARdAEAAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAcw", 0 },
	{ MAIL, "gromox/87-GetItem-calendar-raw-ics-with-Start-End.response.xml", 0, ERR_OK, "", 1, 0, "", "", 1418 },
	{ MAIL, "gromox/89-GetItem-calendar-mime-wrapped-with-Start-End.response.xml", 0, ERR_OK, "", 1, 0, "", "Lab meeting", 1674 },
	{ MAIL, "gromox/91-GetItem-calendar-as-Message.response.xml", 0, ERR_OK, "", 1, 0, "", "Lab meeting", 1535 },
	{ MAIL, "gromox/93-GetItem-calendar-props.response.xml", 0, ERR_OK, "", 1, 0, "", "Props meeting", 1169 },
	{ MAIL, "gromox/95-GetItem-contact-raw-vcf.response.xml", 0, ERR_OK, "", 1, 0, "", "", 2145 },
	{ MAIL, "gromox/97-GetItem-contact-mime-wrapped.response.xml", 0, ERR_OK, "", 1, 0, "", "Jane Doe", 2518 },
	{ MAIL, "gromox/99-GetItem-contact-props.response.xml", 0, ERR_OK, "", 1, 0, "", "", 1866 },
	{ FOLDERS, "garethp-php-ews/GetFolder_14.3_2015-07-16_saveState_00.http", 0, ERR_OK, "", 1, 0, "", "Calendar", 0 },
	{ FOLDERS, "garethp-php-ews/GetFolder_15.0_2016-05-13_ContactsAPI_testCreateContact_00.http", 0, ERR_OK, "", 1, 0, "", "Contacts", 0 },
	{ FOLDERS, "garethp-php-ews/GetFolder_15.1_2016-05-06_APITest_testGetFolderByDistinguishedId_00.http", 0, ERR_OK, "", 1, 0, "", "Calendar", 0 },
	{ FOLDERS, "garethp-php-ews/GetFolder_15.20_2017-10-31_APITest_testCreateCalendars_00.http", 0, ERR_OK, "", 1, 0, "", "Calendar", 0 },
	{ FOLDERS, "garethp-php-ews/GetFolder_15.20_2017-10-31_ContactsAPITest_testCreateContact_00.http", 0, ERR_OK, "", 1, 0, "", "Contacts", 0 },
	{ CONTACT, "garethp-php-ews/GetItem_14.3_2015-07-17_APITest_testGetCalendarItem_04.http", 0, ERR_OK, "", 1, 0, "", "Test Get Item 2", 49 },
	{ CONTACT, "garethp-php-ews/GetItem_15.0_2016-05-13_ContactsAPI_testCreateContact_03.http", 0, ERR_OK, "", 1, 0, "", "John Smith", 30 },
	{ CONTACT, "garethp-php-ews/GetItem_15.0_2016-05-13_ContactsAPI_testUpdateContact_04.http", 0, ERR_OK, "", 1, 0, "", "Jane Smith", 35 },
	{ CONTACT, "garethp-php-ews/GetItem_15.1_2016-06-06_ContactsAPI_testDeleteContactField_04.http", 0, ERR_OK, "", 1, 0, "", "Smith", 27 },
	{ CONTACT, "garethp-php-ews/GetItem_15.20_2017-10-31_ContactsAPITest_testCreateContact_03.http", 0, ERR_OK, "", 1, 0, "", "John Smith", 32 },
	{ CONTACT, "garethp-php-ews/GetItem_15.20_2017-10-31_ContactsAPITest_testUpdateContact_04.http", 0, ERR_OK, "", 1, 0, "", "Jane Smith", 37 },
	{ CONTACT, "garethp-php-ews/GetItem_15.2_2025-07-06_CalendarTest_testRecurringEventSupport_04.http", 0, ERR_OK, "", 1, 0, "", "Weekly Team Meeting", 54 },
	{ CONTACT, "garethp-php-ews/GetItem_15.2_2025-07-06_ContactsAPITest_testContactFieldVariations_05.http", 0, ERR_OK, "", 1, 0, "", "Complete Test - Test Company I", 32 },
	{ CONTACT, "garethp-php-ews/GetItem_15.2_2025-07-06_ContactsAPITest_testInternationalContactSupport_03.http", 0, ERR_OK, "", 1, 0, "", "François Müller", 28 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_14.3_2015-07-16_saveState_09.http", 0, ERR_OK, "", 1, 0, "H4sIAAAAAAAE", "DwAAABYAAADuyEURYnvfRJRxhMSOoT", 0 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_14.3_2015-07-17_saveState_09.http", 0, ERR_OK, "", 0, 0, "H4sIAAAAAAAE", "", 0 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_14.3_2015-11-18_APITest_testListItemChanges_with_data_set_0_02.http", 0, ERR_OK, "", 0, 0, "H4sIAAAAAAAE", "", 0 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_15.1_2016-05-06_APITest_testListItemChanges_with_data_set_0_03.http", 0, ERR_OK, "", 1, 0, "H4sIAAAAAAAE", "DwAAABYAAAA4JiVRwOF7SbQybW1zR3", 0 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_15.20_2017-10-31_APITest_testListItemChanges_with_data_set_0_03.http", 0, ERR_OK, "", 1, 0, "H4sIAAAAAAAE", "DwAAABYAAABu82DT7AULT56Wlc2HZm", 0 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_15.20_2025-05-11_APITest_testListItemChanges_02.http", 0, ERR_OK, "", 1, 0, "H4sIAAAAAAAE", "DwAAABYAAAC30utV9Qm1Tp6i563HuB", 0 },
	{ CONTACT, "viewpoint/dodgy_ews_response.xml", 0, ERR_OK, "", 1, 0, "", "Invalid character", 47 },
	{ MAIL, "otris-ews-cpp/undeliverable_test_mail_get_item_response.xml", 0, ERR_OK, "", 1, 0, "", "Undeliverable: Test mail", 8560 },
	{ FOLDERS, "exchangelib/test_folder_L197_test_public_folders_root.xml", 0, ERR_OK, "", 1, 0, "", "publicfoldersroot", 0 },
	{ FOLDERS, "exchangelib/test_folder_L255_test_public_folders_root.xml", 0, ERR_STALE_REPLY, "", 0, 0, "", "", 0 },
	{ FOLDERS, "exchangelib/test_folder_L332_test_public_folders_root.xml", 0, ERR_STALE_REPLY, "", 0, 0, "", "", 0 },
	{ MAIL, "kde-akonadi-ews/errorserverbusy.xml", 0, ERR_THROTTLED, "ErrorServerBusy", 0, 0, "", "", 0 },
	{ MAIL, "thunderbird-desktop/EwsServer_SERVER_BUSY_RESPONSE.xml", 0, ERR_THROTTLED, "ErrorServerBusy", 0, 0, "", "", 0 },
	{ FOLDERS, "pyexchange/folder_does_not_exist.xml", 0, ERR_OK, "ErrorItemNotFound", 1, 1, "", "", 0 },
	{ CONTACT, "pyexchange/get_empty_occurrences.xml", 0, ERR_OK, "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", 5, 5, "", "", 0 },
	{ CONTACT, "pyexchange/get_item_response_id_only.xml", 0, ERR_OK, "", 1, 0, "", "", 0 },
	{ CONTACT, "pyexchange/get_recurring_master_monthly_event.xml", 0, ERR_OK, "", 1, 0, "", "{event.subject}", 46 },
	{ MAIL, "davmail/fault_server_busy_backoff.xml", 0, ERR_THROTTLED, "ErrorServerBusy", 0, 0, "", "", 0 },
	{ FOLDERS, "msdocs-examples/getfolder-operation_02_resp.xml", 0, ERR_OK, "", 1, 0, "", "Inbox", 0 },
	{ CONTACT, "msdocs-examples/getitem-operation-calendar-item_04_resp.xml", 0, ERR_OK, "", 1, 0, "", "", 40 },
	{ CONTACT, "msdocs-examples/getitem-operation-contact_02_resp.xml", 0, ERR_OK, "", 1, 0, "", "", 26 },
	{ CONTACT, "msdocs-examples/getitem-operation-contact_04_resp.xml", 0, ERR_OK, "ErrorUnsupportedMimeConversion", 1, 1, "", "", 0 },
	{ MAIL, "msdocs-examples/getitem-operation-email-message_02_resp.xml", 0, ERR_PROTOCOL, "", 0, 0, "", "", 0 },
	{ CONTACT, "msdocs-examples/getitem-operation-email-message_03_resp.xml", 0, ERR_OK, "ErrorInvalidPropertyRequest", 1, 1, "", "", 0 },
	{ CONTACT, "msdocs-examples/getitem-operation-task_02_resp.xml", 0, ERR_OK, "", 1, 0, "", "Buy new shoes", 13 },
	{ HIERARCHY, "msdocs-examples/syncfolderhierarchy-operation_02_resp.xml", 0, ERR_OK, "", 1, 0, "H4sIAAA==", "NewFolder", 0 },
	{ HIERARCHY, "msdocs-examples/syncfolderhierarchy-operation_03_resp.xml", 0, ERR_SYNC_RESET, "ErrorInvalidSyncStateData", 0, 0, "", "", 0 },
	{ PAGE, "msdocs-examples/syncfolderitems-operation_02_resp.xml", 0, ERR_OK, "", 1, 0, "H4sIAAAAA=", "CwAAABYA", 0 },
	{ PAGE, "msdocs-examples/syncfolderitems-operation_03_resp.xml", 0, ERR_SYNC_RESET, "ErrorInvalidSyncStateData", 0, 0, "", "", 0 },
	{ PAGE, "garethp-sequences/saveState_14.3_2015-07-17.json", 9, ERR_OK, "", 0, 0, "H4sIAAAAAAAE", "", 0 },
	{ CONTACT, "garethp-sequences/saveState_14.3_2015-07-17.json", 35, ERR_OK, "", 1, 0, "", "Test Get Item 2", 49 },
	{ CONTACT, "garethp-sequences/testGetSingleMailItem_15.20_2025-08-30.json", 9, ERR_OK, "", 1, 0, "", "Test Message", 30 },
	{ PAGE, "garethp-sequences/testListItemChanges_15.20_2025-05-11.json", 2, ERR_OK, "", 1, 0, "H4sIAAAAAAAE", "DwAAABYAAAC30utV9Qm1Tp6i563HuB", 0 },
	{ PAGE, "garethp-sequences/testListItemChanges_15.20_2025-05-11.json", 3, ERR_OK, "", 0, 0, "H4sIAAAAAAAE", "", 0 },
	{ CONTACT, "garethp-sequences/testDeleteContactField_15.20_2020-09-10.json", 4, ERR_OK, "", 1, 0, "", "Smith", 31 },
	{ FOLDERS, "garethp-sequences/testGetMailItems_15.1_2016-06-29.json", 3, ERR_OK, "", 1, 0, "", "Inbox", 0 },
	{ OTHER, "evolution-ews/Exchange2007_SP1_camel_folder_create_folder_with_malformed_parent_id", 0, ERR_OK, "ErrorInvalidIdMalformed", 1, 1, "", "", 0 },
	{ OTHER, "evolution-ews/Exchange2007_SP1_camel_folder_hard_delete_root_subfolder", 0, ERR_OK, "ErrorDeleteDistinguishedFolder", 1, 1, "", "", 0 },
	{ FOLDERS, "evolution-ews/Exchange2007_SP1_camel_folder_move_folder_to_msgfolderroot", 1, ERR_OK, "", 1, 0, "", "non-distinguished-folder-subfo", 0 },
	{ FOLDERS, "evolution-ews/Exchange2007_SP1_camel_folder_move_folder_to_msgfolderroot", 2, ERR_OK, "", 2, 0, "", "", 0 },
	{ FOLDERS, "evolution-ews/Exchange2007_SP1_camel_folder_hard_delete_distinguished_folder_subfolder", 1, ERR_OK, "ErrorItemNotFound", 1, 1, "", "", 0 },
	{ OTHER, "evolution-ews/Exchange2010_SP2_camel_folder_create_existing_folder", 1, ERR_OK, "ErrorFolderExists", 1, 1, "", "", 0 },
	{ OTHER, "evolution-ews/Exchange2010_SP2_camel_folder_move_folder_to_folder_that_has_subfolder_with_the_same_name", 1, ERR_OK, "ErrorMoveCopyFailed", 1, 1, "", "", 0 },
	{ HIERARCHY, "evolution-ews/Exchange2010_SP2_camel_folder_create_folder_with_invalid_distinguished_parent_id", 0, ERR_SHAPE, "ErrorSchemaValidation", 0, 0, "", "", 0 },
	{ FOLDERS, "exchangelib/test_services_L111_test_error_server_busy.xml", 0, ERR_THROTTLED, "ErrorServerBusy", 0, 0, "", "", 0 },
	{ FOLDERS, "exchangelib/test_services_L140_test_error_schema_validation.xml", 0, ERR_SHAPE, "ErrorSchemaValidation", 0, 0, "", "", 0 },
	{ OTHER, "exchangelib/test_services_L174_test_error_too_many_objects_opened.xml", 0, ERR_THROTTLED, "ErrorTooManyObjectsOpened", 0, 0, "", "", 0 },
	{ OTHER, "exchangelib/test_services_L46_test_inner_error_parsing.xml", 0, ERR_OK, "ErrorQuotaExceededOnDelete", 1, 1, "", "", 0 },
	{ OTHER, "exchangelib/test_services_L81_test_invalid_value_extras.xml", 0, ERR_OK, "ErrorInvalidValueForProperty", 1, 1, "", "", 0 },
	{ OTHER, "exchangelib/test_services_L277_test_element_container.xml", 0, ERR_OK, "", 1, 0, "", "", 0 },
	{ FOLDERS, "exchangelib/test_services_L246_test_soap_error.xml", 0, ERR_PROTOCOL, "", 0, 0, "", "", 0 },
	{ OTHER, "kde-akonadi-ews/ewsmoveitemrequest_ut_L181.xml", 0, ERR_OK, "ErrorItemNotFound", 2, 1, "", "", 0 },
	{ OTHER, "kde-akonadi-ews/ewsmoveitemrequest_ut_L265.xml", 0, ERR_OK, "ErrorItemNotFound", 2, 1, "", "", 0 },
	{ PAGE, "kde-akonadi-ews/errorserverbusy.xml", 0, ERR_THROTTLED, "ErrorServerBusy", 0, 0, "", "", 0 },
	{ OTHER, "garethp-php-ews/DeleteItem_15.20_2018-02-15_APITest_testDeleteItemsFail_02.http", 0, ERR_OK, "ErrorItemNotFound", 1, 1, "", "", 0 },
	{ OTHER, "gromox/57-DeleteItem-already-deleted.response.xml", 0, ERR_OK, "ErrorItemNotFound", 1, 1, "", "", 0 },
	{ OTHER, "gromox/75-DeleteFolder-SoftDelete-leaf.response.xml", 0, ERR_OK, "ErrorCannotDeleteObject", 1, 1, "", "", 0 },
	{ PAGE, "gromox/131-SyncFolderItems-bad-FolderId.response.xml", 0, ERR_BAD_ITEM, "ErrorInvalidId", 0, 0, "", "", 0 },
	{ PAGE, "gromox/19-GetItem-mime-ext.response.xml", 0, ERR_STALE_REPLY, "", 0, 0, "", "", 0 },
};
/* clang-format on */

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0 && (*with || !*s);
}

static void check_outcome(const struct row *row, size_t cut, const struct outcome *o)
{
	bool is_right = o->err == row->err && strcmp(o->code, row->code) == 0 && o->n == row->n &&
			o->bad_n == row->bad_n && begins(o->state, row->state) &&
			begins(o->what, row->what) && o->size == row->size;
	if (!is_right)
		fail_msg("%s, cut at %zu: %s, \"%s\", %zu, %zu, \"%s\", \"%s\", %zu", row->path,
			 cut, err_text(o->err), o->code, o->n, o->bad_n, o->state, o->what,
			 o->size);
}

static void check_row(const struct row *row, const char *body, size_t cut)
{
	struct outcome o = { 0 };

	run(row, body, cut, &o);
	check_outcome(row, cut, &o);
}

static void require_traces(void)
{
	if (access(traces_dir(), R_OK) == 0)
		return;
	print_message("no recordings in %s: set EWSFS_SHARED\n", traces_dir());
	skip();
}

static char *load_body(const struct row *row)
{
	AUTO(str) char *text = load(row->path);
	const char *body = text ? body_of(row->path, row->nth, text) : NULL;

	if (!body)
		fail_msg("%s holds no reply %d", row->path, row->nth);
	return strdup(body);
}

static void test_replies_of_other_servers_say_to_us_what_they_said(void **state)
{
	(void)state;
	require_traces();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *body = load_body(&rows[i]);
		check_row(&rows[i], body, 1);
		check_row(&rows[i], body, 7);
		check_row(&rows[i], body, 16384);
	}
}

/* --- notifications --- */

static enum err note_event(void *ctx, const struct ews_event *event)
{
	struct outcome *o = ctx;

	o->n++;
	o->size += event->folder_id != NULL;
	note_what(o, event->parent_id);
	return ERR_OK;
}

static void note_beat(void *ctx, bool had_events)
{
	struct outcome *o = ctx;

	o->bad_n += !had_events;
}

static void run_events(struct ews *ews, bool is_stream, struct outcome *o)
{
	static const struct ews_stream_sink stream = { note_event, note_beat, note_done };
	AUTO(str) char *watermark = strdup("0");
	bool more = false;

	if (is_stream) {
		check_ok(ews_stream(ews, "S", 1, 1000, &stream, o));
		check_ok(ews_wait(ews, 0));
	} else {
		o->err = ews_get_events(ews, "S", &watermark, note_event, o, &more);
	}
	assert_false(more);
	snprintf(o->state, sizeof(o->state), "%s", watermark);
}

/* clang-format off */
static const struct {
	bool is_stream;
	/* which, err, "", events, messages without events, watermark, parent of the first, of folders */
	struct row row;
} events_rows[] = {
	{ true, { OTHER, "gromox/121-GetStreamingEvents.response.xml", 0, ERR_OK, "", 2, 4, "0", "AAAAADD+c7BV4+tPhuTHMKkuZYgBAAEAAAClGHtvvNzqHtA8VlcAAAAAAA0AAAI=", 1 } },
	{ true, { OTHER, "exchangelib/test_sync_L518_test_get_streaming_events_connection_clo.xml", 0, ERR_OK, "", 0, 1, "0", "", 0 } },
	{ false, { OTHER, "gromox/119-GetEvents-all-folders.response.xml", 0, ERR_OK, "", 13, 0, "0", "AAAAADD+c7BV4+tPhuTHMKkuZYgBAAEAAAClGHtvvNzqHtA8VlcAAAAAAA0AAAI=", 7 } },
	{ false, { OTHER, "gromox/111-GetEvents-again.response.xml", 0, ERR_OK, "", 0, 0, "0", "", 0 } },
	{ false, { OTHER, "gromox/113-GetEvents-after-unsubscribe.response.xml", 0, ERR_SUBSCRIPTION, "", 0, 0, "0", "", 0 } },
	{ false, { OTHER, "msdocs-examples/getevents-operation_02_resp.xml", 0, ERR_OK, "", 2, 0, "AAAAAOQGAAAAAAAAAQ==", "AQApAH", 0 } },
	{ false, { OTHER, "msdocs-examples/getevents-operation_03_resp.xml", 0, ERR_SUBSCRIPTION, "", 0, 0, "0", "", 0 } },
};
/* clang-format on */

static void test_events_of_other_servers_are_read(void **state)
{
	static const size_t cuts[] = { 1, 7, 16384 };
	(void)state;

	require_traces();
	for (size_t i = 0; i < ARRAY_LEN(events_rows) * ARRAY_LEN(cuts); i++) {
		const struct row *row = &events_rows[i / ARRAY_LEN(cuts)].row;
		AUTO(str) char *body = load_body(row);
		const struct fake_reply reply = { body, strlen(body), 200 };
		const struct account account = { 0 };
		AUTO(ews) struct ews *ews = NULL;
		AUTO(buf) struct buf reason = { 0 };
		struct outcome o = { 0 };
		fake_put(&reply, 1, cuts[i % ARRAY_LEN(cuts)]);
		check_ok(ews_open(&account, &ews, &reason));
		run_events(ews, events_rows[i / ARRAY_LEN(cuts)].is_stream, &o);
		check_outcome(row, fake.cut, &o);
	}
}

static void test_a_byte_order_mark_changes_nothing(void **state)
{
	(void)state;
	require_traces();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *body = load_body(&rows[i]);
		AUTO(str) char *marked = malloc(strlen(body) + 8);
		if (*body != '<')
			continue;
		sprintf(marked, "\xef\xbb\xbf\r\n%s", body);
		check_row(&rows[i], marked, 1);
		check_row(&rows[i], marked, 16384);
	}
}

static void test_a_reply_cut_short_never_passes_for_a_whole_one(void **state)
{
	(void)state;
	require_traces();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *body = load_body(&rows[i]);
		size_t len = strlen(body), cuts[] = { len / 4, len / 2, len - len / 8, len - 3 };
		if (rows[i].err)
			continue;
		while (len > 0 && body[len - 1] != '>')
			len--;
		cuts[3] = len - 1;
		for (size_t c = 0; c < ARRAY_LEN(cuts); c++) {
			struct outcome o = { 0 };
			AUTO(str) char *cut = strndup(body, cuts[c]);
			run(&rows[i], cut, 16384, &o);
			if (!o.err)
				fail_msg("%s cut after %zu bytes passes", rows[i].path, cuts[c]);
		}
	}
}

static enum err check_flags(void *ctx, size_t index, struct ews_item_reply *reply)
{
	size_t *seen = ctx;

	assert_int_equal(index, (*seen)++);
	check_ok(reply->err);
	assert_true(reply->item->has_message_flags);
	assert_true(reply->item->message_flags & MSGFLAG_READ || index > 0);
	assert_int_equal(reply->item->mapi_change_key.len, 22);
	assert_int_equal(reply->item->predecessors.len, 23);
	assert_true(reply->item->modified > INT64_C(1700000000));
	assert_non_null(strstr(reply->item->message_id, "@lab.example.org>"));
	return ERR_OK;
}

static void check_done(void *ctx, enum err err)
{
	(void)ctx;
	check_ok(err);
}

/* 0xe07 was asked for as 0x0e07. */
static void test_property_tags_are_numbers_however_they_are_written(void **state)
{
	const struct row row = { .op = MAIL, .path = "gromox/19-GetItem-mime-ext.response.xml" };
	const struct ews_items_sink flags = { check_flags, check_done };
	const struct account account = { 0 };
	AUTO(ews) struct ews *ews = NULL;
	AUTO(question) struct question q = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	size_t seen = 0;
	(void)state;

	require_traces();
	AUTO(str) char *body = load_body(&row);
	const struct fake_reply reply = { body, strlen(body), 200 };
	fake_put(&reply, 1, 512);
	make_question(body, "ItemId Id=\"", &q);
	check_ok(ews_open(&account, &ews, &reason));
	check_ok(ews_get_items(ews, KIND_MESSAGE, (const char *const *)q.ids, q.n, "/tmp", &flags,
			       &seen));
	check_ok(ews_wait(ews, 0));
	assert_int_equal(seen, 3);
	assert_true(fake.was_settled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies_of_other_servers_say_to_us_what_they_said),
		cmocka_unit_test(test_events_of_other_servers_are_read),
		cmocka_unit_test(test_a_byte_order_mark_changes_nothing),
		cmocka_unit_test(test_a_reply_cut_short_never_passes_for_a_whole_one),
		cmocka_unit_test(test_property_tags_are_numbers_however_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
