/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include "server.h"

/*
 * control - what tests do to a mailbox, as if a user or another client had.
 *
 * POST /test/OP takes one JSON object and answers {"ids":[...]}, or status 400 with
 * {"error":"..."}; an OP that does not exist is a 404. Every OP knows
 *   "user"    the login; may be left out where there is one user only. See whose.h for those
 *             of archives and public folders
 *   "folder"  a path ("Inbox/Sub", "" is the top) or a FolderId
 *   "item"    an ItemId, or "count": N, the N oldest items of the folder; with
 *             neither, the folder itself is meant
 * and these, each with keys of its own:
 *   deliver   count (1) new items to the folder (Inbox). "subject"; "mime", as text
 *             or as base64; "size" in bytes; "read"; "class", of any kind (IPM.*, REPORT.*);
 *             "element": "Item" in place of the one that Exchange has for it
 *   change    new content, the same item: other bytes, another change key. "subject";
 *             "mime"; "same_size": true keeps the number of bytes. "kind" changes
 *             only what it names: "category", "flag", "subject", "importance"
 *             ("importance": "High"), "received" ("received": a time), "class"
 *             ("class": "IPM.Note.X"). A folder: another change key
 *   regress   new content with a change key whose counter is "by" (1) below what it
 *             was, as is its entry in the item's own list; the sync shows an Update.
 *             "uncovered": true takes that entry away, "lower" puts it one below the
 *             key; "garble": true makes the list one that cannot be read. With these
 *             two the key goes on as ever where no "by" is given. All of it lasts
 *             until the item changes again
 *   move      "to": a folder. Items get new ids, folders keep theirs
 *   delete    for good. With "folder" alone the folder and all in it
 *   flag      the read flag: "read": true or false; without it, the other of what it
 *             is. With "folder" alone every item in it ("read" is true then)
 *   mkdir     "folder" as mkdir -p, and in it "name"; "class": "IPF.Appointment" ...
 *             "orphan": true, as misplace does
 *   rename    "name"
 *   hide      "hidden" (true)
 *   deny      nobody may look into it or sync it: ErrorAccessDenied. "denied" (true)
 *   grant     "to" (a login) may look into the mailbox, or with "folder" into that and all below
 *             it; "granted": false takes everything back
 *   withhold  the items are in no page of changes, though they count: a server that cannot
 *             load them. "withheld" (true)
 *   misplace  it says that its parent is the folder "under", which may be below it;
 *             without that, one that nobody has. "back": true ends it
 *   expire    the sync states that were issued so far for the folder are refused:
 *             ErrorInvalidSyncStateData. "hierarchy": true: those of the hierarchy;
 *             with neither, all
 *   forget    likewise, but they are taken for none, in silence: all comes again as
 *             Create
 *   failover  another machine answers from here on: X-FEServer, X-BEServer and the
 *             X-BackEndCookie are others, all connections are closed, sync states hold
 *   drop      all subscriptions are gone. Open streams on them end, "how": "error" says it
 *             before the end (as it is, or "code"), "close" ends in silence, "reset" breaks the
 *             connection. Answers the ids of the subscriptions
 *   missed    what was not told yet is lost, and that is all that is said of it:
 *             ErrorMissedNotificationEvents. Subscriptions and streams go on
 *   emit      "count" (1) events that nothing has caused, of an item that does not exist
 *             in the folder (Inbox) or, with "of_folder": true, of the folder. "event":
 *             "ModifiedEvent" or another; "unknown": true, a folder that nobody has
 *   notify    how notifications go from here on, on open streams, too; what is not named
 *             stays. "reset": true, all as usual, before the others.
 *             "heartbeat_ms": on idle streams (45000; -1: none); "stream_ms": how long
 *             streams last in place of their ConnectionTimeout; "expire_ms": likewise
 *             for subscriptions that are not used
 *             "silent": true, streams stay open and nothing at all comes; "buffer": a
 *             proxy holds them back until so many bytes have gathered or they end
 *             "suppress": true, nothing that happens makes an event; "duplicate": each
 *             is told twice; "reorder": those of a notification stand in the wrong
 *             order; "delay_ms": each is told so much later
 *             "affinity": true, subscriptions are found only by requests that lead to the
 *             machine that has them: with X-AnchorMailbox, and the X-BackEndOverrideCookie
 *             that replies to requests with "X-PreferServerAffinity: true" set
 *             "streaming", "pull": the ResponseCode by which Subscribe refuses such a
 *             subscription ("": none). ErrorInvalidServerVersion and
 *             ErrorSchemaValidation are Faults, as of a server that knows no such thing
 *             "limit": most subscriptions, "connections": most streams, "backlog": most
 *             events that wait for one subscription, before they are missed
 *   password  "password" is the user's from here on; the one before gets a 401
 *   token     "token" is the user's from here on, for "seconds" (for ever), and the one before
 *             gets a 401; without it nobody has one
 *   fault     the next "count" (1; 0 until cleared) requests of the operation "op" ("*")
 *             go wrong, after "skip" (0) that do not; only those of "user", where
 *             given, and about "folder", where given. Answers the fault's number.
 *             "kind" is one of
 *     "401" "403" "500" "503" or another status: a page; "retry_after": seconds,
 *             "location"
 *     busy    ErrorServerBusy. "back_off": milliseconds (not said); "form": "fault"
 *             (HTTP 500), "message" (HTTP 200) or "inner" (within another error)
 *     error   "code": any ResponseCode, in the same forms ("message"). With "items": ids
 *             or "n": N only those, or the first N from "at" (0), of a batch
 *     delay   "ms" (1000) before the operation
 *     hang    no reply until cleared, and then the end of the connection
 *     stopped message "at" (0) is an error ("code"), and all behind it are the warning
 *             ErrorBatchProcessingStopped
 *     unconvertible  GetItem has for the "items", until cleared, or the "n" (1) from
 *             "at" (0) only an error ("code": ErrorMimeContentConversionFailed) where the
 *             MIME is asked for
 *     wrongid the "n" (1) ids from "at" (0) are others than those asked for; "rotate":
 *             true gives all messages in a wrong order
 *     duplicate  each change twice, an older state of it first
 *     reorder    the changes in a random order ("seed")
 *     phantom    "n" (1) more Creates, of items that do not exist
 *     notlast    IncludesLastItemInRange is false, and the state the one that was sent
 *     illegal    characters that XML forbids, as references or with "raw": true as
 *             bytes, in subjects and names
 *     malformed  no XML from byte "bytes" (half) on
 *     truncated  nothing from byte "bytes" (half) on, and a proper end of HTTP
 *     reset      the connection is reset after "bytes" (0) of the body; -1: at once
 *     drip       "rate" (1000) bytes a second
 *     second     a second response on the connection, "ms" (0) behind the first; not
 *             with TLS
 *     between_pages  after a page of SyncFolderItems, and before the client has it, the
 *             operations in "then": [[OP, {...}], ...] are done
 *     clear   ends all pending ones, or those of "op"
 *             On a stream, reset and drip go for all of it; what changes text or ends it
 *             early is about its first document.
 *             With "done": true the first five kinds strike after the operation was
 *             done. A request is struck by the oldest fault due, and by all that last
 *             until cleared.
 * The ids answered are those that hold after the operation, in its order.
 *
 * GET /test/requests answers {"GetItem": 12, ...}; DELETE /test/requests resets it. Among them
 * stand "GetItem.items", the ids asked for, "SyncFolderItems.initial", those without a state, and
 * "401", requests with a name and a password, or a token, of nobody's.
 * GET /test/faults answers {"faults": [{"id", "kind", "op", "user", "fired", "left",
 * "skip", "forever"}]}, oldest first; DELETE /test/faults clears and forgets them.
 * GET /test/mailbox?user=U is the truth to compare with: every folder (path, id,
 * change_key, parent, class, hidden, counts) and every item in it (id, change_key,
 * class, kind, subject, people, times as seconds, flags, predecessors, "given": the keys and lists
 * of the versions that GetItem has given away; of its MIME the size and the SHA-256, which is null
 * where it differs each time, and what contacts, lists and tasks have beside; with mime=0 these
 * last are left out, and it is fast).
 */
struct control_request {
	const char *method, *name;
	const char *user, *mime; /* from the query; NULL where absent */
	const char *body;
	size_t body_n;
};

/* Runs [[OP, {...}], ...], each as if posted, for that user where none is named. */
void control_script(struct server *server, struct user *user, const json_t *script);

/* Returns the HTTP status; the reply, JSON, is appended. */
int control_answer(struct server *server, const struct control_request *request, struct buf *ret);

#endif
