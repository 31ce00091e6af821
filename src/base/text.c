/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"

/* Begins s with that form, where a 0 is any digit? sscanf alone takes blanks and signs too. */
static bool has_form(const char *s, const char *form)
{
	for (; *form; s++, form++) {
		if (*form == '0' ? *s < '0' || *s > '9' : *s != *form)
			return false;
	}
	return true;
}

static bool is_date(const struct tm *tm)
{
	struct tm date = { .tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday };

	timegm(&date); /* the 30th of February becomes another day */
	return tm->tm_year > -1900 && date.tm_mon == tm->tm_mon && date.tm_mday == tm->tm_mday;
}

static bool parse_offset(const char *s, int *ret_s)
{
	int hours = 0, minutes = 0;

	if (*s && strcmp(s, "Z") != 0) {
		if ((*s != '+' && *s != '-') || !has_form(s + 1, "00:00") || s[6])
			return false;
		sscanf(s + 1, "%2d:%2d", &hours, &minutes);
	}
	*ret_s = (*s == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

bool text_parse_time(const char *s, int64_t *ret)
{
	static const char form[] = "0000-00-00T00:00:00";
	struct tm tm = { 0 };
	int offset_s;

	if (!has_form(s, form))
		return false;
	sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
	       &tm.tm_min, &tm.tm_sec);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (!is_date(&tm) || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	s += strlen(form);
	if (has_form(s, ".0"))
		s += 1 + strspn(s + 1, "0123456789");
	if (!parse_offset(s, &offset_s))
		return false;
	*ret = timegm(&tm) - offset_s;
	return true;
}

enum err text_print_time(struct buf *buf, int64_t time)
{
	char s[32];
	struct tm tm;
	time_t t = time;

	if (time < INT64_C(-62135596800) || time > INT64_C(253402300799) || !gmtime_r(&t, &tm))
		return ERR_INVALID;
	snprintf(s, sizeof(s), "%04d-%02d-%02dT%02d:%02d:%02dZ", (tm.tm_year + 1900) % 10000,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return buf_append_str(buf, s);
}

enum err text_print_hex(struct buf *buf, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = bytes;
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++) {
		char pair[2] = { digits[p[i] >> 4], digits[p[i] & 15] };
		err = buf_append(buf, pair, 2);
	}
	return err;
}

enum err text_print_base64(struct buf *buf, const void *bytes, size_t n)
{
	AUTO(str) char *encoded = malloc(BASE64_ENCODE_RAW_LENGTH(n) + 1);

	if (!encoded)
		return ERR_NOMEM;
	base64_encode_raw(encoded, n, bytes);
	return buf_append(buf, encoded, BASE64_ENCODE_RAW_LENGTH(n));
}

enum err text_parse_base64(struct buf *buf, const char *s, size_t n)
{
	struct base64_decode_ctx ctx;
	AUTO(str) char *decoded = malloc(BASE64_DECODE_LENGTH(n) + 1);
	size_t len;

	if (!decoded)
		return ERR_NOMEM;
	base64_decode_init(&ctx);
	if (!base64_feed(&ctx, s, n, (uint8_t *)decoded, &len) || !base64_decode_final(&ctx))
		return ERR_INVALID;
	return buf_append(buf, decoded, len);
}

bool text_parse_int(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	char *end;

	if (*s != '-' && (*s < '0' || *s > '9'))
		return false;
	errno = 0;
	long long value = strtoll(s, &end, 10);
	if (errno || end == s || *end || value < min || value > max)
		return false;
	*ret = value;
	return true;
}

uint64_t text_hash(uint64_t hash, const char *s)
{
	const uint64_t prime = UINT64_C(0x100000001b3);

	for (; s && *s; s++)
		hash = (hash ^ (uint8_t)*s) * prime;
	/* Where it ends counts: "a", "bc" is not "ab", "c". */
	return (hash ^ 0x100) * prime;
}

void text_blank_controls(char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7F)
			*line = ' ';
}

enum err text_copy(const char *s, char **ret)
{
	char *copy = s ? strdup(s) : NULL;

	if (s && !copy)
		return ERR_NOMEM;
	*ret = copy;
	return ERR_OK;
}
