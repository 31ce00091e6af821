/* SPDX-License-Identifier: MIT */
#ifndef MODEL_XID_HISTORY_H
#define MODEL_XID_HISTORY_H

#include "model/xid.h"

/*
 * xid_history - what was seen of an item's keys so far, and what that makes of the next version.
 *
 * `high` is the highest counter ever seen for each GUID, from change keys and lists; counters
 * of one GUID and different lengths cannot be compared and stand side by side. `seen` is the last
 * predecessor list that could be read. A history that is full takes no new GUIDs: its
 * length is the server's to choose, its bound is ours.
 */
#define XID_HIGH_MAX 128

struct xid_history {
	struct xid high[XID_HIGH_MAX];
	size_t high_n;
	struct xid_list seen;
	bool has_seen;
};

/* Takes note of a version: both blobs as the server sent them, either may be empty. */
void xid_history_note(struct xid_history *history, const struct buf *change_key,
		      const struct buf *predecessors);
/* True when that list is the last one seen. */
bool xid_history_has_last(const struct xid_history *history, const struct buf *predecessors);
/* True when both have the same in `high`. */
bool xid_history_equal(const struct xid_history *a, const struct xid_history *b);

/* `high` and `seen` as runs of { size, XID }; what is torn ends the run. */
MUST_CHECK enum err xid_print_run(const struct xid *entries, size_t n, struct buf *ret);
void xid_history_take_high(struct xid_history *history, const void *bytes, size_t n);
void xid_history_take_seen(struct xid_history *history, const void *bytes, size_t n);

/*
 * The verdict on a version that is not in the history yet. REGRESSED, the worst: its change key is
 * below `high`; or its list lacks or is below an entry of the last list seen; or the version
 * before it was regressed, and its list still lacks or is below what `high` has. UNKNOWN also
 * where the counters at hand have another length. A GUID never seen before is nothing special.
 */
enum verdict xid_diagnose(const struct xid_history *history, bool was_regressed,
			  const struct buf *change_key, const struct buf *predecessors);

#endif
