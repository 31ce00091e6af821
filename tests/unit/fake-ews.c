/* SPDX-License-Identifier: MIT */
#include "fake-ews.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake fake;

struct request {
	bool wants_mime;
	struct request *next;
	enum item_kind kind;
	char **ids;
	size_t n;
	const struct ews_items_sink *sink;
	void *ctx;
};

struct ews {
	struct request *requests;
	int pending_n;
	int64_t back_off_ms;
	char reason[64];
	atomic_bool is_interrupted;
	atomic_int requests_n;
	const struct ews_stream_sink *stream; /* NULL: none */
	void *stream_ctx;
};

static struct ews *streaming; /* the session with a stream */

/* --- the script --- */

void fake_reset(void)
{
	fake = (struct fake){ .version = "Exchange2013_SP1" };
	fake.folders[fake.folders_n++] = (struct fake_folder){
		.id = "ROOT",
		.parent_id = "ABOVE",
		.name = "Top of Information Store",
		.distinguished = "msgfolderroot",
		.change_key = "Rk",
		.commit = 1,
		.total_n = -1,
	};
	fake_add_folder("INBOX", "ROOT", "Inbox")->distinguished = "inbox";
}

struct fake_folder *fake_folder(const char *id)
{
	for (size_t i = 0; i < fake.folders_n; i++) {
		if (strcmp(fake.folders[i].id, id) == 0)
			return &fake.folders[i];
	}
	return NULL;
}

static void note_move(const char *id)
{
	fake.moves[fake.moves_n++] = id;
}

struct fake_folder *fake_add_folder(const char *id, const char *parent_id, const char *name)
{
	struct fake_folder *parent = fake_folder(parent_id);
	struct fake_folder *folder = &fake.folders[fake.folders_n++];

	*folder = (struct fake_folder){
		.id = id,
		.parent_id = parent_id,
		.name = name,
		.change_key = "Fk",
		.commit = 1,
		.total_n = -1,
	};
	if (parent)
		parent->child_n++;
	note_move(id);
	return folder;
}

void fake_touch_folder(const char *id, const char *change_key)
{
	if (change_key)
		fake_folder(id)->change_key = change_key;
	note_move(id);
}

void fake_drop_folder(const char *id)
{
	struct fake_folder *folder = fake_folder(id), *parent = fake_folder(folder->parent_id);

	folder->is_gone = true;
	if (parent)
		parent->child_n--;
	note_move(id);
}

void fake_touch_items(const char *id)
{
	fake_folder(id)->commit++;
}

void fake_add_page(const struct fake_page *page)
{
	fake.pages[fake.pages_n++] = *page;
	fake_touch_items(page->folder);
}

void fake_add_item(const char *id, const char *change_key, const char *mime)
{
	fake.items[fake.items_n++] =
		(struct fake_item){ .id = id, .change_key = change_key, .mime = mime };
}

struct fake_item *fake_item(const char *id)
{
	for (size_t i = 0; i < fake.items_n; i++) {
		if (strcmp(fake.items[i].id, id) == 0)
			return &fake.items[i];
	}
	return NULL;
}

/* --- the session --- */

enum err ews_open(const struct account *account, struct ews **ret, struct buf *reason)
{
	(void)account;
	(void)reason;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return ERR_NOMEM;
	(*ret)->back_off_ms = -1;
	return ERR_OK;
}

static void request_free(struct request *request)
{
	for (size_t i = 0; i < request->n; i++)
		free(request->ids[i]);
	free(request->ids);
	free(request);
}

void ews_release(struct ews **ref)
{
	struct ews *ews = give(*ref);

	if (ews)
		ews_stream_close(ews);
	while (ews && ews->requests) {
		struct request *request = ews->requests;
		ews->requests = request->next;
		request->sink->done(request->ctx, ERR_CANCELLED);
		request_free(request);
	}
	free(ews);
}

const char *ews_reason(const struct ews *ews)
{
	return ews->reason;
}

const char *ews_code(const struct ews *ews)
{
	(void)ews;
	return "";
}

const char *ews_version(const struct ews *ews)
{
	(void)ews;
	return fake.version;
}

void ews_claim(struct ews *ews, const char *version)
{
	(void)ews, (void)version;
}

