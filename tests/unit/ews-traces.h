/* SPDX-License-Identifier: MIT */
#ifndef EWS_TRACES_H
#define EWS_TRACES_H

#include "check.h"

#include <stdlib.h>

#include "ews-traces-rows.h"
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

static inline char *load(const char *path)
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
static inline char *json_body(char *text, int nth)
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
static inline char *log_body(char *text, int nth)
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

static inline char *body_of(const char *path, int nth, char *text)
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

static inline void question_release(struct question *q)
{
	for (size_t i = 0; i < q->n; i++)
		free(q->ids[i]);
}

static inline void make_question(const char *body, const char *attr, struct question *q)
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

/* What did come out. */
struct outcome {
	enum err err;
	char code[128], what[4096], state[64];
	size_t n, bad_n, size;
};

static inline void note_what(struct outcome *o, const char *what)
{
	if (!*o->what)
		snprintf(o->what, sizeof(o->what), "%s", what ? what : "");
}

static inline enum err note_folder(void *ctx, size_t index, const struct ews_folder_reply *reply)
{
	struct outcome *o = ctx;

	assert_int_equal(index, o->n++);
	if (reply->err && o->bad_n++ == 0)
		snprintf(o->code, sizeof(o->code), "%s", reply->code);
	if (reply->folder)
		note_what(o, reply->folder->display_name);
	return ERR_OK;
}

static inline enum err note_item(void *ctx, size_t index, struct ews_item_reply *reply)
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

static inline void note_done(void *ctx, enum err err)
{
	struct outcome *o = ctx;
	o->err = err;
}

static const struct ews_items_sink sink = { note_item, note_done };

static inline void run_page(struct ews *ews, struct outcome *o)
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

static inline void run_hierarchy(struct ews *ews, struct outcome *o)
{
	struct ews_hierarchy hierarchy = { 0 };

	o->err = ews_sync_hierarchy(ews, "msgfolderroot", NULL, &hierarchy);
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
static inline enum err open_other(void *ctx, size_t index)
{
	(void)ctx, (void)index;
	return ERR_OK;
}

static inline enum err close_other(void *ctx, const struct reply_message *message)
{
	struct outcome *o = ctx;

	o->n++;
	if (message->err && o->bad_n++ == 0)
		snprintf(o->code, sizeof(o->code), "%s", message->code);
	return ERR_OK;
}

static inline void run_other(const char *body, size_t n, size_t cut, struct outcome *o)
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

static inline void run(const struct row *row, const char *body, size_t cut, struct outcome *o)
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

static inline void require_traces(void)
{
	if (access(traces_dir(), R_OK) == 0)
		return;
	print_message("no recordings in %s: set EWSFS_SHARED\n", traces_dir());
	skip();
}

static inline char *load_body(const struct row *row)
{
	AUTO(str) char *text = load(row->path);
	const char *body = text ? body_of(row->path, row->nth, text) : NULL;

	if (!body)
		fail_msg("%s holds no reply %d", row->path, row->nth);
	return strdup(body);
}

#endif
