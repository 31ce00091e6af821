/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_FAKE_HTTP_H
#define TESTS_UNIT_FAKE_HTTP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "idle-http.h"

/*
 * fake-http - stands in for the http layer, by linking: each request gets the next of the
 * replies a test has put up, in pieces of `cut` bytes.
 */
struct fake_reply {
	const char *bytes;
	size_t n;
	int status;
	enum err err; /* of the transport, after the bytes */
};

static struct fake_http {
	const struct fake_reply *replies;
	size_t replies_n, next;
	size_t cut;
	int64_t retry_after_ms;

	const struct http_handler *handler; /* of the request under way */
	void *ctx;
	char request[65536]; /* the last one */
	bool was_settled;    /* was its connection to be kept */
} fake;

struct http {
	int unused;
};

static void fake_put(const struct fake_reply *replies, size_t n, size_t cut)
{
	fake = (struct fake_http){
		.replies = replies, .replies_n = n, .cut = cut, .retry_after_ms = -1
	};
}

enum err http_open(const struct http_config *config, struct http **ret, struct buf *reason)
{
	(void)config, (void)reason;
	*ret = calloc(1, sizeof(**ret));
	return *ret ? ERR_OK : ERR_NOMEM;
}

static void fake_drop(void);

void http_release(struct http **http)
{
	fake_drop();
	free(*http);
	*http = NULL;
}

enum err http_post(struct http *http, const char *body, size_t n,
		   const struct http_handler *handler, void *ctx)
{
	(void)http;
	snprintf(fake.request, sizeof(fake.request), "%.*s", (int)n, body);
	fake.handler = handler;
	fake.ctx = ctx;
	return ERR_OK;
}

int http_pending_n(const struct http *http)
{
	(void)http;
	return fake.handler != NULL;
}

static enum err fake_feed(const struct fake_reply *reply, const struct http_handler *handler,
			  void *ctx)
{
	enum err err = ERR_OK;

	for (size_t at = 0; !err && at < reply->n; at += fake.cut) {
		size_t left = reply->n - at;
		/* A copy of its own, so that reading beyond it is seen by the sanitizer. */
		size_t n = left < fake.cut ? left : fake.cut;
		char *piece = malloc(n);
		memcpy(piece, reply->bytes + at, n);
		err = handler->data(ctx, piece, n);
		free(piece);
	}
	return err;
}

enum err http_wait(struct http *http, int64_t ms)
{
	const struct http_handler *handler = fake.handler;
	(void)http, (void)ms;

	if (!handler || fake.next >= fake.replies_n)
		return ERR_CANCELLED;
	const struct fake_reply *reply = &fake.replies[fake.next++];
	enum err err = fake_feed(reply, handler, fake.ctx);
	struct http_result result = {
		.err = err		      ? err
		       : reply->err	      ? reply->err
		       : reply->status >= 300 ? ERR_TRANSIENT
					      : ERR_OK,
		.status = reply->status,
		.is_xml = true,
		.retry_after_ms = fake.retry_after_ms,
		.reason = err ? err_text(err) : "the transport's reason",
	};
	fake.was_settled = !result.err && handler->is_settled(fake.ctx);
	fake.handler = NULL;
	handler->done(fake.ctx, &result);
	return ERR_OK;
}

/* Ends the request under way, as the real one does. */
static void fake_drop(void)
{
	const struct http_handler *handler = fake.handler;
	const struct http_result result = {
		.err = ERR_CANCELLED,
		.retry_after_ms = -1,
		.reason = "cancelled",
	};

	fake.handler = NULL;
	if (handler)
		handler->done(fake.ctx, &result);
}

void http_abort(struct http *http, const void *ctx)
{
	(void)http, (void)ctx;
	fake_drop();
}

enum err http_stream(struct http *http, const char *body, size_t n, int64_t silence_ms,
		     const struct http_handler *handler, void *ctx)
{
	(void)silence_ms;
	return http_post(http, body, n, handler, ctx);
}

#endif
