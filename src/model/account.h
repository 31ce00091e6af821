/* SPDX-License-Identifier: MIT */
#ifndef MODEL_ACCOUNT_H
#define MODEL_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "model/since.h"

/*
 * account - what the user asked for, as plain values: the options of a mount
 * after parsing and range checks. Every layer that needs a setting reads it
 * here. Strings are NULL when not given. src/options/ fills it and owns the
 * strings, everybody else borrows them for the life of the mount.
 */
enum mtime_rule { MTIME_RECEIVED, MTIME_MODIFIED };
/* What is kept here: everything, or what is opened. */
enum content_mode { CONTENT_MIRROR, CONTENT_ONDEMAND };
enum notify_mode { NOTIFY_AUTO, NOTIFY_STREAMING, NOTIFY_PULL, NOTIFY_POLL, NOTIFY_OFF };
enum auth_mode { AUTH_AUTO, AUTH_BASIC, AUTH_NTLM, AUTH_NEGOTIATE, AUTH_BEARER };

struct account {
	char *url;		/* of the EWS endpoint */
	char *address;		/* url is what autodiscover finds for it; NULL: url is given */
	char *user;		/* login name; NULL: the user part of url, else none */
	char *password_command; /* run by /bin/sh -c; first line of its stdout */
	struct secret password; /* from the configuration file */
	char *token_command;	/* likewise, an OAuth2 access token */
	char *cafile;		/* PEM; NULL: the system's */
	char *proxy;		/* NULL: from the environment */
	char *trace;		/* directory for redacted exchanges; NULL: none */
	char *cache;		/* path of the store */
	char *mailbox;		/* SMTP address of somebody else's; NULL: the user's own */
	char *impersonate;	/* SMTP address of whom to act as; NULL: nobody */
	unsigned trees;		/* bits of enum tree; 0: the mailbox alone */
	enum auth_mode auth;
	enum mtime_rule mtime;
	enum notify_mode notify;
	enum content_mode content;
	uint64_t cache_limit; /* bytes of content; 0: no limit */
	struct since since;   /* only mail received within that */
	char **excludes;      /* folders to leave out: display names, '/' between them */
	size_t excludes_n;
	int timeout_s, poll_s;
	int connections_n, batch_n;
};

#endif
