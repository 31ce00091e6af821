/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <nettle/base64.h>
#include <string.h>

#include "base/clock.h"

#define SERVER_NAME "ews-testd.example.com"
#define SUBSCRIPTION_BYTES (2 + sizeof(SERVER_NAME) - 1 + 4 + GUID_BYTES + GUID_BYTES)
#define WATERMARK_BYTES (4 + GUID_BYTES + 8 + 1)
/* So many of those that have expired are remembered. */
#define EXPIRED_KEPT 64

struct watch *watch_of(struct mailbox *box)
{
	if (!box->watch) {
		box->watch = must_alloc(NULL, sizeof(*box->watch));
		*box->watch = (struct watch){ 0 };
	}
	return box->watch;
}

static void subscription_free(struct subscription *subscription)
{
	free(subscription->fids);
	free(subscription);
}

void watch_release(struct watch **watch)
{
	struct watch *w = *watch;

	if (!w)
		return;
	while (w->all)
		watch_drop(w, w->all);
	events_release(&w->events);
	free(w);
	*watch = NULL;
}

void watch_drop(struct watch *watch, const struct subscription *subscription)
{
	struct subscription **at = &watch->all;

	while (*at && *at != subscription)
		at = &(*at)->next;
	if (!*at)
		return;
	struct subscription *gone = *at;
	*at = gone->next;
	subscription_free(gone);
}

/* --- Their ids --- */

