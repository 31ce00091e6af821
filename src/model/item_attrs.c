/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "model/attr.h"
#include "model/item.h"
#include "model/utf8.h"

/*
 * The values of one item are to stay below 3 KiB, since a copy of the tree on
 * ext4 has no room for more. What the store adds (three ids, a time, a size, two words,
 * a reason) is set aside. Every text has a cap of its own; the two long lists,
 * `to` and `cc`, share what is left. Ids and version keys are never cut: half a
 * key is none.
 */
#define VALUES_MAX 3071
#define STORE_VALUES 512
#define LISTS_MIN 256
#define CLASS_MAX 128
#define SUBJECT_MAX 512
#define FROM_MAX 400
#define MESSAGE_ID_MAX 255
#define WORD_MAX 32
#define CATEGORIES_MAX 255

static enum err put_text(struct buf *set, enum attr attr, const char *text, size_t max)
{
	AUTO(buf) struct buf value = { 0 };

	if (!text)
		return ERR_OK;
	size_t n = strlen(text);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	enum err err = utf8_append_capped(&value, text, n, max);
	return err ? err : attr_put_bytes(set, attr, value.bytes, value.len);
}

/* Where the last whole entry ends that leaves room for `more` bytes within max. A
 * display name may hold ", ", so the end of an address is the surer place. */
static size_t cut_list(const char *text, const char *separator, size_t max, size_t more)
{
	size_t keep = 0;

	for (const char *at = text; (at = strstr(at, separator)); at++) {
		size_t end = (size_t)(at - text) + (*separator == '>');
		if (end + more > max)
			break;
		keep = end;
	}
	return keep;
}

/* Ends a list that is too long in `closing`, behind the last whole entry that fits. */
static enum err put_list(struct buf *set, enum attr attr, const char *text, size_t max,
			 const char *const *separators, const char *closing)
{
	AUTO(buf) struct buf value = { 0 };
	size_t keep = 0;

	if (!text || strlen(text) <= max)
		return put_text(set, attr, text, max);
	for (; keep == 0 && *separators; separators++)
		keep = cut_list(text, *separators, max, strlen(closing));
	if (keep == 0)
		return put_text(set, attr, text, max);
	enum err err = buf_append(&value, text, keep);
	if (!err)
		err = buf_append_str(&value, closing);
	return err ? err : put_text(set, attr, value.bytes, max);
}

static enum err put_addresses(struct buf *set, enum attr attr, const char *text, size_t max)
{
	static const char *const separators[] = { ">, ", ", ", "; ", NULL };

	return put_list(set, attr, text, max, separators, ", " UTF8_ELLIPSIS);
}

static enum err put_categories(struct buf *set, const char *text)
{
	static const char *const separators[] = { "\n", NULL };

	return put_list(set, ATTR_CATEGORIES, text, CATEGORIES_MAX, separators, "\n" UTF8_ELLIPSIS);
}

static const char *flag_text(int64_t status)
{
	return status == 1 ? "Complete" : status == 2 ? "Flagged" : "NotFlagged";
}

/* Everything behind the lists in the order of the table. */
static enum err put_rest(struct buf *set, const struct item *item)
{
	enum err err = put_text(set, ATTR_MESSAGE_ID, item->message_id, MESSAGE_ID_MAX);

	if (!err)
		err = attr_put(set, ATTR_CONVERSATION_ID, item->conversation_id);
	if (!err)
		err = attr_put_time(set, ATTR_RECEIVED, item->received);
	if (!err)
		err = attr_put_time(set, ATTR_SENT, item->sent);
	if (!err)
		err = attr_put_time(set, ATTR_CREATED, item->created);
	if (!err && item->has_message_flags)
		err = attr_put_bool(set, ATTR_IS_DRAFT, item_is_draft(item));
	if (!err)
		err = attr_put_bool(set, ATTR_HAS_ATTACHMENTS, item->has_attachments);
	if (!err)
		err = put_text(set, ATTR_IMPORTANCE, item->importance, WORD_MAX);
	if (!err)
		err = put_text(set, ATTR_SENSITIVITY, item->sensitivity, WORD_MAX);
	if (!err)
		err = put_categories(set, item->categories);
	if (!err)
		err = attr_put(set, ATTR_FLAG, flag_text(item->flag_status));
	if (!err)
		err = attr_put_hex(set, ATTR_MAPI_CHANGE_KEY, item->mapi_change_key.bytes,
				   item->mapi_change_key.len);
	if (!err)
		err = attr_put_hex(set, ATTR_MAPI_PREDECESSORS, item->predecessors.bytes,
				   item->predecessors.len);
	return err;
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t list_len(const char *text)
{
	return text ? min(strlen(text), ITEM_ADDRESSES_MAX - 1) : 0;
}

/* Neither list takes more than half of the room unless the other leaves it. */
static void share_room(const struct item *item, size_t used, size_t *ret_to, size_t *ret_cc)
{
	size_t most = VALUES_MAX - STORE_VALUES;
	size_t room = used + LISTS_MIN < most ? most - used : LISTS_MIN;
	size_t to = list_len(item->to), cc = list_len(item->cc);

	if (to + cc > room) {
		to = min(to, cc < room / 2 ? room - cc : room / 2);
		cc = min(cc, room - to);
	}
	*ret_to = to;
	*ret_cc = cc;
}

enum err item_print_attrs(const struct item *item, struct buf *set)
{
	AUTO(buf) struct buf head = { 0 }, rest = { 0 };
	size_t to_max, cc_max;

	enum err err = put_text(&head, ATTR_ITEM_CLASS, item->item_class, CLASS_MAX);
	if (!err)
		err = put_text(&head, ATTR_SUBJECT, item->subject, SUBJECT_MAX);
	if (!err)
		err = put_text(&head, ATTR_FROM, item->from, FROM_MAX);
	if (!err)
		err = put_rest(&rest, item);
	share_room(item, head.len + rest.len, &to_max, &cc_max);
	if (!err)
		err = put_addresses(&head, ATTR_TO, item->to, to_max);
	if (!err)
		err = put_addresses(&head, ATTR_CC, item->cc, cc_max);
	if (!err)
		err = buf_append(set, buf_str(&head), head.len);
	if (!err)
		err = buf_append(set, buf_str(&rest), rest.len);
	return err;
}
