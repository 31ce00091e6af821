/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "store/internal.h"

/*
 * The fetch queue. What waits is on disk; what somebody works on is a set in memory, which a
 * transaction takes back with itself. A job that may be done at once has not_before 0, and all of
 * those stand in the order in which they are given out; the delayed ones stand apart in the same
 * index, by the time they are due, and cross over when it has come. So a million of either is
 * never walked to find the next.
 */

void fetch_job_release(struct fetch_job *job)
{
	str_release(&job->id);
	*job = (struct fetch_job){ 0 };
}

void fetch_batch_release(struct fetch_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		fetch_job_release(&batch->jobs[i]);
	free(batch->jobs);
	*batch = (struct fetch_batch){ 0 };
}

enum err store_queue_fetch(struct txn *txn, int64_t row, const char *change_key,
			   enum fetch_priority priority)
{
	struct store *store = txn->store;
	AUTO(record) struct record record = { 0 };
	enum err err = record_load(store, row, &record);

	if (err)
		return err;
	if (record.state >= ITEM_GHOST)
		record.state = record.ino ? ITEM_LOCAL : ITEM_PENDING;
	record.is_queued = true;
	err = run(store, SQL_QUEUE, v_int(row), v_int(priority), v_id(change_key),
		  v_int(record.state));
	if (!err)
		err = record_recount(store, &record);
	if (!err && set_has(&store->taken, (uint64_t)row))
		err = set_put(&store->again, (uint64_t)row);
	return err;
}

static void untake(struct store *store, int64_t row)
{
	set_drop(&store->taken, (uint64_t)row);
	set_drop(&store->again, (uint64_t)row);
}

enum err store_drop_refetches(struct txn *txn)
{
	struct store *store = txn->store;
	enum err err = ERR_OK;

	/* What somebody works on comes all the same, and may have to be asked for again. */
	for (size_t i = 0; !err && i < store->taken.n; i++)
		err = run(store, SQL_KEEP_JOB, v_int((int64_t)store->taken.list[i]));
	if (!err)
		err = run(store, SQL_UNCOUNT_REFETCHES);
	return err ? err : run(store, SQL_DROP_REFETCHES);
}

enum err store_sum_refetches(struct store *store, uint64_t *ret_bytes)
{
	AUTO(query) struct query q = query(store, SQL_SUM_REFETCHES);
	enum err err = query_one(&q);

	if (!err)
		*ret_bytes = (uint64_t)col_int(&q, 0);
	return err;
}

enum err queue_load_wanted(struct store *store, int64_t row, char **ret)
{
	AUTO(query) struct query q = query(store, SQL_LOAD_WANTED, v_int(row));

	if (query_next(&q))
		col_id(&q, 0, ret);
	return q.err;
}

void queue_drop(struct store *store, struct record *record)
{
	untake(store, record->row);
	record->is_queued = false;
}

/* A page may have told of a newer version while this one was on its way. */
enum err queue_done(struct store *store, struct record *record, const char *change_key)
{
	AUTO(str) char *wanted = NULL;
	bool is_newer_wanted = false;
	enum err err = ERR_OK;

	if (set_has(&store->again, (uint64_t)record->row)) {
		err = queue_load_wanted(store, record->row, &wanted);
		is_newer_wanted = !wanted || !change_key || strcmp(wanted, change_key) != 0;
	}
	if (!err && is_newer_wanted)
		untake(store, record->row);
	else if (!err)
		queue_drop(store, record);
	return err;
}

enum err queue_done_beside(struct store *store, struct record *record, const char *change_key)
{
	AUTO(str) char *wanted = NULL;
	enum err err = record->is_queued ? queue_load_wanted(store, record->row, &wanted) : ERR_OK;

	if (!err && wanted && change_key && strcmp(wanted, change_key) == 0)
		queue_drop(store, record);
	return err;
}

enum err queue_retry(struct store *store, int64_t row, int64_t not_before_ms)
{
	/* The delay is for the version that failed, not for one announced meanwhile. */
	bool again = set_has(&store->again, (uint64_t)row);

	untake(store, row);
	return again ? ERR_OK : run(store, SQL_RETRY_JOB, v_int(row), v_int(not_before_ms));
}

static enum err add_job(struct fetch_batch *batch, struct query *q)
{
	struct fetch_job job = {
		.row = col_int(q, 0),
		.size = (uint64_t)col_int(q, 6),
		.received = col_time(q, 7),
		.tries = (int)col_int(q, 4),
	};