static uint8_t *put(uint8_t *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

static uint8_t *put_number(uint8_t *p, uint64_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		*p++ = (uint8_t)(number >> (8 * i));
	return p;
}

static uint64_t get_number(const uint8_t *p, size_t bytes)
{
	uint64_t number = 0;

	while (bytes-- > 0)
		number = number << 8 | p[bytes];
	return number;
}

static void print_base64(const uint8_t *bytes, size_t n, char *ret)
{
	base64_encode_raw(ret, n, bytes);
	ret[BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
}

/* The length and name of the server, and two GUIDs: the subscription and its mailbox. */
static void print_id(const struct identity *identity, uint64_t number,
		     char ret[SUBSCRIPTION_ID_SIZE])
{
	uint8_t bytes[SUBSCRIPTION_BYTES], *p = bytes;

	_Static_assert(BASE64_ENCODE_RAW_LENGTH(SUBSCRIPTION_BYTES) < SUBSCRIPTION_ID_SIZE, "room");
	p = put_number(p, sizeof(SERVER_NAME) - 1, 2);
	p = put(p, SERVER_NAME, sizeof(SERVER_NAME) - 1);
	p = put_number(p, GUID_BYTES, 4);
	p = put_number(p, number, 8);
	p = put(p, identity->replica, GUID_BYTES - 8);
	put(p, identity->provider, GUID_BYTES);
	print_base64(bytes, sizeof(bytes), ret);
}

void subscription_print(const struct mailbox *box, const struct subscription *subscription,
			char ret[SUBSCRIPTION_ID_SIZE])
{
	uint8_t bytes[8];

	if (!box->like->bare_ids) {
		print_id(&box->identity, subscription->number, ret);
		return;
	}
	put_number(put_number(bytes, subscription->number, 4), (uint64_t)subscription->minutes, 4);
	print_base64(bytes, sizeof(bytes), ret);
}

/* Why there is none of that id: it is no id, another mailbox's, or none any more. */
static const char *why_none(const struct mailbox *box, const char *id)
{
	AUTO(buf) struct buf bytes = { 0 };
	const size_t mailbox = SUBSCRIPTION_BYTES - GUID_BYTES;

	if (box->like->bare_ids || text_parse_base64(&bytes, id, strlen(id)) ||
	    bytes.len != SUBSCRIPTION_BYTES ||
	    memcmp(bytes.bytes + 2, SERVER_NAME, sizeof(SERVER_NAME) - 1) != 0)
		return "ErrorInvalidSubscription";
	return memcmp(bytes.bytes + mailbox, box->identity.provider, GUID_BYTES) == 0
		       ? "ErrorSubscriptionNotFound"
		       : "ErrorSubscriptionAccessDenied";
}

/* --- Making and finding them --- */

static void expire(struct watch *watch, struct subscription *subscription)
{
	int64_t after = watch->ways.expire_ms ? watch->ways.expire_ms
					      : subscription->minutes * 60000;

	if (!subscription->stream && clock_boot_ms() > subscription->used_ms + after)
		subscription->expired = true;
}

/*
 * The newest of the expired ones stay, and none that another machine had. Returns how many
 * there are of the others.
 */
static size_t clean(struct watch *watch, uint64_t failovers)
{
	size_t live = 0, expired = 0;

	for (struct subscription *at = watch->all, *next; at; at = next) {
		next = at->next;
		expire(watch, at);
		if (at->failovers != failovers || (at->expired && ++expired > EXPIRED_KEPT))
			watch_drop(watch, at);
		else if (!at->expired)
			live++;
	}
	return live;
}

struct subscription *watch_add(struct mailbox *box, const struct subscription *it)
{
	struct watch *watch = watch_of(box);
	size_t limit = (size_t)(watch->ways.limit ? watch->ways.limit : box->like->subscriptions);

	if (clean(watch, it->failovers) >= limit)
		return NULL;
	events_start(&watch->events);
	struct subscription *added = must_alloc(NULL, sizeof(*added));
	*added = *it;
	added->number = ++watch->made;
	added->used_ms = clock_boot_ms();
	added->next = watch->all;
	watch->all = added;
	return added;
}

struct subscription *watch_get(const struct watch *watch, uint64_t number, uint64_t failovers)
{
	struct subscription *at = watch->all;

	while (at && at->number != number)
		at = at->next;
	return at && !at->expired && at->failovers == failovers ? at : NULL;
}

struct subscription *watch_find(struct mailbox *box, const char *id, uint64_t failovers,
				const char **ret_error)
{
	char own[SUBSCRIPTION_ID_SIZE];
	struct subscription *at = watch_of(box)->all;

	for (; at; at = at->next) {
		subscription_print(box, at, own);
		if (strcmp(own, id) == 0)
			break;
	}
	if (!at || at->failovers != failovers) {
		*ret_error = why_none(box, id);
		return NULL;
	}
	expire(box->watch, at);
	if (at->expired) {
		*ret_error = box->like->bare_ids ? "ErrorInvalidSubscription"
						 : "ErrorExpiredSubscription";
		return NULL;
	}
	at->used_ms = clock_boot_ms();
	return at;
}

/* --- What they are about --- */

static bool has_folder(const struct subscription *subscription, uint64_t fid)
{
	for (size_t i = 0; i < subscription->fids_n; i++)
		if (subscription->fids[i] == fid)
			return true;
	return false;
}

static bool is_about(const struct subscription *subscription, const struct event *event)
{
	if (!(subscription->kinds & 1u << event->kind))
		return false;
	return subscription->all || has_folder(subscription, event->parent) ||
	       (event->is_folder && has_folder(subscription, event->id)) ||
	       (event->old_id && has_folder(subscription, event->old_parent));
}

uint64_t subscription_next(const struct watch *watch, const struct subscription *subscription,
			   uint64_t after, uint64_t until)
{
	const struct events *events = &watch->events;
	uint64_t first = events_first(events);

	for (uint64_t at = after + 1 > first ? after + 1 : first; at <= until; at++)
		if (is_about(subscription, events_at(events, at)))
			return at;
	return 0;
}

void subscription_check_backlog(struct mailbox *box, struct subscription *subscription)
{
	const struct watch *watch = box->watch;
	uint64_t most = (uint64_t)(watch->ways.backlog ? watch->ways.backlog : box->like->backlog);

	if (watch->events.last - subscription->told <= most)
		return;
	subscription->missed = true;
	subscription->told = subscription->lost = watch->events.last;
	/* gromox gives it up. */
	subscription->expired = box->like->backlog_kills;
}

uint64_t watch_until(const struct watch *watch, int64_t boot_ms)
{
	uint64_t low = events_first(&watch->events), high = watch->events.last + 1;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (events_at(&watch->events, middle)->boot_ms <= boot_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* --- Watermarks: a version, the mailbox, a number, and a 1 --- */

static void put_watermark(const struct identity *identity, uint64_t number,
			  uint8_t ret[WATERMARK_BYTES])
{
	uint8_t *p = put_number(ret, 1, 4);

	p = put(p, identity->provider, GUID_BYTES);
	p = put_number(p, number, 8);
	*p = 1;
}

void watermark_print(const struct identity *identity, uint64_t number, char ret[WATERMARK_SIZE])
{
	uint8_t bytes[WATERMARK_BYTES];

	_Static_assert(BASE64_ENCODE_RAW_LENGTH(WATERMARK_BYTES) < WATERMARK_SIZE, "room");
	put_watermark(identity, number, bytes);
	print_base64(bytes, sizeof(bytes), ret);
}

bool watermark_parse(const struct identity *identity, const char *text, uint64_t *ret)
{
	AUTO(buf) struct buf bytes = { 0 };
	uint8_t expected[WATERMARK_BYTES];

	if (text_parse_base64(&bytes, text, strlen(text)) || bytes.len != WATERMARK_BYTES)
		return false;
	uint64_t number = get_number((const uint8_t *)bytes.bytes + 4 + GUID_BYTES, 8);
	put_watermark(identity, number, expected);
	if (memcmp(bytes.bytes, expected, WATERMARK_BYTES) != 0)
		return false;
	*ret = number;
	return true;
}