int64_t ews_back_off_ms(const struct ews *ews)
{
	return ews->back_off_ms;
}

void ews_interrupt(struct ews *ews)
{
	ews->is_interrupted = true;
}

const atomic_bool *ews_interruption(const struct ews *ews)
{
	(void)ews;
	return NULL;
}

enum err ews_move(struct ews *ews, const char *url, struct buf *reason)
{
	(void)ews, (void)url, (void)reason;
	return ERR_OK;
}

void ews_resume(struct ews *ews)
{
	ews->is_interrupted = false;
}

void ews_wake(struct ews *ews)
{
	(void)ews;
}

void ews_load_metrics(const struct ews *ews, struct request_metrics *ret)
{
	(void)ews;
	*ret = (struct request_metrics){ .n = 1, .operations = { { .name = "GetItem" } } };
	ret->operations[0].results[RESULT_OK] = 3;
	ret->operations[0].took[0] = 1;
	ret->operations[0].took[METRICS_BOUNDS_N] = 2;
	ret->operations[0].took_ms = 123456;
}

void ews_distrust(struct ews *ews)
{
	(void)ews;
}

void ews_set_tempo(struct ews *ews, int connections_n, int64_t pace_ms, int64_t hold_ms)
{
	(void)ews;
	fake.connections_n = connections_n;
	fake.pace_ms = pace_ms;
	fake.hold_ms = hold_ms;
}

void ews_load_stats(const struct ews *ews, struct ews_stats *ret)
{
	*ret = (struct ews_stats){ .requests_n = (uint64_t)ews->requests_n };
}

static enum err begin_call(struct ews *ews, struct fake_fault *fault)
{
	ews->requests_n++;
	if (ews->is_interrupted)
		return ERR_CANCELLED;
	if (fault->n == 0)
		return ERR_OK;
	fault->n -= fault->n > 0;
	ews->back_off_ms = fault->err == ERR_THROTTLED ? fault->back_off_ms : -1;
	snprintf(ews->reason, sizeof(ews->reason), "fault");
	return fault->err;
}

static void copy(const char *s, char **ret)
{
	*ret = s ? strdup(s) : NULL;
}

/* --- folders --- */

bool ews_is_distinguished(const char *id)
{
	return *id >= 'a' && *id <= 'z';
}

static void print_folder(const struct fake_folder *from, struct folder *to)
{
	folder_init(to);
	copy(from->id, &to->id);
	copy(from->parent_id, &to->parent_id);
	copy(from->name, &to->display_name);
	copy(from->change_key, &to->change_key);
	copy("IPF.Note", &to->folder_class);
	to->is_hidden = from->is_hidden;
	to->digest = (struct digest){
		.known = !from->has_no_digest,
		.total_n = from->total_n,
		.unread_n = from->unread_n,
		.child_n = from->child_n,
		.commit = from->has_no_digest ? TIME_NONE : from->commit,
		.deleted_n = from->deleted_n,
	};
}

static const struct fake_folder *find_asked(const char *id)
{
	for (size_t i = 0; i < fake.folders_n; i++) {
		const struct fake_folder *folder = &fake.folders[i];
		const char *name = ews_is_distinguished(id) ? folder->distinguished : folder->id;
		if (name && strcmp(name, id) == 0 && !folder->is_gone)
			return folder;
	}
	return NULL;
}

enum err ews_get_folders(struct ews *ews, const char *const *ids, size_t n, ews_folder_fn fn,
			 void *ctx)
{
	enum err err = begin_call(ews, &fake.folders_fault);

	fake.folders_calls_n++;
	if (fake.on_folders)
		fake.on_folders();
	fake.folder_ids_n += (int)n;
	for (size_t i = 0; !err && i < n; i++) {
		AUTO(folder) struct folder folder = { 0 };
		const struct fake_folder *found = find_asked(ids[i]);
		struct ews_folder_reply reply = { .err = found ? found->err : ERR_NOT_FOUND,
						  .code = "" };
		if (!reply.err) {
			print_folder(found, &folder);
			reply.folder = &folder;
		}
		err = fn(ctx, i, &reply);
	}
	return err;
}

