/* SPDX-License-Identifier: MIT */
#ifndef SYNC_ENGINE_H
#define SYNC_ENGINE_H

#include "base/clock.h"
#include "base/lock.h"
#include "ews/ews.h"
#include "sync/gate.h"
#include "sync/hierarchy.h"
#include "sync/rebuild.h"
#include "sync/server.h"
#include "sync/space.h"
#include "sync/sync.h"
#include "sync/want.h"
#include "sync/watch.h"

/*
 * engine - what the files of sync share.
 *
 * Lowest first: status, graves, command, want (what other threads see) - gate (when we may send,
 * and what a failure means) - findings, fetch, settle (the queue) - result - digest, listing,
 * trees, hierarchy, relist, page, pull, verify - hints, watch (what the server tells) - errand
 * (what commands want) - audit - run. Everything belongs to the sync thread (before sync_start: to
 * the one that opened it), except what a lock guards.
 */

/* --- status.c: what the control files show --- */

struct board {
	struct lock lock;	  /* leaf; guards everything below */
	struct sync_status shown; /* but for state, throttled_until, requests_n and bytes_in */
	enum err trouble;	  /* why the last run failed; ERR_OK: it did not */
	bool is_folders_trouble;  /* it failed in folders, and they say why */
	bool is_running, was_complete;
	enum sync_state work;	    /* what the engine does in busy_dir by itself; else IDLE */
	int64_t throttled_until_ms; /* boot clock; 0: not throttled */

	/* The sync thread's. */
	int64_t begun_ms, look_ms;
	double rate; /* bytes a ms, as of the next two */
	int64_t rate_at_ms;
	uint64_t rate_at_bytes;
	/* What is fetched again though it is held, and how much had come when that was summed up. */
	uint64_t refetch_bytes, summed_at_bytes;
	int64_t sum_ms;	 /* when to sum it up again */
	int64_t round_s; /* wall clock of the last listing; TIME_NONE: the run had none */
};

void status_init(struct board *board);
void status_begin_run(struct sync *sync);
/* The run has ended: err and its reason stay until the next one that lists and succeeds. One that
 * only compared makes nothing complete and mends nothing. `is_folders`: only some of them failed. */
void status_end_run(struct sync *sync, enum err err, bool is_folders, const char *reason);
/* The store is another, with nothing in it. */
void status_begin_anew(struct sync *sync, const char *reason);
/* The run was broken off: it neither succeeded nor failed. */
void status_break_run(struct sync *sync);
/* A round of listing begins. */
void status_note_round(struct sync *sync);
/* What a command failed with; of the whole it says nothing. From any thread. */
void status_note_failure(struct sync *sync, const char *reason);
/* The server answers again: no longer offline, nor refused. */
void status_note_answer(struct sync *sync);
void status_note_throttled(struct sync *sync, int64_t until_ms);
/* 0: with none. */
void status_note_folder(struct sync *sync, uint64_t ino);
/* What is done there, where that is more than syncing. */
void status_note_work(struct sync *sync, enum sync_state work);
void status_note_change(struct sync *sync);
/* Content that has come or failed for good, in bytes as the server states them. */
void status_note_bytes(struct sync *sync, uint64_t bytes);
/* Recomputes total and eta, at most once a second. */
void status_note_queue(struct sync *sync);

/* --- graves.c: buried inodes that the kernel may still hold --- */

struct grave {
	uint64_t ino; /* 0: free */
	int64_t buried_ms;
	bool is_forgotten;
};

struct graveyard {
	struct lock lock;    /* leaf; guards everything below */
	struct grave *slots; /* open addressing; size is a power of two */
	size_t n, size;
	size_t forgotten_n;
	int64_t next_ms; /* when to look for forgotten ones again */

	/* The sync thread's. */
	int64_t opened_ns; /* graves older than this mount are nobody's */
	int64_t sweep_ms;  /* when to look for old ones again */
};

