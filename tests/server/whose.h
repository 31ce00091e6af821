/* SPDX-License-Identifier: MIT */
#ifndef SERVER_WHOSE_H
#define SERVER_WHOSE_H

#include "soap.h"

/*
 * whose - mailboxes that are not the caller's: delegates, impersonation, archives, public folders.
 *
 * An archive and the public folders are mailboxes of their own, of users that cannot log in:
 * "NAME#archive" and "#public", which the operations of /test/ take as any other user. Recoverable
 * items are folders beside the top of a user's own mailbox. A request is about one mailbox: that of
 * the first folder, item or subscription that it names; the others' ids are foreign to it.
 *
 * What a user may see in somebody else's mailbox is what was granted: all below its top, or a folder
 * and all below it. Nobody sees more than that, so not the root (NOTES 8.7).
 */
struct grant {
	char *to;		  /* a login */
	const struct folder *top; /* NULL: the whole mailbox */
};

/* The words of the command line; false for what cannot be: see options.h. */
bool whose_add_archive(struct server *server, const char *user);
bool whose_add_recoverable(struct server *server, const char *user);
void whose_add_public(struct server *server);
/* OWNER:USER[:FOLDER], in pieces; `folder` "" or NULL: everything. */
bool whose_grant(struct server *server, const char *owner, const char *to, const char *folder);

/* With the mailbox's lock. */
void grant_add(struct mailbox *box, const char *to, const struct folder *top);
void grant_drop(struct mailbox *box, const char *to);
void grants_release(struct mailbox *box);

bool whose_is_pseudo(const char *user);
/* A box that is listed by FindFolder alone. */
bool whose_is_public(const struct mailbox *box);
/* The mailbox that the request is about. No lock is held. */
struct mailbox *whose_box(const struct call *call);
/* That of a DistinguishedFolderId, or NULL with the ResponseCode. */
struct mailbox *whose_distinguished(const struct call *call, const xmlNode *node,
				    const char **ret_error);
/* True when the caller may look into it. */
bool whose_may(const struct call *call, const struct folder *folder);

#endif
