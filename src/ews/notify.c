/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ews/event_rules.h"
#include "ews/session.h"

/*
 * notify - Subscribe, Unsubscribe and GetEvents. One subscription covers all that is watched.
 */

/* --- Subscribe --- */

struct subscribe_call {
	enum ews_subscription kind;
	int minutes;
	const char *const *ids; /* of folders */
	size_t n;
	char *id, *watermark;
	struct call call;
};

/* clang-format off */
static const char event_types[] =
	"<t:EventTypes>"
	"<t:EventType>CopiedEvent</t:EventType><t:EventType>CreatedEvent</t:EventType>"
	"<t:EventType>DeletedEvent</t:EventType><t:EventType>ModifiedEvent</t:EventType>"
	"<t:EventType>MovedEvent</t:EventType><t:EventType>NewMailEvent</t:EventType>"
	"</t:EventTypes>";
/* clang-format on */

static enum err write_folders(const struct subscribe_call *s, const char *element, struct buf *to)
{
	enum err err = buf_printf(to, "<m:%s", element);

	if (!err)
		err = buf_append_str(to,
				     s->n ? "><t:FolderIds>" : " SubscribeToAllFolders=\"true\">");
	for (size_t i = 0; !err && i < s->n; i++)
		err = soap_id(to, "t:FolderId", s->ids[i]);
	return err || s->n == 0 ? err : buf_append_str(to, "</t:FolderIds>");
}

static enum err write_subscribe(const void *ctx, enum version version, struct buf *to)
{
	const struct subscribe_call *s = ctx;
	bool streams = s->kind == EWS_STREAMING;
	const char *element = streams ? "StreamingSubscriptionRequest" : "PullSubscriptionRequest";
	enum err err = write_folders(s, element, to);
	(void)version;

	if (!err)
		err = buf_append_str(to, event_types);
	if (!err && !streams)
		err = buf_printf(to, "<t:Timeout>%d</t:Timeout>", s->minutes);
	return err ? err : buf_printf(to, "</m:%s>", element);
}

static const struct sax_rule subscribe_rules[] = {
	{ "m:SubscriptionId", .text = take_string, .cap = ID_MAX_BYTES,
	  .arg = offsetof(struct subscribe_call, id) },
	{ "m:Watermark", .text = take_string, .cap = ID_MAX_BYTES,
	  .arg = offsetof(struct subscribe_call, watermark) },
	{ 0 },
};

static const struct operation subscribe = {
	.name = "Subscribe",
	.write = write_subscribe,
	.rules = subscribe_rules,
};

enum err ews_subscribe(struct ews *ews, enum ews_subscription kind, int minutes,
		       const char *const *ids, size_t n, char **ret_id, char **ret_watermark)
{
	struct subscribe_call s = { .kind = kind, .minutes = minutes, .ids = ids, .n = n };

	/* The events wait on the machine that took the subscription. */
	http_prefer_affinity(ews->http);
	s.call = (struct call){ .ews = ews, .operation = &subscribe, .ctx = &s, .n = 1 };
	enum err err = call_run(&s.call);
	if (!err && !s.id)
		err = ERR_PROTOCOL;
	if (!err) {
		*ret_id = give(s.id);
		*ret_watermark = give(s.watermark);
	}
	str_release(&s.id);
	str_release(&s.watermark);
	return err;
}

/* --- Unsubscribe --- */

static enum err write_unsubscribe(const void *ctx, enum version version, struct buf *to)
{
	(void)version;
	return soap_text(to, "m:SubscriptionId", ctx);
}

static const struct sax_rule no_rules[] = { { 0 } };

static const struct operation unsubscribe = {
	.name = "Unsubscribe",
	.write = write_unsubscribe,
	.rules = no_rules,
};

void ews_unsubscribe(struct ews *ews, const char *id, int64_t ms)
{
	struct call call = { .ews = ews, .operation = &unsubscribe, .ctx = (void *)(uintptr_t)id };
	int64_t end_ms = clock_boot_ms() + ms;

	call.n = 1;
	enum err err = call_start(&call);
	while (!err && !call.is_done && clock_boot_ms() < end_ms)
		err = http_wait(ews->http, end_ms - clock_boot_ms());
	if (!call.is_done)
		http_abort(ews->http, &call);
}

/* --- GetEvents --- */

struct events_call {
	struct event_reader reader; /* first: the rules want it */
	const char *id, *watermark;
	struct call call;
};

static enum err write_get_events(const void *ctx, enum version version, struct buf *to)
{
	const struct events_call *e = ctx;
	(void)version;

	enum err err = soap_text(to, "m:SubscriptionId", e->id);
	return err ? err : soap_text(to, "m:Watermark", e->watermark);
}

static const struct sax_rule events_rules[] = {
	EVENT_RULES("Notification"),
	{ 0 },
};

static const struct operation get_events = {
	.name = "GetEvents",
	.write = write_get_events,
	.rules = events_rules,
};

enum err ews_get_events(struct ews *ews, const char *id, char **watermark, ews_event_fn fn,
			void *ctx, bool *ret_more)
{
	/* gromox has no watermarks, but wants the element. */
	struct events_call e = {
		.reader = { .fn = fn, .fn_ctx = ctx },
		.id = id,
		.watermark = *watermark ? *watermark : "AAAA",
	};

	e.call = (struct call){ .ews = ews, .operation = &get_events, .ctx = &e, .n = 1 };
	enum err err = call_run(&e.call);
	if (!err && e.reader.watermark) {
		/* More of what has been told already would never end. */
		*ret_more = e.reader.has_more && strcmp(e.reader.watermark, e.watermark) != 0;
		str_release(watermark);
		*watermark = give(e.reader.watermark);
	} else if (!err) {
		*ret_more = e.reader.has_more && e.reader.n > 0;
	}
	event_reader_release(&e.reader);
	return err;
}