void graves_init(struct graveyard *graves);
void graves_destroy(struct graveyard *graves);
void graves_note(struct sync *sync, uint64_t ino);
/* None of them is in the store that the engine works on now. */
void graves_forget(struct sync *sync);
/* Purges a few of those that are due. False when there was nothing to do. */
bool graves_tend(struct sync *sync);

/* --- command.c: what other threads want --- */

/* Numbers of a listing afresh. */
struct counts {
	uint64_t kept_n, changed_n, added_n, gone_n;
};

struct command {
	struct command *next;
	uint64_t ticket;
	enum sync_command kind;
	uint64_t dir;
	bool tree;
	bool is_covered;  /* a round was begun after it came in */
	bool is_expanded; /* its folders are among the wishes */
	bool is_listed;	  /* ... and that round has listed them */
	bool is_done;	  /* it has a result of its own: the next two */
	enum err err;
	char reason[200];
	struct counts counts; /* of the folders listed afresh for it */
	sync_done_fn done;
	void *ctx;
	size_t above_n;
	uint64_t above[];
};

/* What the sync thread knows of a command: the command itself may be cancelled any time. */
struct errand {
	uint64_t ticket;
	enum sync_command kind;
	uint64_t dir;
	bool tree, is_expanded, is_listed, is_done;
	struct counts counts;
};

/* True when a command waits for its round. */
bool commands_wait(struct sync *sync);
/* A round begins now. What those that waited for it want of it at most. */
enum cover { COVER_NOTHING, COVER_COMPARISON, COVER_LISTING };
enum cover commands_cover(struct sync *sync);
/* The listing of the round is whole. */
void commands_note_listed(struct sync *sync);
/* Its run was broken off: those left begin anew. */
void commands_uncover(struct sync *sync);
/* Their directories are no more: they are for the whole now. */
void commands_widen(struct sync *sync);
/* The first covered one above that ticket; false when there is none. */
bool commands_next(struct sync *sync, uint64_t after, struct errand *ret);
/* These do nothing when the command is gone. */
void commands_note_expanded(struct sync *sync, uint64_t ticket);
void commands_add_counts(struct sync *sync, uint64_t ticket, const struct counts *counts);
void commands_note_result(struct sync *sync, uint64_t ticket, enum err err, const char *reason);
/* Ends one; its own result, if it has one, goes before err. */
void commands_end(struct sync *sync, uint64_t ticket, enum err err);
/* Ends all, whether covered or not; those that ask to be offline succeed with ERR_OFFLINE. */
void commands_end_all(struct sync *sync, enum err err);

/* --- fetch.c, settle.c: the queue --- */

/* One answer of a GetItem, waiting for the rest of its batch. */
struct landing {
	bool is_seen, has_flag, is_read; /* the flag: told by a page meanwhile */
	/* A second time: see fetch.c. */
	bool was_asked_safely, was_asked_what;
	bool is_of_kind; /* it came as what it said that it is */
	bool has_content;
	enum err err;
	char *reason; /* the server's code and text */
	struct item item;
	struct spool content;
};

struct flight {
	struct flight *next;
	struct sync *sync;
	struct fetch_batch batch;
	struct landing *landings; /* one for each job */
	bool wants_mime;
	uint64_t wanted; /* the inode that somebody waits for; 0: it is of the queue */
	bool is_passed;	 /* ... and what came is not kept */
	int64_t asked_ms;
	enum err err; /* of its request: it speaks of the jobs without an answer */
	/* The second question under way: of which jobs, with the shape of which kind. */
	size_t *again;
	size_t again_n;
	enum item_kind again_kind;
	bool is_cut_short; /* it had no answer */
};

/* Starts as many requests as there may be. */
MUST_CHECK enum err fetch_fill(struct sync *sync);
/* Asks for a file that somebody waits for, who hears of its end by wants_note_result(). Takes the
 * batch. */
