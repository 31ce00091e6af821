/* SPDX-License-Identifier: MIT */
#ifndef CTL_DECODE_H
#define CTL_DECODE_H

#include "model/xid.h"

/* decode - change keys and predecessor lists for people. Pure. */

/* "1c0e8b1c-57ad-4c0f-9d1e-0123456789ab": the first three fields are little endian. */
MUST_CHECK enum err decode_print_guid(struct buf *buf, const uint8_t guid[XID_GUID_LEN]);
/* GUID and counter; that in hex with its leading zeros, as it is compared, and as a number. */
MUST_CHECK enum err decode_print_xid(struct buf *buf, const struct xid *xid);

/* What `user.ews.sync` says of an item, and the two properties, decoded from hex; empty: absent. */
struct diagnosis {
	const char *sync; /* "": not said */
	struct buf change_key, predecessors;
};
void diagnosis_release(struct diagnosis *diagnosis);

/* What is wrong, in a sentence for each fault, each begun with its word; "ok: ..." for none. */
MUST_CHECK enum err diagnosis_explain(struct buf *buf, const struct diagnosis *diagnosis);

#endif
