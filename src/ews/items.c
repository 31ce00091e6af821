/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "ews/item_reader.h"
#include "ews/session.h"
#include "ews/shapes.h"
#include "ews/take.h"

/*
 * items - GetItem: items with their content, handed on one by one while the reply comes.
 *
 * A contact with a picture waits for that: it is an attachment, asked for (GetAttachment) when
 * the reply is complete, and becomes the property "Photo". A picture that the server
 * does not give, or one beyond PHOTO_MAX_BYTES, is none; where no answer comes, the
 * contact has not come either.
 */
enum { PHOTO_MAX_BYTES = 4 << 20 }; /* in base64 */

/* A contact that waits for its picture. */
struct waiting {
	size_t index;
	struct item item;
	char *photo_id;
};

struct items_call {
	struct item_reader reader; /* first: the rules want it */
	enum item_kind kind;
	bool wants_mime;
	char **ids;
	size_t n;
	const char *spool_dir;
	struct ews_items_sink sink;
	void *sink_ctx;
	struct call call;
	struct waiting *waiting;
	size_t waiting_n, waiting_at; /* the next one to be handed on */
};

static void items_call_release(struct items_call **call)
{
	struct items_call *c = *call;

	if (!c)
		return;
	for (size_t i = 0; c->ids && i < c->n; i++)
		free(c->ids[i]);
	free(c->ids);
	for (size_t i = 0; i < c->waiting_n; i++) {
		item_release(&c->waiting[i].item);
		str_release(&c->waiting[i].photo_id);
	}
	free(c->waiting);
	item_reader_release(&c->reader);
	free(c);
	*call = NULL;
}

static enum err write_question(const void *ctx, enum version version, struct buf *to)
{
	const struct items_call *c = ctx;
	enum err err = shape_write(c->kind, version, c->wants_mime, to);

	if (!err)
		err = buf_append_str(to, "<m:ItemIds>");
	for (size_t i = 0; !err && i < c->n; i++)
		err = soap_id(to, "t:ItemId", c->ids[i]);
	if (!err)
		err = buf_append_str(to, "</m:ItemIds>");
	return err;
}

static enum err open_message(void *ctx, size_t index)
{
	struct items_call *c = ctx;

	item_reader_reset(&c->reader, c->ids[index], c->spool_dir);
	c->reader.item.kind = c->kind;
	return ERR_OK;
}

static bool has_photo(const struct items_call *c)
{
	const struct item_reader *r = &c->reader;

	return r->photo_id && !r->fault && strcmp(r->item.element, "Contact") == 0;
}

static enum err wait_for_photo(struct items_call *c, size_t index)
{
	if (!c->waiting)
		c->waiting = calloc(c->n, sizeof(*c->waiting));
	if (!c->waiting)
		return ERR_NOMEM;
	c->waiting[c->waiting_n++] = (struct waiting){
		.index = index,
		.item = c->reader.item,
		.photo_id = give(c->reader.photo_id),
	};
	c->reader.item = (struct item){ 0 };
	return ERR_OK;
}

static enum err close_message(void *ctx, const struct reply_message *message)
{
	struct items_call *c = ctx;
	struct item_reader *r = &c->reader;
	struct ews_item_reply reply = { .err = message->err,
					.code = message->code,
					.text = message->text };

	if (!message->err) {
		enum err err = item_reader_finish(r);
		if (err)
			return err;
		if (has_photo(c) && c->waiting_n < c->n)
			return wait_for_photo(c, message->index);
		reply.item = r->item.element ? &r->item : NULL;
		bool has_content = c->wants_mime || !shape_has_mime(c->kind);
		reply.mime = r->fault || !has_content ? NULL : &r->mime;
		reply.text = r->fault ? r->fault : "";
		reply.err = r->fault ? ERR_BAD_ITEM : ERR_OK;
	}
	return c->sink.item(c->sink_ctx, message->index, &reply);
}

/* --- pictures --- */

static enum err write_photo_ids(const void *ctx, enum version version, struct buf *to)
{
	const struct items_call *c = ctx;
	(void)version;

	enum err err = buf_append_str(to, "<m:AttachmentIds>");
	for (size_t i = 0; !err && i < c->waiting_n; i++)
		err = soap_id(to, "t:AttachmentId", c->waiting[i].photo_id);
	return err ? err : buf_append_str(to, "</m:AttachmentIds>");
}

/* Of several it must be the one whose turn it is; a server that writes its ids anew can be
 * asked for one alone. */
static enum err open_photo(void *ctx, const struct sax *sax)
{
	struct items_call *c = ctx;
	AUTO(str) char *id = NULL;
	enum err err = c->waiting_n > 1 ? sax_copy_attr(sax, "Id", ID_MAX_BYTES, &id) : ERR_OK;

	if (err || c->waiting_n == 1 || (id && strcmp(id, c->waiting[c->waiting_at].photo_id) == 0))
		return err;
	return ERR_STALE_REPLY;
}

