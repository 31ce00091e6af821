/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "notice.h"

#define NAME "GetStreamingEvents"
#define MINUTE_MS 60000

void watch_wake(struct watch *watch)
{
	for (struct stream *stream = watch->streams; stream; stream = stream->next) {
		if (stream->woken)
			continue;
		stream->woken = true;
		eventfd_write(stream->wake, 1);
	}
}

size_t streams_n(const struct watch *watch)
{
	size_t n = 0;

	for (const struct stream *stream = watch->streams; stream; stream = stream->next)
		n++;
	return n;
}

size_t streams_max(const struct mailbox *box)
{
	int64_t asked = box->watch->ways.connections;

	return (size_t)(asked ? asked : box->like->streams);
}

struct stream *stream_open(struct call *call, struct subscription *const *subscriptions, size_t n,
			   int64_t minutes)
{
	struct watch *watch = call->box->watch;
	struct stream *stream = must_alloc(NULL, sizeof(*stream));

	*stream = (struct stream){
		.next = watch->streams,
		.server = call->server,
		.user = call->user,
		.box = call->box,
		.number = ++watch->streams_made,
		.began_ms = clock_boot_ms(),
		.minutes = minutes,
		.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	if (stream->wake < 0)
		abort();
	stream->said_ms = stream->began_ms;
	for (size_t i = 0; i < n; i++) {
		stream->subscriptions[stream->subscriptions_n++] = subscriptions[i]->number;
		subscriptions[i]->stream = stream->number;
	}
	watch->streams = stream;
	/* Another one may just have lost a subscription to it. */
	watch_wake(watch);
	return stream;
}

static struct subscription *find(const struct stream *stream, size_t i, uint64_t failovers)
{
	return watch_get(stream->box->watch, stream->subscriptions[i], failovers);
}

void stream_release(struct stream **stream)
{
	struct stream *s = *stream;

	if (!s)
		return;
	struct mailbox *box = s->box;
	lock_acquire(&box->lock);
	struct stream **at = &box->watch->streams;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	for (struct subscription *own = box->watch->all; own; own = own->next)
		if (own->stream == s->number) {
			own->stream = 0;
			own->used_ms = clock_boot_ms();
		}
	lock_drop(&box->lock);
	close(s->wake);
	buf_release(&s->held);
	free(s);
	*stream = NULL;
}

/* --- Documents --- */

/* gromox says all that there is to say in each. */
static void write_rest(struct call *call, const char *status)
{
	if (call->server->like->bare_ids)
		xml_raw(call->out, "<m:ErrorSubscriptionIds/>");
	if (status)
		xml_element(call->out, "m:ConnectionStatus", status);
}

void stream_write_status(struct call *call, const char *status)
{
	reply_begin(call, NAME);
	message_begin(call, NAME);
	if (call->server->like->bare_ids)
		xml_raw(call->out, "<m:Notifications/>");
	write_rest(call, status);
	message_end(call, NAME);
	reply_end(call, NAME);
}

void stream_write_error(struct call *call, const char *code, const char *const *ids, size_t n)
{
	bool goes_on = strcmp(code, "ErrorMissedNotificationEvents") == 0;

	reply_begin(call, NAME);
	message_error_begin(call, NAME, code);
	xml_open(call->out, "m:ErrorSubscriptionIds");
	for (size_t i = 0; i < n; i++)
		xml_element(call->out, "m:SubscriptionId", ids[i]);
	xml_close(call->out, "m:ErrorSubscriptionIds");
	xml_element(call->out, "m:ConnectionStatus", goes_on ? "OK" : "Closed");
	message_end(call, NAME);
	reply_end(call, NAME);
}

static void begin(struct call *call)
{
	size_t start = call->out->buf.len;

	reply_start(call->server->like, call->out);
	if (!call->server->like->one_declaration || call->out->err)
		return;
	/* gromox has an XML declaration in front of the first document alone. */
	struct buf *buf = &call->out->buf;
	const char *behind = strstr(buf->bytes + start, "?>") + 2;
	size_t n = buf->len - (size_t)(behind - buf->bytes);
	memmove(buf->bytes + start, behind, n + 1);
	buf->len = start + n;
}

static void say(struct stream *stream, struct call *call)
{
	xml_raw(call->out, call->server->like->end);
	stream->said_ms = clock_boot_ms();
}

static void say_status(struct stream *stream, struct call *call, const char *status)
{
	begin(call);
	stream_write_status(call, status);
	say(stream, call);
}

static void say_heartbeat(struct stream *stream, struct call *call, uint64_t failovers)
{
	const struct subscription *first = find(stream, 0, failovers);

	if (!call->server->like->bare_ids) {
		say_status(stream, call, "OK");
		return;
	}
	begin(call);
	reply_begin(call, NAME);
	message_begin(call, NAME);
	xml_open(call->out, "m:Notifications");
	notice_write_status(call, first);
	xml_close(call->out, "m:Notifications");
	write_rest(call, "OK");
	message_end(call, NAME);
	reply_end(call, NAME);
	say(stream, call);
}

static void say_error(struct stream *stream, struct call *call, const char *code,
		      const struct subscription *about, uint64_t number)
{
	struct subscription gone = { .number = number };
	char id[SUBSCRIPTION_ID_SIZE];
	const char *const ids[] = { id };

	subscription_print(call->box, about ? about : &gone, id);
	begin(call);
	stream_write_error(call, code, ids, 1);
	say(stream, call);
}

static void say_events(struct stream *stream, struct call *call, uint64_t until, uint64_t failovers)
{
	begin(call);
	reply_begin(call, NAME);
	message_begin(call, NAME);
	xml_open(call->out, "m:Notifications");
	for (size_t i = 0; i < stream->subscriptions_n; i++) {
		struct subscription *own = find(stream, i, failovers);
		if (subscription_next(call->box->watch, own, own->told, until))
			notice_write(call, own, until);
	}
	xml_close(call->out, "m:Notifications");
	write_rest(call, call->server->like->bare_ids ? "OK" : NULL);
	message_end(call, NAME);
	reply_end(call, NAME);
	say(stream, call);
}

/* --- What to say --- */

/* True if all subscriptions are there and its own; else it has said why it ends. */
static bool check_subscriptions(struct stream *stream, struct call *call, uint64_t failovers)
{
	const char *missing = call->server->like->bare_ids ? "ErrorInvalidSubscription"
							   : "ErrorSubscriptionNotFound";

	for (size_t i = 0; i < stream->subscriptions_n; i++) {
		struct subscription *own = find(stream, i, failovers);
		if (own && own->stream == stream->number)
			continue;
		if (own)
			say_status(stream, call, "Closed");
		else
			say_error(stream, call, *stream->lost ? stream->lost : missing, NULL,
				  stream->subscriptions[i]);
		stream->over = true;
		return false;
	}
	return true;
}

/* True if events are lost, which may have ended a subscription. */
static bool tell_missed(struct stream *stream, struct call *call, uint64_t failovers)
{
	for (size_t i = 0; i < stream->subscriptions_n; i++) {
		struct subscription *own = find(stream, i, failovers);
		subscription_check_backlog(call->box, own);
		/* Then it is gone, which is said the next time. */
		if (own->expired)
			return true;
		if (!own->missed)
			continue;
		own->missed = false;
		say_error(stream, call, "ErrorMissedNotificationEvents", own, own->number);
		return true;
	}
	return false;
}

static bool has_events(struct stream *stream, const struct call *call, uint64_t until,
		       uint64_t failovers)
{
	bool has = false;

	for (size_t i = 0; i < stream->subscriptions_n; i++) {
		struct subscription *own = find(stream, i, failovers);
		if (subscription_next(call->box->watch, own, own->told, until))
			has = true;
		else if (until > own->told)
			own->told = until;
	}
	return has;
}

/* gromox looks what is new from time to time only. */
static int64_t last_look(const struct stream *stream, int64_t now)
{
	int64_t every = stream->server->like->look_ms;

	return every ? now - (now - stream->began_ms) % every - 1 : now;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until there may be something to say: the end, a heartbeat, or an event that is held back. */
static int64_t wait_ms(const struct stream *stream, const struct call *call, uint64_t until,
		       int64_t end, int64_t beat)
{
	const struct watch *watch = call->box->watch;
	int64_t now = clock_boot_ms(), every = stream->server->like->look_ms;
	int64_t wait = least(end, beat) - now;

	if (until < watch->events.last) {
		int64_t due = events_at(&watch->events, until + 1)->boot_ms + watch->ways.delay_ms;
		wait = least(wait, every ? last_look(stream, now) + 1 + every - now : due - now);
	}
	return wait > 0 ? wait : 1;
}

/* Says what is to be said now, and returns how long there is nothing more. */
static int64_t look(struct stream *stream, struct call *call)
{
	const struct watch *watch = call->box->watch;
	const struct ways *ways = &watch->ways;
	uint64_t failovers = server_failovers(call->server);
	int64_t now = clock_boot_ms(), usual = call->server->like->heartbeat_ms;
	int64_t every = ways->heartbeat_ms ? ways->heartbeat_ms : usual;
	int64_t end = stream->began_ms +
		      (ways->stream_ms ? ways->stream_ms : stream->minutes * MINUTE_MS);
	int64_t beat = every > 0 ? stream->said_ms + every : end;

	stream->over = stream->over || stream->end != STREAM_LIVES;
	stream->broken = stream->end == STREAM_BREAKS;
	if (stream->over || ways->silent)
		return end > now ? end - now : MINUTE_MS;
	if (!check_subscriptions(stream, call, failovers) || tell_missed(stream, call, failovers))
		return 0;
	uint64_t until = watch_until(watch, last_look(stream, now) - ways->delay_ms);
	if (has_events(stream, call, until, failovers)) {
		say_events(stream, call, until, failovers);
		return 0;
	}
	if (now >= end) {
		say_status(stream, call, "Closed");
		stream->over = true;
		return 0;
	}
	if (now >= beat) {
		say_heartbeat(stream, call, failovers);
		return 0;
	}
	return wait_ms(stream, call, until, end, beat);
}

static bool has_gone(int socket)
{
	struct pollfd client = { .fd = socket, .events = POLLRDHUP };

	return poll(&client, 1, 0) != 0;
}

static void wait_for_more(const struct stream *stream, int socket, int64_t ms)
{
	struct pollfd fds[] = {
		{ .fd = stream->wake, .events = POLLIN },
		{ .fd = socket, .events = POLLRDHUP },
	};

	poll(fds, ARRAY_LEN(fds), (int)clock_real_ms(ms));
}

/* Returns how long to wait; 0: something was said. Nothing is told to a client that has gone. */
static int64_t step(struct stream *stream, int socket, int64_t *ret_buffer)
{
	struct mailbox *box = stream->box;
	struct xml out = { .buf = stream->held };
	struct call call = {
		.server = stream->server,
		.user = stream->user,
		.box = box,
		.out = &out,
	};
	eventfd_t count;

	lock_acquire(&box->lock);
	if (stream->woken)
		eventfd_read(stream->wake, &count);
	stream->woken = false;
	if (has_gone(socket))
		stream->end = STREAM_BREAKS;
	int64_t wait = look(stream, &call);
	*ret_buffer = box->watch->ways.buffer;
	lock_drop(&box->lock);
	stream->over = stream->over || out.err;
	stream->held = out.buf;
	return wait;
}

bool stream_next(struct stream *stream, int socket, struct buf *ret, bool *ret_clean)
{
	int64_t buffer = 1;

	while (!stream->over) {
		int64_t wait = step(stream, socket, &buffer);
		if (!stream->over && stream->held.len > 0 && (int64_t)stream->held.len >= buffer)
			break;
		if (!stream->over && wait)
			wait_for_more(stream, socket, wait);
	}
	*ret_clean = !stream->broken;
	if (stream->broken || !stream->held.len)
		return false;
	buf_release(ret);
	*ret = stream->held;
	stream->held = (struct buf){ 0 };
	return true;
}
