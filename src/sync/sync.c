/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"
#include "sync/version.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
	LIST_PATIENCE_MS = 30 * 1000, /* of somebody who waits for a mount */
	BACK_OFF_MIN_MS = 1000,
	AUTH_MS = 60 * 1000,
	LOST_MS = 5 * 1000,   /* to find a network that is back; the try is cheap */
	STORE_MS = 60 * 1000, /* somebody makes room, or mends the disk */
};

void sync_hear(void *ctx, const struct store_change *change)
{
	struct sync *sync = ctx;

	if (change->kind == STORE_BURIED)
		graves_note(sync, change->ino);
	status_note_change(sync);
	if (sync->listener)
		sync->listener(sync->listener_ctx, change);
}

static void tend_wants(void *ctx)
{
	wants_tend(ctx);
}

enum err sync_open(const struct account *account, struct store *store, struct sync **ret,
		   struct buf *reason)
{
	struct sync *sync = calloc(1, sizeof(*sync));

	if (!sync)
		return ERR_NOMEM;
	sync->store = store;
	enum err err = server_begin(sync, account, reason);
	if (!err)
		err = ews_open(sync->account, &sync->ews, reason);
	if (err) {
		server_release(sync);
		free(sync);
		return err;
	}
	sync->gate.seed = (uint64_t)clock_wall_ns() | 1;
	lock_init(&sync->lock);
	cond_init(&sync->cond);
	status_init(&sync->board);
	graves_init(&sync->graves);
	store_set_listener(store, sync_hear, sync);
	ews_set_tend(sync->ews, tend_wants, sync);
	version_recall(sync);
	watch_init(sync);
	*ret = sync;
	return ERR_OK;
}

void sync_release(struct sync **ref)
{
	struct sync *sync = *ref;

	if (!sync)
		return;
	sync_stop(sync);
	ews_release(&sync->ews); /* what was under way lands now */
	store_set_listener(sync->store, NULL, NULL);
	rebuild_forget(sync);
	passed_release(sync);
	watch_release(sync);
	graves_destroy(&sync->graves);
	server_release(sync);
	lock_destroy(&sync->board.lock);
	cond_destroy(&sync->cond);
	lock_destroy(&sync->lock);
	free(sync);
	*ref = NULL;
}

bool sync_is_stopping(struct sync *sync)
{
	lock_acquire(&sync->lock);
	bool stopping = sync->is_stopping;
	lock_drop(&sync->lock);
	return stopping;
}

bool sync_is_interrupted(struct sync *sync)
{
	lock_acquire(&sync->lock);
	bool interrupted = sync->is_stopping || sync->is_broken || sync->is_offline;
	lock_drop(&sync->lock);
	return interrupted;
}

/* --- before the mount --- */

enum err sync_is_listed(struct sync *sync, bool *ret)
{
	AUTO(str) char *state = NULL;

	enum err err = store_load_value(sync->store, VALUE_HIERARCHY_STATE, &state);
	if (err && err != ERR_NOT_FOUND)
		return err;
	*ret = !err;
	return ERR_OK;
}

/* What the user can do about it, where the reason has not said it. */
static const char *advice_for(enum err err, const char *failure)
{
	if (strstr(failure, "ErrorNonExistentMailbox"))
		return "no mailbox of that address is here, check mailbox= and impersonate=";
	if (strstr(failure, "ErrorImpersonat"))
		return "check impersonate=, the right to do so is given by an administrator";
	if (strstr(failure, "ErrorAccessDenied"))
		return "you have no rights on this mailbox, its owner or an administrator gives "
		       "them";
	switch (err) {
	case ERR_AUTH: return NULL; /* the reason says it: it depends on the way to log in */
	case ERR_TLS: return "check url= and cafile=";
	case ERR_OFFLINE: return "check url= and the network";
	case ERR_NOT_EWS:
	case ERR_MOVED: return "check url=";
	case ERR_DENIED: return "ask the administrator";
	case ERR_NO_SPACE:
	case ERR_STORE: return "check cache=";
	default: return "try again later";
	}
}

