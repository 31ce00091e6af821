/* SPDX-License-Identifier: MIT */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include <curl/curl.h>

#include "http/http.h"
#include "http/secret.h"

/*
 * auth - the ways to log in: which of them a server offers, and how each goes into a request.
 *
 * Basic and bearer go out with the first request already. NTLM and Negotiate shake hands; curl does
 * that, with an empty body where a first leg needs none, and knows which connection is logged in.
 * Only one way is given to curl: servers were seen to hang where two are mixed.
 */
#define AUTH_BIT(auth) (1u << (auth))
enum { AUTH_TEXT_MAX = 160 };

/* What a reply, and curl, say of the login. Zero-initialise. */
struct offer {
	int replies_n;		    /* so far: those of a proxy, and the legs of a handshake */
	unsigned auths;		    /* AUTH_BIT() of those that the reply names */
	char why[AUTH_TEXT_MAX];    /* the server's reason, if it gives one */
	char ticket[AUTH_TEXT_MAX]; /* why no Kerberos ticket can be had; "": one was sent */
};

/* A line of the head, as curl hands it over: whole, not terminated. */
void offer_note_line(struct offer *offer, const char *line, size_t n);
/* A line of curl's own log. */
void offer_note_debug(struct offer *offer, const char *text, size_t n);

/* The word of auth=. */
const char *auth_word(enum http_auth auth);
/* "Negotiate, NTLM". */
MUST_CHECK enum err auth_print_list(unsigned auths, struct buf *ret);
/* The best of them; HTTP_AUTH_AUTO: there is none. */
enum http_auth auth_best(unsigned auths);
/* Whether that way sends a password or a token of ours. */
bool auth_has_secret(enum http_auth auth);
MUST_CHECK enum err auth_apply(CURL *easy, enum http_auth auth, const char *user,
			       const struct secret *secret);

#endif
