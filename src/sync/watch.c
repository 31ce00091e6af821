/* SPDX-License-Identifier: MIT */
#include "sync/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sync/engine.h"

enum {
	SAFETY_PERIODS = 10, /* polls that one safety check stands for */

	STREAM_MINUTES = 29,
	/* A stream says at once that it is open, unless somebody on the way collects what it says;
	 * and then that it is still there, in a time of the server's own. */
	OPEN_MS = 20 * 1000,
	BEAT_MIN_MS = 5 * 1000,
	BEAT_MAX_MS = 150 * 1000,
	BEATS = 3,
	SOUND_MS = 60 * 1000, /* what lived so long was no failure */

	DELAY_MIN_MS = 1000,
	LOST_MAX_MS = 5 * 1000,	   /* to find a network that is back; the try is cheap */
	RENEW_MS = 10 * 1000,	   /* servers count connections that they think are open */
	AGAIN_MS = 60 * 60 * 1000, /* until a way that did not work is tried again ... */
	FULL_MS = 10 * 60 * 1000,  /* ... or subscriptions of ours have expired */
	FAILURES_MAX = 3,	   /* without any success, before it is given up */
	ROUNDS_MAX = 100,	   /* of GetEvents, while there is more */
	PULL_MIN_MINUTES = 10,
	PULL_MAX_MINUTES = 1440,
	STOP_MS = 300,
};

static enum watch_mode wanted_mode(const struct sync *sync)
{
	switch (sync->account->notify) {
	case NOTIFY_AUTO:
	case NOTIFY_STREAMING: return WATCH_STREAMING;
	case NOTIFY_PULL: return WATCH_PULL;
	default: return WATCH_POLL;
	}
}

static int64_t poll_ms(const struct sync *sync)
{
	return sync->account->poll_s * INT64_C(1000);
}

/* No subscription speaks of another tree than the mailbox. */
static bool is_all_told(const struct sync *sync)
{
	return sync->watch.is_live && !sync->watch.is_partial &&
	       !(tree_wanted(sync->account) & ~TREE_BIT(TREE_MAILBOX));
}

int64_t watch_period_ms(const struct sync *sync)
{
	return is_all_told(sync) ? SAFETY_PERIODS * poll_ms(sync) : poll_ms(sync);
}

void watch_init(struct sync *sync)
{
	sync->watch.mode = wanted_mode(sync);
}

/* --- live or not --- */

static void go_live(struct sync *sync)
{
	struct watch *watch = &sync->watch;

	watch->is_live = true;
	hints_note_blind(sync);
	if (!watch->is_ready) /* it answers again: what failed need not wait */
		sync->due_ms = 0;
	if (!watch->is_told)
		log_info("%s: the server tells of changes (%s)", sync->account->url,
			 watch->mode == WATCH_STREAMING ? "streaming" : "pull");
	watch->is_told = true;
}

/* Until it is live again, the digest is the poll. */
static void go_deaf(struct sync *sync)
{
	int64_t soon_ms = clock_boot_ms() + poll_ms(sync);

	sync->watch.is_live = false;
	if (sync->due_ms > soon_ms)
		sync->due_ms = soon_ms;
}

static void drop_subscription(struct watch *watch)
{
	str_release(&watch->id);
	str_release(&watch->watermark);
}

/* Later, and later each time. */
static void delay(struct sync *sync, enum err err)
{
	struct watch *watch = &sync->watch;
	int64_t max_ms = !err || err == ERR_OFFLINE ? LOST_MAX_MS : poll_ms(sync);

	watch->next_ms = clock_boot_ms() +
			 gate_delay_ms(sync, watch->failures++, DELAY_MIN_MS, max_ms);
}

static void change_mode(struct sync *sync, enum watch_mode mode, int64_t again_ms)
{
	struct watch *watch = &sync->watch;

	drop_subscription(watch);
	watch->mode = mode;
	watch->failures = 0;
	watch->next_ms = 0;
	watch->is_told = false;
	watch->again_ms = clock_boot_ms() + again_ms;
}

