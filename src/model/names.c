/* SPDX-License-Identifier: MIT */
#include "model/names.h"

#include <string.h>
#include <utf8proc.h>

#include "base/text.h"
#include "model/hash.h"
#include "model/utf8.h"

/*
 * How many code points of a text are looked at, blanks collapsed and the trimmed start
 * not counted. At most four of them compose into one, so that these always fill
 * NAME_SUBJECT_MAX bytes; the bound keeps a megabyte of combining marks, which
 * normalisation sorts in quadratic time, from costing more than milliseconds.
 */
#define SCAN_MAX 2048

#define REPLACEMENT 0xFFFD
#define FULLWIDTH(ascii) ((ascii) + 0xFEE0)

static const char forbidden[] = "/\\:*?\"<>|";

static bool is_noncharacter(int32_t code)
{
	return (code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF);
}

static bool is_forbidden(int32_t code)
{
	return code > 0 && code < 0x80 && strchr(forbidden, code);
}

/*
 * Repairs, collapses blanks and trims the start: all that INTERFACE.md does before and after
 * NFC to characters that no composition takes part in, done here so that what is left can be
 * bounded. `trimmed` are the characters besides blanks that a name cannot begin with.
 */
static enum err squeeze(const char *text, size_t n, const char *trimmed, struct buf *ret)
{
	enum err err = ERR_OK;
	bool blank = false;
	int32_t code;
	size_t taken = 0;

	for (size_t at = 0; !err && at < n && taken < SCAN_MAX;) {
		at += utf8_next(text + at, n - at, &code);
		if (utf8_is_blank(code)) {
			blank = true;
			continue;
		}
		if (taken == 0 && code < 0x80 && strchr(trimmed, code))
			continue;
		if (blank && taken > 0)
			err = buf_append_char(ret, ' ');
		if (!err)
			err = utf8_append(ret, is_noncharacter(code) ? REPLACEMENT : code);
		blank = false;
		taken++;
	}
	return err;
}

static enum err compose_piece(const char *text, size_t n, struct buf *ret)
{
	uint8_t *composed = NULL;
	utf8proc_ssize_t composed_n = utf8proc_map((const uint8_t *)text, (utf8proc_ssize_t)n,
						   &composed, UTF8PROC_STABLE | UTF8PROC_COMPOSE);

	if (composed_n < 0)
		return composed_n == UTF8PROC_ERROR_NOMEM ? ERR_NOMEM : ERR_LIMIT;
	enum err err = buf_append(ret, composed, (size_t)composed_n);
	free(composed);
	return err;
}

static bool is_ascii(const struct buf *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->bytes[i] & 0x80)
			return false;
	return true;
}

/*
 * NFC, which ASCII is already. utf8proc 2.6 takes U+11A7 behind a Hangul syllable for a final
 * consonant and swallows it. It composes with nothing before it, so the text is cut there.
 */
static enum err compose(const struct buf *text, struct buf *ret)
{
	static const char jamo[] = "\xE1\x86\xA7";
	const char *at = buf_str(text), *end = at + text->len;
	enum err err = ERR_OK;

	if (is_ascii(text))
		return buf_append(ret, at, text->len);
	while (!err && at < end) {
		size_t skip = strncmp(at, jamo, strlen(jamo)) == 0 ? strlen(jamo) : 0;
		const char *next = strstr(at + skip, jamo);
		next = next ? next : end;
		err = compose_piece(at, (size_t)(next - at), ret);
		at = next;
	}
	return err;
}

static enum err widen(const struct buf *text, struct buf *ret)
{
	enum err err = ERR_OK;
	int32_t code;

	for (size_t at = 0; !err && at < text->len;) {
		at += utf8_next(text->bytes + at, text->len - at, &code);
		err = utf8_append(ret, is_forbidden(code) ? FULLWIDTH(code) : code);
	}
	return err;
}

static size_t trim_end(const char *text, size_t n)
{
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '.'))
		n--;
	return n;
}

static enum err clean(const char *text, size_t n, const char *trimmed, struct buf *ret)
{
	AUTO(buf) struct buf squeezed = { 0 }, composed = { 0 }, wide = { 0 };

