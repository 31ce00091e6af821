/* SPDX-License-Identifier: MIT */
#ifndef EWS_EWS_H
#define EWS_EWS_H

#include <stdatomic.h>

#include "base/spool.h"
#include "model/account.h"
#include "model/folder.h"
#include "model/item.h"
#include "model/metrics.h"

/*
 * ews - the operations of Exchange Web Services that we use, as C functions.
 *
 * One session with one mailbox: the calls write SOAP, parse the reply as it
 * streams, and believe it only if it answers the question: the Body's element is the
 * operation's response (any prefix), one response message for each id asked, each
 * returned id equal to the one asked at that place. Anything else is ERR_STALE_REPLY, and
 * a fault, a mismatch or surplus bytes end the connection (some servers send a second
 * response after a fault, which would be taken for the answer to the next question).
 *
 * Bounds: every text, list and number of elements is capped where it is read;
 * beyond it is ERR_LIMIT. XML that XML forbids (&#x1F;) is replaced by U+FFFD before the
 * parser sees it.
 *
 * Threads: as struct http: one owner; ews_interrupt(), ews_resume(), ews_wake() and
 * ews_load_*() from any. Calls marked "waits" drive every request under way until theirs
 * is done, so sinks of ews_get_items() run inside them: never call one with a transaction
 * open. A sink may start requests; only its done() may wait.
 */
struct ews;

MUST_CHECK enum err ews_open(const struct account *account, struct ews **ret, struct buf *reason);
void ews_release(struct ews **ews);
/* The last failure in one line: the server's code and text, or the transport's. */
const char *ews_reason(const struct ews *ews);
/* The ResponseCode of the last failure ("ErrorServerBusy"), "" when there was none. */
const char *ews_code(const struct ews *ews);
/* The version that requests claim, as they spell it: the highest that the server has not refused. */
const char *ews_version(const struct ews *ews);
/* Begins with another; a name that is none of ours counts as the highest. */
void ews_claim(struct ews *ews, const char *version);
/* The server's version, "15.1.2507.16 (V2017_07_11)"; "" before its first answer. */
const char *ews_server(const struct ews *ews);
/* How long the server asked us to wait with the last failure; -1: it did not. */
int64_t ews_back_off_ms(const struct ews *ews);

/* Every wait ends with ERR_CANCELLED, now and until ews_resume(). */
void ews_interrupt(struct ews *ews);
void ews_resume(struct ews *ews);
/* Set by that. */
const atomic_bool *ews_interruption(const struct ews *ews);
/* The mailbox is elsewhere now: what is asked from now on goes there. */
MUST_CHECK enum err ews_move(struct ews *ews, const char *url, struct buf *reason);
/* Ends every request under way: done(ERR_CANCELLED). */
void ews_abort(struct ews *ews);
/* None of the connections that lie idle is used again. */
void ews_distrust(struct ews *ews);
/* How fast requests leave, those too that wait already: so many at once, pace_ms from one to the
 * next, none before hold_ms by clock_boot_ms(). */
void ews_set_tempo(struct ews *ews, int connections_n, int64_t pace_ms, int64_t hold_ms);
/* Called again and again by the calls that wait for their own answer: others may have come to ask
 * for something meanwhile. It may start requests, and must not wait. */
void ews_set_tend(struct ews *ews, void (*tend)(void *ctx), void *ctx);
/* Only ends a running ews_wait() early. */
void ews_wake(struct ews *ews);

struct ews_stats {
	uint64_t requests_n, bytes_in;
};
void ews_load_stats(const struct ews *ews, struct ews_stats *ret);
void ews_load_metrics(const struct ews *ews, struct request_metrics *ret);

/* --- folders --- */

struct ews_folder_reply {
	enum err err;	  /* of this id alone: ERR_NOT_FOUND, ERR_DENIED, ... */
	const char *code; /* the server's ResponseCode; "" on success */
	/* id, change_key, parent_id, names, digest; borrowed, NULL on error. A folder asked for by
	 * its name has that as `distinguished`. */
	struct folder *folder;
};
typedef enum err (*ews_folder_fn)(void *ctx, size_t index, const struct ews_folder_reply *reply);

