/* SPDX-License-Identifier: MIT */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <arpa/inet.h>
#include <curl/curl.h>

#include "http/http.h"
#include "http/login.h"
#include "http/trace.h"
#include "http/trail.h"
#include "http/url.h"

/* Of a body that nobody wanted, to say what it is. */
enum { REQUEST_PAGE_MAX = 2048 };

/*
 * request - one POST: what curl is told, what comes back, what it means.
 *
 * A request waits in a list without a curl handle until a connection is free.
 */
struct request {
	struct request *next;
	const struct http_handler *handler;
	void *ctx;
	struct buf body;
	unsigned login_generation;
	struct offer offer;	/* what the last reply says of logins */
	unsigned login_tries_n; /* sent again after a 401 */
	char *to;		/* where it was sent on to; NULL: the session's URL */
	int hops_n;		/* how often */
	bool has_moved;		/* for good, each time */
	struct trail trail;
	struct exchange *exchange; /* NULL: not traced */
	char page[REQUEST_PAGE_MAX];
	size_t page_n;

	CURL *easy;
	struct curl_slist *headers;
	int64_t silence_ms; /* without a byte, once connected */
	bool is_stream;
	_Atomic uint64_t *bytes_in; /* counts body bytes */
	uint64_t *news_n;	    /* counts what a stream brings */
	struct idle *idle;
	char error[CURL_ERROR_SIZE];
	bool has_head; /* its type and status are known: */
	bool is_xml, is_wanted;
	bool is_kept;		       /* its connection, as things stand */
	bool has_surplus;	       /* more than the reply came with it */
	bool is_stale;		       /* not sent: its connection was not clean */
	bool must_connect;	       /* a new one, then */
	enum err err;		       /* of the handler, or why we gave up */
	const char *gave_up;	       /* why, when it was us */
	int64_t started_at, moved_at;  /* clock_boot_ms(); moved: the last byte */
	int64_t looked_at;	       /* at own_ip */
	char own_ip[INET6_ADDRSTRLEN]; /* where its connection leaves from; "": not known yet */
	curl_off_t moved_bytes;
	size_t head_bytes;
};

/*
 * The sockets of connections that were kept, to look at before they are used again: what waits
 * there was never asked for, and curl would take it for the answer to the next request. And nobody
 * tells us of connections that died while we slept, or in a network that has changed.
 */
#define IDLE_MAX 64
#define IDLE_MAX_MS (INT64_C(110) * 1000) /* curl does the same, and does not count a suspend */

struct idle {
	struct {
		curl_socket_t fd;
		long port; /* ours: how curl names a connection before a request */
		int64_t kept_at;
	} list[IDLE_MAX];
	size_t next;
	int64_t distrusted_at; /* what was kept until then is not used again */
};

/* What all requests of a session share. */
struct request_config {
	const struct url *url;
	const struct login *login;
	const char *cafile, *proxy;
	struct trace *trace; /* NULL: none */
	const char *anchor;  /* of X-AnchorMailbox, or NULL */
	int timeout_s;
	bool has_affinity;
	CURLSH *share;
};

MUST_CHECK enum err request_new(const char *body, size_t n, const struct http_handler *handler,
				void *ctx, struct request **ret);
/* Makes the curl handle. Again, after request_reset(), on a new connection. */
MUST_CHECK enum err request_start(struct request *request, const struct request_config *config);
/* Before anything of curl is used. */
void request_init(void);
/* "Name: value", copied. */
MUST_CHECK enum err request_add_header(struct request *request, const char *line);
/* Where to and how, without what is asked: for other requests too. */
CURLcode request_set_transport(CURL *easy, const struct request_config *config, const char *to);
/* What the head says of the body, when the first of it is there or there is none. */
void request_note_head(struct request *request);
/* What came of it, after curl has done its part. The reason goes to a buf of the caller. */
MUST_CHECK enum err request_judge(const struct request *request,
				  const struct request_config *config, CURLcode code,
				  struct http_result *ret, struct buf *reason);
/* curl bounds the cookies of one reply, not of all (I9). Load balancers set a handful. */
void request_bound_cookies(CURL *easy);
/* A refused login, as the session's login explains it. */
void request_say_refusal(const struct request_config *config, struct http_result *result,
			 struct buf *reason);
/* After the transfer: notes a connection that is kept. */
void request_note_idle(struct request *request);
/* It was sent to another place on the same host: true, and ready for another try there. */
bool request_follow(struct request *request, const struct request_config *config);
/* It has moved for good, and answers there. */
void request_note_move(struct request *request, struct url *url);
/* What to say of a redirection that is not followed. */
MUST_CHECK enum err redirect_say(const struct request *request, const struct request_config *config,
				 struct http_result *result, struct buf *reason);
/* For another try. */
void request_reset(struct request *request);
void request_release(struct request **request);

#endif
