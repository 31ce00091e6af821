/* SPDX-License-Identifier: MIT */
#ifndef EWS_SESSION_H
#define EWS_SESSION_H

#include "ews/ews.h"
#include "ews/metrics.h"
#include "ews/reply.h"
#include "http/http.h"

/*
 * session - one question at a time goes through a struct call: written, posted, its reply
 * read, and written again with a lower version where the server wants that.
 */
struct ews {
	struct http *http;
	char *mailbox, *impersonate; /* NULL: none */
	enum version version;	     /* the highest that the server has not refused */
	bool has_answered;	     /* to anything */
	bool has_plain_pages;	     /* it refuses the shape of a page */
	struct stream *stream;	     /* NULL: none */
	struct metrics metrics;
	void (*tend)(void *ctx); /* NULL: nobody wants to */
	void *tend_ctx;

	char *server; /* its version, from the last reply that said it */

	/* Of the last failure. */
	char *code;
	struct buf reason;
	int64_t back_off_ms;
};

struct call {
	struct ews *ews;
	const struct operation *operation;
	void *ctx; /* of the operation */
	size_t n;  /* ids asked */
	/* When it is over; NULL for a call that is waited for. */
	void (*done)(struct call *call, enum err err);

	enum version version;
	struct reply *reply;
	bool is_done;
	enum err err;
};

/* Starts it; done() comes in any case, unless this fails. */
MUST_CHECK enum err call_start(struct call *call);
/* Starts it and waits for its end. */
MUST_CHECK enum err call_run(struct call *call);

/* A whole reply without what must be in it: ERR_PROTOCOL, and says what. */
enum err call_refuse(struct call *call, const char *text);

/* For whoever posts it himself: the request, what became of it, and a note of why it failed. */
MUST_CHECK enum err call_write(const struct call *call, struct buf *to);
enum err call_judge(struct call *call, const struct http_result *result);
void call_note_failure(struct call *call, const struct http_result *result, enum err err);

#endif
