/* SPDX-License-Identifier: MIT */
#ifndef SYNC_WATCH_H
#define SYNC_WATCH_H

#include "ews/ews.h"

/*
 * watch - how the engine learns that something changed, without asking all the time.
 *
 * A subscription to all folders, whose events come by a stream, or are asked for every poll_s
 * seconds (pull); where the server has neither, the digest is the poll. A way that does not work
 * is given up for the next one, and tried again after a while. What is live makes the digest the
 * safety check, every 10 x poll_s.
 *
 * Events are hints (I7): they name folders to list, and nothing else is taken from them. A folder
 * listed for a hint keeps its stored digest, which is older: so the next digest shows a
 * difference at worst where there is none, and never hides one. After each connect, and whenever
 * events may be lost, the engine is blind: only a digest of all folders helps.
 *
 * All of it belongs to the sync thread; what a stream brings comes inside the calls that wait.
 */
struct sync;

/* --- hints.c: what to look at, and when --- */

#define HINTS_MAX 256 /* folders; with more the engine is blind */

struct hints {
	uint64_t inos[HINTS_MAX];
	size_t n;
	bool is_blind;
	bool is_hierarchy_dirty;
	int64_t hierarchy_ms;	 /* a folder changed, and its name may have: look then; 0: no */
	int64_t hierarchy_at_ms; /* when it was last looked at */

	size_t events_n; /* since the last run ended, or it was quiet */
	bool was_storm;	 /* those before it */
	int64_t heard_ms, listed_ms, not_before_ms;
	unsigned step; /* of the pauses between listings */
};

void hints_note(struct sync *sync, const struct ews_event *event);
void hints_note_blind(struct sync *sync);
/* When there is something to list for; INT64_MAX: nothing. */
int64_t hints_due_ms(const struct sync *sync);
/* All folders are about to be looked at. */
void hints_forget(struct sync *sync);
/* Lists what the hints name. On failure the engine is blind. */
MUST_CHECK enum err hints_list(struct sync *sync);
/* A listing that hints asked for is through. */
void hints_pause(struct sync *sync);

/* --- watch.c: where events come from --- */

enum watch_mode { WATCH_STREAMING, WATCH_PULL, WATCH_POLL };

struct watch {
	enum watch_mode mode;
	bool is_ready;	      /* the last run went well: hints start the next */
	bool may_connect;     /* ... or it only did not reach the server */
	bool is_live;	      /* events come */
	bool is_told;	      /* the log says so */
	bool is_excused;      /* if a stream stays silent, others had no answer either */
	char *id, *watermark; /* of the subscription; NULL: none */
	uint64_t folders;     /* hash of those that it names; 0: it is for all */
	bool is_partial;      /* there are more than it names */
	int64_t next_ms;      /* nothing to do before */
	int64_t again_ms;     /* when a better way is tried again */
	int failures;	      /* in a row */

	/* Of the stream. */
	int64_t opened_ms, beat_ms, renewed_ms;
	int64_t interval_ms; /* between two signs of life without events, as seen; 0: not yet */
	bool had_events;     /* with the last one; or it was the first */
	bool has_ended;
	enum err end_err;
	int64_t ended_ms;
	char reason[200];
};

void watch_init(struct sync *sync);
/* Connects, asks and judges as far as it is time for that. Never with a transaction open. */
void watch_tend(struct sync *sync);
/* When watch_tend() has something to do. */
int64_t watch_next_ms(const struct sync *sync);
/* A listing went well, or a run did not. */
void watch_note_run(struct sync *sync, enum err err);
/* Connects anew at once: somebody thinks that it is time to. */
void watch_renew(struct sync *sync);
/* Nothing is to be sent from now on; later everything is tried anew. */
void watch_close(struct sync *sync);
/* We are to end: says so to the server, if that takes no time. */
void watch_stop(struct sync *sync);
void watch_release(struct sync *sync);
/* From one digest of all folders to the next. */
int64_t watch_period_ms(const struct sync *sync);

#endif
