/* SPDX-License-Identifier: MIT */
#ifndef SYNC_GATE_H
#define SYNC_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* gate - one place that knows when we may send, and what a failure means. */
struct sync;

struct gate {
	int64_t open_ms; /* nothing is sent before; 0: open */
	int64_t busy_ms; /* the same, as the server wants it */
	int64_t calm_ms; /* when it may have one request more at once */
	int less_n;	 /* connections given up for now */
	bool is_paced;
	int64_t entered_ms; /* when somebody last went through it */
	int64_t give_up_ms; /* of a caller who waits: not beyond; 0: as long as it takes */
	int level;	    /* back-offs in a row: the delay doubles */
	int losses;	    /* requests in a row without an answer */
	uint64_t seed;
};

/* Waits until we may send. ERR_CANCELLED: we are to stop. */
MUST_CHECK enum err gate_enter(struct sync *sync);
/* A request was answered. */
void gate_note_answer(struct sync *sync);
/* Requests that may be under way at once. */
int gate_connections_n(const struct sync *sync);
/* Takes note of how a call ended; true when it is to be repeated. `tries` counts the repeats. */
bool gate_again(struct sync *sync, enum err err, int *tries);
/* True when the call that just failed did so because the server wants us to wait. */
bool gate_is_throttled(const struct sync *sync, enum err err);
/* True when the last few were refused so, and nothing was answered between: it may be the
 * question. */
bool gate_is_stuck(const struct sync *sync);
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

#endif
