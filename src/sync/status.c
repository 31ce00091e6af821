/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdio.h>

enum { QUEUE_LOOK_MS = 1000, SUM_SHARE = 50, ETA_MIN_MS = 2000, RATE_MS = 20 * 1000 };

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
	board->begun_ms = board->rate_at_ms = clock_boot_ms();
	board->rate_at_bytes = 0;
	board->rate = 0;
	board->look_ms = board->sum_ms = 0;
	board->round_s = TIME_NONE;
	lock_drop(&board->lock);
}

void status_end_run(struct sync *sync, enum err err, bool is_folders, const char *reason)
{
	struct board *board = &sync->board;
	bool has_listed = board->round_s != TIME_NONE;

	lock_acquire(&board->lock);
	board->is_running = false;
	if (err || has_listed) {
		board->trouble = is_folders ? ERR_OK : err;
		board->is_folders_trouble = is_folders;
	}
	if (!err && has_listed) {
		board->was_complete = true;
		board->shown.last_update = board->round_s;
	}
	board->shown.busy_dir = 0;
	board->shown.eta_s = -1;
	if (err || (!board->trouble && !board->is_folders_trouble)) {
		snprintf(board->shown.last_error, sizeof(board->shown.last_error), "%s", reason);
		board->shown.is_folders_error = is_folders;
	}
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
	board->is_folders_trouble = false;
	board->shown.last_update = TIME_NONE;
	lock_drop(&board->lock);
	status_note_failure(sync, reason);
}