MUST_CHECK enum err fetch_wanted(struct sync *sync, uint64_t ino, struct fetch_batch *batch);
/* Fetches until nothing is left to do, or a listing is due. */
MUST_CHECK enum err fetch_drain(struct sync *sync, bool *ret_drained);
/* What came was asked for as of another kind than it is of. */
bool fetch_is_of_other_kind(const struct flight *flight, size_t i);
/* A page told the read flag of an item: it is newer than what is on its way. */
void fetch_note_flag(struct sync *sync, const char *id, bool is_read);
/* All that became of a batch, in one commit. */
MUST_CHECK enum err settle_flight(struct flight *flight);
/* What became of a file that somebody waits for. */
MUST_CHECK enum err settle_wanted(struct flight *flight);
/* It would be quarantined, and nothing is known of the item but its id. */
bool settle_lacks_item(const struct flight *flight, size_t i);

/* --- findings.c: items whose change keys went wrong --- */

#define FINDINGS_MAX 100 /* in one run: more are told in one line */

struct findings {
	struct finding {
		char *id;
		enum verdict verdict;
	} list[FINDINGS_MAX];
	uint64_t regressed_n, uncovered_n, unknown_n;
};

/* A version that was not judged so before. */
void findings_note(struct sync *sync, const char *id, enum verdict verdict);
/* The run has ended: logs what it found. */
void findings_tell(struct sync *sync);
void findings_release(struct findings *findings);

/* --- digest.c: what one GetFolder tells --- */

/* A folder in a round of listing. */
struct visit {
	struct digest digest;	      /* as the server says now */
	uint64_t face;		      /* hash of what only the hierarchy changes */
	enum err err;		      /* of this folder alone */
	bool is_read;		      /* the digest has been asked for */
	bool is_settled;	      /* the hierarchy was read after the digest */
	bool had_full_page, is_again; /* ... and is compared anew for it */
};

struct round {
	struct folders folders; /* as stored, by ino */
	struct visit *visits;	/* one for each */
	struct folder root;	/* as the server says now; empty when it did not */
};

/* What the hierarchy looked like when it was last in step. */
struct sight {
	uint64_t ino, face;
	int64_t child_n;
};

/* What the server says of a folder, without its place and progress here. */
MUST_CHECK enum err folder_copy(const struct folder *from, struct folder *ret);
void round_release(struct round *round);
/* Reads the folders from the store; visits of those that were there before stay. */
MUST_CHECK enum err round_load(struct sync *sync, struct round *round);
/* NULL when it is not there. */
struct visit *round_find(const struct round *round, uint64_t ino);
/* Asks for every digest not yet read. */
MUST_CHECK enum err digest_read(struct sync *sync, struct round *round);
/* The trees (bits) whose hierarchy differs from what was last seen. */
MUST_CHECK enum err digest_find_dirty_trees(struct sync *sync, const struct round *round,
					    unsigned *ret);
/* Remembers the hierarchy as it was seen in this round. */
MUST_CHECK enum err digest_remember(struct sync *sync, const struct round *round);

/* --- scope.c: exclude= and since= --- */

/* Brings the store in line with what is wanted now. */
MUST_CHECK enum err scope_apply(struct sync *sync);
/* Shows all folders (sorted by id) where they belong, but for those that exclude= names and all
 * below them: of these nothing is kept but what was seen of their items' keys. */
MUST_CHECK enum err scope_place(struct sync *sync, struct txn *txn, struct folders *folders);
/* Older mail than since= wants. `row`: what is known of it; NULL: nothing. */
bool scope_is_outside(const struct sync *sync, const struct ews_change *change,
		      const struct item_row *row);

/* --- result.c: what commands leave in the store --- */

/* What a comparison with the server found. */
struct comparison {
	uint64_t kept_n, changed_n, missing_n, extra_n, regressed_n, uncovered_n;
	struct buf items; /* those at fault, as sync.h says */
	size_t items_n;
	bool has_more; /* than are listed */
};
void comparison_release(struct comparison *comparison);
/* `what`: "missing", ... */
MUST_CHECK enum err comparison_add_item(struct comparison *comparison, const char *what,
					const char *id);

/* Those of the folder, or of a command in it. */
MUST_CHECK enum err result_put_resync(struct txn *txn, uint64_t dir, bool tree,
				      const struct counts *counts);
