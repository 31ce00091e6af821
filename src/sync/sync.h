/* SPDX-License-Identifier: MIT */
#ifndef SYNC_SYNC_H
#define SYNC_SYNC_H

#include "model/account.h"
#include "model/metrics.h"
#include "store/store.h"

/*
 * sync - the engine that keeps the store in step with the mailbox.
 *
 * One thread of its own owns the session with the server and is the only writer of the
 * store. A run goes: digest (one GetFolder for all folders) - hierarchy, if a folder
 * appeared, went or changed - pages of the folders whose digest differs - fetches
 * until the queue has nothing due. Every page commits with the sync state that covers it (I1).
 * A change key that differs means a change, whichever way it moved (I6). What comes due while
 * it fetches (a poll, a command) is listed in the same run, so new mail does not wait for the
 * end of a first sync.
 *
 * Runs start at sync_start(), when the server tells of a change, every poll_s seconds where it
 * does not and every 10 x poll_s where it does (unless notify=off), and on a command; one that
 * failed is tried again after growing delays, at most poll_s.
 *
 * A run that ends with nothing pending compares what the server counts with what is known here: a
 * folder that differs in two digests is verified and listed afresh by itself.
 *
 * Threads: sync_open, sync_is_listed, sync_list_folders, sync_start, sync_stop and sync_release
 * belong to the thread that made it; the others may be called from any. Callbacks come from the
 * sync thread, no lock held. Between sync_start and sync_stop the store is the sync thread's.
 */
struct sync;

/*
 * Opens the cache of the account for writing: makes its directory, binds it to the mailbox, waits
 * some seconds for another mount on it that is ending.
 *
 * A damaged file is set aside as FILE.damaged-N, never deleted, and another made; but not before
 * that is whole if the damaged one can be served: then *ret is the one under way (FILE.new), and
 * *ret_kept the damaged one, held and to be read only.
 */
MUST_CHECK enum err sync_open_cache(const struct account *account, struct store **ret,
				    struct store **ret_kept, struct buf *reason);
/* The name of the one under way. */
MUST_CHECK enum err sync_print_fresh(const struct account *account, struct buf *ret);
/* `store` is the writer's connection; lent for the life of the engine. Sends nothing. */
MUST_CHECK enum err sync_open(const struct account *account, struct store *store, struct sync **ret,
			      struct buf *reason);
/* Stops first, if it runs. */
void sync_release(struct sync **sync);

/* True once the folders have ever been listed: the cache can be served without a server. */
MUST_CHECK enum err sync_is_listed(struct sync *sync, bool *ret);
/* Logs in and lists the folders, here and now: the first mount of a mailbox. On failure *reason
 * says what failed and what to do. */
MUST_CHECK enum err sync_list_folders(struct sync *sync, struct buf *reason);

/*
 * Damage that is met while the engine runs has the same end: it leaves its store alone, makes
 * another beside it and works on that. `begun` hears of it before anything is in there, and owns
 * the store that the engine worked on; `whole` when everything is there that the server had. Both
 * from the sync thread; once in the life of an engine. `is_begun`: the store given is one under
 * way. Before sync_start.
 */
struct sync_rebuild {
	void (*begun)(void *ctx, struct store *fresh);
	void (*whole)(void *ctx);
	void *ctx;
};
void sync_set_rebuild(struct sync *sync, const struct sync_rebuild *rebuild, bool is_begun);
/* Somebody met damage in the store. Any thread. */
void sync_note_damage(struct sync *sync);

/* fn hears of every change of the store, from the sync thread; NULL: nobody wants to. */
MUST_CHECK enum err sync_start(struct sync *sync, store_change_fn fn, void *ctx);
/* Returns soon, whatever the network does; running commands end with ERR_CANCELLED. */
void sync_stop(struct sync *sync);

/* --- commands --- */

enum sync_command {
	SYNC_UPDATE,
	SYNC_RESYNC,  /* list afresh, fetch what differs */
	SYNC_CLEAR,   /* list afresh, fetch everything */
	SYNC_VERIFY,  /* compare only */
	SYNC_CANCEL,  /* end the commands that run there */
	SYNC_OFFLINE, /* of the whole mailbox, as the next: send nothing */
	SYNC_ONLINE,
};

struct sync_order {
	enum sync_command command;
	uint64_t dir;
	bool tree;	       /* and all below it */
	const uint64_t *above; /* the directories on the way up, the root last; copied */
	size_t above_n;
};