/* This way does not work here. */
static void give_up(struct sync *sync, const char *reason)
{
	bool is_auto = sync->account->notify == NOTIFY_AUTO;
	bool was_streaming = sync->watch.mode == WATCH_STREAMING;
	const char *name = was_streaming ? "streaming" : "pull";

	if (is_auto && was_streaming) {
		log_info("%s: no streaming notifications (%s), asking for events instead",
			 sync->account->url, reason);
		change_mode(sync, WATCH_PULL, AGAIN_MS);
		return;
	}
	if (is_auto)
		log_info("%s: no notifications (%s), polling every %d s instead",
			 sync->account->url, reason, sync->account->poll_s);
	else
		log_warning("%s: notify=%s is not possible here (%s), polling every %d s instead",
			    sync->account->url, name, reason, sync->account->poll_s);
	change_mode(sync, WATCH_POLL, AGAIN_MS);
}

/* --- failures --- */

/* It says no to the question itself. */
static bool is_refusal(enum err err)
{
	return err == ERR_NOT_EWS ||
	       (err != ERR_TRANSIENT && err != ERR_SUBSCRIPTION && !gate_ends_run(err));
}

/* There are as many as there may be; those that we left behind expire. */
static void wait_for_room(struct sync *sync, const char *reason)
{
	log_info("%s: no subscription (%s), polling every %d s for now", sync->account->url, reason,
		 sync->account->poll_s);
	change_mode(sync, WATCH_POLL, FULL_MS);
}

static void subscribe_anew(struct sync *sync, const char *reason)
{
	struct watch *watch = &sync->watch;

	drop_subscription(watch);
	hints_note_blind(sync);
	log_info("%s: the subscription is lost (%s), subscribing anew", sync->account->url, reason);
	if (watch->failures > 0)
		delay(sync, ERR_SUBSCRIPTION);
	else
		watch->failures++;
}

/* `is_new`: it never worked since it was begun. */
static void judge(struct sync *sync, enum err err, bool is_new, const char *reason)
{
	struct watch *watch = &sync->watch;
	/* A busy server says so to everybody, but some to streams alone. */
	bool is_general = err == ERR_OFFLINE || err == ERR_AUTH || err == ERR_TLS ||
			  (err == ERR_THROTTLED && !watch->id);
	bool is_hopeless = !is_general && watch->failures + 1 >= FAILURES_MAX && !watch->is_excused;

	if (err == ERR_CANCELLED) /* the call was broken off: again */
		return;
	if (err == ERR_SUBSCRIPTION && !watch->id) {
		wait_for_room(sync, reason);
	} else if (is_new && (is_refusal(err) || is_hopeless)) {
		give_up(sync, reason);
	} else if (err == ERR_SUBSCRIPTION) {
		subscribe_anew(sync, reason);
	} else {
		/* Nobody is there: a run says so to everybody. */
		if (is_new && err == ERR_OFFLINE && watch->failures == 1)
			sync->due_ms = 0;
		delay(sync, err);
		if (!is_new)
			log_info("%s: no more notifications (%s), connecting again",
				 sync->account->url, reason);
	}
}

/* How a call of ours ended, that is not repeated here. True: well. */
static bool note_call(struct sync *sync, enum err err)
{
	int tries = 0;

	(void)gate_again(sync, err, &tries);
	return !err;
}

/* --- the subscription --- */

static int pull_minutes(const struct sync *sync)
{
	int minutes = sync->account->poll_s / 20 + PULL_MIN_MINUTES; /* three polls, and some */

	return minutes < PULL_MAX_MINUTES ? minutes : PULL_MAX_MINUTES;
}

static bool subscribe(struct sync *sync)
{
	struct watch *watch = &sync->watch;
	bool streams = watch->mode == WATCH_STREAMING;
	const char *ids[TREES_WATCHED_MAX];
	size_t n = 0; /* of our own mailbox, all */

	if (watch->id)
		return true;
	if (sync->account->mailbox)
		n = trees_find_watched(sync, ids, &watch->folders);
	watch->is_partial = n > TREES_WATCHED_MAX;
	n = watch->is_partial ? TREES_WATCHED_MAX : n;
	enum err err = ews_subscribe(sync->ews, streams ? EWS_STREAMING : EWS_PULL,
				     pull_minutes(sync), ids, n, &watch->id, &watch->watermark);
	if (note_call(sync, err))
		return true;
	judge(sync, err, true, ews_reason(sync->ews));
	return false;
}

