/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

/*
 * Which contents are here with content=ondemand, and which go first.
 *
 * The table has a row for each inode whose content has ever come: its place in the order of use
 * while it is here, a sum of it after. So what comes again under an inode that readers have seen
 * is known to be what they saw, or is not let in. The bytes of all are counted as they come and go.
 */
enum { EVICT_MAX = 64, REQUEUE_MAX = 500 };
static const uint64_t EVICT_BYTES_MAX = 32 << 20; /* of one transaction */
static const char value_content[] = "content";

static struct value v_none(void)
{
	return (struct value){ VALUE_NULL };
}

enum err held_note(struct store *store, uint64_t ino, uint64_t size)
{
	enum err err = run(store, SQL_PUT_HELD, v_ino(ino),
			   v_int((int64_t)++store->last[NUMBER_USE]), v_none());

	store->last[NUMBER_HELD_BYTES] += size;
	return err;
}

static enum err put_absent(struct store *store, uint64_t ino, bool is_absent, uint64_t size)
{
	return run(store, SQL_PUT_ABSENT, v_ino(ino), v_int(is_absent), v_int((int64_t)size));
}

enum err held_fill(struct store *store, uint64_t ino, const struct spool *content)
{
	enum err err = content_put(store, ino, content);

	if (!err)
		err = held_note(store, ino, content->len);
	return err ? err : put_absent(store, ino, false, content->len);
}

enum err held_note_passed(struct store *store, uint64_t ino, const struct spool *content)
{
	int64_t sum = 0;
	enum err err = content_sum(content, &sum);

	if (!err)
		err = run(store, SQL_PUT_HELD, v_ino(ino), v_none(), v_int(sum));
	return err ? err : put_absent(store, ino, true, content->len);
}

enum err held_equal(struct store *store, uint64_t ino, const struct spool *content, bool *ret_known,
		    bool *ret_equal)
{
	AUTO(query) struct query q = query(store, SQL_LOAD_HELD, v_ino(ino));
	int64_t sum = 0;
	enum err err = query_one(&q);

	*ret_known = !err;
	*ret_equal = false;
	if (err || !content)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	err = content_sum(content, &sum);
	*ret_equal = sum == col_int(&q, 1) && content->len == (uint64_t)col_int(&q, 2);
	return err;
}

bool held_has_room(const struct store *store, uint64_t size)
{
	uint64_t held = store->last[NUMBER_HELD_BYTES];

	return held <= store->limit && size <= store->limit - held;
}

/* What is here of it no longer counts. */
static enum err uncount(struct store *store, uint64_t ino)
{
	AUTO(query) struct query q = query(store, SQL_LOAD_HELD, v_ino(ino));
	enum err err = query_one(&q);
	uint64_t size = err || col_is_null(&q, 0) ? 0 : (uint64_t)col_int(&q, 2);

	store->last[NUMBER_HELD_BYTES] -= size;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err held_drop(struct store *store, uint64_t ino)
{
	enum err err = uncount(store, ino);

	return err ? err : run(store, SQL_DROP_HELD, v_ino(ino));
}

static enum err let_go(struct store *store, uint64_t ino, uint64_t size)
{
	int64_t sum = 0;
	enum err err = content_load_sum(store, ino, &sum);

	if (!err)
		err = content_drop(store, ino);
	if (!err)
		err = run(store, SQL_PUT_HELD, v_ino(ino), v_none(), v_int(sum));
	if (!err)
		err = put_absent(store, ino, true, size);
	store->last[NUMBER_HELD_BYTES] -= size;
	return err;
}

enum err store_let_go(struct txn *txn, uint64_t ino)
{
	AUTO(query) struct query q = query(txn->store, SQL_LOAD_HELD, v_ino(ino));
	enum err err = query_one(&q);

	if (err || col_is_null(&q, 0))
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	return let_go(txn->store, ino, (uint64_t)col_int(&q, 2));
}

/* The one that was not used for longest; ERR_NOT_FOUND. */
static enum err find_oldest(struct store *store, uint64_t *ret_ino, uint64_t *ret_size)
{
	AUTO(query) struct query q = query(store, SQL_NEXT_HELD);
	enum err err = query_one(&q);

	if (err)
		return err;
	*ret_ino = (uint64_t)col_int(&q, 0);
	*ret_size = (uint64_t)col_int(&q, 1);
	return ERR_OK;
}

enum err store_make_room(struct txn *txn, uint64_t bytes, bool *ret_more)
{
	struct store *store = txn->store;
	uint64_t gone = 0, ino = 0, size = 0;
	enum err err = bytes > store->limit ? ERR_TOO_LARGE : ERR_OK;

	for (int n = 0; !err && !held_has_room(store, bytes) && n < EVICT_MAX; n++) {
		if (gone > EVICT_BYTES_MAX)
			break;
		err = find_oldest(store, &ino, &size);
		/* The count of a damaged file may be wrong: nothing is left is nothing. */
		if (err == ERR_NOT_FOUND) {
			store->last[NUMBER_HELD_BYTES] = 0;
			err = ERR_OK;
			continue;
		}
		if (!err)
			err = let_go(store, ino, size);
		gone += size;
	}
	*ret_more = !err && !held_has_room(store, bytes);
	return err;
}

enum err store_note_uses(struct txn *txn, const uint64_t *inos, size_t n)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++)
		err = run(txn->store, SQL_STAMP_USE, v_ino(inos[i]),
			  v_int((int64_t)++txn->store->last[NUMBER_USE]));
	return err;
}

