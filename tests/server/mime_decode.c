/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <iconv.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "mime_in.h"

/* The encodings that mail goes in: base64, quoted-printable, charsets, dates. */

/* The bytes of the character at s, at most n; 0 for what is not UTF-8. */
static size_t utf8_length(const unsigned char *s, size_t n)
{
	static const uint8_t by_head[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 3, 4 };
	size_t want = s[0] == 0xc0 || s[0] == 0xc1 || s[0] > 0xf4 ? 0 : by_head[s[0] >> 4];

	if (want > n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return want;
}

/* NULs and all that is no UTF-8 become U+FFFD. */
static enum err clean(const char *bytes, size_t n, struct buf *ret)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n;) {
		size_t length = bytes[i] ? utf8_length((const unsigned char *)bytes + i, n - i) : 0;
		err = length ? buf_append(ret, bytes + i, length) : buf_append_str(ret, "\ufffd");
		i += length ? length : 1;
	}
	return err;
}

static enum err convert(iconv_t cd, const char *bytes, size_t n, struct buf *ret)
{
	char out[4096];
	char *in = (char *)(uintptr_t)bytes;
	enum err err = ERR_OK;

	while (!err && n > 0) {
		char *to = out;
		size_t room = sizeof(out);
		size_t done = iconv(cd, &in, &n, &to, &room);
		int no = errno;
		err = buf_append(ret, out, sizeof(out) - room);
		if (done == (size_t)-1 && no != E2BIG && !err) {
			err = buf_append_str(ret, "\ufffd");
			in++;
			n--;
		}
	}
	return err;
}

enum err mime_to_utf8(const char *charset, const char *bytes, size_t n, struct buf *ret)
{
	AUTO(buf) struct buf converted = { 0 };
	bool plain = !charset || !*charset || strcasecmp(charset, "utf-8") == 0;
	iconv_t cd = plain ? (iconv_t)-1 : iconv_open("UTF-8", charset);

	if (cd == (iconv_t)-1)
		return clean(bytes, n, ret);
	enum err err = convert(cd, bytes, n, &converted);
	iconv_close(cd);
	return err ? err : clean(buf_str(&converted), converted.len, ret);
}

/* What is not of the alphabet is skipped, as mail wants it. */
static enum err from_base64(const char *s, size_t n, struct buf *ret)
{
	struct base64_decode_ctx ctx;
	enum err err = ERR_OK;

	base64_decode_init(&ctx);
	for (size_t i = 0; !err && i < n; i++) {
		uint8_t byte;
		int got = base64_decode_single(&ctx, &byte, s[i]);
		if (got == 1)
			err = buf_append(ret, &byte, 1);
	}
	return err;
}

static int hex(char c)
{
	const char *digits = "0123456789ABCDEFabcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* underscore: as in encoded words, where it is a blank. */
static enum err from_quoted(const char *s, size_t n, bool underscore, struct buf *ret)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++) {
		if (s[i] == '=' && i + 2 < n && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0) {
			err = buf_append_char(ret, (char)(hex(s[i + 1]) << 4 | hex(s[i + 2])));
			i += 2;
		} else if (s[i] == '=' && !underscore) {
			while (i + 1 < n && s[i + 1] != '\n')
				i++;
			i++; /* a soft line end */
		} else {
			err = buf_append_char(ret, underscore && s[i] == '_' ? ' ' : s[i]);
		}
	}
	return err;
}

enum err mime_part_bytes(const struct mime_part *part, struct buf *ret)
{
	if (strcasecmp(part->encoding, "base64") == 0)
		return from_base64(part->body, part->body_n, ret);
	if (strcasecmp(part->encoding, "quoted-printable") == 0)
		return from_quoted(part->body, part->body_n, false, ret);
	return buf_append(ret, part->body, part->body_n);
}

/* "=?charset?B?text?=" at s: its length, decoded into ret; 0 if there is none. */
static size_t encoded_word(const char *s, struct buf *ret, enum err *err)
{
	AUTO(buf) struct buf bytes = { 0 };
	char charset[40];
	const char *mark = strncmp(s, "=?", 2) == 0 ? strchr(s + 2, '?') : NULL;
	const char *text = mark && mark[1] && mark[2] == '?' ? mark + 3 : NULL;
	const char *end = text ? strstr(text, "?=") : NULL;

	if (!end)
		return 0;
	/* RFC 2231 allows a language after a star. */
	snprintf(charset, sizeof(charset), "%.*s", (int)(mark - s - 2), s + 2);
	charset[strcspn(charset, "*")] = '\0';
	bool base64 = mark[1] == 'B' || mark[1] == 'b';
	*err = base64 ? from_base64(text, (size_t)(end - text), &bytes)
		      : from_quoted(text, (size_t)(end - text), true, &bytes);
	if (!*err)
		*err = mime_to_utf8(charset, buf_str(&bytes), bytes.len, ret);
	return (size_t)(end + 2 - s);
}

enum err mime_decode_words(const char *raw, struct buf *ret)
{
	bool after_word = false;
	enum err err = ERR_OK;

	while (*raw && !err) {
		/* Blanks between two encoded words are not part of the text. */
		size_t blanks = strspn(raw, " \t"), used = 0;
		if (!blanks || after_word)
			used = encoded_word(raw + blanks, ret, &err);
		if (used) {
			raw += blanks + used;
			after_word = true;
			continue;
		}
		size_t n = blanks ? blanks : 1;
		while (!blanks && raw[n] && raw[n] != '=' && raw[n] != ' ' && raw[n] != '\t')
			n++;
		err = clean(raw, n, ret);
		raw += n;
		after_word = false;
	}
	return err;
}

static int month_of(const char *name)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12; i++)
		if (strncasecmp(months + 3 * i, name, 3) == 0)
			return i;
	return -1;
}

bool mime_parse_date(const char *s, int64_t *ret)
{
	struct tm tm = { 0 };
	char month[16], zone[8] = "";
	const char *comma = strchr(s, ',');

	s = comma ? comma + 1 : s;
	if (sscanf(s, "%d %15s %d %d:%d:%d %7s", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec, zone) < 5)
		return false;
	tm.tm_mon = month_of(month);
	if (tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_year < 0 ||
	    tm.tm_year > 9999)
		return false;
	tm.tm_year += tm.tm_year < 50 ? 100 : tm.tm_year < 100 ? 0 : -1900;
	int offset = atoi(zone + (zone[0] == '+' || zone[0] == '-'));
	int64_t offset_s = offset / 100 * 3600 + offset % 100 * 60;
	*ret = timegm(&tm) - (zone[0] == '-' ? -offset_s : zone[0] == '+' ? offset_s : 0);
	return true;
}
