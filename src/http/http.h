/* SPDX-License-Identifier: MIT */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * http - one POST in, bytes out by callback, several at a time.
 *
 * Built on libcurl's multi interface: HTTP/1.1, kept-alive connections, TLS 1.2+
 * with the peer and its name verified, gzip accepted, cookies kept for the session
 * (load balancers want them back). Plain http is for loopback addresses only, redirects are
 * followed on the same host only (one for good is remembered, ten are the most), request bodies
 * carry a Content-Length and no Expect. A connection on
 * which anything came that nobody asked for carries no further request.
 *
 * Threads: one thread owns a struct http and calls everything here, except
 * http_interrupt(), http_resume(), http_wake() and http_load_stats(), which any thread may call.
 * Callbacks run inside http_wait(), never inside http_post(), and may start new requests;
 * only done() may wait itself. The process ignores SIGPIPE from http_open() on.
 *
 * Secrets: the password is given, or it and the token come from commands; they live in
 * locked-out-of-core memory while they are in use and are wiped after. They are never logged and
 * never part of a reason.
 *
 * After a login that the server refused, the command is asked again at most once a minute: a
 * new secret is tried at once, the refused one at most once in 15 minutes, and only
 * on one connection (accounts get locked). Until then requests fail with ERR_AUTH at once.
 */
struct http;

/* AUTO: the best that the server offers; bearer where there is a token_command. */
enum http_auth {
	HTTP_AUTH_AUTO,
	HTTP_AUTH_BASIC,
	HTTP_AUTH_NTLM,
	HTTP_AUTH_NEGOTIATE,
	HTTP_AUTH_BEARER
};

struct http_config {
	const char *url;
	enum http_auth auth;
	const char *user;	      /* NULL: no login */
	const char *password_command; /* NULL: no password, unless given */
	const char *password;	      /* NULL: none; not copied, must outlive the struct http */
	const char *token_command;    /* NULL: no token */
	const char *cafile, *proxy;   /* NULL: the system's, the environment's */
	const char *anchor;	      /* the mailbox that it is about; NULL: the user's */
	const char *trace;	      /* a directory for redacted exchanges; NULL: none */
	int timeout_s;		      /* to connect, and without a byte in or out */
	int connections_n;
};

struct http_result {
	/* What became of it; a status below 200 or from 300 is an error, but see data. */
	enum err err;
	int status;		/* 0: no answer */
	bool is_xml;		/* Content-Type text/xml, application/soap+xml or the like */
	int64_t retry_after_ms; /* -1: not said */
	int64_t took_ms;	/* from its start on; 0: it never left */
	const char *reason;	/* one line, borrowed; "" when err is ERR_OK */
	const char *trail;	/* to find it in the server's logs, borrowed; NULL: it never left */
};

struct http_handler {
	/* Body bytes as they come, decoded: of XML with a status of 2xx, or 500 (Exchange sends
	 * faults with it). An error returned here ends the request with it, and its
	 * connection. */
	enum err (*data)(void *ctx, const char *bytes, size_t n);
	/* Asked after each piece: is the reply whole, and the answer to our question? Only
	 * then is the connection used again. It has to be known by the last byte: when
	 * done() runs, the connection may already carry the next request. */
	bool (*is_settled)(void *ctx);
	/* Exactly once for each request that was started. */
	void (*done)(void *ctx, const struct http_result *result);
};

/* Checks the URL: https, or http to loopback, and no password in it. Sends nothing and asks
 * for no secret; that is done with the first request. A user in the URL counts where `user`
 * is NULL. The config's strings are copied. */
MUST_CHECK enum err http_open(const struct http_config *config, struct http **ret,
			      struct buf *reason);
/* Requests that start from now on go there, where the login is yet to be proven. */
MUST_CHECK enum err http_move(struct http *http, const char *to, struct buf *reason);
/* Aborts what is under way; those handlers get done(ERR_CANCELLED). */
void http_release(struct http **http);
/* Starts a request as soon as a connection is free. `body` is copied, `handler` is not. */
MUST_CHECK enum err http_post(struct http *http, const char *body, size_t n,
			      const struct http_handler *handler, void *ctx);
/* Ends the requests with that ctx: done(ERR_CANCELLED). Not for data(). */
void http_abort(struct http *http, const void *ctx);
/* How fast requests leave. It holds for those too that wait for a connection already. */
struct http_tempo {
	int connections_n; /* at most so many under way */
	int64_t pace_ms;   /* from one that leaves to the next, at least */
	int64_t hold_ms;   /* none leaves before, by clock_boot_ms() */
};
/* At first: those of the config, and no more than that. */
void http_set_tempo(struct http *http, const struct http_tempo *tempo);
/*
 * The stream: one request more, on a connection of its own, whose reply goes on for as long as the
 * server has something to say. It counts neither as pending nor as one of connections_n, is not
 * compressed, and may be slow; without a byte for silence_ms, or a connection in half of that, it
 * ends with ERR_OFFLINE. One at a time, else ERR_BUSY.
 */
MUST_CHECK enum err http_stream(struct http *http, const char *body, size_t n, int64_t silence_ms,
				const struct http_handler *handler, void *ctx);
void http_stream_limit(struct http *http, int64_t silence_ms);
/* From now on requests ask to be answered by the machine that answered before. */
void http_prefer_affinity(struct http *http);
/* The connections that lie idle now may be dead: none of them is used again. */
void http_distrust(struct http *http);
/* Started and not done. */
int http_pending_n(const struct http *http);

/* Moves data and runs handlers until one request is done or the stream brought something, the
 * time is over or somebody interrupts: ERR_CANCELLED then, until http_resume(). */
MUST_CHECK enum err http_wait(struct http *http, int64_t ms);
void http_interrupt(struct http *http);
void http_resume(struct http *http);
/* Set by that, for whoever waits elsewhere on our behalf. */
const atomic_bool *http_interruption(const struct http *http);
/* Only ends a running http_wait() early, with ERR_OK; without one running, the next. */
void http_wake(struct http *http);

struct http_stats {
	uint64_t requests_n, bytes_in, bytes_out;
};
void http_load_stats(const struct http *http, struct http_stats *ret);

#endif