/*
 * GetFolder for ids, at most EWS_FOLDERS_MAX a call: one request. Each element is a FolderId
 * or, when it holds no upper-case letter and fits the schema's list, a distinguished one
 * ("inbox"): see ews_is_distinguished(). Calls fn once for each, in order. Waits.
 */
#define EWS_FOLDERS_MAX 250
MUST_CHECK enum err ews_get_folders(struct ews *ews, const char *const *ids, size_t n,
				    ews_folder_fn fn, void *ctx);
bool ews_is_distinguished(const char *id);

struct ews_hierarchy {
	struct folders put; /* created or updated; which it was does not matter */
	char **dropped;	    /* ids */
	size_t dropped_n;
	char *state;
	bool last;
};
void ews_hierarchy_release(struct ews_hierarchy *hierarchy);

/* SyncFolderHierarchy below the folder of that distinguished name. A NULL state lists all.
 * ERR_SYNC_RESET when the server does not take the state. Waits. */
MUST_CHECK enum err ews_sync_hierarchy(struct ews *ews, const char *root, const char *state,
				       struct ews_hierarchy *ret);
/* FindFolder: those right below a folder, with their digests, from the offset on; `state` is NULL
 * and `dropped` empty. *offset moves on. Waits. */
MUST_CHECK enum err ews_find_folders(struct ews *ews, const char *parent_id, uint64_t *offset,
				     struct ews_hierarchy *ret);

/* --- items --- */

enum ews_change_kind { EWS_CREATE, EWS_UPDATE, EWS_DELETE, EWS_READ_FLAG };

struct ews_change {
	enum ews_change_kind kind;
	char *id, *change_key;
	enum item_kind item_kind; /* of Create and Update */
	bool has_read, is_read;	  /* from 0x0E07, or the flag change itself */
	bool is_draft;
	int64_t received, modified; /* TIME_NONE: not in the page */
	uint64_t size;		    /* 0: not in the page */
};

/* One page of changes, in document order. */
#define EWS_PAGE_MAX 512
struct ews_page {
	struct ews_change *changes;
	size_t n;
	char *state;
	bool last;
};
void ews_page_release(struct ews_page *page);

/*
 * SyncFolderItems with the shape of DESIGN.md (plain IdOnly after ERR_SHAPE, remembered). At
 * most max changes. ERR_SYNC_RESET, ERR_NOT_FOUND and ERR_DENIED speak of this folder. Waits.
 */
MUST_CHECK enum err ews_sync_items(struct ews *ews, const char *folder_id, const char *state,
				   int max, struct ews_page *ret);

/*
 * FindItem, where SyncFolderItems does not work: a page of all that is in the folder, each as
 * EWS_CREATE. The state says where it goes on, and nothing of what changes later; NULL begins.
 * Pages overlap by an item: where that is another one than before, something was added or
 * deleted meanwhile, and it is ERR_SYNC_RESET. `max` is at least 2. Waits.
 */
MUST_CHECK enum err ews_find_items(struct ews *ews, const char *folder_id, const char *state,
				   int max, struct ews_page *ret);

struct ews_item_reply {
	/* Of this item alone: ERR_NOT_FOUND, ERR_BAD_ITEM, ERR_SHAPE (ask again as KIND_SAFE),
	 * ERR_TRANSIENT, ... What holds for the whole account (throttling, a refused login) ends
	 * the request instead: see done. */
	enum err err;
	const char *code; /* the server's ResponseCode; "" when it said success */
	const char *text; /* its MessageText, or our words; "" on success */
	/* NULL on error, but for an ERR_BAD_ITEM whose properties did come. The sink may take
	 * what it holds (and zero it). */
	struct item *item;
	/* The decoded MIME, empty for contacts and tasks; may be taken. NULL on error, and where it
	 * was not asked for. */
	struct spool *mime;
};