void ews_hierarchy_release(struct ews_hierarchy *hierarchy)
{
	folders_release(&hierarchy->put);
	for (size_t i = 0; i < hierarchy->dropped_n; i++)
		free(hierarchy->dropped[i]);
	free(hierarchy->dropped);
	free(hierarchy->state);
	*hierarchy = (struct ews_hierarchy){ 0 };
}

static enum err tell_folder(const struct fake_folder *from, struct ews_hierarchy *ret)
{
	AUTO(folder) struct folder folder = { 0 };

	print_folder(from, &folder);
	return folders_take(&ret->put, &folder);
}

static enum err tell_move(const struct fake_folder *from, struct ews_hierarchy *ret)
{
	if (!from->is_gone || from->is_listed)
		return tell_folder(from, ret);
	ret->dropped = realloc(ret->dropped, (ret->dropped_n + 1) * sizeof(*ret->dropped));
	copy(from->id, &ret->dropped[ret->dropped_n++]);
	return ERR_OK;
}

/* Of the tree with that root; what leads to none is the mailbox's. */
static bool is_of_tree(const struct fake_folder *folder, const char *root)
{
	for (int depth = 0; depth < FAKE_FOLDERS_MAX; depth++) {
		const struct fake_folder *parent = NULL;
		for (size_t i = 0; folder->parent_id && i < fake.folders_n; i++) {
			if (strcmp(fake.folders[i].id, folder->parent_id) == 0)
				parent = &fake.folders[i];
		}
		if (!parent)
			break;
		folder = parent;
	}
	bool is_other = folder->distinguished && strcmp(folder->distinguished, "inbox") != 0;
	return strcmp(is_other ? folder->distinguished : "msgfolderroot", root) == 0;
}

enum err ews_find_folders(struct ews *ews, const char *parent_id, uint64_t *offset,
			  struct ews_hierarchy *ret)
{
	enum err err = begin_call(ews, &fake.hierarchy_fault);

	fake.find_calls_n++;
	ret->last = true;
	if (!err && fake_folder(parent_id))
		err = fake_folder(parent_id)->err;
	for (size_t i = *offset; !err && i < fake.folders_n; i++) {
		const struct fake_folder *folder = &fake.folders[i];
		if (folder->is_gone || !folder->parent_id ||
		    strcmp(folder->parent_id, parent_id) != 0)
			continue;
		err = tell_folder(folder, ret);
		*offset = i + 1;
		ret->last = false;
		break; /* one on a page */
	}
	return err;
}

enum err ews_sync_hierarchy(struct ews *ews, const char *root, const char *state,
			    struct ews_hierarchy *ret)
{
	enum err err = begin_call(ews, &fake.hierarchy_fault);
	char text[32];

	fake.hierarchy_calls_n++;
	if (err)
		return err;
	snprintf(text, sizeof(text), "h%zu", fake.moves_n);
	copy(text, &ret->state);
	ret->last = true;
	/* Children first: whoever reads must not rely on the order. */
	for (size_t i = fake.folders_n; !err && !state && i-- > 1;) {
		if ((!fake.folders[i].is_gone || fake.folders[i].is_listed) &&
		    is_of_tree(&fake.folders[i], root))
			err = tell_folder(&fake.folders[i], ret);
	}
	for (size_t i = state ? strtoul(state + 1, NULL, 10) : fake.moves_n;
	     !err && i < fake.moves_n; i++) {
		if (is_of_tree(fake_folder(fake.moves[i]), root))
			err = tell_move(fake_folder(fake.moves[i]), ret);
	}
	return err;
}

/* --- items --- */

