/* SPDX-License-Identifier: MIT */
#include "xml.h"

#include <nettle/base64.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* A multiple of 3, so that no piece but the last is padded. */
#define BASE64_PIECE 12288

void xml_bytes(struct xml *xml, const void *bytes, size_t n)
{
	if (!xml->err)
		xml->err = buf_append(&xml->buf, bytes, n);
}

void xml_raw(struct xml *xml, const char *s)
{
	xml_bytes(xml, s, strlen(s));
}

void xml_rawf(struct xml *xml, const char *fmt, ...)
{
	AUTO(str) char *s = NULL;
	va_list args;

	va_start(args, fmt);
	int n = vasprintf(&s, fmt, args);
	va_end(args);
	if (n < 0) {
		s = NULL;
		xml->err = ERR_NOMEM;
		return;
	}
	xml_bytes(xml, s, (size_t)n);
}

/* What the character at s must be written as; NULL where it stands for itself. */
static const char *escape(const unsigned char *s, char ret[12])
{
	if (s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe) {
		snprintf(ret, 12, "&#xFFF%c;", s[2] == 0xbe ? 'E' : 'F');
		return ret;
	}
	switch (s[0]) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\n':
	case '\t': return NULL;
	default: break;
	}
	if (s[0] >= 0x20)
		return NULL;
	snprintf(ret, 12, "&#x%X;", s[0]);
	return ret;
}

void xml_text(struct xml *xml, const char *s)
{
	char reference[12];
	const char *from = s;

	for (; *s; s++) {
		const char *as = escape((const unsigned char *)s, reference);
		if (!as)
			continue;
		xml_bytes(xml, from, (size_t)(s - from));
		xml_raw(xml, as);
		s += (unsigned char)*s == 0xef ? 2 : 0;
		from = s + 1;
	}
	xml_bytes(xml, from, (size_t)(s - from));
}

void xml_trim(char *s)
{
	size_t n = strlen(s), at = n;

	while (at > 0 && (s[at - 1] & 0xc0) == 0x80)
		at--;
	unsigned char lead = at > 0 ? (unsigned char)s[at - 1] : 0;
	size_t whole = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (at > 0 && n - (at - 1) < whole)
		s[at - 1] = '\0';
}

void xml_base64(struct xml *xml, const void *bytes, size_t n)
{
	char piece[BASE64_ENCODE_RAW_LENGTH(BASE64_PIECE)];
	const uint8_t *p = bytes;

	while (n > 0) {
		size_t now = n < BASE64_PIECE ? n : BASE64_PIECE;
		base64_encode_raw(piece, now, p);
		xml_bytes(xml, piece, BASE64_ENCODE_RAW_LENGTH(now));
		p += now;
		n -= now;
	}
}

static void tag(struct xml *xml, const char *before, const char *name, const char *after)
{
	xml_raw(xml, before);
	xml_raw(xml, name);
	xml_raw(xml, after);
}

void xml_open(struct xml *xml, const char *name)
{
	tag(xml, "<", name, ">");
}

void xml_close(struct xml *xml, const char *name)
{
	tag(xml, "</", name, ">");
}

void xml_element(struct xml *xml, const char *name, const char *value)
{
	if (!value)
		return;
	if (!*value) {
		tag(xml, "<", name, "/>");
		return;
	}
	xml_open(xml, name);
	xml_text(xml, value);
	xml_close(xml, name);
}

void xml_element_int(struct xml *xml, const char *name, int64_t value)
{
	char s[24];

	snprintf(s, sizeof(s), "%lld", (long long)value);
	xml_element(xml, name, s);
}

void xml_element_bool(struct xml *xml, const char *name, bool value)
{
	xml_element(xml, name, value ? "true" : "false");
}

void xml_element_time(struct xml *xml, const char *name, int64_t time)
{
	if (time == TIME_NONE)
		return;
	xml_open(xml, name);
	if (!xml->err)
		xml->err = text_print_time(&xml->buf, time);
	xml_close(xml, name);
}

void xml_release(struct xml *xml)
{
	buf_release(&xml->buf);
	xml->err = ERR_OK;
}
