/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

/*
 * gate - one place that knows when we may send, and how fast.
 *
 * In health the server sets the pace: no more than connections= requests are unanswered, the lists
 * of folders and items are asked for one by one, and a server that takes its time is asked less. A
 * rate of our own would only slow down one that is well. Once it asks us to wait, nothing leaves
 * until that time, not even what waits for a connection already; then half as many at once, and
 * those spaced. Each quiet while gives one connection back, and the spacing ends with the last.
 * A wait that is too short to help grows by itself, up to a minute, until an answer comes.
 */
enum {
	SLICE_MS = 5000, /* condition variables do not count a suspend: look at the clock again */
	BACK_OFF_MIN_MS = 1000,
	BACK_OFF_FLOOR_MS = 100, /* of what the server says */
	BACK_OFF_MAX_MS = 60 * 1000,
	BACK_OFF_SAID_MAX_MS = 60 * 60 * 1000,
	QUIET_MS = 30 * 1000,
	PACE_MS = 50,
	STUCK_LEVEL = 3,
	TRANSIENT_MS = 500,
	TRANSIENT_TRIES = 4,
	LOST_TRIES = 1,		 /* on a fresh connection ... */
	LOST_SOON_MS = 5 * 1000, /* ... where it was not a timeout */
};

int64_t gate_delay_ms(struct sync *sync, int n, int64_t base_ms, int64_t max_ms)
{
	uint64_t *seed = &sync->gate.seed;
	int64_t delay = base_ms;

	while (n-- > 0 && delay < max_ms)
		delay *= 2;
	/* xorshift: it only has to keep clients from knocking together */
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	delay += (int64_t)(*seed % (uint64_t)(delay / 2 + 1)) - delay / 4;
	return delay < max_ms ? delay : max_ms;
}

void gate_blame(struct sync *sync, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(sync->reason, sizeof(sync->reason), fmt, args);
	va_end(args);
}

enum err gate_sleep(struct sync *sync, int64_t ms)
{
	wants_tend(sync);
	if (ms > SLICE_MS)
		ms = SLICE_MS;
	if (!sync_is_interrupted(sync) &&
	    (ews_pending_n(sync->ews) > 0 || ews_is_streaming(sync->ews)))
		return ews_wait(sync->ews, ms);
	lock_acquire(&sync->lock);
	if (!sync->is_stopping && !sync->is_broken && !sync->has_news)
		cond_wait_ms(&sync->cond, &sync->lock, clock_real_ms(ms));
	sync->has_news = false;
	lock_drop(&sync->lock);
	return sync_is_interrupted(sync) ? ERR_CANCELLED : ERR_OK;
}

bool gate_is_open(const struct sync *sync)
{
	return clock_boot_ms() >= sync->gate.open_ms;
}

static bool has_no_patience(const struct gate *gate)
{
	return gate->give_up_ms > 0 && gate->open_ms > gate->give_up_ms;
}

enum err gate_enter(struct sync *sync)
{
	enum err err = sync_is_interrupted(sync) ? ERR_CANCELLED : ERR_OK;

	while (!err && !gate_is_open(sync)) {
		if (has_no_patience(&sync->gate))
			return ERR_THROTTLED;
		err = gate_sleep(sync, sync->gate.open_ms - clock_boot_ms());
	}
	sync->gate.entered_ms = clock_boot_ms();
	return err;
}

int gate_connections_n(const struct sync *sync)
{
	return sync->account->connections_n - sync->gate.less_n;
}

static void set_tempo(struct sync *sync)
{
	const struct gate *gate = &sync->gate;

	ews_set_tempo(sync->ews, gate_connections_n(sync), gate->is_paced ? PACE_MS : 0,
		      gate->open_ms);
}

static void shut(struct sync *sync, int64_t ms)
{
	struct gate *gate = &sync->gate;
	int64_t until = clock_boot_ms() + ms;

	if (until > gate->open_ms)
		gate->open_ms = until;
	set_tempo(sync);
}

/* From half as many at once on, and spaced. */
static void slow_down(struct gate *gate, int connections_n)
{
	gate->level++;
	gate->less_n += connections_n / 2;
	gate->is_paced = true;
}