void ews_page_release(struct ews_page *page)
{
	for (size_t i = 0; i < page->n; i++) {
		free(page->changes[i].id);
		free(page->changes[i].change_key);
	}
	free(page->changes);
	free(page->state);
	*page = (struct ews_page){ 0 };
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void add_change(struct ews_page *page, const struct ews_change *change)
{
	struct ews_change *to = &page->changes[page->n++];

	*to = *change;
	copy(change->id, &to->id);
	copy(change->change_key, &to->change_key);
}

static void print_page(const struct fake_page *from, int max, struct ews_page *ret)
{
	static const struct ews_change filler = FAKE_READ("NOBODY", true);

	ret->changes = calloc((size_t)max + FAKE_CHANGES_MAX, sizeof(*ret->changes));
	for (size_t i = 0; i < FAKE_CHANGES_MAX && from->changes[i].id; i++)
		add_change(ret, &from->changes[i]);
	while (from->is_full && ret->n < (size_t)max)
		add_change(ret, &filler);
	copy(from->to, &ret->state);
	ret->last = !from->more;
}

static enum err answer_page(const char *folder_id, const char *state, int max, struct ews_page *ret)
{
	for (size_t i = 0; i < fake.pages_n; i++) {
		const struct fake_page *page = &fake.pages[i];
		if (strcmp(page->folder, folder_id) != 0 || !is_same(page->from, state))
			continue;
		if (!page->err)
			print_page(page, max, ret);
		return page->err;
	}
	copy(state ? state : "s0", &ret->state);
	ret->last = true;
	return ERR_OK;
}

enum err ews_sync_items(struct ews *ews, const char *folder_id, const char *state, int max,
			struct ews_page *ret)
{
	enum err err = begin_call(ews, &fake.pages_fault);

	fake.pages_calls_n++;
	if (!err)
		err = answer_page(folder_id, state, max, ret);
	if (fake.on_page)
		fake.on_page();
	return err;
}

void ews_set_tend(struct ews *ews, void (*tend)(void *ctx), void *ctx)
{
	(void)ews, (void)tend, (void)ctx;
}

enum err ews_find_items(struct ews *ews, const char *folder_id, const char *state, int max,
			struct ews_page *ret)
{
	fake.find_calls_n++;
	return ews_sync_items(ews, folder_id, state, max, ret);
}

static enum err get(struct ews *ews, enum item_kind kind, bool wants_mime, const char *const *ids,
		    size_t n, const struct ews_items_sink *sink, void *ctx)
{
	struct request *request = calloc(1, sizeof(*request)), **last = &ews->requests;

	*request = (struct request){ .kind = kind, .n = n, .sink = sink, .ctx = ctx };
	request->wants_mime = wants_mime;
	request->ids = calloc(n, sizeof(*request->ids));
	for (size_t i = 0; i < n; i++)
		copy(ids[i], &request->ids[i]);
	while (*last)
		last = &(*last)->next;
	*last = request;
	ews->pending_n++;
	fake.items_calls_n++;
	fake.item_ids_n += (int)n;
	fake.mime_ids_n += wants_mime ? (int)n : 0;
	fake.asked_kind = kind;
	return ERR_OK;
}

enum err ews_get_items(struct ews *ews, enum item_kind kind, const char *const *ids, size_t n,
		       const char *spool_dir, const struct ews_items_sink *to, void *ctx)
{
	(void)spool_dir;
	return get(ews, kind, true, ids, n, to, ctx);
}

enum err ews_get_attributes(struct ews *ews, enum item_kind kind, const char *const *ids, size_t n,
			    const char *spool_dir, const struct ews_items_sink *to, void *ctx)
{
	(void)spool_dir;
	return get(ews, kind, false, ids, n, to, ctx);
}

static enum err answer_item(struct request *request, size_t i)
{
	const struct fake_item *from = fake_item(request->ids[i]);
	AUTO(item) struct item item;
	AUTO(spool) struct spool mime = { .dir = "/tmp" };
	struct ews_item_reply reply = { .err = from ? from->err : ERR_NOT_FOUND, .text = "" };

	item_init(&item);
	reply.code = from && from->code ? from->code : "";
	if (from && from->fails_in_part && request->kind == KIND_CONTACT)
		reply.err = ERR_OK;
	if (from && from->is_odd && request->kind != KIND_SAFE)
		reply.err = ERR_SHAPE;
	if (reply.err)
		return request->sink->item(request->ctx, i, &reply);
	item.kind = request->kind;
	item.received = item.modified = item.created = 1700000000;
	item.has_message_flags = true;
	item.message_flags = from->is_read ? MSGFLAG_READ : 0;
	copy("Message", &item.element);
	copy(from->id, &item.id);
	copy(from->change_key, &item.change_key);
	copy(from->subject, &item.subject);
	copy("IPM.Note", &item.item_class);
	enum err err = from->mime ? spool_append(&mime, from->mime, strlen(from->mime)) : ERR_OK;
	reply.item = &item;
	reply.mime = request->wants_mime ? &mime : NULL;
	return err ? err : request->sink->item(request->ctx, i, &reply);
}

/* --- notifications --- */

enum err ews_subscribe(struct ews *ews, enum ews_subscription kind, int minutes,
		       const char *const *ids, size_t n, char **ret_id, char **ret_watermark)
{
	enum err err = begin_call(ews, &fake.subscribe_fault);
	(void)minutes, (void)ids;

	fake.subscribe_calls_n++;
	fake.subscribed_n = n;
	fake.kind = kind;
	if (err)
		return err;
	copy("SUB", ret_id);
	copy("w0", ret_watermark);
	return ERR_OK;
}

void ews_unsubscribe(struct ews *ews, const char *id, int64_t ms)
{
	(void)ews, (void)id, (void)ms;
	fake.unsubscribe_calls_n++;
}

enum err ews_get_events(struct ews *ews, const char *id, char **watermark, ews_event_fn fn,
			void *ctx, bool *ret_more)
{
	enum err err = begin_call(ews, &fake.events_fault);
	(void)id, (void)watermark;

	fake.events_calls_n++;
	*ret_more = false;
	for (size_t i = 0; !err && i < fake.events_n; i++)
		err = fn(ctx, &fake.events[i]);
	if (!err)
		fake.events_n = 0;
	return err;
}

enum err ews_stream(struct ews *ews, const char *id, int minutes, int64_t silence_ms,
		    const struct ews_stream_sink *sink, void *ctx)
{
	(void)id, (void)minutes;
	fake.stream_calls_n++;
	fake.silence_ms = silence_ms;
	ews->stream = sink;
	ews->stream_ctx = ctx;
	streaming = ews;
	return ERR_OK;
}

void ews_stream_limit(struct ews *ews, int64_t silence_ms)
{
	(void)ews;
	fake.silence_ms = silence_ms;
}

bool ews_is_streaming(const struct ews *ews)
{
	return ews->stream != NULL;
}

void ews_stream_close(struct ews *ews)
{
	const struct ews_stream_sink *sink = give(ews->stream);

	if (sink)
		sink->done(ews->stream_ctx, ERR_CANCELLED);
}

void fake_beat(void)
{
	streaming->stream->beat(streaming->stream_ctx, false);
}

void fake_event(const struct ews_event *event)
{
	if (streaming->stream->event(streaming->stream_ctx, event) == ERR_OK)
		streaming->stream->beat(streaming->stream_ctx, true);
}

void fake_end_stream(enum err err)
{
	const struct ews_stream_sink *sink = give(streaming->stream);

	snprintf(streaming->reason, sizeof(streaming->reason), "fault");
	sink->done(streaming->stream_ctx, err);
}

/* --- waiting --- */

int ews_pending_n(const struct ews *ews)
{
	return ews->pending_n;
}

void ews_abort(struct ews *ews)
{
	while (ews->requests) {
		struct request *request = ews->requests;
		ews->requests = request->next;
		ews->pending_n--;
		request->sink->done(request->ctx, ERR_CANCELLED);
		request_free(request);
	}
}

/* At which place it asks for that; behind all others where it does not. */
static size_t find_id(const struct request *request, const char *id)
{
	size_t i = 0;

	while (i < request->n && (!id || strcmp(request->ids[i], id) != 0))
		i++;
	return i;
}

/* Answers the oldest request. */
enum err ews_wait(struct ews *ews, int64_t ms)
{
	struct request *request = ews->requests;
	(void)ms;

	if (ews->is_interrupted)
		return ERR_CANCELLED;
	if (!request)
		return ERR_OK;
	ews->requests = request->next;
	ews->pending_n--;
	if (fake.on_items)
		fake.on_items();
	size_t busy_at = find_id(request, fake.busy_item);
	if (busy_at < request->n)
		fake.items_fault = (struct fake_fault){ ERR_THROTTLED, 1, 1,
							fake.is_busy_whole ? 0 : busy_at };
	enum err err = begin_call(ews, &fake.items_fault);
	size_t n = err ? fake.items_fault.after_n : request->n;
	for (size_t i = 0; i < n && i < request->n; i++) {
		enum err failed = answer_item(request, i);
		err = err ? err : failed;
	}
	request->sink->done(request->ctx, err);
	request_free(request);
	return ERR_OK;
}
