/* SPDX-License-Identifier: MIT */
#include "ctl/decode.h"

#include <stdio.h>
#include <string.h>

enum err decode_print_guid(struct buf *buf, const uint8_t guid[XID_GUID_LEN])
{
	/* Which byte stands where; -1 is a dash. */
	static const int order[] = { 3,	 2, 1, 0,  -1, 5,  4,  -1, 7,  6,
				     -1, 8, 9, -1, 10, 11, 12, 13, 14, 15 };
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(order); i++)
		err = order[i] < 0 ? buf_append_char(buf, '-')
				   : buf_printf(buf, "%02x", guid[order[i]]);
	return err;
}

enum err decode_print_xid(struct buf *buf, const struct xid *xid)
{
	unsigned long long number = 0;
	enum err err = decode_print_guid(buf, xid->guid);

	if (!err)
		err = buf_append_str(buf, "  counter 0x");
	for (size_t i = 0; !err && i < xid->local_n; i++) {
		number = number << 8 | xid->local[i];
		err = buf_printf(buf, "%02x", xid->local[i]);
	}
	return err ? err : buf_printf(buf, " (%llu)", number);
}

void diagnosis_release(struct diagnosis *diagnosis)
{
	buf_release(&diagnosis->change_key);
	buf_release(&diagnosis->predecessors);
}

/* Why the list does not cover the key. */
static const char *why_uncovered(const struct diagnosis *diagnosis)
{
	struct xid_list list;
	struct xid key;

	if (!xid_parse(diagnosis->change_key.bytes, diagnosis->change_key.len, &key) ||
	    !xid_parse_list(diagnosis->predecessors.bytes, diagnosis->predecessors.len, &list))
		return NULL;
	const struct xid *entry = xid_find(&list, key.guid);
	if (!entry)
		return "the list has no entry for the change key's GUID";
	return entry->local_n != key.local_n
		       ? "the list's entry for that GUID has a counter of another length"
		       : "the list's entry for that GUID has a lower counter";
}

static const char *why_unknown(const struct diagnosis *diagnosis)
{
	struct xid_list list;
	struct xid key;

	if (diagnosis->change_key.len == 0)
		return "the server gives no change key";
	if (!xid_parse(diagnosis->change_key.bytes, diagnosis->change_key.len, &key))
		return "the change key has a length that no change key has";
	if (diagnosis->predecessors.len == 0)
		return "the server gives no predecessor list";
	if (!xid_parse_list(diagnosis->predecessors.bytes, diagnosis->predecessors.len, &list))
		return "the predecessor list is torn or has a GUID twice";
	return "their form is one that Exchange does not use";
}

static enum err explain_regressed(struct buf *buf)
{
	return buf_append_str(buf,
			      "regressed: its change key or predecessor list went backwards: a "
			      "version seen before had a higher counter, so Outlook in cached "
			      "mode takes its own old copy for the newer one and keeps it\n");
}

static enum err explain_uncovered(struct buf *buf, const struct diagnosis *diagnosis)
{
	const char *why = why_uncovered(diagnosis);

	return buf_printf(
		buf,
		"uncovered: its predecessor list does not hold its own change key (%s), so "
		"Outlook cannot tell that this version follows the one it has\n",
		why ? why : "as the mount found");
}

enum err diagnosis_explain(struct buf *buf, const struct diagnosis *diagnosis)
{
	enum verdict seen = xid_judge(&diagnosis->change_key, &diagnosis->predecessors);
	bool is_regressed = strcmp(diagnosis->sync, verdict_text(VERDICT_REGRESSED)) == 0;
	bool is_uncovered = strcmp(diagnosis->sync, verdict_text(VERDICT_UNCOVERED)) == 0;
	enum err err = ERR_OK;

	if (is_regressed)
		err = explain_regressed(buf);
	if (!err && (is_uncovered || seen == VERDICT_UNCOVERED))
		return explain_uncovered(buf, diagnosis);
	if (!err && !is_regressed && seen == VERDICT_UNKNOWN)
		return buf_printf(
			buf,
			"unknown: its keys cannot be judged: %s; nothing is wrong with the "
			"item itself\n",
			why_unknown(diagnosis));
	if (!err && !is_regressed)
		err = buf_append_str(buf,
				     "ok: its predecessor list covers its change key, and neither "
				     "went backwards\n");
	return err;
}
