/* SPDX-License-Identifier: MIT */
#include "mime_out.h"

#include <nettle/base64.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* An encoded word may have 75 characters: 45 bytes make 60, and 12 go around them. */
#define WORD_BYTES 45
#define LINE_BYTES 57
#define FOLD_BYTES 73

void out_str(struct mime_out *out, const char *s)
{
	if (!out->err)
		out->err = buf_append_str(out->buf, s);
}

static void bytes(struct mime_out *out, const char *s, size_t n)
{
	if (!out->err)
		out->err = buf_append(out->buf, s, n);
}

void outf(struct mime_out *out, const char *fmt, ...)
{
	char s[1024];
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(s, sizeof(s), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(s))
		out->err = ERR_LIMIT;
	else
		bytes(out, s, (size_t)n);
}

static bool is_plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e || strchr("=?\"", *s))
			return false;
	return true;
}

/* At most max bytes, and no character cut in two. */
static size_t cut(const char *s, size_t max)
{
	size_t n = strnlen(s, max + 1);

	if (n <= max)
		return n;
	for (n = max; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
		;
	return n ? n : max;
}

static void encoded_words(struct mime_out *out, const char *s)
{
	char word[BASE64_ENCODE_RAW_LENGTH(WORD_BYTES)];

	for (bool first = true; *s; first = false) {
		size_t n = cut(s, WORD_BYTES);
		base64_encode_raw(word, n, (const uint8_t *)s);
		out_str(out, first ? "=?utf-8?B?" : "\r\n =?utf-8?B?");
		bytes(out, word, BASE64_ENCODE_RAW_LENGTH(n));
		out_str(out, "?=");
		s += n;
	}
}

void out_header(struct mime_out *out, const char *name, const char *value)
{
	if (!value)
		return;
	out_str(out, name);
	out_str(out, ": ");
	if (is_plain(value) && strlen(value) < 60)
		out_str(out, value);
	else
		encoded_words(out, value);
	out_str(out, "\r\n");
}

void out_people_header(struct mime_out *out, const char *name, const struct person *people,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct person *p = &people[i];
		outf(out, "%s%s", i ? ",\r\n\t" : name, i ? "" : ": ");
		if (!p->name)
			out_str(out, p->address);
		else if (is_plain(p->name))
			outf(out, "\"%s\" <%s>", p->name, p->address);
		else {
			encoded_words(out, p->name);
			outf(out, " <%s>", p->address);
		}
	}
	if (n)
		out_str(out, "\r\n");
}

void out_date_header(struct mime_out *out, const char *name, int64_t time)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t t = time;
	struct tm tm;

	gmtime_r(&t, &tm);
	outf(out, "%s%s, %02d %s %04d %02d:%02d:%02d +0000\r\n", name, days[tm.tm_wday], tm.tm_mday,
	     months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void out_base64_lines(struct mime_out *out, const uint8_t *data, size_t n)
{
	char line[BASE64_ENCODE_RAW_LENGTH(LINE_BYTES) + 2];

	while (n > 0) {
		size_t now = n < LINE_BYTES ? n : LINE_BYTES;
		size_t chars = BASE64_ENCODE_RAW_LENGTH(now);
		base64_encode_raw(line, now, data);
		memcpy(line + chars, "\r\n", 2);
		bytes(out, line, chars + 2);
		data += now;
		n -= now;
	}
}

static void escaped(struct buf *buf, enum err *err, const char *s)
{
	for (; *s && !*err; s++) {
		if (*s == '\n')
			*err = buf_append_str(buf, "\\n");
		else if (strchr(",;\\", *s))
			*err = buf_printf(buf, "\\%c", *s);
		else if ((unsigned char)*s >= 0x20)
			*err = buf_append_char(buf, *s);
	}
}

void out_property(struct mime_out *out, const char *name, const char *value)
{
	AUTO(buf) struct buf line = { 0 };

	if (!value)
		return;
	if (!out->err)
		out->err = buf_printf(&line, "%s:", name);
	escaped(&line, &out->err, value);
	for (const char *s = buf_str(&line); *s;) {
		size_t n = cut(s, FOLD_BYTES);
		bytes(out, s, n);
		s += n;
		out_str(out, *s ? "\r\n " : "\r\n");
	}
}

void out_property_time(struct mime_out *out, const char *name, int64_t time)
{
	time_t t = time;
	struct tm tm;

	if (time == TIME_NONE)
		return;
	gmtime_r(&t, &tm);
	outf(out, "%s:%04d%02d%02dT%02d%02d%02dZ\r\n", name, tm.tm_year + 1900, tm.tm_mon + 1,
	     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void out_property_date(struct mime_out *out, const char *name, int64_t time)
{
	time_t t = time;
	struct tm tm;

	if (time == TIME_NONE)
		return;
	gmtime_r(&t, &tm);
	outf(out, "%s:%04d%02d%02d\r\n", name, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}
