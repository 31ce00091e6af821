/* SPDX-License-Identifier: MIT */
#ifndef SYNC_REBUILD_H
#define SYNC_REBUILD_H

#include "sync/sync.h"

/*
 * rebuild - another store in place of a damaged one, while that goes on being served (sync.h).
 * Of the sync thread.
 */
struct renewal {
	struct sync_rebuild hooks;
	bool is_begun, is_whole;
	int64_t retry_ms; /* it could not be begun: not before then */
};

/* True when there is damage to get away from. */
bool rebuild_is_due(struct sync *sync);
/* All that the engine remembers of its store. */
void rebuild_forget(struct sync *sync);
/* Leaves the damaged store for a new one. ERR_CANCELLED: later. */
MUST_CHECK enum err rebuild_begin(struct sync *sync);
/* A run has brought everything. */
MUST_CHECK enum err rebuild_end(struct sync *sync);

/* --- cache.c --- */

#define SYNC_VALUE_WHOLE "whole" /* of a store made beside a damaged one */
MUST_CHECK enum err sync_open_fresh(const struct account *account, const struct store *kept,
				    struct store **ret, struct buf *reason);

#endif