/* In a commit of its own. */
MUST_CHECK enum err result_put_verify(struct sync *sync, uint64_t dir,
				      const struct comparison *comparison);
/* What the audit remembers of a folder; NULL: nothing. */
MUST_CHECK enum err result_put_audit(struct txn *txn, uint64_t dir, const char *text);
MUST_CHECK enum err result_load_audit(struct sync *sync, uint64_t dir, char **ret);
/* The folder goes. */
MUST_CHECK enum err result_drop_all(struct txn *txn, uint64_t dir);

/* --- page.c, relist.c, pull.c: the items of a folder --- */

/* How a folder is listed afresh; each does what those before it do. On disk. */
enum relist {
	RELIST_NONE = 0,
	RELIST_EXPIRED = 1, /* the server did not take the state: what is held is not asked for */
	RELIST_RESYNC = 2,  /* by command: what could not be delivered is asked for again */
	RELIST_CLEAR = 3,   /* by command: everything is */
};

/* An item as the server lists it against what we know of it. The order counts: see relist.c. */
enum difference { DIFFERENCE_NONE, DIFFERENCE_CHANGED, DIFFERENCE_ABSENT };

/* Rows seen in a listing from nothing, each with its difference in the lowest bits. */
struct rows {
	int64_t *list;
	size_t n, size;
};

struct pull {
	struct sync *sync;
	const struct folder *folder;
	struct visit *visit;
	char *state;
	enum fetch_priority priority;
	enum relist relist;
	bool is_quiet;	  /* a relist that nobody asked for and that is no news */
	struct rows seen; /* of a relist */
	struct counts counts;
};
void pull_release(struct pull *pull);

/* The rules of one page, inside a transaction. */
MUST_CHECK enum err page_apply(struct pull *pull, struct txn *txn, const struct ews_page *page);
/* `row` NULL: not known. */
enum difference page_compare(const struct item_row *row, const struct ews_change *change);

/* The kind of a relist of the folder that was begun and not ended. */
MUST_CHECK enum err relist_load(struct sync *sync, uint64_t ino, enum relist *ret);
/* The folder is to be listed from nothing when it is listed; RELIST_NONE: no longer. */
MUST_CHECK enum err relist_put(struct txn *txn, uint64_t ino, enum relist kind);
/* Forgets the state: the listing begins anew, and what it does not show goes at its end. */
MUST_CHECK enum err relist_begin(struct pull *pull, enum relist kind);
/* It was broken off: all is as it was before it began, and what the pages brought is no harm. */
MUST_CHECK enum err relist_abandon(struct pull *pull, enum relist before);
MUST_CHECK enum err relist_note(struct pull *pull, int64_t row, enum difference difference);
/* The listing is whole: drops what it did not show, and leaves its result. */
MUST_CHECK enum err relist_end(struct pull *pull, struct txn *txn);

/* Called with each page; pull->state is still the one before it. */
typedef enum err (*pull_page_fn)(void *ctx, const struct ews_page *page, bool last);
/* Asks for pages from pull->state on, until the last. */
MUST_CHECK enum err pull_each_page(struct pull *pull, pull_page_fn fn, void *ctx);
/* What is not shown is not fetched; what was shown once stays in step. */
bool pull_is_wanted(const struct folder *folder);
/* Brings one folder's items up to date with the server. */
MUST_CHECK enum err pull_folder(struct sync *sync, const struct folder *folder,
				struct visit *visit);

/* --- verify.c --- */

/* Lists the folder from nothing, in memory only, and adds to the comparison. */
MUST_CHECK enum err verify_folder(struct sync *sync, const struct folder *folder,
				  struct comparison *comparison);

/* --- errand.c: what commands want of the folders --- */

/* Folders to be listed afresh in this run, by ino. */
struct wish {
	uint64_t ino;
	enum relist kind; /* RELIST_NONE: it was */
};
struct wishes {
	struct wish *list;
	size_t n;
};

MUST_CHECK enum err wishes_add(struct sync *sync, uint64_t ino, enum relist kind);
enum relist wishes_find(const struct sync *sync, uint64_t ino);
void wishes_clear(struct sync *sync);

