/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "model/names.h"

/*
 * settle - what becomes of each item of a batch, and all of it in one commit.
 *
 * One bad item stops nothing (I8): what the server cannot deliver is quarantined and asked
 * for again after growing delays; what it asked us to try again is, soon and alone, until
 * that is no longer worth waiting for.
 */
enum {
	TRANSIENT_TRIES = 6,
	TRANSIENT_MIN_MS = 1000,
	TRANSIENT_MAX_MS = 30 * 1000,
	QUARANTINE_MIN_MS = 60 * 1000,
	QUARANTINE_MAX_MS = 24 * 3600 * 1000,
};

/* What to do with a job. */
enum outcome { OUTCOME_CONTENT, OUTCOME_GHOST, OUTCOME_AGAIN, OUTCOME_BAD, OUTCOME_LEAVE };

static enum outcome outcome_of(enum err err)
{
	switch (err) {
	case ERR_OK: return OUTCOME_CONTENT;
	case ERR_NOT_FOUND: return OUTCOME_GHOST;
	case ERR_OFFLINE:
	case ERR_TRANSIENT:
	case ERR_STALE_REPLY:
	case ERR_PROTOCOL:
	case ERR_SHAPE: return OUTCOME_AGAIN;
	default: return gate_ends_run(err) ? OUTCOME_LEAVE : OUTCOME_BAD;
	}
}

/* The class that names an item of which nothing but its kind is known. */
static const char *class_of_kind(enum item_kind kind)
{
	switch (kind) {
	case KIND_CALENDAR: return "IPM.Appointment";
	case KIND_CONTACT: return "IPM.Contact";
	case KIND_TASK: return "IPM.Task";
	default: return NULL;
	}
}

static enum err print_name(const struct item *item, enum item_kind kind, struct buf *ret)
{
	struct item known = *item;

	if (!known.item_class)
		known.item_class = (char *)class_of_kind(kind);
	return name_of_item(&known, ret);
}

static enum err put_content(struct sync *sync, struct txn *txn, const struct fetch_job *job,
			    const struct landing *landing, bool is_wanted)
{
	AUTO(buf) struct buf name = { 0 };
	const struct item *item = &landing->item;
	enum verdict verdict = VERDICT_OK;
	bool is_news = false;

	enum err err = store_judge(txn->store, job->row, item, &verdict, &is_news);
	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err; /* gone meanwhile */
	err = name_of_item(item, &name);
	if (err)
		return err;
	const struct spool *content = landing->has_content ? &landing->content : NULL;
	if (is_wanted)
		err = store_put_wanted(txn, job->row, item, buf_str(&name), verdict, content);
	else
		err = store_put_content(txn, job->row, item, buf_str(&name), verdict, content);
	if (!err && is_news)
		findings_note(sync, job->id, verdict);
	/* The item was read before the page that told the flag. */
	if (!err && landing->has_flag)
		err = store_put_read_flag(txn, job->id, landing->is_read);
	return err;
}

/* n: how often it was found bad before. */
static enum err put_quarantine(struct sync *sync, struct txn *txn, const struct fetch_job *job,
			       const struct flight *flight, const char *reason, int n)
{
	AUTO(buf) struct buf name = { 0 };
	const struct landing *landing = &flight->landings[job - flight->batch.jobs];
	struct item bare;
	int64_t delay = gate_delay_ms(sync, n, QUARANTINE_MIN_MS, QUARANTINE_MAX_MS);

	item_init(&bare);
	bare.kind = flight->batch.kind;
	bare.id = job->id;
	bare.received = job->received;
	const struct item *item = landing->item.id ? &landing->item : &bare;
	enum err err = print_name(item, flight->batch.kind, &name);
	if (!err)
		err = store_put_quarantine(txn, job->row, item, buf_str(&name), reason,
					   clock_boot_ms() + delay);
	if (!err && n == 0)
		log_warning("item %.*s: not delivered: %s, asking again later", 80, job->id,
			    reason);
	return err;
}

static enum err put_again(struct sync *sync, struct txn *txn, const struct fetch_job *job,
			  bool alone)
{
	int64_t due_ms = 0;

	if (alone)
		due_ms = clock_boot_ms() +
			 gate_delay_ms(sync, job->tries, TRANSIENT_MIN_MS, TRANSIENT_MAX_MS);
	if (due_ms > sync->retry_until_ms)
		sync->retry_until_ms = due_ms;
	return store_put_retry(txn, job->row, due_ms);
}

/* The rest of a batch that the server gave up at its first bad item. */
static bool is_untouched(const struct landing *landing)
{
	return landing->reason && strstr(landing->reason, "ErrorBatchProcessingStopped");
}

/* An error names no item: where the reply answers another question, nobody knows whose it is. */
static bool is_believed(const struct landing *landing, enum err batch_err)
{
	return landing->is_seen && !(landing->err && batch_err == ERR_STALE_REPLY);
}

/* What a job came to, and why. */
struct result_of_job {
	enum outcome outcome;
	enum err err;
	bool is_seen, is_alone; /* it was answered; nobody but it can be meant */
};

static struct result_of_job judge_job(const struct flight *flight, size_t i)
{
	const struct landing *landing = &flight->landings[i];
	struct result_of_job job = { .is_seen = is_believed(landing, flight->err) };

	job.err = job.is_seen ? landing->err : flight->err ? flight->err : ERR_PROTOCOL;
	job.is_alone = job.is_seen || flight->batch.n == 1;
	job.outcome = outcome_of(job.err);
	/* Whole batches fail for one item of them, and then nobody knows which. */
	if (job.outcome == OUTCOME_BAD &&
	    (!job.is_alone || (job.err == ERR_DENIED && !job.is_seen)))
		job.outcome = OUTCOME_AGAIN;
	if (job.outcome == OUTCOME_GHOST && !job.is_seen)
		job.outcome = OUTCOME_AGAIN;
	/* One item may keep its server busy for ever. */
	if (job.err == ERR_THROTTLED && gate_is_stuck(flight->sync))
		job.outcome = OUTCOME_AGAIN;
	return job;
}

