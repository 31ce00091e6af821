/* SPDX-License-Identifier: MIT */
#ifndef SERVER_LIKE_H
#define SERVER_LIKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * like - whom the server imitates: one row of traits for each server that was recorded.
 *
 * The row is chosen before anybody has seen an id. Logins do not depend on it.
 */
struct like {
	const char *name;				  /* of --like */
	const char *version;				  /* the attributes of ServerVersionInfo */
	const char *before_version, *after_version, *end; /* the envelope around */

	const char *on_operation; /* names that its response element declares */
	const char *newest;	  /* RequestServerVersion; NULL: any that there is */

	const char *product, *asp_net; /* what the web server calls itself */
	bool nameless;		       /* no word of machines and requests, one cookie */
	bool names_client;	       /* a cookie for it */
	bool two_front_ends;	 /* each in a line of its own, and a cookie of a foreign domain */
	bool packed_ids;	 /* those that get no longer by it */
	bool bare_http;		 /* a Content-Length and no headers of IIS */
	bool bare_ids;		 /* ids are ENTRYIDs, change keys are XIDs */
	bool plain_faults;	 /* HTTP 200, and no detail */
	bool second_after_fault; /* one response too many follows a Fault */
	bool ids_fault;		 /* a malformed id is a Fault and no response message */
	bool deletes_first;	 /* and it does not say so when more of them are to come */
	bool any_state;		 /* a SyncState that cannot be read counts as none */
	bool deleted_speak;	 /* deleted folders: SyncFolderItems takes them for living ones */
	bool read_is_update;	 /* UpdateItem of IsRead gives another change key */
	bool keys_ignored;	 /* no change is refused for what it is based on */
	bool mime_varies;	 /* another boundary in each reply */

	int64_t heartbeat_ms, look_ms; /* of a stream; how often it looks for events, 0: at once */
	int64_t subscriptions, streams, backlog; /* the most for a user; the last in events */
	bool backlog_kills;			 /* too many events end a subscription */
	bool one_declaration;			 /* <?xml?> before a stream's first document only */
};

/* NULL for none. */
const struct like *like_named(const char *name);
/* What is imitated where nothing is said. */
const struct like *like_usual(void);

/* Gives the MIME other boundaries of the same length. */
void like_vary_mime(struct buf *mime);

#endif
