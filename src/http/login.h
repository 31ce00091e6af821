/* SPDX-License-Identifier: MIT */
#ifndef HTTP_LOGIN_H
#define HTTP_LOGIN_H

#include "http/auth.h"

/*
 * login - how to log in, and which secret may be sent now, if any.
 *
 * With auth=auto the first request goes out without a login, and what the server then offers
 * decides: Negotiate where a Kerberos ticket can be had and is taken, else NTLM, else Basic. The
 * choice is kept until the server offers that way no more. A token_command decides it beforehand:
 * bearer.
 *
 * Servers lock an account after a few wrong passwords. So a login that has not worked yet goes
 * out with one request at a time; after a refusal the command is asked again at most
 * once a minute, a new secret is tried at once and the refused one at most once in 15 minutes. A
 * secret that has worked until now has expired, most likely: the command is asked at once, unless
 * that was just done. A refused Kerberos login locks nothing: it is tried each minute.
 *
 * The time is handed in (clock_boot_ms()), so that tests need not wait.
 */
#define LOGIN_ASK_MS (INT64_C(60) * 1000)
#define LOGIN_RENEW_MS (INT64_C(5) * 1000)
#define LOGIN_AGAIN_MS (INT64_C(15) * 60 * 1000)

enum login_state { LOGIN_NONE, LOGIN_UNPROVEN, LOGIN_PROVEN, LOGIN_REFUSED };

struct login {
	/* Borrowed. Without a user there is no login; given: a password. */
	const char *user, *command, *given, *token_command;
	enum http_auth mode; /* what was asked for */

	enum http_auth auth; /* in use; HTTP_AUTH_AUTO: none, until the server wants one */
	unsigned unfit;	     /* AUTH_BIT() of those that were tried in vain */
	struct secret secret;
	enum login_state state;
	unsigned generation; /* of way and secret: a late refusal may speak of older ones */
	bool was_asked, is_expired;
	int64_t asked_at, refused_at, renew_at; /* renew_at: not before, what has expired */
	struct buf reason;			/* why there is nothing to send */
};

/* The way that suits, of those offered; HTTP_AUTH_AUTO: there is none. */
enum http_auth login_pick(const struct login *login, unsigned auths);
/* ERR_OK: login->secret may be sent by login->auth, by one request at a time unless it is proven.
 * ERR_AUTH: not now, for login->reason. May run the command. */
MUST_CHECK enum err login_prepare(struct login *login, int64_t now, const atomic_bool *stop);
/* False: only one request may be under way. */
bool login_is_proven(const struct login *login);
/* What the server said to a request that was sent with that generation. */
void login_accept(struct login *login, unsigned generation);
/* Of a status of 401. True: it may be sent again, as login_prepare() finds; else login->reason says
 * what is wrong. */
bool login_refuse(struct login *login, unsigned generation, const struct offer *offer, int64_t now);
/* With another server: what has worked was at the old one, and so are late answers. */
void login_begin_elsewhere(struct login *login);
void login_release(struct login *login);

#endif