/* As long as the server says, where that makes sense. */
static int64_t load_wait_ms(struct sync *sync, int64_t said_ms)
{
	int64_t base_ms = said_ms > 0 ? BACK_OFF_FLOOR_MS : BACK_OFF_MIN_MS;
	int64_t least_ms = gate_delay_ms(sync, sync->gate.level, base_ms, BACK_OFF_MAX_MS);

	if (said_ms > BACK_OFF_SAID_MAX_MS)
		return BACK_OFF_SAID_MAX_MS;
	return said_ms > least_ms ? said_ms : least_ms;
}

void gate_close(struct sync *sync, int64_t back_off_ms)
{
	struct gate *gate = &sync->gate;
	int64_t now = clock_boot_ms(), ms = load_wait_ms(sync, back_off_ms);
	/* What was under way beside the first that it refused adds at most to the time. */
	bool is_news = now >= gate->busy_ms;

	if (!is_news && (back_off_ms <= 0 || now + ms <= gate->busy_ms))
		return;
	if (is_news)
		slow_down(gate, gate_connections_n(sync));
	gate->busy_ms = now + ms;
	gate->calm_ms = gate->busy_ms + QUIET_MS;
	shut(sync, ms);
	status_note_throttled(sync, gate->busy_ms);
	log_info("%s: the server asked us to wait, sending nothing for %lld ms, then %d at once",
		 sync->account->url, (long long)ms, gate_connections_n(sync));
}

bool gate_is_stuck(const struct sync *sync)
{
	return sync->gate.level >= STUCK_LEVEL;
}

void gate_note_answer(struct sync *sync)
{
	struct gate *gate = &sync->gate;
	int64_t now = clock_boot_ms();

	gate->losses = 0;
	/* It was sent before the server asked us to wait. */
	if (now < gate->busy_ms)
		return;
	gate->level = 0;
	if (!gate->is_paced || now < gate->calm_ms)
		return;
	if (gate->less_n > 0)
		gate->less_n--;
	gate->is_paced = gate->less_n > 0;
	gate->calm_ms = now + QUIET_MS;
	set_tempo(sync);
}

bool gate_ends_run(enum err err)
{
	switch (err) {
	case ERR_CANCELLED:
	case ERR_AUTH:
	case ERR_OFFLINE:
	case ERR_TLS:
	case ERR_NOT_EWS:
	case ERR_MOVED:
	case ERR_THROTTLED:
	case ERR_NOMEM:
	case ERR_STORE:
	case ERR_NO_SPACE:
	case ERR_DAMAGED:
	case ERR_BUSY:
	case ERR_IO: return true;
	default: return false;
	}
}

/* The server answered, if only to say no. */
static bool is_answer(enum err err)
{
	return !gate_ends_run(err) && err != ERR_TRANSIENT && err != ERR_STALE_REPLY &&
	       err != ERR_PROTOCOL;
}

static bool again_after(struct sync *sync, enum err err, int tries)
{
	switch (err) {
	case ERR_TRANSIENT:
		shut(sync, gate_delay_ms(sync, tries, TRANSIENT_MS, BACK_OFF_MAX_MS));
		return tries < TRANSIENT_TRIES;
	case ERR_OFFLINE:
		if (clock_boot_ms() - sync->gate.entered_ms > LOST_SOON_MS)
			return false;
		return tries < LOST_TRIES;
	case ERR_PROTOCOL:
	case ERR_STALE_REPLY: return tries < LOST_TRIES;
	default: return false;
	}
}

bool gate_is_throttled(const struct sync *sync, enum err err)
{
	return err == ERR_THROTTLED || (err == ERR_TRANSIENT && ews_back_off_ms(sync->ews) >= 0);
}

bool gate_again(struct sync *sync, enum err err, int *tries)
{
	struct gate *gate = &sync->gate;

	if (is_answer(err)) {
		gate_note_answer(sync);
		status_note_answer(sync);
	}
	if (!err || err == ERR_CANCELLED)
		return false;
	const char *reason = ews_reason(sync->ews);
	gate_blame(sync, "%s", reason && *reason ? reason : err_text(err));
	if (gate_is_throttled(sync, err)) {
		if (has_no_patience(gate))
			return false;
		gate_close(sync, ews_back_off_ms(sync->ews));
		return true;
	}
	return again_after(sync, err, (*tries)++);
}
