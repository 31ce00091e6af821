/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/lock.h"
#include "fault.h"
#include "mailbox.h"
#include "schema.h"

/*
 * server - what all connections share: the users with their mailboxes, and how
 * often each operation was asked for.
 *
 * Users are added before the first connection and never after.
 */
#define COUNTERS_MAX 64

struct user {
	char *name, *password; /* no password: not able to log in */
	struct mailbox *box;
	bool may_impersonate;
};

struct counter {
	char operation[48];
	uint64_t n;
};

/* The OAuth2 access token that is good, and until when. */
struct token {
	char *text; /* NULL: none */
	struct user *user;
	int64_t until_ms; /* clock_boot_ms(); INT64_MAX: for ever */
};

enum { LOGIN_BY_BASIC = 1, LOGIN_BY_BEARER = 2 };

struct server {
	struct user *users;
	size_t users_n;
	struct schema *schema; /* NULL: requests are not validated */
	const struct like *like;
	unsigned logins; /* LOGIN_BY_*; 0: Basic */

	struct faults faults;
	bool plain; /* no TLS: bytes can be put on a connection by hand */

	struct lock lock; /* guards the counters, failovers, the passwords, and the token */
	struct token token;
	uint64_t failovers;
	struct counter counters[COUNTERS_MAX];
	size_t counters_n;
};

void server_init(struct server *server);
void server_release(struct server *server);

/* By login name, whatever its case; NULL where there is none. */
struct user *server_user(struct server *server, const char *name);
/* The token is that user's from now on; NULL: nobody's. seconds < 0: for ever. */
void server_set_token(struct server *server, struct user *user, const char *token, int64_t seconds);
struct user *server_add_user(struct server *server, const char *name);
/* The user with that SMTP address; the domain counts only where the login has one. */
struct user *server_address(struct server *server, const char *address);

/* All users and their mail are there, and it is clear whom the server imitates. */
void server_loaded(struct server *server);

uint64_t server_failovers(struct server *server);
void server_count(struct server *server, const char *operation);

#endif
