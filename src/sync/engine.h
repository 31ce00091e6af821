/* SPDX-License-Identifier: MIT */
#ifndef SYNC_ENGINE_H
#define SYNC_ENGINE_H

#include "base/clock.h"
#include "base/lock.h"
#include "ews/ews.h"
#include "sync/sync.h"

/*
 * engine - what the files of sync share.
 *
 * Lowest first: status, graves, command (what other threads see) - gate (when we may send, and
 * what a failure means) - findings, fetch, settle (the queue) - digest, hierarchy, relist, page, pull -
 * run. Everything belongs to the sync thread (before sync_start: to the one that opened it),
 * except what a lock guards.
 */

/* --- status.c: what the control files show --- */

struct board {
	struct lock lock;	  /* leaf; guards everything below */
	struct sync_status shown; /* but for state, throttled_until, requests_n and bytes_in */
	enum err trouble;	  /* why the last run failed; ERR_OK: it did not */
	bool is_running, was_complete;
	int64_t throttled_until_ms; /* boot clock; 0: not throttled */

	/* The sync thread's. */
	int64_t begun_ms, look_ms;
	int64_t round_s; /* wall clock of the last listing */
};

void status_init(struct board *board);
void status_begin_run(struct sync *sync);
/* The run has ended: err and its reason stay until the next one that succeeds. */
void status_end_run(struct sync *sync, enum err err, const char *reason);
/* A round of listing begins. */
void status_note_round(struct sync *sync);
/* The server answers again: no longer offline, nor refused. */
void status_note_answer(struct sync *sync);
void status_note_throttled(struct sync *sync, int64_t until_ms);
void status_note_folder(struct sync *sync, uint64_t ino);
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
/* Purges a few of those that are due. False when there was nothing to do. */
bool graves_tend(struct sync *sync);

/* --- command.c --- */

struct command {
	struct command *next;
	uint64_t ticket, dir;
	bool is_covered; /* a listing was begun after it came in */
	sync_done_fn done;
	void *ctx;
};

/* True when a command waits for a listing. */
bool commands_wait(struct sync *sync);
/* A listing begins now. */
void commands_cover(struct sync *sync);
/* Ends those covered; with ERR_CANCELLED all. */
void commands_end(struct sync *sync, enum err err);

/* --- gate.c: one place that knows when we may send --- */

struct gate {
	int64_t open_ms;    /* nothing is sent before; 0: open */
	int64_t entered_ms; /* when somebody last went through it */
	int64_t give_up_ms; /* of a caller who waits: not beyond; 0: as long as it takes */
	int level;	    /* back-offs in a row: the delay doubles */
	int losses;	    /* requests in a row without an answer */
	uint64_t seed;
};

