/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include "server.h"

/*
 * control - what tests do to a mailbox, as if a user or another client had.
 *
 * POST /test/OP takes one JSON object and answers {"ids":[...]}, or status 400 with
 * {"error":"..."}; an OP that does not exist is a 404. Every OP knows
 *   "user"    the login; may be left out where there is one user only
 *   "folder"  a path ("Inbox/Sub", "" is the top) or a FolderId
 *   "item"    an ItemId, or "count": N, the N oldest items of the folder; with
 *             neither, the folder itself is meant
 * and these, each with keys of its own:
 *   deliver   count (1) new items to the folder (Inbox). "subject"; "mime", as text
 *             or as base64; "size" in bytes; "read"
 *   change    new content, the same item: other bytes, another change key. "subject";
 *             "mime"; "kind": "category" or "flag" changes only that property and
 *             leaves the bytes. A folder: another change key
 *   move      "to": a folder. Items get new ids, folders keep theirs
 *   delete    for good. With "folder" alone the folder and all in it
 *   flag      the read flag: "read": true or false; without it, the other of what it
 *             is. With "folder" alone every item in it ("read" is true then)
 *   mkdir     "folder" as mkdir -p, and in it "name"; "class": "IPF.Appointment" ...
 *   rename    "name"
 *   hide      "hidden" (true)
 * The ids answered are those that hold after the operation, in its order.
 *
 * GET /test/requests answers {"GetItem": 12, ...}; DELETE /test/requests resets it.
 * GET /test/mailbox?user=U is the truth to compare with: every folder (path, id,
 * change_key, parent, class, hidden, counts) and every item in it (id, change_key,
 * class, kind, subject, times as seconds, flags, and of its MIME the size and the
 * SHA-256; with mime=0 these two are left out, and it is fast).
 */
struct control_request {
	const char *method, *name;
	const char *user, *mime; /* from the query; NULL where absent */
	const char *body;
	size_t body_n;
};

/* Returns the HTTP status; the reply, JSON, is appended. */
int control_answer(struct server *server, const struct control_request *request, struct buf *ret);

#endif