	col_id(q, 5, &job.id);
	if (q->err)
		return q->err;
	struct fetch_job *jobs = realloc(batch->jobs, (batch->n + 1) * sizeof(*jobs));
	if (!jobs) {
		fetch_job_release(&job);
		return ERR_NOMEM;
	}
	batch->jobs = jobs;
	batch->jobs[batch->n++] = job;
	return ERR_OK;
}

/* The first that nobody works on. */
static enum err take_head(struct store *store, struct fetch_batch *batch,
			  enum fetch_priority *ret_priority)
{
	AUTO(query) struct query q = query(store, SQL_QUEUE_HEAD);

	while (query_next(&q)) {
		if (set_has(&store->taken, (uint64_t)col_int(&q, 0)))
			continue;
		batch->folder = (uint64_t)col_int(&q, 1);
		batch->kind = (enum item_kind)col_int(&q, 2);
		*ret_priority = (enum fetch_priority)col_int(&q, 3);
		return add_job(batch, &q);
	}
	return q.err ? q.err : ERR_NOT_FOUND;
}

/* Those that go with it. */
static enum err take_group(struct store *store, enum fetch_priority priority, size_t max_n,
			   uint64_t max_bytes, struct fetch_batch *batch)
{
	AUTO(query)
	struct query q = query(store, SQL_QUEUE_GROUP, v_ino(batch->folder), v_int(batch->kind),
			       v_int(priority));
	uint64_t bytes = batch->jobs[0].size;
	enum err err = ERR_OK;

	while (!err && batch->n < max_n && query_next(&q)) {
		int64_t row = col_int(&q, 0);
		uint64_t size = (uint64_t)col_int(&q, 6);
		if (row == batch->jobs[0].row || set_has(&store->taken, (uint64_t)row))
			continue;
		if (bytes > max_bytes || size > max_bytes - bytes)
			break;
		bytes += size;
		err = add_job(batch, &q);
	}
	return err ? err : q.err;
}

static enum err load_due(struct store *store, int64_t *ret_due_ms)
{
	AUTO(query) struct query q = query(store, SQL_NEXT_DUE);

	*ret_due_ms = query_next(&q) ? col_int(&q, 0) : INT64_MAX;
	return q.err;
}

static enum err release_due(struct store *store, int64_t now_ms)
{
	int64_t due_ms = INT64_MAX;
	enum err err = load_due(store, &due_ms);

	if (!err && due_ms <= now_ms)
		err = run(store, SQL_RELEASE_DUE, v_int(now_ms));
	return err;
}

static enum err mark_taken(struct store *store, const struct fetch_batch *batch)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < batch->n; i++)
		err = set_put(&store->taken, (uint64_t)batch->jobs[i].row);
	return err;
}

enum err store_take_batch(struct store *store, int64_t now_ms, size_t max_n, uint64_t max_bytes,
			  struct fetch_batch *ret)
{
	AUTO(fetch_batch) struct fetch_batch batch = { 0 };
	enum fetch_priority priority = FETCH_DELTA;
	enum err err = release_due(store, now_ms);

	if (!err)
		err = take_head(store, &batch, &priority);
	if (!err && batch.jobs[0].tries == 0)
		err = take_group(store, priority, max_n, max_bytes, &batch);
	if (!err)
		err = mark_taken(store, &batch);
	if (err)
		return err;
	*ret = batch;
	batch = (struct fetch_batch){ 0 };
	return ERR_OK;
}

enum err store_return_batch(struct store *store, const struct fetch_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		untake(store, batch->jobs[i].row);
	return ERR_OK;
}

enum err store_load_queue(struct store *store, int64_t *ret_due_ms, uint64_t *ret_n)
{
	int64_t due_ms = INT64_MAX;
	enum err err = store->in_txn ? tally_flush(store) : ERR_OK;

	if (err)
		return err;
	AUTO(query) struct query q = query(store, SQL_COUNT_QUEUE);
	err = query_one(&q);
	if (!err)
		err = load_due(store, &due_ms);
	if (err)
		return err;
	*ret_due_ms = due_ms;
	*ret_n = (uint64_t)col_int(&q, 0);
	return ERR_OK;
}

enum err store_is_folder_due(struct store *store, uint64_t folder, int64_t until_ms, bool *ret)
{
	AUTO(query) struct query q = query(store, SQL_FIND_DUE, v_ino(folder), v_int(until_ms));

	*ret = query_next(&q);
	return q.err;
}
