/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "ews/event_rules.h"
#include "ews/session.h"

/*
 * stream - GetStreamingEvents: one reply that is a sequence of SOAP documents.
 *
 * It is cut behind each "</...:Envelope>", which can stand nowhere else (XML allows no bare '<'
 * in a text or an attribute), and each piece is read like any other reply.
 */
enum { DOCUMENT_MAX_BYTES = 16 << 20 };

/* Looks for the end of a document. */
struct cutter {
	enum { IN_TEXT, IN_TAG, IN_NAME, IN_REST } state;
	size_t n;      /* bytes of the local name so far */
	bool is_other; /* it is not "Envelope" */
};

struct stream {
	struct event_reader reader; /* first: the rules want it */
	const struct ews_stream_sink *sink;
	void *sink_ctx;
	char *id;
	int minutes;
	struct cutter cutter;
	size_t bytes;	  /* of the document under way */
	bool is_within;	  /* a document has begun and not ended */
	bool has_ended;	  /* ... or one has ended before */
	struct call call; /* its reply: of the document under way, or the last one */
};

static const char end_name[] = "Envelope";

static void take_name(struct cutter *cutter, char c)
{
	if (c == ':') { /* that was the prefix */
		cutter->n = 0;
		cutter->is_other = false;
	} else if (c == '>' || strchr(" \t\r\n", c)) {
		cutter->is_other |= cutter->n != strlen(end_name);
		cutter->state = IN_REST;
	} else {
		cutter->is_other |= cutter->n >= strlen(end_name) || c != end_name[cutter->n];
		cutter->n++;
	}
}

/* True behind the last byte of a document. */
static bool cutter_feed(struct cutter *cutter, char c)
{
	if (c == '<') {
		*cutter = (struct cutter){ .state = IN_TAG };
		return false;
	}
	if (cutter->state == IN_TAG)
		cutter->state = c == '/' ? IN_NAME : IN_TEXT;
	else if (cutter->state == IN_NAME)
		take_name(cutter, c);
	if (cutter->state != IN_REST || c != '>')
		return false;
	cutter->state = IN_TEXT;
	return !cutter->is_other;
}

/* Bytes up to the end of the document, or all of them. */
static size_t cut(struct cutter *cutter, const char *bytes, size_t n, bool *ret_ended)
{
	*ret_ended = false;
	for (size_t i = 0; i < n; i++) {
		if (cutter->state == IN_TEXT) {
			const char *tag = memchr(bytes + i, '<', n - i);
			if (!tag)
				return n;
			i = (size_t)(tag - bytes);
		}
		*ret_ended = cutter_feed(cutter, bytes[i]);
		if (*ret_ended)
			return i + 1;
	}
	return n;
}

/* --- the documents --- */

static enum err write_question(const void *ctx, enum version version, struct buf *to)
{
	const struct stream *stream = ctx;
	(void)version;

	enum err err = buf_append_str(to, "<m:SubscriptionIds>");
	if (!err)
		err = soap_text(to, "t:SubscriptionId", stream->id);
	if (!err)
		err = buf_printf(to,
				 "</m:SubscriptionIds><m:ConnectionTimeout>%d"
				 "</m:ConnectionTimeout>",
				 stream->minutes);
	return err;
}

static const struct sax_rule rules[] = {
	EVENT_RULES("m:Notifications/Notification"),
	{ 0 },
};

/* Its messages' codes count: some say that the connection is fine, and have no subscription for it. */
static const struct operation get_streaming_events = {
	.name = "GetStreamingEvents",
	.write = write_question,
	.rules = rules,
};

static enum err begin_document(struct stream *stream)
{
	struct call *call = &stream->call;

	AUTO(reply) struct reply *reply = NULL;

	enum err err = reply_new(call->operation, call->n, call->ctx, &reply);
	if (err)
		return err;
	reply_release(&call->reply);
	call->reply = give(reply);
	stream->is_within = true;
	stream->bytes = 0;
	stream->reader.n = 0;
	return ERR_OK;
}

static enum err end_document(struct stream *stream)
{
	enum err err = reply_finish(stream->call.reply);

	if (err)
		return err;
	stream->is_within = false;
	stream->has_ended = true;
	stream->sink->beat(stream->sink_ctx, stream->reader.n > 0);
	return ERR_OK;
}

static enum err feed(struct stream *stream, const char *bytes, size_t n)
{
	enum err err = ERR_OK;

	while (!stream->is_within && n > 0 && strchr(" \t\r\n", *bytes))
		bytes++, n--;
	if (n == 0)
		return ERR_OK;
	if (!stream->is_within)
		err = begin_document(stream);
	stream->bytes += n;
	if (!err && stream->bytes > DOCUMENT_MAX_BYTES)
		err = ERR_LIMIT;
	return err ? err : reply_feed(stream->call.reply, bytes, n);
}

/* --- the request --- */

static enum err on_data(void *ctx, const char *bytes, size_t n)
{
	struct stream *stream = ctx;
	enum err err = ERR_OK;

	while (!err && n > 0) {
		bool ended;
		size_t some = cut(&stream->cutter, bytes, n, &ended);
		err = feed(stream, bytes, some);
		if (!err && ended)
			err = end_document(stream);
		bytes += some;
		n -= some;
	}
	return err;
}

/* Its connection serves nobody else. */
static bool on_is_settled(void *ctx)
{
	(void)ctx;
	return false;
}

static void release(struct stream *stream)
{
	reply_release(&stream->call.reply);
	event_reader_release(&stream->reader);
	free(stream->id);
	free(stream);
}

static void on_done(void *ctx, const struct http_result *result)
{
	struct stream *stream = ctx;
	enum err err = ERR_OK;

	if (result->err || stream->is_within || !stream->has_ended)
		err = call_judge(&stream->call, result);
	if (err)
		call_note_failure(&stream->call, result, err);
	stream->call.ews->stream = NULL;
	stream->sink->done(stream->sink_ctx, err);
	release(stream);
}

static const struct http_handler handler = { on_data, on_is_settled, on_done };

static enum err start(struct stream *stream, int64_t silence_ms)
{
	AUTO(buf) struct buf request = { 0 };
	struct call *call = &stream->call;

	enum err err = call_write(call, &request);
	if (!err)
		err = reply_new(call->operation, call->n, call->ctx, &call->reply);
	if (!err)
		err = http_stream(call->ews->http, request.bytes, request.len, silence_ms, &handler,
				  stream);
	return err;
}

enum err ews_stream(struct ews *ews, const char *id, int minutes, int64_t silence_ms,
		    const struct ews_stream_sink *sink, void *ctx)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return ERR_NOMEM;
	stream->reader = (struct event_reader){ .fn = sink->event, .fn_ctx = ctx };
	stream->sink = sink;
	stream->sink_ctx = ctx;
	stream->minutes = minutes;
	stream->call = (struct call){
		.ews = ews,
		.operation = &get_streaming_events,
		.ctx = stream,
		.n = 1,
		.version = ews->version,
	};
	enum err err = text_copy(id, &stream->id);
	if (!err)
		err = start(stream, silence_ms);
	if (err)
		release(stream);
	else
		ews->stream = stream;
	return err;
}

void ews_stream_limit(struct ews *ews, int64_t silence_ms)
{
	http_stream_limit(ews->http, silence_ms);
}

bool ews_is_streaming(const struct ews *ews)
{
	return ews->stream != NULL;
}

void ews_stream_close(struct ews *ews)
{
	if (ews->stream)
		http_abort(ews->http, ews->stream);
}