/* Takes down the folders of the commands that were just covered; needs the round. */
MUST_CHECK enum err errands_expand(struct sync *sync);
/* The folder was listed afresh. */
void errands_note_relist(struct sync *sync, uint64_t ino, const struct counts *counts);
/* Ends the commands whose folders have nothing left to fetch, but for those of the root, which end
 * with the run. */
MUST_CHECK enum err errands_settle(struct sync *sync);
/* Nothing is left to fetch: compares what is to be compared. */
MUST_CHECK enum err errands_verify(struct sync *sync);
/* Ends all that are covered. `err` is the run's. */
void errands_end(struct sync *sync, enum err err);

/* --- audit.c: what the server counts against what we know --- */

/* A folder that differs, and the numbers with which it does. */
struct suspect {
	uint64_t ino;
	int64_t total_n, unread_n; /* the server's */
	uint64_t known_n, known_unread_n;
	bool is_resynced; /* for that, in this run */
};
struct suspects {
	struct suspect *list;
	size_t n;
};

/* After a listing with nothing pending. *ret_again: some are to be listed afresh, by wish. */
MUST_CHECK enum err audit_all(struct sync *sync, bool *ret_again);

/* --- run.c --- */

/* Everything: lists and fetches until both have nothing left. */
MUST_CHECK enum err run_whole(struct sync *sync);
/* The result for that folder, or for the whole of the root, where the run itself succeeded. */
enum err run_result(const struct sync *sync, uint64_t dir);
/* The same for the whole mailbox; blames the folder. */
enum err run_result_of_all(struct sync *sync);
/* True when it is time to list: a poll is due, or a command waits. */
bool run_is_due(struct sync *sync);

struct sync {
	const struct account *account;
	struct store *store;
	struct ews *ews;

	store_change_fn listener;
	void *listener_ctx;
	pthread_t thread;
	bool has_thread;

	struct lock lock; /* leaf; guards the next ten */
	struct cond cond; /* one of the last five was set, or somebody wants something */
	struct command *commands;
	struct want *wants; /* the oldest first */
	struct uses uses;
	struct passed *passed;
	uint64_t next_ticket;
	bool has_news; /* a command came in that nobody looked at yet */
	bool is_stopping;
	bool is_broken;	 /* a command that this run works for was cancelled */
	bool is_offline; /* by command */
	bool has_damage; /* in the store, met by a reader or by us */

	struct renewal renewal; /* is_begun and the store change under the lock */
	struct board board;
	struct graveyard graves;

	struct server server;
	struct gate gate;
	struct hints hints;
	struct watch watch;
	struct findings findings;
	struct space space;
	int64_t edge; /* of since=; 0: nothing is outside */
	struct flight *flights;
	int64_t lost_until_ms;	/* nobody asks for what is wanted: the server was away */
	enum err fetch_err;	/* a batch met what ends the run */
	int64_t retry_until_ms; /* delayed jobs that a run waits for are due by then */
	struct sight *sights;	/* by ino */
	size_t sights_n;
	struct round last_round; /* for run_result() */
	struct wishes wishes;
	struct suspects suspects;
	int64_t due_ms;		 /* of the next run */
	int64_t settle_ms;	 /* when to look again which commands are through */
	bool is_own;		 /* this run was due, or an event was: no command's alone */
	bool has_lost;		 /* this run looked again for a folder that went */
	unsigned trees_failed;	 /* bits: those whose folders did not come the last time ... */
	unsigned digests_failed; /* ... or whose digests did not */
	int failures;		 /* runs that failed, in a row */
	char reason[200];	 /* why this run failed; "": nobody said */
	const char *version;	 /* of EWS, that the store holds; static */
	enum err logged_err;	 /* the trouble that the log knows of */
};

/* The listener of its store. */
void sync_hear(void *ctx, const struct store_change *change);
/* True when the engine is to stop. */
bool sync_is_stopping(struct sync *sync);
/* True when the run under way is to end: to stop, to begin anew, or to send nothing. */
bool sync_is_interrupted(struct sync *sync);

#endif