	enum err err = squeeze(text, n, trimmed, &squeezed);
	if (!err)
		err = compose(&squeezed, &composed);
	if (!err)
		err = widen(&composed, &wide);
	if (err)
		return err;
	size_t keep = trim_end(wide.bytes, wide.len);
	keep = trim_end(wide.bytes, utf8_cut(wide.bytes, keep, NAME_SUBJECT_MAX));
	return buf_append(ret, buf_str(&wide), keep);
}

enum err name_clean(const char *text, size_t n, struct buf *ret)
{
	return clean(text, n, ".-", ret);
}

/* --- items --- */

static enum err print_date(const struct item *item, struct buf *ret)
{
	bool is_mail = strcmp(item_extension(item->item_class), "eml") == 0;
	int64_t first = item_is_appointment(item)	  ? item->start
			: is_mail && !item_is_draft(item) ? item->received
							  : item->created;
	const int64_t times[] = { first, item->received, item->created };
	AUTO(buf) struct buf iso = { 0 };
	enum err err = ERR_INVALID;

	/* ERR_INVALID is a time that is absent or that no calendar shows. */
	for (size_t i = 0; err == ERR_INVALID && i < ARRAY_LEN(times); i++)
		err = text_print_time(&iso, times[i]);
	if (err)
		return err == ERR_INVALID ? buf_append_str(ret, "0000-00-00 000000") : err;
	const char *s = iso.bytes; /* 2024-01-30T10:15:12Z */
	return buf_printf(ret, "%.10s %.2s%.2s%.2s", s, s + 11, s + 14, s + 17);
}

static enum err print_subject(const struct item *item, struct buf *ret)
{
	bool is_card = strcmp(item_extension(item->item_class), "vcf") == 0;
	const char *text = item->subject;
	size_t before = ret->len;
	enum err err = ERR_OK;

	if (is_card && item->display_name && *item->display_name)
		text = item->display_name;
	if (text)
		err = name_clean(text, strlen(text), ret);
	return !err && ret->len == before ? buf_append_str(ret, "(no subject)") : err;
}

enum err name_of_item(const struct item *item, struct buf *ret)
{
	enum err err = print_date(item, ret);

	if (!err)
		err = buf_append_char(ret, ' ');
	if (!err)
		err = print_subject(item, ret);
	if (!err)
		err = buf_append_char(ret, '.');
	if (!err)
		err = hash_print(ret, item->id ? item->id : "", 12);
	if (!err)
		err = buf_printf(ret, ".%s", item_extension(item->item_class));
	return err;
}

/* --- folders --- */

/* Does turning the fullwidth forms back give the display name? */
static bool turns_back_into(const char *name, size_t n, const char *display_name)
{
	int32_t code;

	for (size_t at = 0; at < n;) {
		size_t used = utf8_next(name + at, n - at, &code);
		if (code > 0xFF00 && is_forbidden(code - 0xFEE0)) {
			if (*display_name++ != code - 0xFEE0)
				return false;
		} else {
			if (strncmp(display_name, name + at, used) != 0)
				return false;
			display_name += used;
		}
		at += used;
	}
	return *display_name == '\0';
}

enum err name_of_folder(const char *display_name, struct buf *ret, bool *ret_lost)
{
	AUTO(buf) struct buf name = { 0 };
	const char *text = display_name ? display_name : "";
	enum err err = clean(text, strlen(text), "-", &name);

	if (err)
		return err;
	bool has_dot = name.len > 0 && name.bytes[0] == '.';
	bool lost = has_dot || !turns_back_into(buf_str(&name), name.len, text);
	if (has_dot)
		err = buf_append_str(ret, "\xE2\x80\xA4");
	if (!err && name.len == 0)
		err = buf_append_str(ret, "(no name)");
	if (!err)
		err = buf_append(ret, buf_str(&name) + has_dot, name.len - has_dot);
	if (!err)
		*ret_lost = lost || name.len == 0;
	return err;
}

enum err name_add_hash(struct buf *name, const char *folder_id, size_t digits)
{
	size_t room = NAME_BYTES_MAX - strlen(" ~") - digits;

	if (name->len > room) {
		name->len = utf8_cut(name->bytes, name->len, room);
		name->bytes[name->len] = '\0';
	}
	enum err err = buf_append_str(name, " ~");
	return err ? err : hash_print(name, folder_id, digits);
}
