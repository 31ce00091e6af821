/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdio.h>

enum { QUEUE_LOOK_MS = 1000, ETA_MIN_MS = 2000 };

const char *sync_state_text(enum sync_state state)
{
	static const char *const texts[] = {
		[SYNC_STATE_AUTH] = "auth",	      [SYNC_STATE_ERROR] = "error",
		[SYNC_STATE_OFFLINE] = "offline",     [SYNC_STATE_THROTTLED] = "throttled",
		[SYNC_STATE_CLEARING] = "clearing",   [SYNC_STATE_RESYNCING] = "resyncing",
		[SYNC_STATE_VERIFYING] = "verifying", [SYNC_STATE_SYNCING] = "syncing",
		[SYNC_STATE_IDLE] = "idle",
	};

	return texts[state];
}

void status_init(struct board *board)
{
	lock_init(&board->lock);
	board->work = SYNC_STATE_IDLE;
	board->shown.last_change = TIME_NONE;
	board->shown.last_update = TIME_NONE;
	board->shown.throttled_until = TIME_NONE;
	board->shown.eta_s = -1;
}

void status_begin_run(struct sync *sync)
{
	struct board *board = &sync->board;

	lock_acquire(&board->lock);
	board->is_running = true;
	board->shown.bytes_done = 0;
	board->shown.bytes_total = 0;
	board->shown.eta_s = -1;
	board->begun_ms = clock_boot_ms();
	board->look_ms = 0;
	board->round_s = TIME_NONE;
	lock_drop(&board->lock);
}

void status_end_run(struct sync *sync, enum err err, const char *reason)
{
	struct board *board = &sync->board;
	bool has_listed = board->round_s != TIME_NONE;

	lock_acquire(&board->lock);
	board->is_running = false;
	if (err || has_listed)
		board->trouble = err;
	if (!err && has_listed) {
		board->was_complete = true;
		board->shown.last_update = board->round_s;
	}
	board->shown.busy_dir = 0;
	board->shown.eta_s = -1;
	if (board->trouble == err)
		snprintf(board->shown.last_error, sizeof(board->shown.last_error), "%s", reason);
	lock_drop(&board->lock);
}

void status_break_run(struct sync *sync)
{
	struct board *board = &sync->board;

	lock_acquire(&board->lock);
	board->is_running = false;
	board->shown.busy_dir = 0;
	board->work = SYNC_STATE_IDLE;
	board->shown.eta_s = -1;
	lock_drop(&board->lock);
}

void status_begin_anew(struct sync *sync, const char *reason)
{
	struct board *board = &sync->board;

	status_break_run(sync);
	lock_acquire(&board->lock);
	board->was_complete = false;
	board->trouble = ERR_OK;
	board->shown.last_update = TIME_NONE;
	lock_drop(&board->lock);
	status_note_failure(sync, reason);
}

void status_note_failure(struct sync *sync, const char *reason)
{
	struct board *board = &sync->board;

	lock_acquire(&board->lock);
	snprintf(board->shown.last_error, sizeof(board->shown.last_error), "%s", reason);
	lock_drop(&board->lock);
}

void status_note_round(struct sync *sync)
{
	sync->board.round_s = clock_wall_ns() / NS_PER_S;
}

void status_note_answer(struct sync *sync)
{
	struct board *board = &sync->board;

	lock_acquire(&board->lock);
	if (board->trouble == ERR_AUTH || board->trouble == ERR_OFFLINE ||
	    board->trouble == ERR_TLS || board->trouble == ERR_NOT_EWS)
		board->trouble = ERR_OK;
	lock_drop(&board->lock);
}

void status_note_throttled(struct sync *sync, int64_t until_ms)
{
	lock_acquire(&sync->board.lock);
	sync->board.throttled_until_ms = until_ms;
	lock_drop(&sync->board.lock);
}

void status_note_folder(struct sync *sync, uint64_t ino)
{
	lock_acquire(&sync->board.lock);
	sync->board.shown.busy_dir = ino;
	sync->board.work = SYNC_STATE_IDLE;
	lock_drop(&sync->board.lock);
}