static enum err take_photo(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct items_call *c = ctx;
	(void)sax;

	enum err err = fields_put(&c->waiting[c->waiting_at].item.fields, "Photo", text, n);
	return err == ERR_LIMIT ? ERR_OK : err;
}

static enum err open_photo_message(void *ctx, size_t index)
{
	struct items_call *c = ctx;

	c->waiting_at = index;
	return ERR_OK;
}

static enum err hand_on_waiting(struct items_call *c)
{
	struct waiting *waiting = &c->waiting[c->waiting_at++];
	struct spool none = { .dir = c->spool_dir };
	struct ews_item_reply reply = {
		.item = &waiting->item, .mime = &none, .code = "", .text = ""
	};

	enum err err = c->sink.item(c->sink_ctx, waiting->index, &reply);
	spool_release(&none);
	return err;
}

/* The server says no, and will again: the contact comes without. */
static bool is_refusal(enum err err)
{
	return err == ERR_SHAPE || err == ERR_BAD_ITEM || err == ERR_DENIED || err == ERR_NOT_FOUND;
}

static enum err close_photo_message(void *ctx, const struct reply_message *message)
{
	struct items_call *c = ctx;
	struct ews_item_reply later = { .err = message->err,
					.code = message->code,
					.text = message->text };

	if (!message->err || is_refusal(message->err))
		return hand_on_waiting(c);
	return c->sink.item(c->sink_ctx, c->waiting[c->waiting_at++].index, &later);
}

#define PHOTO "m:Attachments/t:FileAttachment"
static const struct sax_rule photo_rules[] = {
	{ PHOTO "/t:AttachmentId", .open = open_photo },
	{ PHOTO "/t:Content", .text = take_photo, .cap = PHOTO_MAX_BYTES, .over = take_nothing },
	{ 0 },
};

static const struct operation get_photos = {
	.name = "GetAttachment",
	.write = write_photo_ids,
	.rules = photo_rules,
	.open = open_photo_message,
	.close = close_photo_message,
};

static void on_photos_done(struct call *call, enum err err)
{
	AUTO(items_call) struct items_call *c = call->ctx;

	if (is_refusal(err))
		err = ERR_OK;
	while (!err && c->waiting_at < c->waiting_n)
		err = hand_on_waiting(c);
	c->sink.done(c->sink_ctx, err);
}

static enum err ask_for_photos(struct items_call *c)
{
	c->call = (struct call){
		.ews = c->call.ews,
		.operation = &get_photos,
		.ctx = c,
		.n = c->waiting_n,
		.done = on_photos_done,
	};
	return call_start(&c->call);
}

static void on_done(struct call *call, enum err err)
{
	AUTO(items_call) struct items_call *c = call->ctx;

	if (!err && c->waiting_n > 0) {
		err = ask_for_photos(c);
		if (!err) {
			(void)give(c);
			return;
		}
	}
	c->sink.done(c->sink_ctx, err);
}

static const struct operation get_mime = {
	.name = "GetItem",
	.write = write_question,
	.rules = item_rules,
	.open = open_message,
	.close = close_message,
};

static const struct operation get_fields = {
	.name = "GetItem",
	.write = write_question,
	.rules = item_rules_with_fields,
	.open = open_message,
	.close = close_message,
};

static enum err copy_ids(struct items_call *c, const char *const *ids, size_t n)
{
	enum err err = ERR_OK;

	c->ids = calloc(n, sizeof(*c->ids));
	if (!c->ids)
		return ERR_NOMEM;
	c->n = n;
	for (size_t i = 0; !err && i < n; i++)
		err = text_copy(ids[i], &c->ids[i]);
	return err;
}

static enum err get(struct ews *ews, enum item_kind kind, bool wants_mime, const char *const *ids,
		    size_t n, const char *spool_dir, const struct ews_items_sink *sink, void *ctx)
{
	AUTO(items_call) struct items_call *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_NOMEM;
	if (n == 0)
		return ERR_INVALID;
	c->kind = kind;
	c->wants_mime = wants_mime;
	c->spool_dir = spool_dir;
	c->sink = *sink;
	c->sink_ctx = ctx;
	c->reader.wants_mime = wants_mime && shape_has_mime(kind);
	enum err err = copy_ids(c, ids, n);
	c->call = (struct call){
		.ews = ews,
		.operation = shape_has_mime(kind) ? &get_mime : &get_fields,
		.ctx = c,
		.n = n,
		.done = on_done,
	};
	if (!err)
		err = call_start(&c->call);
	if (!err)
		(void)give(c);
	return err;
}

enum err ews_get_items(struct ews *ews, enum item_kind kind, const char *const *ids, size_t n,
		       const char *spool_dir, const struct ews_items_sink *sink, void *ctx)
{
	return get(ews, kind, true, ids, n, spool_dir, sink, ctx);
}

enum err ews_get_attributes(struct ews *ews, enum item_kind kind, const char *const *ids, size_t n,
			    const char *spool_dir, const struct ews_items_sink *sink, void *ctx)
{
	return get(ews, kind, false, ids, n, spool_dir, sink, ctx);
}
