/* SPDX-License-Identifier: MIT */
#ifndef HTTP_LOGIN_H
#define HTTP_LOGIN_H

#include "http/secret.h"

/*
 * login - which secret may be sent now, if any.
 *
 * Servers lock an account after a few wrong passwords. So a secret that has not worked yet goes
 * out with one request at a time; after a refusal the command is asked again at most
 * once a minute, a new secret is tried at once and the refused one at most once in 15 minutes.
 *
 * The time is handed in (clock_boot_ms()), so that tests need not wait.
 */
#define LOGIN_ASK_MS (INT64_C(60) * 1000)
#define LOGIN_AGAIN_MS (INT64_C(15) * 60 * 1000)

enum login_state { LOGIN_NONE, LOGIN_UNPROVEN, LOGIN_PROVEN, LOGIN_REFUSED };

struct login {
	/* Borrowed. Without a user and one of the others there is no login. */
	const char *user, *command, *given;
	struct secret secret;
	enum login_state state;
	unsigned generation; /* of the secret: a late refusal may speak of an older one */
	bool was_asked;
	int64_t asked_at, refused_at;
	struct buf reason; /* why there is nothing to send */
};

/* ERR_OK: login->secret may be sent, by one request at a time unless it is proven.
 * ERR_AUTH: not now, for login->reason. May run the command. */
MUST_CHECK enum err login_prepare(struct login *login, int64_t now, const atomic_bool *stop);
/* False: only one request may be under way. */
bool login_is_proven(const struct login *login);
/* What the server said to a request that was sent with that generation. */
void login_accept(struct login *login, unsigned generation);
void login_refuse(struct login *login, unsigned generation, int64_t now);
void login_release(struct login *login);

#endif
