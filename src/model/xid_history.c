/* SPDX-License-Identifier: MIT */
#include "model/xid_history.h"

#include <string.h>

static bool is_same_guid(const struct xid *a, const struct xid *b)
{
	return memcmp(a->guid, b->guid, XID_GUID_LEN) == 0;
}

/* --- keeping --- */

static void raise_high(struct xid_history *history, const struct xid *xid)
{
	for (size_t i = 0; i < history->high_n; i++) {
		enum xid_order order = xid_compare(xid, &history->high[i]);
		if (order == XID_HIGHER)
			history->high[i] = *xid;
		if (order != XID_UNRELATED)
			return;
	}
	if (history->high_n < XID_HIGH_MAX)
		history->high[history->high_n++] = *xid;
}

/* An empty list is one that the server did not give. */
static bool parse_list(const struct buf *bytes, struct xid_list *ret)
{
	return bytes->len > 0 && xid_parse_list(bytes->bytes, bytes->len, ret);
}

void xid_history_note(struct xid_history *history, const struct buf *change_key,
		      const struct buf *predecessors)
{
	struct xid key;

	if (parse_list(predecessors, &history->seen))
		history->has_seen = true;
	for (size_t i = 0; history->has_seen && i < history->seen.n; i++)
		raise_high(history, &history->seen.entries[i]);
	if (xid_parse(change_key->bytes, change_key->len, &key))
		raise_high(history, &key);
}

bool xid_history_has_last(const struct xid_history *history, const struct buf *predecessors)
{
	struct xid_list list;
	bool equal = history->has_seen && parse_list(predecessors, &list) &&
		     list.n == history->seen.n;

	for (size_t i = 0; equal && i < list.n; i++)
		equal = xid_compare(&list.entries[i], &history->seen.entries[i]) == XID_EQUAL;
	return equal;
}

static bool has_equal(const struct xid_history *history, const struct xid *xid)
{
	for (size_t i = 0; i < history->high_n; i++) {
		if (xid_compare(xid, &history->high[i]) == XID_EQUAL)
			return true;
	}
	return false;
}

bool xid_history_equal(const struct xid_history *a, const struct xid_history *b)
{
	bool equal = a->high_n == b->high_n;

	for (size_t i = 0; equal && i < a->high_n; i++)
		equal = has_equal(b, &a->high[i]);
	return equal;
}

enum err xid_print_run(const struct xid *entries, size_t n, struct buf *ret)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++) {
		err = buf_append_char(ret, (char)(XID_GUID_LEN + entries[i].local_n));
		if (!err)
			err = buf_append(ret, entries[i].guid, XID_GUID_LEN);
		if (!err)
			err = buf_append(ret, entries[i].local, entries[i].local_n);
	}
	return err;
}

void xid_history_take_high(struct xid_history *history, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	struct xid entry;

	for (size_t at = 0; at < n; at += 1 + (size_t)p[at]) {
		if (p[at] > n - at - 1 || !xid_parse(p + at + 1, p[at], &entry))
			return;
		raise_high(history, &entry);
	}
}

void xid_history_take_seen(struct xid_history *history, const void *bytes, size_t n)
{
	if (xid_parse_list(bytes, n, &history->seen))
		history->has_seen = true;
}

/* --- judging --- */

/* What is known of a GUID, against a version of it. */
enum standing { STANDS, FELL, INCOMPARABLE };

static enum standing worse(enum standing a, enum standing b)
{
	return a == FELL || b == FELL ? FELL : a > b ? a : b;
}

/* The key against the counters of its GUID; those of other lengths say nothing beside one that
 * has the same. */
static enum standing judge_key(const struct xid_history *history, const struct xid *key)
{
	enum standing standing = STANDS;

	for (size_t i = 0; i < history->high_n; i++) {
		enum xid_order order = xid_compare(key, &history->high[i]);
		if (order == XID_LOWER)
			return FELL;
		if (order != XID_UNRELATED)
			return STANDS;
		if (is_same_guid(key, &history->high[i]))
			standing = INCOMPARABLE;
	}
	return standing;
}

/* The list against entries that it should have, at least as high. */
static enum standing judge_list(const struct xid_list *list, const struct xid *entries, size_t n)
{
	enum standing standing = STANDS;

	for (size_t i = 0; standing != FELL && i < n; i++) {
		const struct xid *now = xid_find(list, entries[i].guid);
		enum xid_order order = now ? xid_compare(now, &entries[i]) : XID_LOWER;
		if (order == XID_LOWER)
			standing = FELL;
		else if (order == XID_UNRELATED)
			standing = INCOMPARABLE;
	}
	return standing;
}

/* A counter of another length than the list's is no proof while the list has one that is. */
static enum standing judge_high(const struct xid_history *history, const struct xid_list *list)
{
	return judge_list(list, history->high, history->high_n) == FELL ? FELL : STANDS;
}

enum verdict xid_diagnose(const struct xid_history *history, bool was_regressed,
			  const struct buf *change_key, const struct buf *predecessors)
{
	enum standing standing = STANDS;
	struct xid_list list;
	struct xid key;

	if (xid_parse(change_key->bytes, change_key->len, &key))
		standing = judge_key(history, &key);
	if (parse_list(predecessors, &list)) {
		if (history->has_seen)
			standing = worse(standing,
					 judge_list(&list, history->seen.entries, history->seen.n));
		if (was_regressed)
			standing = worse(standing, judge_high(history, &list));
	}
	if (standing == FELL)
		return VERDICT_REGRESSED;
	enum verdict alone = xid_judge(change_key, predecessors);
	return alone == VERDICT_OK && standing == INCOMPARABLE ? VERDICT_UNKNOWN : alone;
}