static bool is_of_store(enum err err)
{
	return err == ERR_STORE || err == ERR_NO_SPACE || err == ERR_DAMAGED;
}

/* The failure of a run in one line. */
static void print_failure(const struct sync *sync, enum err err, char *ret, size_t size)
{
	const char *reason = sync->reason;

	if (is_of_store(err) && !sync->space.is_short && *store_reason(sync->store))
		reason = store_reason(sync->store);
	if (!*reason || strcmp(reason, err_text(err)) == 0)
		snprintf(ret, size, "%s", err_text(err));
	else
		snprintf(ret, size, "%s: %s", err_text(err), reason);
}

enum err sync_list_folders(struct sync *sync, struct buf *reason)
{
	char failure[256];

	sync->gate.give_up_ms = clock_boot_ms() + LIST_PATIENCE_MS;
	enum err err = hierarchy_list(sync, tree_wanted(sync->account) | TREE_BIT(TREE_MAILBOX));
	if (!err)
		err = server_keep(sync);
	sync->gate.give_up_ms = 0;
	version_remember(sync);
	if (!err)
		return ERR_OK;
	print_failure(sync, err, failure, sizeof(failure));
	const char *advice = advice_for(err, failure);
	if (buf_printf(reason, "%s: %s%s%s", sync->account->url, failure, advice ? ": " : "",
		       advice ? advice : ""))
		return ERR_NOMEM;
	return err;
}

/* --- the thread --- */

static int64_t load_pause_ms(struct sync *sync, enum err err)
{
	int64_t poll_ms = sync->account->poll_s * INT64_C(1000);

	if (err == ERR_AUTH)
		return poll_ms < AUTH_MS ? poll_ms : AUTH_MS;
	if (err == ERR_OFFLINE && poll_ms > LOST_MS)
		poll_ms = LOST_MS;
	if (is_of_store(err) && poll_ms > STORE_MS)
		poll_ms = STORE_MS;
	return gate_delay_ms(sync, sync->failures, BACK_OFF_MIN_MS, poll_ms);
}

/* One line when the trouble begins or becomes another, and one when it is over. */
static void log_trouble(struct sync *sync, enum err err, const char *trouble, int64_t pause_ms)
{
	if (sync->logged_err == err)
		return;
	sync->logged_err = err;
	if (err)
		log_warning("%s: %s, trying again in %lld s", sync->account->url, trouble,
			    (long long)(pause_ms + 999) / 1000);
	else
		log_info("%s: in step again", sync->account->url);
}

static void end_run(struct sync *sync, enum err err)
{
	bool has_listed = sync->board.round_s != TIME_NONE;
	char trouble[256] = "";
	int64_t pause_ms;

	findings_tell(sync);
	version_remember(sync);
	bool is_whole = err, is_moved = false;
	if (!err && has_listed)
		err = run_result_of_all(sync);
	if (err == ERR_CANCELLED)
		return;
	if (err) {
		/* One that fails in folders tells nothing of the others. */
		if (is_whole)
			watch_note_run(sync, err);
		print_failure(sync, err, trouble, sizeof(trouble));
		is_moved = is_whole && server_has_moved(sync, err);
		pause_ms = is_moved ? 0 : load_pause_ms(sync, err);
		sync->due_ms = clock_boot_ms() + pause_ms;
		sync->failures++;
		if (!is_moved)
			log_trouble(sync, err, trouble, pause_ms);
	} else if (has_listed) {
		sync->failures = 0;
		/* Not kept, it is looked for again with the next mount. */
		(void)!server_keep(sync);
		log_trouble(sync, ERR_OK, "", 0);
	}
	status_end_run(sync, err, err && !is_whole, trouble);
}

/* Broken off, or sent home: what is left of it is done when it may be. */
static void break_run(struct sync *sync)
{
	commands_uncover(sync);
	/* Also what began before somebody asked for more. */
	if (sync->is_own)
		sync->due_ms = 0;
	status_break_run(sync);
}