/* --- the stream --- */

static int64_t open_limit_ms(const struct sync *sync)
{
	int64_t timeout_ms = sync->account->timeout_s * INT64_C(1000);

	return timeout_ms < OPEN_MS ? timeout_ms : OPEN_MS;
}

static int64_t beat_limit_ms(const struct watch *watch)
{
	int64_t ms = BEATS * watch->interval_ms;

	if (ms == 0 || ms > BEAT_MAX_MS)
		return BEAT_MAX_MS;
	return ms > BEAT_MIN_MS ? ms : BEAT_MIN_MS;
}

static enum err on_event(void *ctx, const struct ews_event *event)
{
	hints_note(ctx, event);
	return ERR_OK;
}

static void on_beat(void *ctx, bool had_events)
{
	struct sync *sync = ctx;
	struct watch *watch = &sync->watch;
	int64_t now = clock_boot_ms();
	bool is_first = !watch->is_live;

	if (is_first)
		go_live(sync);
	else if (!had_events && !watch->had_events && now - watch->beat_ms > watch->interval_ms)
		watch->interval_ms = now - watch->beat_ms;
	/* What is said right after the opening comes no more in time than events do. */
	watch->had_events = had_events || is_first;
	watch->beat_ms = now;
	ews_stream_limit(sync->ews, beat_limit_ms(watch));
}

/* What it means, watch_tend() finds out: this runs inside a call of somebody else's. */
static void on_done(void *ctx, enum err err)
{
	struct sync *sync = ctx;
	struct watch *watch = &sync->watch;

	if (err == ERR_CANCELLED) /* by ourselves */
		return;
	watch->has_ended = true;
	watch->end_err = err;
	watch->ended_ms = clock_boot_ms();
	snprintf(watch->reason, sizeof(watch->reason), "%s", err ? ews_reason(sync->ews) : "");
	if (gate_is_throttled(sync, err))
		gate_close(sync, ews_back_off_ms(sync->ews));
}

static const struct ews_stream_sink sink = { on_event, on_beat, on_done };

static void open_stream(struct sync *sync)
{
	struct watch *watch = &sync->watch;

	if (ews_is_streaming(sync->ews) || !subscribe(sync))
		return;
	watch->is_excused = watch->had_events = false;
	watch->interval_ms = 0;
	watch->opened_ms = clock_boot_ms();
	enum err err = ews_stream(sync->ews, watch->id, STREAM_MINUTES, open_limit_ms(sync), &sink,
				  sync);
	if (err)
		judge(sync, err, true, err_text(err));
}

/* Open, and not a word of it came through, though others had their answers. */
static bool is_held_back(const struct sync *sync)
{
	const struct watch *watch = &sync->watch;

	return watch->end_err == ERR_OFFLINE && !watch->is_live && !watch->is_excused &&
	       watch->ended_ms - watch->opened_ms >= open_limit_ms(sync);
}

static void judge_stream(struct sync *sync)
{
	struct watch *watch = &sync->watch;
	bool was_live = watch->is_live, is_sound = watch->ended_ms - watch->opened_ms >= SOUND_MS;

	if (!watch->has_ended)
		return;
	watch->has_ended = false;
	if (is_held_back(sync)) {
		give_up(sync, "nothing of the stream comes through: does a proxy collect it?");
		return;
	}
	if (was_live)
		go_deaf(sync);
	if (is_sound && was_live)
		watch->failures = 0;
	if (watch->end_err)
		judge(sync, watch->end_err, !was_live, watch->reason);
	else if (!is_sound)
		delay(sync, ERR_OK);
}

/* --- pull --- */

static enum err ask(struct sync *sync)
{
	struct watch *watch = &sync->watch;
	enum err err = ERR_OK;
	bool more = true;

	for (int i = 0; !err && more && i < ROUNDS_MAX; i++) {
		more = false;
		err = ews_get_events(sync->ews, watch->id, &watch->watermark, on_event, sync,
				     &more);
	}
	return err;
}

