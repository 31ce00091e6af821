/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "model/xid_history.h"
#include "store/internal.h"

/*
 * The highest counters ever seen of each item (DESIGN.md, "Change-key diagnosis").
 *
 * In health they are those of the version held, which its attributes have anyway: a row of `high`
 * is there only where something else was seen, so that the table costs next to nothing.
 * What is known of an item is always the two together.
 */

/* An attribute in hex as bytes; nothing when it is not there. */
static enum err load_bytes(const struct buf *set, enum attr attr, struct buf *ret)
{
	const char *hex;
	size_t n;
	enum err err = attr_find(set, attr, &hex, &n);

	if (err)
		return err == ERR_NO_XATTR ? ERR_OK : err;
	err = text_parse_hex(ret, hex, n);
	return err == ERR_INVALID ? ERR_DAMAGED : err;
}

/* The keys of the version held. */
static enum err note_held(struct store *store, uint64_t ino, struct xid_history *history)
{
	AUTO(buf) struct buf set = { 0 }, key = { 0 }, list = { 0 };
	AUTO(query) struct query q = query(store, SQL_LOAD_PACKED, v_ino(ino));
	enum err err = query_one(&q);

	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	col_attrs(&q, 0, &set);
	err = q.err;
	if (!err)
		err = load_bytes(&set, ATTR_MAPI_CHANGE_KEY, &key);
	if (!err)
		err = load_bytes(&set, ATTR_MAPI_PREDECESSORS, &list);
	if (err == ERR_DAMAGED)
		return store_fail(store, err, "attributes of inode %llu are damaged",
				  (unsigned long long)ino);
	if (!err)
		xid_history_note(history, &key, &list);
	return err;
}

/* What is newer than the version held, or was higher. */
static enum err note_row(struct store *store, int64_t row, struct xid_history *history,
			 bool *ret_has_row)
{
	AUTO(buf) struct buf high = { 0 }, seen = { 0 };
	AUTO(query) struct query q = query(store, SQL_LOAD_HIGH, v_int(row));

	*ret_has_row = query_next(&q);
	if (!*ret_has_row)
		return q.err;
	col_append(&q, 0, &high);
	col_append(&q, 1, &seen);
	if (q.err)
		return q.err;
	xid_history_take_high(history, high.bytes, high.len);
	if (seen.len > 0)
		xid_history_take_seen(history, seen.bytes, seen.len);
	return ERR_OK;
}

static enum err load_history(struct store *store, const struct record *record,
			     struct xid_history *ret, bool *ret_has_row)
{
	enum err err = ERR_OK;

	ret->high_n = 0;
	ret->has_seen = false;
	if (record->ino)
		err = note_held(store, record->ino, ret);
	return err ? err : note_row(store, record->row, ret, ret_has_row);
}

static enum err put_row(struct store *store, int64_t row, const struct xid_history *history,
			bool with_seen)
{
	AUTO(buf) struct buf high = { 0 }, seen = { 0 };
	enum err err = xid_print_run(history->high, history->high_n, &high);

	with_seen &= history->has_seen;
	if (!err && with_seen)
		err = xid_print_run(history->seen.entries, history->seen.n, &seen);
	if (!err)
		err = run(store, SQL_PUT_HIGH, v_int(row), v_blob(high.bytes, high.len),
			  with_seen ? v_blob(seen.bytes, seen.len) : v_text(NULL));
	return err;
}

enum err store_judge(struct store *store, int64_t row, const struct item *item, enum verdict *ret,
		     bool *ret_is_news)
{
	AUTO(record) struct record record = { 0 };
	struct xid_history history;
	bool has_row;
	enum err err = record_load(store, row, &record);

	if (!err)
		err = load_history(store, &record, &history, &has_row);
	if (err)
		return err;
	bool is_held = record.change_key && item->change_key &&
		       strcmp(record.change_key, item->change_key) == 0;
	/* Fetched again, a version is judged by what was seen before it, as it was then: its own
	 * list may be higher than its key. */
	if (is_held && xid_history_has_last(&history, &item->predecessors))
		*ret = record.verdict;
	else
		*ret = xid_diagnose(&history, record.verdict == VERDICT_REGRESSED,
				    &item->mapi_change_key, &item->predecessors);
	*ret_is_news = !is_held || record.verdict != *ret;
	return ERR_OK;
}

enum err high_note(struct store *store, const struct record *record, const struct item *item,
		   bool is_kept)
{
	struct xid_history history, held = { .high_n = 0 };
	bool has_row = false;
	enum err err = load_history(store, record, &history, &has_row);

	if (err)
		return err;
	xid_history_note(&history, &item->mapi_change_key, &item->predecessors);
	xid_history_note(&held, &item->mapi_change_key, &item->predecessors);
	bool has_seen = held.has_seen || !history.has_seen;
	if (is_kept && has_seen && xid_history_equal(&history, &held))
		return has_row ? high_drop(store, record->row) : ERR_OK;
	return put_row(store, record->row, &history, !is_kept || !held.has_seen);
}

enum err high_keep(struct store *store, const struct record *record)
{
	struct xid_history history;
	bool has_row;
	enum err err = load_history(store, record, &history, &has_row);

	if (err || (history.high_n == 0 && !history.has_seen))
		return err;
	return put_row(store, record->row, &history, true);
}

enum err high_drop(struct store *store, int64_t row)
{
	return run(store, SQL_DROP_HIGH, v_int(row));
}
