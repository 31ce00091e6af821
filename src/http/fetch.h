/* SPDX-License-Identifier: MIT */
#ifndef HTTP_FETCH_H
#define HTTP_FETCH_H

#include <stdatomic.h>

#include "http/http.h"
#include "http/login.h"

/*
 * fetch - one small exchange with any host, waited for: what autodiscover and `ewsctl check` ask.
 *
 * TLS, proxy and limits as those of http. Redirects are not followed but reported. Plain http only
 * where the caller allows it, and then never with a login. Nothing of a reply above FETCH_MAX_BYTES
 * is kept.
 */
#define FETCH_MAX_BYTES (256 * 1024)

struct fetch {
	const char *url;
	const char *body;    /* posted as text/xml; NULL: a GET */
	const char *anchor;  /* X-AnchorMailbox; NULL: none */
	struct login *login; /* NULL: without */
	unsigned auths;	     /* AUTH_BIT() of what the host offers to that */
	const char *cafile, *proxy;
	bool may_be_plain;
	int64_t limit_ms;	 /* for all of it */
	const atomic_bool *stop; /* set: ERR_CANCELLED; NULL: never */
};

struct fetch_reply {
	enum err err;	/* of the transport; a status of any kind is none */
	int status;	/* 0: no answer */
	char *location; /* of a redirect, absolute; NULL: none */
	struct buf body;
	unsigned auths;		    /* those of WWW-Authenticate that are known here */
	struct buf tls;		    /* "TLSv1.3"; "" without */
	struct buf expires, issuer; /* of the certificate, as the library prints them */
	struct buf reason;	    /* one line, for an err */
};

/* An error here, and not in *ret: out of memory, an unusable URL, no secret. */
MUST_CHECK enum err fetch_run(const struct fetch *fetch, struct fetch_reply *ret);
void fetch_reply_release(struct fetch_reply *reply);

#endif