static bool is_worn_out(const struct fetch_job *job)
{
	return job->tries >= TRANSIENT_TRIES;
}

bool settle_lacks_item(const struct flight *flight, size_t i)
{
	enum outcome outcome = judge_job(flight, i).outcome;

	return !flight->landings[i].item.id &&
	       (outcome == OUTCOME_BAD ||
		(outcome == OUTCOME_AGAIN && is_worn_out(&flight->batch.jobs[i])));
}

static enum err settle_one(struct flight *flight, struct txn *txn, size_t i)
{
	struct sync *sync = flight->sync;
	const struct fetch_job *job = &flight->batch.jobs[i];
	const struct landing *landing = &flight->landings[i];
	struct result_of_job found = judge_job(flight, i);
	const char *reason = found.is_seen && landing->reason ? landing->reason
							      : err_text(found.err);

	/* What its name is can be known, and what else it has: only not now. */
	if (flight->is_cut_short &&
	    (settle_lacks_item(flight, i) || fetch_is_of_other_kind(flight, i)))
		found.outcome = OUTCOME_AGAIN;
	switch (found.outcome) {
	case OUTCOME_CONTENT: return put_content(sync, txn, job, landing, false);
	case OUTCOME_GHOST: return store_put_ghost(txn, job->row);
	case OUTCOME_BAD: return put_quarantine(sync, txn, job, flight, reason, job->tries);
	case OUTCOME_LEAVE: return ERR_OK;
	case OUTCOME_AGAIN: break;
	}
	if (is_worn_out(job))
		return put_quarantine(sync, txn, job, flight, reason, job->tries - TRANSIENT_TRIES);
	return put_again(sync, txn, job, found.is_alone && !is_untouched(landing));
}

/* Only what is settled one way or the other no longer counts as work before us. */
static uint64_t settled_bytes(const struct flight *flight)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < flight->batch.n; i++) {
		if (flight->wants_mime && flight->landings[i].is_seen && !flight->landings[i].err)
			bytes += flight->batch.jobs[i].size;
	}
	return bytes;
}

/* What one item's answer means for the run. */
static enum err judge_items(struct flight *flight)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < flight->batch.n; i++) {
		const struct landing *landing = &flight->landings[i];
		if (!landing->is_seen || !landing->err)
			continue;
		if (landing->err == ERR_THROTTLED)
			gate_close(flight->sync, ews_back_off_ms(flight->sync->ews));
		else if (landing->err != ERR_OFFLINE && gate_ends_run(landing->err))
			err = landing->err;
	}
	return err;
}

enum err settle_flight(struct flight *flight)
{
	struct sync *sync = flight->sync;
	AUTO(txn) struct txn txn = { 0 };

	FAULT("settle.batch");
	enum err err = txn_begin(&txn, sync->store);
	for (size_t i = 0; !err && i < flight->batch.n; i++)
		err = settle_one(flight, &txn, i);
	if (!err)
		err = txn_commit(&txn);
	if (err) {
		gate_blame(sync, "%s", store_reason(sync->store));
		return err;
	}
	status_note_bytes(sync, settled_bytes(flight));
	return judge_items(flight);
}

/* An open asked for it, and no job: from now on one asks, whether it is opened again or not. */
static enum err put_wanted_bad(struct flight *flight, struct txn *txn, const char *reason)
{
	AUTO(item_row) struct item_row row = { 0 };
	const struct fetch_job *job = &flight->batch.jobs[0];
	enum err err = store_find_item(flight->sync->store, job->id, &row);

	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	if (row.state >= ITEM_GHOST)
		return ERR_OK;
	if (!row.is_queued)
		err = store_queue_fetch(txn, row.row, row.change_key, FETCH_DELTA);
	int before_n = row.state == ITEM_QUARANTINED ? job->tries : 0;
	return err ? err : put_quarantine(flight->sync, txn, job, flight, reason, before_n);
}

/* What it comes to for those who wait. */
static enum err put_wanted(struct flight *flight, struct txn *txn,
			   const struct result_of_job *found)
{
	const struct fetch_job *job = &flight->batch.jobs[0];
	const struct landing *landing = &flight->landings[0];
	const char *reason = landing->reason ? landing->reason : err_text(found->err);

	if (found->outcome == OUTCOME_CONTENT)
		return put_content(flight->sync, txn, job, landing, true);
	return put_wanted_bad(flight, txn, reason);
}

enum err settle_wanted(struct flight *flight)
{
	struct sync *sync = flight->sync;
	struct landing *landing = &flight->landings[0];
	struct result_of_job found = judge_job(flight, 0);
	AUTO(txn) struct txn txn = { 0 };
	bool is_good = found.outcome == OUTCOME_CONTENT;
	enum err err = ERR_OK;

	FAULT("settle.wanted");
	if (!is_good && (found.outcome != OUTCOME_BAD || flight->is_cut_short))
		return found.err;
	if (is_good)
		err = wants_make_room(sync, landing->content.len);
	flight->is_passed = err == ERR_TOO_LARGE;
	if (!err || flight->is_passed)
		err = txn_begin(&txn, sync->store);
	if (!err)
		err = put_wanted(flight, &txn, &found);
	if (!err)
		err = txn_commit(&txn);
	if (!err && flight->is_passed)
		err = passed_add(sync, flight->wanted, &landing->content);
	flight->is_passed &= !err;
	return err ? err : found.err;
}
