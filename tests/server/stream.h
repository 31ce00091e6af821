/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STREAM_H
#define SERVER_STREAM_H

#include "soap.h"
#include "watch.h"

/*
 * stream - what GetStreamingEvents goes on to say: one whole document after the other.
 *
 * The thread of the connection sleeps on two descriptors, an eventfd that each change of
 * the mailbox writes to, and the socket, so that a client that has gone is noticed at
 * once. It ends when its time is over, when one of its subscriptions is gone or has been
 * given to another stream, or as a test has it.
 *
 * It knows its subscriptions by number, since they may end before it does.
 */
#define STREAM_SUBSCRIPTIONS 200

enum stream_end { STREAM_LIVES, STREAM_CLOSES, STREAM_BREAKS };

struct stream {
	struct stream *next; /* in the watch */
	struct server *server;
	struct user *user;
	struct mailbox *box; /* that it tells of */
	uint64_t number;
	uint64_t subscriptions[STREAM_SUBSCRIPTIONS];
	size_t subscriptions_n;
	int64_t began_ms, minutes;
	int64_t said_ms;     /* when it last said anything */
	bool woken;	     /* something is in `wake` */
	enum stream_end end; /* how a test has it end, without a word */
	char lost[64];	     /* or the ResponseCode for its subscriptions, where a test names one */
	int wake;	     /* never changes */

	/* Of the connection's thread alone; all else is guarded by the mailbox's lock. */
	bool over, broken;
	struct buf held; /* what is to go out */
};

/* With the mailbox's lock held. Each subscription is its own from here on. */
struct stream *stream_open(struct call *call, struct subscription *const *subscriptions, size_t n,
			   int64_t minutes);
void stream_release(struct stream **stream);
/* How many the mailbox has; how many it may have. */
size_t streams_n(const struct watch *watch);
size_t streams_max(const struct mailbox *box);

/*
 * Waits until there is more to say, and puts it into *ret. False at the end; then
 * *ret_clean says whether it was a proper one, or the connection is to break.
 */
bool stream_next(struct stream *stream, int socket, struct buf *ret, bool *ret_clean);

/* Its first document, and the error that there is none. */
void stream_write_status(struct call *call, const char *status);
void stream_write_error(struct call *call, const char *code, const char *const *ids, size_t n);

#endif