/*
 * Runs the command and calls done exactly once: when everything that the server had at the call is
 * in the store or quarantined, and the listener of the store has heard of it; from the sync
 * thread, or from the one that cancels it. SYNC_CANCEL and SYNC_ONLINE wait for nobody: done was
 * called when this returns. ERR_BUSY, and no call of done, when another command runs in that
 * directory, or one that compares a folder (RESYNC, CLEAR, VERIFY) that this one would compare
 * too; ERR_OFFLINE after SYNC_OFFLINE. *ret_ticket names it for sync_forget(); it is written
 * before done can be called. An update looks at all folders, whatever it was called for (one
 * digest finds what differs at the same price), but waits for the fetches of its own alone. done
 * may be NULL.
 */
typedef void (*sync_done_fn)(void *ctx, enum err err);
MUST_CHECK enum err sync_run(struct sync *sync, const struct sync_order *order, sync_done_fn done,
			     void *ctx, uint64_t *ret_ticket);
/* The caller no longer waits (the command goes on): done will not be called. False when done was
 * called or is being called: then it is too late. */
bool sync_forget(struct sync *sync, uint64_t ticket);

/* --- content=ondemand --- */

/*
 * Fetches the content of a file that is absent, before everything else, and calls done once when it
 * is in the store and the listener has heard of it, from the sync thread; it is there for as long
 * as done runs. ERR_STALE: the inode has become another, or a grave. One request serves all who
 * want the same file.
 */
MUST_CHECK enum err sync_want(struct sync *sync, uint64_t ino, sync_done_fn done, void *ctx,
			      uint64_t *ret_ticket);
/* The caller no longer waits; what was asked for comes all the same. False: done was called or is
 * being called. */
bool sync_forget_want(struct sync *sync, uint64_t ticket);
/*
 * A content larger than all that may be kept passes: it can be read for as long as somebody holds
 * it, who has to take hold of it in done, or of one that others hold. False: there is none.
 */
bool sync_hold_passed(struct sync *sync, uint64_t ino);
void sync_drop_passed(struct sync *sync, uint64_t ino);
/* As store_read_content(); ERR_ABSENT where none is held. */
MUST_CHECK enum err sync_read_passed(struct sync *sync, uint64_t ino, uint64_t offset, size_t n,
				     struct buf *ret);
/* A content that is here was used. Cheap: no disk. */
void sync_note_use(struct sync *sync, uint64_t ino);

/* --- state --- */

/* In the order in which the first that applies is shown. */
enum sync_state {
	SYNC_STATE_AUTH,
	SYNC_STATE_ERROR,
	SYNC_STATE_OFFLINE,
	SYNC_STATE_THROTTLED,
	SYNC_STATE_CLEARING,
	SYNC_STATE_RESYNCING,
	SYNC_STATE_VERIFYING,
	SYNC_STATE_SYNCING,
	SYNC_STATE_IDLE,
};
const char *sync_state_text(enum sync_state state);

struct sync_status {
	enum sync_state state; /* of the whole mailbox; never IDLE before the first complete sync */
	/* What of it holds for every folder: of those up to THROTTLED; else IDLE. */
	enum sync_state trouble;
	char last_error[256];	 /* "" when there was none */
	bool is_folders_error;	 /* it is a folder's, which says so itself */
	int64_t throttled_until; /* TIME_NONE: not throttled */
	/* When the last run that succeeded began to look: what the server had then is here.
	 * TIME_NONE: none in this mount. */
	int64_t last_update;
	int64_t last_change; /* when the store last changed; TIME_NONE: not in this mount */
	uint64_t requests_n, bytes_in;
	uint64_t bytes_done, bytes_total; /* of the content under way in this run */
	int64_t eta_s;			  /* -1: nobody knows */
	uint64_t busy_dir;		  /* folder being synced; 0: none */
	enum sync_state busy_work; /* what is done there, where it is more than that; else IDLE */
};
void sync_load_status(struct sync *sync, struct sync_status *ret);
void sync_load_metrics(struct sync *sync, struct request_metrics *ret);
/* What commands do in a directory: SYNC_STATE_CLEARING, RESYNCING or VERIFYING; IDLE: none of it. */
enum sync_state sync_state_of_work(struct sync *sync, uint64_t dir, const uint64_t *above,
				   size_t above_n);

/*
 * The results of commands, as values of the store: "kept=9 changed=1 ..."; after a tree command
 * in its own directory those of all. The items are those at fault, "missing=ID extra=ID ...", not
 * more than fit a page or so; "..." stands for the rest.
 */
enum sync_result { SYNC_LAST_RESYNC, SYNC_LAST_VERIFY, SYNC_LAST_VERIFY_ITEMS };
/* ERR_NOT_FOUND: there is none. `store` may be a reader. */
MUST_CHECK enum err sync_load_result(struct store *store, enum sync_result result, uint64_t dir,
				     char **ret);

/* --- graves --- */

/* The kernel holds these inodes no longer. Cheap: no disk. */
void sync_forget_inodes(struct sync *sync, const uint64_t *inos, size_t n);

#endif
