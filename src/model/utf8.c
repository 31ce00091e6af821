/* SPDX-License-Identifier: MIT */
#include "model/utf8.h"

#include <string.h>
#include <utf8proc.h>

#define REPLACEMENT 0xFFFD

/* What may follow a lead byte: how many bytes, and the range of the first of them,
 * which is where overlong forms, surrogates and what lies beyond U+10FFFF stop. */
struct lead {
	uint8_t more, min, max;
};

static struct lead lead_of(uint8_t byte)
{
	if (byte >= 0xC2 && byte <= 0xDF)
		return (struct lead){ 1, 0x80, 0xBF };
	if (byte >= 0xE0 && byte <= 0xEF)
		return (struct lead){ 2, byte == 0xE0 ? 0xA0 : 0x80, byte == 0xED ? 0x9F : 0xBF };
	if (byte >= 0xF0 && byte <= 0xF4)
		return (struct lead){ 3, byte == 0xF0 ? 0x90 : 0x80, byte == 0xF4 ? 0x8F : 0xBF };
	return (struct lead){ 0 };
}

size_t utf8_next(const char *s, size_t n, int32_t *ret)
{
	const uint8_t *p = (const uint8_t *)s;
	struct lead lead = lead_of(p[0]);
	int32_t code = p[0] & (0x3F >> lead.more);

	*ret = REPLACEMENT;
	if (p[0] < 0x80)
		*ret = p[0];
	if (lead.more == 0)
		return 1;
	for (size_t i = 1; i <= lead.more; i++) {
		if (i >= n || p[i] < lead.min || p[i] > lead.max)
			return i;
		code = code << 6 | (p[i] & 0x3F);
		lead.min = 0x80;
		lead.max = 0xBF;
	}
	*ret = code;
	return 1 + (size_t)lead.more;
}

enum err utf8_append(struct buf *buf, int32_t code)
{
	uint8_t bytes[4];

	if (code >= 0 && code < 0x80)
		return buf_append_char(buf, (char)code);
	return buf_append(buf, bytes, (size_t)utf8proc_encode_char(code, bytes));
}

static bool is_white_space(int32_t code)
{
	return code == 0x20 || code == 0xA0 || code == 0x1680 ||
	       (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
	       code == 0x202F || code == 0x205F || code == 0x3000;
}

bool utf8_is_blank(int32_t code)
{
	bool is_control = code < 0x20 || (code >= 0x7F && code <= 0x9F);
	bool is_bidi = code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
		       (code >= 0x2066 && code <= 0x2069);

	return is_control || is_bidi || code == 0xFEFF || is_white_space(code);
}

size_t utf8_cut(const char *s, size_t n, size_t max)
{
	size_t at = 0, last_code = 0, last_grapheme = 0;
	int32_t code, before = 0, state = 0;

	if (n <= max)
		return n;
	while (at <= max) {
		size_t used = utf8_next(s + at, n - at, &code);
		last_code = at;
		if (at > 0 && utf8proc_grapheme_break_stateful(before, code, &state))
			last_grapheme = at;
		before = code;
		at += used;
	}
	return last_grapheme ? last_grapheme : last_code;
}

/* How many bytes from the start are graphic ASCII: nearly all of them, and fine everywhere. */
static size_t plain_n(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n && text[i] > ' ' && text[i] < 0x7F)
		i++;
	return i;
}

/* Appends the line or the text repaired, until it passes max: what follows is cut
 * anyway, so a text of any length costs no more. */
static enum err append_repaired(struct buf *buf, const char *text, size_t n, size_t max,
				bool one_line)
{
	enum err err = ERR_OK;
	bool pending = false, started = false;
	int32_t code;

	for (size_t at = 0; !err && at < n && buf->len <= max;) {
		size_t plain = plain_n(text + at, n - at < max ? n - at : max);
		size_t used = plain ? plain : utf8_next(text + at, n - at, &code);
		if (!plain && one_line && utf8_is_blank(code)) {
			pending = started;
			at += used;
			continue;
		}
		if (pending)
			err = buf_append_char(buf, ' ');
		if (!err)
			err = plain ? buf_append(buf, text + at, plain) : utf8_append(buf, code);
		at += used;
		pending = false;
		started = true;
	}
	return err;
}

static enum err append_cut(struct buf *buf, const char *text, size_t n, size_t max, bool one_line)
{
	AUTO(buf) struct buf repaired = { 0 };
	enum err err = append_repaired(&repaired, text, n, max, one_line);

	if (err || repaired.len <= max)
		return err ? err : buf_append(buf, repaired.bytes, repaired.len);
	size_t keep = utf8_cut(repaired.bytes, repaired.len, max - strlen(UTF8_ELLIPSIS));
	err = buf_append(buf, repaired.bytes, keep);
	return err ? err : buf_append_str(buf, UTF8_ELLIPSIS);
}

enum err utf8_append_capped(struct buf *buf, const char *text, size_t n, size_t max)
{
	return append_cut(buf, text, n, max, false);
}

enum err utf8_append_line(struct buf *buf, const char *text, size_t n, size_t max)
{
	return append_cut(buf, text, n, max, true);
}
