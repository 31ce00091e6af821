/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "ews/item_reader.h"
#include "ews/session.h"
#include "ews/shapes.h"

/*
 * items - GetItem: items with their content, handed on one by one while the reply comes.
 */
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
};

static void items_call_release(struct items_call **call)
{
	struct items_call *c = *call;

	if (!c)
		return;
	for (size_t i = 0; c->ids && i < c->n; i++)
		free(c->ids[i]);
	free(c->ids);
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
		reply.item = r->item.element ? &r->item : NULL;
		bool has_content = c->wants_mime || !shape_has_mime(c->kind);
		reply.mime = r->fault || !has_content ? NULL : &r->mime;
		reply.text = r->fault ? r->fault : "";
		reply.err = r->fault ? ERR_BAD_ITEM : ERR_OK;
	}
	return c->sink.item(c->sink_ctx, message->index, &reply);
}

static void on_done(struct call *call, enum err err)
{
	AUTO(items_call) struct items_call *c = call->ctx;

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
