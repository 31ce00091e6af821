/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <string.h>

#include "model/attr.h"
#include "store/internal.h"

/*
 * Attributes as they lie in the cache: half as long as their texts.
 *
 * Each is { code and form: 1 byte, length: 1 byte, or 255 and 4 bytes, what the form makes of the
 * value }; or of FORM_SHORT { code and form, number of a word, or 255 and a time }. A form is taken
 * only where it gives the same text back.
 */
enum form { FORM_TEXT, FORM_BASE64, FORM_HEX, FORM_SHORT };
#define FORM_SHIFT 6 /* codes are below 64 */
#define ESCAPE 255
#define TIME_BYTES 5
#define TIME_BIAS ((int64_t)1 << 39)

/* What many items have. The numbers are on disk: never reuse or renumber one. */
static const char *const words[] = { "false", "true", "IPM.Note", "Normal", "NotFlagged" };

static enum err put_code(struct buf *ret, enum attr attr, enum form form)
{
	return buf_append_char(ret, (char)((unsigned)attr | (unsigned)form << FORM_SHIFT));
}

static enum err put_value(struct buf *ret, enum attr attr, enum form form, const void *value,
			  size_t n)
{
	uint32_t word = htole32((uint32_t)n);
	enum err err = put_code(ret, attr, form);

	if (!err)
		err = buf_append_char(ret, (char)(n < ESCAPE ? n : ESCAPE));
	if (!err && n >= ESCAPE)
		err = buf_append(ret, &word, sizeof(word));
	return err ? err : buf_append(ret, value, n);
}

/* ERR_INVALID: it is none of them; so below. */
static enum err put_word(struct buf *ret, const struct attr_entry *entry)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (entry->n != strlen(words[i]) || memcmp(entry->value, words[i], entry->n) != 0)
			continue;
		enum err err = put_code(ret, entry->attr, FORM_SHORT);
		return err ? err : buf_append_char(ret, (char)i);
	}
	return ERR_INVALID;
}

static enum err put_time(struct buf *ret, const struct attr_entry *entry)
{
	AUTO(buf) struct buf text = { 0 }, again = { 0 };
	int64_t time;
	enum err err = buf_append(&text, entry->value, entry->n);

	if (!err && !text_parse_time(buf_str(&text), &time))
		err = ERR_INVALID;
	if (!err)
		err = text_print_time(&again, time);
	if (!err && strcmp(buf_str(&again), buf_str(&text)) != 0)
		err = ERR_INVALID;
	if (err)
		return err;
	uint64_t word = htole64((uint64_t)(time + TIME_BIAS));
	err = put_code(ret, entry->attr, FORM_SHORT);
	if (!err)
		err = buf_append_char(ret, (char)ESCAPE);
	return err ? err : buf_append(ret, &word, TIME_BYTES);
}

static enum err put_bytes(struct buf *ret, const struct attr_entry *entry, enum form form)
{
	AUTO(buf) struct buf bytes = { 0 };
	enum err err = form == FORM_HEX ? text_parse_hex(&bytes, entry->value, entry->n)
					: sql_parse_id(entry->value, entry->n, &bytes);

	return err ? err : put_value(ret, entry->attr, form, bytes.bytes, bytes.len);
}

static enum err put_short(struct buf *ret, const struct attr_entry *entry)
{
	switch (entry->attr) {
	case ATTR_ITEM_ID:
	case ATTR_CHANGE_KEY:
	case ATTR_PARENT_FOLDER_ID:
	case ATTR_CONVERSATION_ID: return put_bytes(ret, entry, FORM_BASE64);
	case ATTR_MAPI_CHANGE_KEY:
	case ATTR_MAPI_PREDECESSORS: return put_bytes(ret, entry, FORM_HEX);
	case ATTR_RECEIVED:
	case ATTR_SENT:
	case ATTR_CREATED:
	case ATTR_MODIFIED: return put_time(ret, entry);
	default: return put_word(ret, entry);
	}
}

enum err pack_attrs(const struct buf *set, struct buf *ret)
{
	struct attr_entry entry;
	enum err err = ERR_OK;
	size_t at = 0;

	while (!err && attr_next(set, &at, &entry)) {
		err = put_short(ret, &entry);
		if (err == ERR_INVALID)
			err = put_value(ret, entry.attr, FORM_TEXT, entry.value, entry.n);
	}
	return !err && at != set->len ? ERR_DAMAGED : err;
}

/* --- and back --- */

static bool take(struct buf *packed, size_t n, const uint8_t **ret)
{
	if (packed->len < n)
		return false;
	*ret = (const uint8_t *)packed->bytes;
	packed->bytes += n;
	packed->len -= n;
	return true;
}

static enum err unpack_short(struct buf *packed, enum attr attr, struct buf *set)
{
	const uint8_t *number, *bytes;
	uint64_t word = 0;

	if (!take(packed, 1, &number))
		return ERR_DAMAGED;
	if (*number < ARRAY_LEN(words))
		return attr_put(set, attr, words[*number]);
	if (*number != ESCAPE || !take(packed, TIME_BYTES, &bytes))
		return ERR_DAMAGED;
	memcpy(&word, bytes, TIME_BYTES);
	return attr_put_time(set, attr, (int64_t)le64toh(word) - TIME_BIAS);
}

static enum err unpack_value(struct buf *packed, enum attr attr, enum form form, struct buf *set)
{
	AUTO(buf) struct buf text = { 0 };
	const uint8_t *short_n, *long_n, *value;
	uint32_t n;

	if (!take(packed, 1, &short_n))
		return ERR_DAMAGED;
	n = *short_n;
	if (n == ESCAPE) {
		if (!take(packed, sizeof(n), &long_n))
			return ERR_DAMAGED;
		memcpy(&n, long_n, sizeof(n));
		n = le32toh(n);
	}
	if (!take(packed, n, &value))
		return ERR_DAMAGED;
	if (form == FORM_HEX)
		return attr_put_hex(set, attr, value, n);
	if (form == FORM_TEXT)
		return attr_put_bytes(set, attr, value, n);
	enum err err = text_print_base64(&text, value, n);
	return err ? err : attr_put_bytes(set, attr, text.bytes, text.len);
}

enum err unpack_attrs(const void *bytes, size_t n, struct buf *set)
{
	struct buf packed = { (char *)bytes, n, n };
	const uint8_t *head;
	enum err err = ERR_OK;

	while (!err && take(&packed, 1, &head)) {
		enum attr attr = *head & ((1 << FORM_SHIFT) - 1);
		enum form form = *head >> FORM_SHIFT;
		err = form == FORM_SHORT ? unpack_short(&packed, attr, set)
					 : unpack_value(&packed, attr, form, set);
	}
	/* A time that cannot be, say. */
	return err == ERR_INVALID ? ERR_DAMAGED : err;
}