void status_note_failure(struct sync *sync, const char *reason)
{
	struct board *board = &sync->board;

	lock_acquire(&board->lock);
	snprintf(board->shown.last_error, sizeof(board->shown.last_error), "%s", reason);
	board->shown.is_folders_error = false;
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

/* Bytes a ms: the mean of the last while, in which what is longer ago counts ever less. */
static void note_rate(struct board *board, int64_t now)
{
	double ms = (double)(now - board->rate_at_ms);
	double part = (double)(now - board->begun_ms);

	if (ms <= 0)
		return;
	/* At first the mean of all. */
	part = ms / (part < RATE_MS ? part : RATE_MS);
	part = part < 1 ? part : 1;
	board->rate += part * ((double)(board->shown.bytes_done - board->rate_at_bytes) / ms -
			       board->rate);
	board->rate_at_ms = now;
	board->rate_at_bytes = board->shown.bytes_done;
}

/* Seconds that the rest takes; -1: nobody knows. */
static int64_t estimate_s(const struct board *board, int64_t now)
{
	uint64_t left = board->shown.bytes_total - board->shown.bytes_done;
	double s = (double)left / board->rate / 1000.0;

	return now - board->begun_ms >= ETA_MIN_MS && board->rate > 0 && s < INT32_MAX ? (int64_t)s
										       : -1;
}

/* It takes time where it is much: not more than a fiftieth of all. */
static uint64_t load_refetch_bytes(struct sync *sync)
{
	struct board *board = &sync->board;
	int64_t now = clock_boot_ms();

	if (now >= board->sum_ms && !store_sum_refetches(sync->store, &board->refetch_bytes)) {
		board->sum_ms = now + SUM_SHARE * (clock_boot_ms() - now);
		board->summed_at_bytes = board->shown.bytes_done;
	}
	uint64_t since = board->shown.bytes_done - board->summed_at_bytes;
	return board->refetch_bytes > since ? board->refetch_bytes - since : 0;
}

/* Items of folders that are still listed for the first time, and were not told of yet. With since=
 * nobody knows how many of them are wanted. */
static uint64_t count_unlisted(struct sync *sync)
{
	const struct round *round = &sync->last_round;
	uint64_t n = 0;

	for (size_t i = 0; sync->edge == 0 && i < round->folders.n; i++) {
		const struct folder *folder = &round->folders.list[i];
		const struct visit *visit = &round->visits[i];
		struct store_tally tally;
		int64_t total_n = visit->digest.known ? visit->digest.total_n : 0;
		if (folder->shown_in == 0 || (folder->sync_state && folder->digest.known) ||
		    store_load_tally(sync->store, folder->ino, false, &tally) != ERR_OK)
			continue;
		if (total_n > (int64_t)tally.known_n)
			n += (uint64_t)total_n - tally.known_n;
	}
	return n;
}

/* They are taken to be as large as those we know. */
static uint64_t estimate_unlisted(struct sync *sync, const struct store_tally *tally)
{
	uint64_t known_n = tally->items_n + tally->pending_n;
	uint64_t known_bytes = tally->bytes + tally->pending_bytes;

	return known_n ? count_unlisted(sync) * (known_bytes / known_n) : 0;
}

void status_note_queue(struct sync *sync)
{
	struct board *board = &sync->board;
	struct store_tally tally;
	int64_t now = clock_boot_ms();

	if (now < board->look_ms || store_load_tally(sync->store, ROOT_INO, true, &tally) != ERR_OK)
		return;
	board->look_ms = now + QUEUE_LOOK_MS;
	/* Of contents nobody knows which will be asked for. */
	if (want_is_ondemand(sync))
		return;
	uint64_t left = tally.pending_bytes + load_refetch_bytes(sync) +
			estimate_unlisted(sync, &tally);
	lock_acquire(&board->lock);
	board->shown.bytes_total = board->shown.bytes_done + left;
	note_rate(board, now);
	board->shown.eta_s = estimate_s(board, now);
	lock_drop(&board->lock);
}

static enum sync_state state_of_trouble(enum err trouble)
{
	switch (trouble) {
	case ERR_OK:
	case ERR_CANCELLED: return SYNC_STATE_IDLE;
	case ERR_AUTH: return SYNC_STATE_AUTH;
	case ERR_OFFLINE:
	case ERR_TLS: return SYNC_STATE_OFFLINE;
	case ERR_THROTTLED: return SYNC_STATE_THROTTLED;
	default: return SYNC_STATE_ERROR;
	}
}

/* They stand in the order in which the first that applies is shown. */
static void put_state(enum sync_state *state, enum sync_state also, bool applies)
{
	if (applies && also < *state)
		*state = also;
}

static void judge_locked(const struct board *board, bool is_offline, struct sync_status *ret)
	REQUIRES(&board->lock)
{
	int64_t now = clock_boot_ms();
	bool is_throttled = now < board->throttled_until_ms;

	if (is_throttled)
		ret->throttled_until = clock_wall_ns() / NS_PER_S +
				       (board->throttled_until_ms - now + 999) / 1000;
	ret->trouble = state_of_trouble(board->trouble);
	put_state(&ret->trouble, SYNC_STATE_OFFLINE, is_offline);
	put_state(&ret->trouble, SYNC_STATE_THROTTLED, is_throttled);
	ret->state = ret->trouble;
	put_state(&ret->state, SYNC_STATE_ERROR, board->is_folders_trouble);
	put_state(&ret->state, board->work, true);
	put_state(&ret->state, SYNC_STATE_SYNCING, board->is_running || !board->was_complete);
	ret->busy_work = board->work;
}

void sync_load_status(struct sync *sync, struct sync_status *ret)
{
	struct board *board = &sync->board;
	enum sync_state work = sync_state_of_work(sync, 0, NULL, 0);
	struct ews_stats stats;

	lock_acquire(&sync->lock);
	bool is_offline = sync->is_offline;
	const struct store *store = sync->store;
	bool is_helpless = sync->renewal.is_begun || !sync->renewal.hooks.begun;
	lock_drop(&sync->lock);
	ews_load_stats(sync->ews, &stats);
	lock_acquire(&board->lock);
	*ret = board->shown;
	judge_locked(board, is_offline, ret);
	put_state(&ret->state, work, true);
	lock_drop(&board->lock);
	ret->requests_n = stats.requests_n;
	ret->bytes_in = stats.bytes_in;
	if (is_helpless && store_is_damaged(store) && ret->state > SYNC_STATE_ERROR) {
		ret->state = ret->trouble = SYNC_STATE_ERROR;
		snprintf(ret->last_error, sizeof(ret->last_error),
			 "%s: mount again to have it made anew", err_text(ERR_DAMAGED));
	}
}

void sync_load_metrics(struct sync *sync, struct request_metrics *ret)
{
	ews_load_metrics(sync->ews, ret);
}