/* Waits until we may send. ERR_CANCELLED: we are to stop. */
MUST_CHECK enum err gate_enter(struct sync *sync);
/* Takes note of how a call ended; true when it is to be repeated. `tries` counts the repeats. */
bool gate_again(struct sync *sync, enum err err, int *tries);
/* True when the call that just failed did so because the server wants us to wait. */
bool gate_is_throttled(const struct sync *sync, enum err err);
/* The same for a request that nobody repeats here. */
void gate_close(struct sync *sync, int64_t back_off_ms);
bool gate_is_open(const struct sync *sync);
/* ms to wait before the n-th repeat: base, doubling, up to max, and some jitter. */
int64_t gate_delay_ms(struct sync *sync, int n, int64_t base_ms, int64_t max_ms);
/* Sleeps, and drives the requests under way; may wake early. ERR_CANCELLED: stop. */
MUST_CHECK enum err gate_sleep(struct sync *sync, int64_t ms);
/* True for a failure that every other request would meet too. */
bool gate_ends_run(enum err err);
/* Remembers why: shown and logged when the run ends. */
void gate_blame(struct sync *sync, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* --- space.c: room on the disk --- */

struct space {
	int64_t look_ms; /* when to look again */
	bool is_short;
	uint64_t items_n, need, free; /* bytes; as last seen */
};

/* True when what is queued does not fit on the disk. Looks once a second. */
bool space_is_short(struct sync *sync);
/* ERR_NO_SPACE, and says how much is missing. */
enum err space_fail(struct sync *sync);

/* --- fetch.c, settle.c: the queue --- */

/* One answer of a GetItem, waiting for the rest of its batch. */
struct landing {
	bool is_seen, has_flag, is_read; /* the flag: told by a page meanwhile */
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
};

/* Starts as many requests as there may be. */
MUST_CHECK enum err fetch_fill(struct sync *sync);
/* Fetches until nothing is left to do, or a listing is due. */
MUST_CHECK enum err fetch_drain(struct sync *sync, bool *ret_drained);
/* A page told the read flag of an item: it is newer than what is on its way. */
void fetch_note_flag(struct sync *sync, const char *id, bool is_read);
/* All that became of a batch, in one commit. `err` speaks of the jobs without an answer. */
MUST_CHECK enum err settle_flight(struct flight *flight, enum err err);

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
/* True when the hierarchy differs from what was last seen. */
MUST_CHECK enum err digest_is_hierarchy_dirty(struct sync *sync, const struct round *round,
					      bool *ret);
/* Remembers the hierarchy as it was seen in this round. */
MUST_CHECK enum err digest_remember(struct sync *sync, const struct round *round);

/* --- hierarchy.c --- */

#define VALUE_ROOT_ID "root_id"
#define VALUE_HIERARCHY_STATE "hierarchy_state"

/* Learns the root and the folders from nothing: the first listing of a mailbox. */
MUST_CHECK enum err hierarchy_list(struct sync *sync);
/* Applies what changed since the last time. `root` is not among the changes: an empty one lists
 * everything. */
MUST_CHECK enum err hierarchy_update(struct sync *sync, const struct folder *root);

/* --- page.c, relist.c, pull.c: the items of a folder --- */

/* Rows seen in a listing from nothing. */
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
	bool is_relist;
	struct rows seen; /* of a relist */
};
void pull_release(struct pull *pull);

/* The rules of one page, inside a transaction. */
MUST_CHECK enum err page_apply(struct pull *pull, struct txn *txn, const struct ews_page *page);

/* True when a relist of the folder was begun and not ended. */
MUST_CHECK enum err relist_is_begun(struct sync *sync, uint64_t ino, bool *ret);
/* Forgets the state: the listing begins anew, and what it does not show goes at its end. */
MUST_CHECK enum err relist_begin(struct pull *pull);
MUST_CHECK enum err relist_note(struct pull *pull, int64_t row);
/* The listing is whole: drops what it did not show. */
MUST_CHECK enum err relist_end(struct pull *pull, struct txn *txn);

/* Brings one folder's items up to date with the server. */
MUST_CHECK enum err pull_folder(struct sync *sync, const struct folder *folder,
				struct visit *visit);

/* --- run.c --- */

/* Everything: lists and fetches until both have nothing left. */
MUST_CHECK enum err run_whole(struct sync *sync);
/* The result for a command in that folder, where the run itself succeeded. */
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

	struct lock lock; /* leaf; guards the next four */
	struct cond cond; /* one of the last two was set */
	struct command *commands;
	uint64_t next_ticket;
	bool has_news; /* a command came in that nobody looked at yet */
	bool is_stopping;

	struct board board;
	struct graveyard graves;

	struct gate gate;
	struct findings findings;
	struct space space;
	struct flight *flights;
	enum err fetch_err;	/* a batch met what ends the run */
	int64_t retry_until_ms; /* delayed jobs that a run waits for are due by then */
	struct sight *sights;	/* by ino */
	size_t sights_n;
	struct round last_round; /* for run_result() */
	int64_t due_ms;		 /* of the next run */
	bool has_lost;		 /* this run looked again for a folder that went */
	int failures;		 /* runs that failed, in a row */
	char reason[200];	 /* why this run failed; "": nobody said */
	enum err logged_err;	 /* the trouble that the log knows of */
};

/* True when the engine is to stop. */
bool sync_is_stopping(struct sync *sync);

#endif