enum err store_load_held_bytes(struct store *store, uint64_t *ret)
{
	AUTO(str) char *text = NULL;
	int64_t bytes = 0;
	enum err err = store_load_value(store, number_keys[NUMBER_HELD_BYTES], &text);

	if (!err && text_parse_int(text, 0, INT64_MAX, &bytes))
		*ret = (uint64_t)bytes;
	return err;
}

/* --- to and from a mirror --- */

/* In the order of their times, before all that is used from now on. Walks all, once. */
static const char adopt_all[] =
	"INSERT OR IGNORE INTO held (ino, used) SELECT i.ino, "
	"max(min(coalesce(i.received, 0), 1099511627775), 0) FROM item i "
	"CROSS JOIN inode n ON n.ino = i.ino WHERE n.flags & 13 = 0;"
	"INSERT OR IGNORE INTO held (ino, used) SELECT g.ino, 0 FROM grave g "
	"CROSS JOIN inode n ON n.ino = g.ino WHERE n.flags & 13 = 0";

static enum err sum_held(struct store *store)
{
	AUTO(query) struct query q = query(store, SQL_SUM_HELD);
	enum err err = query_one(&q);

	if (!err)
		store->last[NUMBER_HELD_BYTES] = (uint64_t)col_int(&q, 0);
	return err;
}

static enum err adopt(struct store *store)
{
	AUTO(txn) struct txn txn = { 0 };
	enum err err = txn_begin(&txn, store);

	if (!err)
		err = sql_err(store, sqlite3_exec(store->db, adopt_all, NULL, NULL, NULL),
			      "counting what is here");
	if (!err)
		err = sum_held(store);
	if (!err)
		err = store_put_value(&txn, value_content, "ondemand");
	return err ? err : txn_commit(&txn);
}

static enum err find_absent(struct store *store, int64_t after, int64_t *ret_row)
{
	AUTO(query) struct query q = query(store, SQL_NEXT_ABSENT, v_int(after));
	enum err err = query_one(&q);

	if (!err)
		*ret_row = col_int(&q, 0);
	return err;
}

/* It leaves the tree until it is whole (I4). */
static enum err requeue(struct txn *txn, int64_t row)
{
	AUTO(record) struct record record = { 0 };
	enum err err = record_load(txn->store, row, &record);

	if (!err)
		err = record_unlink(txn->store, &record);
	record.state = ITEM_PENDING;
	if (!err)
		err = record_save(txn->store, &record);
	return err ? err : store_queue_fetch(txn, row, record.change_key, FETCH_FIRST_SYNC);
}

/* *ret_after: the last row; ERR_NOT_FOUND: there are no more. */
static enum err requeue_some(struct store *store, int64_t *after)
{
	AUTO(txn) struct txn txn = { 0 };
	enum err err = txn_begin(&txn, store);
	bool is_over = false;

	for (int n = 0; !err && !is_over && n < REQUEUE_MAX; n++) {
		err = find_absent(store, *after, after);
		is_over = err == ERR_NOT_FOUND;
		if (is_over)
			err = ERR_OK;
		else if (!err)
			err = requeue(&txn, *after);
	}
	if (!err)
		err = txn_commit(&txn);
	return !err && is_over ? ERR_NOT_FOUND : err;
}

static enum err become_mirror(struct store *store)
{
	AUTO(txn) struct txn txn = { 0 };
	int64_t after = 0;
	enum err err = ERR_OK;

	while (!err)
		err = requeue_some(store, &after);
	if (err != ERR_NOT_FOUND)
		return err;
	err = txn_begin(&txn, store);
	if (!err)
		err = run(store, SQL_DROP_ALL_HELD);
	store->last[NUMBER_HELD_BYTES] = 0;
	if (!err)
		err = store_put_value(&txn, value_content, NULL);
	return err ? err : txn_commit(&txn);
}

enum err store_set_content(struct store *store, enum content_mode mode, uint64_t limit)
{
	AUTO(str) char *was = NULL;
	bool wants_ondemand = mode == CONTENT_ONDEMAND;
	enum err err = store_load_value(store, value_content, &was);

	if (err && err != ERR_NOT_FOUND)
		return err;
	store->is_ondemand = wants_ondemand;
	store->limit = limit ? limit : UINT64_MAX;
	if (wants_ondemand == (was != NULL))
		return ERR_OK;
	return wants_ondemand ? adopt(store) : become_mirror(store);
}

/* --- what somebody waits for --- */

enum err store_load_wanted(struct store *store, uint64_t ino, struct fetch_batch *ret)
{
	AUTO(query) struct query q = query(store, SQL_LOAD_OWNER, v_ino(ino));
	enum err err = query_one(&q);

	if (err)
		return err == ERR_NOT_FOUND ? ERR_STALE : err;
	AUTO(fetch_batch)
	struct fetch_batch batch = {
		.jobs = calloc(1, sizeof(*batch.jobs)),
		.n = 1,
		.folder = (uint64_t)col_int(&q, 1),
		.kind = (enum item_kind)col_int(&q, 2),
	};
	if (!batch.jobs)
		return ERR_NOMEM;
	batch.jobs[0] = (struct fetch_job){
		.row = col_int(&q, 0),
		.size = (uint64_t)col_int(&q, 4),
		.received = col_time(&q, 5),
		.tries = (int)col_int(&q, 6),
	};
	col_id(&q, 3, &batch.jobs[0].id);
	if (q.err)
		return q.err;
	*ret = batch;
	batch = (struct fetch_batch){ 0 };
	return ERR_OK;
}
