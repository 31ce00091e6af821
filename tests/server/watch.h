/* SPDX-License-Identifier: MIT */
#ifndef SERVER_WATCH_H
#define SERVER_WATCH_H

#include "events.h"

/*
 * watch - who is told of a mailbox's events: its subscriptions, and the streams on them.
 *
 * A subscription is a filter and the number of the last event that its owner was told.
 * It ends when it is unsubscribed, dropped by a test, lost in a failover, or unused for
 * too long; one that has expired stays for a while, so that its owner is told just that.
 * Its id names the server and the mailbox, as Exchange's does; gromox' is two numbers.
 *
 * Threads: as in mailbox.h, the caller holds the mailbox's lock.
 */
#define SUBSCRIPTION_ID_SIZE 128
#define WATERMARK_SIZE 41

struct subscription {
	struct subscription *next;
	uint64_t number; /* in its id */
	bool streaming, all, expired;
	unsigned kinds; /* bits of enum event_kind */
	uint64_t *fids; /* owned; unless all */
	size_t fids_n;
	uint64_t told;	    /* the last event that its owner has heard of */
	uint64_t lost;	    /* none up to here is told any more */
	bool missed;	    /* some were lost, and that is still to be said */
	uint64_t failovers; /* of the server, when it was made */
	int64_t minutes;    /* without a request, until it expires */
	int64_t used_ms;
	uint64_t stream; /* the number of the one that has it; 0: none */
};

/* What tests have asked for: control.h, "notify". 0 and false: as usual. */
struct ways {
	int64_t heartbeat_ms; /* -1: none */
	int64_t stream_ms, expire_ms, delay_ms;
	int64_t limit, connections, backlog;
	int64_t buffer; /* bytes */
	bool silent, suppress, duplicate, reorder, affinity;
	char streaming[64], pull[64]; /* the ResponseCode that refuses them */
};

struct watch {
	struct events events;
	struct ways ways;
	struct subscription *all;
	uint64_t made;
	struct stream *streams;
	uint64_t streams_made;
};

/* Made when it is first asked for. */
struct watch *watch_of(struct mailbox *box);
void watch_release(struct watch **watch);
/* stream.c: the streams look at what there is to tell. */
void watch_wake(struct watch *watch);

/* Takes over what *it owns, and fills the rest. NULL: the user has too many. */
struct subscription *watch_add(struct mailbox *box, const struct subscription *it);
/* NULL sets *ret_error to the ResponseCode. */
struct subscription *watch_find(struct mailbox *box, const char *id, uint64_t failovers,
				const char **ret_error);
/* By its number; NULL where there is none, or it is no longer good. */
struct subscription *watch_get(const struct watch *watch, uint64_t number, uint64_t failovers);
void watch_drop(struct watch *watch, const struct subscription *subscription);

void subscription_print(const struct mailbox *box, const struct subscription *subscription,
			char ret[SUBSCRIPTION_ID_SIZE]);
/* The first event behind `after` and up to `until` that it is about; 0: none. */
uint64_t subscription_next(const struct watch *watch, const struct subscription *subscription,
			   uint64_t after, uint64_t until);
/* Notes when it has fallen so far behind that events are lost; then it goes on from now. */
void subscription_check_backlog(struct mailbox *box, struct subscription *subscription);
/* The newest event of that time or before it, by clock_boot_ms(). */
uint64_t watch_until(const struct watch *watch, int64_t boot_ms);

void watermark_print(const struct identity *identity, uint64_t number, char ret[WATERMARK_SIZE]);
bool watermark_parse(const struct identity *identity, const char *text, uint64_t *ret);

#endif
