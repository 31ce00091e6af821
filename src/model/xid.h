/* SPDX-License-Identifier: MIT */
#ifndef MODEL_XID_H
#define MODEL_XID_H

#include "base/buf.h"

/*
 * xid - PR_CHANGE_KEY (0x65E2) and PR_PREDECESSOR_CHANGE_LIST (0x65E3) decoded.
 *
 * An XID is a 16-byte GUID and a counter of 1 to 8 bytes, big endian; the blob's
 * length gives the counter's. Counters are compared byte by byte and only with the
 * same GUID and the same length; anything else cannot be judged. A list
 * is a run of { size: 1 byte, XID }, each GUID once. [MS-OXCFXICS 2.2.2.2, 2.2.2.3]
 */
#define XID_GUID_LEN 16
#define XID_LOCAL_MAX 8
#define XID_LIST_MAX 64 /* entries; a longer list is not judged */

struct xid {
	uint8_t guid[XID_GUID_LEN];
	uint8_t local[XID_LOCAL_MAX];
	uint8_t local_n; /* 1..8 */
};

struct xid_list {
	struct xid entries[XID_LIST_MAX];
	size_t n;
};

enum xid_order { XID_LOWER, XID_EQUAL, XID_HIGHER, XID_UNRELATED };

/* False for a length that is none: nothing can be said of such a key. */
bool xid_parse(const void *bytes, size_t n, struct xid *ret);
/* False for an overrun, a size out of range, a GUID twice, or a list too long. */
bool xid_parse_list(const void *bytes, size_t n, struct xid_list *ret);

/* a against b; XID_UNRELATED when GUID or length differ. */
enum xid_order xid_compare(const struct xid *a, const struct xid *b);
/* The entry of that GUID; NULL when there is none. */
const struct xid *xid_find(const struct xid_list *list, const uint8_t guid[XID_GUID_LEN]);

/* What the keys of an item say of it: INTERFACE.md, user.ews.sync. On disk. */
enum verdict { VERDICT_OK = 0, VERDICT_REGRESSED = 1, VERDICT_UNCOVERED = 2, VERDICT_UNKNOWN = 3 };
const char *verdict_text(enum verdict verdict);

/* OK, UNCOVERED or UNKNOWN: what one version alone can tell. REGRESSED takes the
 * history that the store keeps. */
enum verdict xid_judge(const struct buf *change_key, const struct buf *predecessors);

/* The 22 bytes inside an EWS ChangeKey of Exchange's form: 30 bytes once decoded,
 * with 16 00 00 00 at offset 4. False for any other: it is opaque. */
bool xid_of_ews_change_key(const char *change_key, struct xid *ret);
/* A ChangeKey that names no version: 4 bytes once decoded (NOTES 5.3). It never
 * replaces a full one. */
bool ews_change_key_is_stub(const char *change_key);

#endif