struct ews_items_sink {
	/* Once for each id, in order, while the reply streams in. */
	enum err (*item)(void *ctx, size_t index, struct ews_item_reply *reply);
	/* Once, last. An error means that the ids not yet seen were not answered. */
	void (*done)(void *ctx, enum err err);
};

/*
 * GetItem of ids of one kind, with content. Starts and returns; the sink runs inside
 * ews_wait() and the calls that wait. `spool_dir` is where large bodies go; it must outlive
 * the spools. The ids and the sink are copied. If this fails, the sink is not called.
 *
 * The shape of KIND_CONTACT asks for no MIME and fits every item: a name for one whose
 * content does not come can be had with it.
 */
MUST_CHECK enum err ews_get_items(struct ews *ews, enum item_kind kind, const char *const *ids,
				  size_t n, const char *spool_dir,
				  const struct ews_items_sink *sink, void *ctx);
/* The same without MIME: all of contacts and tasks, of the others everything but their content. */
MUST_CHECK enum err ews_get_attributes(struct ews *ews, enum item_kind kind, const char *const *ids,
				       size_t n, const char *spool_dir,
				       const struct ews_items_sink *sink, void *ctx);

/* --- notifications --- */

/* What happened to an item, or to a folder. A hint: it may come twice, late, or not at all. */
struct ews_event {
	bool is_modified;      /* changed where it is; else it came, went or moved */
	const char *folder_id; /* of a folder; NULL: it is about an item */
	const char *parent_id, *old_parent_id; /* where it is, and was; NULL: not said */
};
typedef enum err (*ews_event_fn)(void *ctx, const struct ews_event *event);

/* Subscribes to these folders, or (n 0) to all of our own mailbox. A subscription ends when nobody
 * asks for its events for so many minutes (streams: the server's own time). The watermark is for
 * ews_get_events(). From then on all requests ask for the machine that has it. ERR_SUBSCRIPTION:
 * there are too many. Waits. */
enum ews_subscription { EWS_STREAMING, EWS_PULL };
MUST_CHECK enum err ews_subscribe(struct ews *ews, enum ews_subscription kind, int minutes,
				  const char *const *ids, size_t n, char **ret_id,
				  char **ret_watermark);
/* Best effort: waits so many ms at most, and nobody hears how it went. */
void ews_unsubscribe(struct ews *ews, const char *id, int64_t ms);
/* What happened since the watermark, which moves on. *ret_more: call again. ERR_SUBSCRIPTION: it
 * is gone, or events were lost. Waits. */
MUST_CHECK enum err ews_get_events(struct ews *ews, const char *id, char **watermark,
				   ews_event_fn fn, void *ctx, bool *ret_more);

struct ews_stream_sink {
	ews_event_fn event;
	/* After each message of the server, if only to say that it is there. */
	void (*beat)(void *ctx, bool had_events);
	/* Once, last. ERR_OK: its time was over. ERR_SUBSCRIPTION as above. */
	void (*done)(void *ctx, enum err err);
};

/*
 * GetStreamingEvents: starts and returns; one at a time. The sink, which is not copied, runs
 * inside ews_wait() and the calls that wait, and ews_wait() ends when it had something. It is no
 * request under way to ews_pending_n(), and takes none of the connections of the others. The
 * server ends it after so many minutes (1 to 30); without a byte for silence_ms we do, with
 * ERR_OFFLINE. If this fails, the sink is not called.
 */
MUST_CHECK enum err ews_stream(struct ews *ews, const char *id, int minutes, int64_t silence_ms,
			       const struct ews_stream_sink *sink, void *ctx);
void ews_stream_limit(struct ews *ews, int64_t silence_ms);
bool ews_is_streaming(const struct ews *ews);
/* Ends it: done(ERR_CANCELLED). Not from the sink. */
void ews_stream_close(struct ews *ews);

/* --- waiting --- */

/* Requests under way. */
int ews_pending_n(const struct ews *ews);
/* Drives requests until one is done, the time is over or ews_wake(). */
MUST_CHECK enum err ews_wait(struct ews *ews, int64_t ms);

#endif
