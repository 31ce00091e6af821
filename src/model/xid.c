/* SPDX-License-Identifier: MIT */
#include "model/xid.h"

#include <string.h>

#include "base/text.h"

/* Of an EWS ChangeKey: object type, length of the key that follows. */
#define EWS_HEAD_LEN 8
#define EWS_XID_LEN 22
#define EWS_STUB_LEN 4

bool xid_parse(const void *bytes, size_t n, struct xid *ret)
{
	const uint8_t *p = bytes;

	if (n <= XID_GUID_LEN || n > XID_GUID_LEN + XID_LOCAL_MAX)
		return false;
	*ret = (struct xid){ .local_n = (uint8_t)(n - XID_GUID_LEN) };
	memcpy(ret->guid, p, XID_GUID_LEN);
	memcpy(ret->local, p + XID_GUID_LEN, ret->local_n);
	return true;
}

bool xid_parse_list(const void *bytes, size_t n, struct xid_list *ret)
{
	const uint8_t *p = bytes;
	struct xid_list list = { 0 };
	struct xid entry;

	for (size_t at = 0; at < n; at += 1 + (size_t)p[at]) {
		if (list.n == XID_LIST_MAX || p[at] > n - at - 1)
			return false;
		if (!xid_parse(p + at + 1, p[at], &entry) || xid_find(&list, entry.guid))
			return false;
		list.entries[list.n++] = entry;
	}
	*ret = list;
	return true;
}

enum xid_order xid_compare(const struct xid *a, const struct xid *b)
{
	if (a->local_n != b->local_n || memcmp(a->guid, b->guid, XID_GUID_LEN) != 0)
		return XID_UNRELATED;
	int order = memcmp(a->local, b->local, a->local_n);
	return order < 0 ? XID_LOWER : order > 0 ? XID_HIGHER : XID_EQUAL;
}

const struct xid *xid_find(const struct xid_list *list, const uint8_t guid[XID_GUID_LEN])
{
	for (size_t i = 0; i < list->n; i++) {
		if (memcmp(list->entries[i].guid, guid, XID_GUID_LEN) == 0)
			return &list->entries[i];
	}
	return NULL;
}

const char *verdict_text(enum verdict verdict)
{
	static const char *const texts[] = {
		[VERDICT_OK] = "ok",
		[VERDICT_REGRESSED] = "regressed",
		[VERDICT_UNCOVERED] = "uncovered",
		[VERDICT_UNKNOWN] = "unknown",
	};

	return (size_t)verdict < ARRAY_LEN(texts) ? texts[verdict] : texts[VERDICT_UNKNOWN];
}

enum verdict xid_judge(const struct buf *change_key, const struct buf *predecessors)
{
	struct xid_list list;
	struct xid key;

	if (!xid_parse(change_key->bytes, change_key->len, &key) || predecessors->len == 0 ||
	    !xid_parse_list(predecessors->bytes, predecessors->len, &list))
		return VERDICT_UNKNOWN;
	const struct xid *entry = xid_find(&list, key.guid);
	enum xid_order order = entry ? xid_compare(&key, entry) : XID_UNRELATED;
	return order == XID_LOWER || order == XID_EQUAL ? VERDICT_OK : VERDICT_UNCOVERED;
}

/* The decoded key; more than the longest form that we know is as good as none. */
static bool decode(const char *change_key, uint8_t bytes[EWS_HEAD_LEN + EWS_XID_LEN], size_t *ret_n)
{
	AUTO(buf) struct buf decoded = { 0 };
	size_t max = EWS_HEAD_LEN + EWS_XID_LEN;

	if (!change_key || text_parse_base64(&decoded, change_key, strnlen(change_key, 4 * max)) ||
	    decoded.len > max)
		return false;
	memcpy(bytes, buf_str(&decoded), decoded.len);
	*ret_n = decoded.len;
	return true;
}

bool xid_of_ews_change_key(const char *change_key, struct xid *ret)
{
	static const uint8_t length[4] = { EWS_XID_LEN };
	uint8_t bytes[EWS_HEAD_LEN + EWS_XID_LEN];
	size_t n;

	if (!decode(change_key, bytes, &n) || n != sizeof(bytes) ||
	    memcmp(bytes + 4, length, sizeof(length)) != 0)
		return false;
	return xid_parse(bytes + EWS_HEAD_LEN, EWS_XID_LEN, ret);
}

bool ews_change_key_is_stub(const char *change_key)
{
	uint8_t bytes[EWS_HEAD_LEN + EWS_XID_LEN];
	size_t n;

	return decode(change_key, bytes, &n) && n == EWS_STUB_LEN;
}