/* What a cancelled command has not fetched yet stays as it is. */
static void take_back(struct sync *sync)
{
	AUTO(txn) struct txn txn = { 0 };

	enum err err = txn_begin(&txn, sync->store);
	if (!err)
		err = store_drop_refetches(&txn);
	if (!err)
		err = txn_commit(&txn);
	if (err)
		log_info("cancelled, and fetched all the same: %s", store_reason(sync->store));
}

/* Makes ready for another run. False: we are to stop. */
static bool heal(struct sync *sync, bool *ret_offline)
{
	lock_acquire(&sync->lock);
	bool was_broken = sync->is_broken;
	sync->is_broken = false;
	*ret_offline = sync->is_offline;
	bool stopping = sync->is_stopping;
	lock_drop(&sync->lock);
	if (was_broken && !stopping)
		take_back(sync);
	if (stopping || *ret_offline)
		return !stopping;
	ews_resume(sync->ews);
	/* Whoever interrupts says why before: none gets lost. */
	if (sync_is_interrupted(sync))
		ews_interrupt(sync->ews);
	return true;
}

/* Nothing is sent or heard, and nobody waits for it. */
static void stay_offline(struct sync *sync)
{
	watch_close(sync);
	ews_abort(sync->ews);
	status_note_failure(sync, "working offline");
	commands_end_all(sync, ERR_OFFLINE);
	wants_end_offline(sync);
	if (sync->account->notify != NOTIFY_OFF)
		sync->due_ms = 0;
}

/* Until there may be something to do. */
static int64_t load_wait_ms(struct sync *sync)
{
	int64_t until_ms = sync->due_ms, hints_ms = hints_due_ms(sync),
		watch_ms = watch_next_ms(sync);

	until_ms = hints_ms < until_ms ? hints_ms : until_ms;
	until_ms = watch_ms < until_ms ? watch_ms : until_ms;
	return until_ms - clock_boot_ms();
}

/* False: we are to stop. */
static bool wait_for_run(struct sync *sync)
{
	bool offline = false, was_offline = false;

	while (heal(sync, &offline)) {
		if (offline)
			stay_offline(sync);
		else if (was_offline)
			status_note_failure(sync, "");
		was_offline = offline;
		if (!offline && run_is_due(sync))
			return true;
		if (!offline)
			watch_tend(sync);
		int64_t pause_ms = offline ? INT64_MAX : load_wait_ms(sync);
		/* Why it wakes, the next round of this tells. */
		if (!graves_tend(sync) && gate_sleep(sync, pause_ms))
			continue;
	}
	return false;
}

static void *serve(void *ctx)
{
	struct sync *sync = ctx;

	wants_begin(sync);
	while (wait_for_run(sync)) {
		status_begin_run(sync);
		enum err err = run_whole(sync);
		if (err == ERR_DAMAGED)
			err = rebuild_begin(sync);
		else if (!err)
			err = rebuild_end(sync);
		end_run(sync, err);
		if (err == ERR_CANCELLED)
			break_run(sync);
		else
			errands_end(sync, err);
	}
	watch_stop(sync);
	commands_end_all(sync, ERR_CANCELLED);
	wants_end_all(sync, ERR_CANCELLED);
	/* The uses. */
	if (wants_make_room(sync, 0))
		log_info("%s", store_reason(sync->store));
	return NULL;
}

enum err sync_start(struct sync *sync, store_change_fn fn, void *ctx)
{
	sigset_t all, old;

	sync->listener = fn;
	sync->listener_ctx = ctx;
	/* Signals are for the thread that serves the kernel. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int no = pthread_create(&sync->thread, NULL, serve, sync);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (no)
		return err_from_errno(no);
	sync->has_thread = true;
	return ERR_OK;
}

void sync_stop(struct sync *sync)
{
	lock_acquire(&sync->lock);
	sync->is_stopping = true;
	cond_wake_all(&sync->cond);
	lock_drop(&sync->lock);
	if (sync->has_thread) {
		ews_interrupt(sync->ews);
		pthread_join(sync->thread, NULL);
		sync->has_thread = false;
	}
	commands_end_all(sync, ERR_CANCELLED);
	wants_end_all(sync, ERR_CANCELLED);
}