void status_note_work(struct sync *sync, enum sync_state work)
{
	lock_acquire(&sync->board.lock);
	sync->board.work = work;
	lock_drop(&sync->board.lock);
}

void status_note_change(struct sync *sync)
{
	lock_acquire(&sync->board.lock);
	sync->board.shown.last_change = clock_wall_ns() / NS_PER_S;
	lock_drop(&sync->board.lock);
}

void status_note_bytes(struct sync *sync, uint64_t bytes)
{
	lock_acquire(&sync->board.lock);
	sync->board.shown.bytes_done += bytes;
	lock_drop(&sync->board.lock);
}

/* Seconds that the rest takes at the mean rate of this run. */
static int64_t estimate_s(uint64_t done, uint64_t total, int64_t spent_ms)
{
	if (done == 0 || spent_ms < ETA_MIN_MS || total < done)
		return -1;
	return (int64_t)((double)(total - done) / (double)done * (double)spent_ms / 1000.0);
}

void status_note_queue(struct sync *sync)
{
	struct board *board = &sync->board;
	struct store_tally tally;
	int64_t now = clock_boot_ms();

	if (now < board->look_ms || store_load_tally(sync->store, 1, true, &tally) != ERR_OK)
		return;
	board->look_ms = now + QUEUE_LOOK_MS;
	lock_acquire(&board->lock);
	board->shown.bytes_total = board->shown.bytes_done + tally.pending_bytes;
	board->shown.eta_s = estimate_s(board->shown.bytes_done, board->shown.bytes_total,
					now - board->begun_ms);
	lock_drop(&board->lock);
}

static enum sync_state judge_locked(const struct board *board, int64_t now) REQUIRES(&board->lock)
{
	switch (board->trouble) {
	case ERR_OK:
	case ERR_CANCELLED: break;
	case ERR_AUTH: return SYNC_STATE_AUTH;
	case ERR_OFFLINE:
	case ERR_TLS: return SYNC_STATE_OFFLINE;
	case ERR_THROTTLED: return SYNC_STATE_THROTTLED;
	default: return SYNC_STATE_ERROR;
	}
	if (now < board->throttled_until_ms)
		return SYNC_STATE_THROTTLED;
	if (board->work != SYNC_STATE_IDLE)
		return board->work;
	return board->is_running || !board->was_complete ? SYNC_STATE_SYNCING : SYNC_STATE_IDLE;
}

void sync_load_status(struct sync *sync, struct sync_status *ret)
{
	struct board *board = &sync->board;
	enum sync_state work = sync_state_of_work(sync, 0, NULL, 0);
	struct ews_stats stats;
	int64_t now = clock_boot_ms();

	lock_acquire(&sync->lock);
	bool is_offline = sync->is_offline;
	const struct store *store = sync->store;
	bool is_helpless = sync->renewal.is_begun || !sync->renewal.hooks.begun;
	lock_drop(&sync->lock);
	ews_load_stats(sync->ews, &stats);
	lock_acquire(&board->lock);
	*ret = board->shown;
	ret->state = is_offline ? SYNC_STATE_OFFLINE : judge_locked(board, now);
	if (ret->state > work)
		ret->state = work;
	ret->busy_work = board->work;
	if (now < board->throttled_until_ms)
		ret->throttled_until = clock_wall_ns() / NS_PER_S +
				       (board->throttled_until_ms - now + 999) / 1000;
	lock_drop(&board->lock);
	ret->requests_n = stats.requests_n;
	ret->bytes_in = stats.bytes_in;
	if (is_helpless && store_is_damaged(store) && ret->state > SYNC_STATE_ERROR) {
		ret->state = SYNC_STATE_ERROR;
		snprintf(ret->last_error, sizeof(ret->last_error),
			 "%s: mount again to have it made anew", err_text(ERR_DAMAGED));
	}
}