static void pull_events(struct sync *sync)
{
	struct watch *watch = &sync->watch;

	if (!subscribe(sync))
		return;
	enum err err = ask(sync);
	if (note_call(sync, err)) {
		watch->failures = 0;
		watch->next_ms = clock_boot_ms() + poll_ms(sync);
		if (!watch->is_live)
			go_live(sync);
		return;
	}
	bool was_live = watch->is_live;
	if (was_live)
		go_deaf(sync);
	judge(sync, err, !was_live, ews_reason(sync->ews));
}

/* --- for the engine --- */

static bool is_wanted(const struct sync *sync)
{
	return wanted_mode(sync) != WATCH_POLL;
}

int64_t watch_next_ms(const struct sync *sync)
{
	const struct watch *watch = &sync->watch;
	int64_t next_ms = watch->next_ms;

	if (!watch->may_connect)
		return INT64_MAX;
	if (watch->has_ended)
		return 0;
	if (watch->mode == WATCH_POLL)
		return watch->again_ms;
	if (ews_is_streaming(sync->ews))
		return INT64_MAX;
	return next_ms > sync->gate.open_ms ? next_ms : sync->gate.open_ms;
}

static void disconnect(struct sync *sync)
{
	struct watch *watch = &sync->watch;

	ews_stream_close(sync->ews);
	watch->has_ended = false;
	watch->failures = 0;
	watch->next_ms = 0;
	if (watch->is_live)
		go_deaf(sync);
}

/* Folders of another's mailbox have come or gone: the subscription names others. */
static void check_folders(struct sync *sync)
{
	const char *ids[TREES_WATCHED_MAX];
	uint64_t hash;

	if (!sync->watch.id || !sync->account->mailbox)
		return;
	trees_find_watched(sync, ids, &hash);
	if (hash == sync->watch.folders)
		return;
	disconnect(sync);
	drop_subscription(&sync->watch);
}

void watch_tend(struct sync *sync)
{
	struct watch *watch = &sync->watch;

	if (sync_is_interrupted(sync))
		return;
	check_folders(sync);
	if (clock_boot_ms() < watch_next_ms(sync))
		return;
	judge_stream(sync);
	if (watch->mode != wanted_mode(sync) && clock_boot_ms() >= watch->again_ms) {
		if (watch->is_live)
			go_deaf(sync);
		change_mode(sync, wanted_mode(sync), 0);
	}
	if (clock_boot_ms() < watch_next_ms(sync))
		return;
	if (watch->mode == WATCH_STREAMING)
		open_stream(sync);
	else if (watch->mode == WATCH_PULL)
		pull_events(sync);
}

void watch_note_run(struct sync *sync, enum err err)
{
	struct watch *watch = &sync->watch;

	if (err == ERR_CANCELLED)
		return;
	watch->is_excused |= err != ERR_OK;
	watch->is_ready = !err && is_wanted(sync);
	/* A stream of a subscription that we have is the cheapest try, and waits for nothing. */
	watch->may_connect = watch->is_ready ||
			     (err == ERR_OFFLINE && watch->id && watch->mode == WATCH_STREAMING);
}

void watch_renew(struct sync *sync)
{
	struct watch *watch = &sync->watch;
	int64_t now = clock_boot_ms();

	if (!is_wanted(sync) || (watch->is_live && now - watch->renewed_ms < RENEW_MS))
		return;
	watch->renewed_ms = now;
	disconnect(sync);
}

void watch_close(struct sync *sync)
{
	disconnect(sync);
	if (sync->watch.mode != wanted_mode(sync))
		change_mode(sync, wanted_mode(sync), 0);
	sync->watch.is_ready = sync->watch.may_connect = false;
}

void watch_stop(struct sync *sync)
{
	struct watch *watch = &sync->watch;

	if (!watch->id || !watch->is_live || !watch->is_ready || !gate_is_open(sync))
		return;
	ews_resume(sync->ews);
	ews_unsubscribe(sync->ews, watch->id, STOP_MS);
}

void watch_release(struct sync *sync)
{
	drop_subscription(&sync->watch);
}
