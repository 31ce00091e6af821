/* SPDX-License-Identifier: MIT */
#ifndef MODEL_ATTR_H
#define MODEL_ATTR_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * attr - the extended attributes, one table, and how a set of them is packed.
 *
 * A packed set is a run of { code: 1 byte, length: 4 bytes little endian, value }.
 * Codes are on disk: never reuse or renumber one. Attributes that an item does
 * not have are not in its set. The cache holds the same more tightly: store/pack.c.
 */
/* clang-format off */
#define ATTR_TABLE(X) \
	/* name                code  xattr */ \
	X(ITEM_ID,             1,    "user.ews.item_id") \
	X(CHANGE_KEY,          2,    "user.ews.change_key") \
	X(PARENT_FOLDER_ID,    3,    "user.ews.parent_folder_id") \
	X(ITEM_CLASS,          4,    "user.ews.item_class") \
	X(SUBJECT,             5,    "user.ews.subject") \
	X(FROM,                6,    "user.ews.from") \
	X(TO,                  7,    "user.ews.to") \
	X(CC,                  8,    "user.ews.cc") \
	X(MESSAGE_ID,          9,    "user.ews.message_id") \
	X(CONVERSATION_ID,     10,   "user.ews.conversation_id") \
	X(RECEIVED,            11,   "user.ews.received") \
	X(SENT,                12,   "user.ews.sent") \
	X(CREATED,             13,   "user.ews.created") \
	X(MODIFIED,            14,   "user.ews.modified") \
	X(IS_READ,             15,   "user.ews.is_read") \
	X(IS_DRAFT,            16,   "user.ews.is_draft") \
	X(HAS_ATTACHMENTS,     17,   "user.ews.has_attachments") \
	X(IMPORTANCE,          18,   "user.ews.importance") \
	X(SENSITIVITY,         19,   "user.ews.sensitivity") \
	X(CATEGORIES,          20,   "user.ews.categories") \
	X(FLAG,                21,   "user.ews.flag") \
	X(SIZE,                22,   "user.ews.size") \
	X(MAPI_CHANGE_KEY,     23,   "user.mapi.change_key") \
	X(MAPI_PREDECESSORS,   24,   "user.mapi.predecessor_change_list") \
	X(SYNC,                25,   "user.ews.sync") \
	X(ERROR,               26,   "user.ews.error") \
	X(FOLDER_ID,           27,   "user.ews.folder_id") \
	X(FOLDER_CLASS,        28,   "user.ews.folder_class") \
	X(DISTINGUISHED,       29,   "user.ews.distinguished") \
	X(DISPLAY_NAME,        30,   "user.ews.display_name") \
	X(TOTAL_COUNT,         31,   "user.ews.total_count") \
	X(UNREAD_COUNT,        32,   "user.ews.unread_count") \
	X(CHILD_COUNT,         33,   "user.ews.child_count") \
	X(SYNC_STATE,          34,   "user.ews.sync_state") \
	X(LAST_SYNC,           35,   "user.ews.last_sync")
/* clang-format on */

enum attr {
#define X(name, code, xattr) ATTR_##name = code,
	ATTR_TABLE(X)
#undef X
};

/* NULL for a code that is not in the table. */
const char *attr_name(enum attr attr);
/* False when no attribute has that name. */
bool attr_by_name(const char *xattr, enum attr *ret);

/* Appends to a packed set. A NULL or empty value appends nothing. */
MUST_CHECK enum err attr_put(struct buf *set, enum attr attr, const char *value);
MUST_CHECK enum err attr_put_bytes(struct buf *set, enum attr attr, const void *value, size_t n);
/* TIME_NONE appends nothing; so does a time that no calendar date can show. */
MUST_CHECK enum err attr_put_time(struct buf *set, enum attr attr, int64_t time);
MUST_CHECK enum err attr_put_bool(struct buf *set, enum attr attr, bool value);
MUST_CHECK enum err attr_put_int(struct buf *set, enum attr attr, int64_t value);
MUST_CHECK enum err attr_put_hex(struct buf *set, enum attr attr, const void *bytes, size_t n);

/* The value, borrowed from the set. The last of two with one code counts.
 * ERR_NO_XATTR when it is not there, ERR_DAMAGED when the set is torn. */
MUST_CHECK enum err attr_find(const struct buf *set, enum attr attr, const char **ret,
			      size_t *ret_n);

struct attr_entry {
	enum attr attr;
	const char *value; /* of the set */
	size_t n;
};
/* The entry at *at, 0 at first, which moves on. False at the end, and when the set is torn; then
 * *at is not at the end of it. */
bool attr_next(const struct buf *set, size_t *at, struct attr_entry *ret);

/* The names in the set, each with its NUL, as listxattr(2) wants them. */
MUST_CHECK enum err attr_list(const struct buf *set, struct buf *ret);

#endif
