/* SPDX-License-Identifier: MIT */
#include "model/attr.h"

#include <string.h>

#include "base/text.h"

#define HEAD_LEN 5

static const char *const names[] = {
#define X(name, code, xattr) [code] = xattr,
	ATTR_TABLE(X)
#undef X
};

const char *attr_name(enum attr attr)
{
	return (size_t)attr < ARRAY_LEN(names) ? names[attr] : NULL;
}

bool attr_by_name(const char *xattr, enum attr *ret)
{
	for (size_t code = 0; code < ARRAY_LEN(names); code++) {
		if (names[code] && strcmp(names[code], xattr) == 0) {
			*ret = (enum attr)code;
			return true;
		}
	}
	return false;
}

enum err attr_put_bytes(struct buf *set, enum attr attr, const void *value, size_t n)
{
	size_t before = set->len;

	if (!value || n == 0)
		return ERR_OK;
	if (n > BUF_MAX)
		return ERR_LIMIT;
	uint8_t head[HEAD_LEN] = { (uint8_t)attr, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
				   (uint8_t)(n >> 24) };
	enum err err = buf_append(set, head, sizeof(head));
	if (!err)
		err = buf_append(set, value, n);
	if (err && set->len > before) {
		set->len = before;
		set->bytes[before] = '\0';
	}
	return err;
}

enum err attr_put(struct buf *set, enum attr attr, const char *value)
{
	return attr_put_bytes(set, attr, value, value ? strlen(value) : 0);
}

enum err attr_put_time(struct buf *set, enum attr attr, int64_t time)
{
	AUTO(buf) struct buf text = { 0 };
	enum err err = text_print_time(&text, time);

	if (err == ERR_INVALID)
		return ERR_OK;
	return err ? err : attr_put_bytes(set, attr, text.bytes, text.len);
}

enum err attr_put_bool(struct buf *set, enum attr attr, bool value)
{
	return attr_put(set, attr, value ? "true" : "false");
}

enum err attr_put_int(struct buf *set, enum attr attr, int64_t value)
{
	AUTO(buf) struct buf text = { 0 };
	enum err err = buf_printf(&text, "%lld", (long long)value);

	return err ? err : attr_put_bytes(set, attr, text.bytes, text.len);
}

enum err attr_put_hex(struct buf *set, enum attr attr, const void *bytes, size_t n)
{
	AUTO(buf) struct buf text = { 0 };
	enum err err = text_print_hex(&text, bytes, n);

	return err ? err : attr_put_bytes(set, attr, text.bytes, text.len);
}

bool attr_next(const struct buf *set, size_t *at, struct attr_entry *ret)
{
	if (set->len - *at < HEAD_LEN)
		return false;
	const uint8_t *head = (const uint8_t *)set->bytes + *at;
	size_t n = head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 | (size_t)head[4] << 24;
	if (n > set->len - *at - HEAD_LEN)
		return false;
	*ret = (struct attr_entry){ head[0], set->bytes + *at + HEAD_LEN, n };
	*at += HEAD_LEN + n;
	return true;
}

enum err attr_find(const struct buf *set, enum attr attr, const char **ret, size_t *ret_n)
{
	struct attr_entry entry, found = { 0 };
	size_t at = 0;

	while (attr_next(set, &at, &entry)) {
		if (entry.attr == attr)
			found = entry;
	}
	if (at != set->len)
		return ERR_DAMAGED;
	if (!found.value)
		return ERR_NO_XATTR;
	*ret = found.value;
	*ret_n = found.n;
	return ERR_OK;
}

enum err attr_list(const struct buf *set, struct buf *ret)
{
	bool listed[ARRAY_LEN(names)] = { 0 };
	struct attr_entry entry;
	size_t at = 0;
	enum err err = ERR_OK;

	while (!err && attr_next(set, &at, &entry)) {
		const char *name = attr_name(entry.attr);
		if (!name || listed[entry.attr])
			continue;
		listed[entry.attr] = true;
		err = buf_append(ret, name, strlen(name) + 1);
	}
	return !err && at != set->len ? ERR_DAMAGED : err;
}
