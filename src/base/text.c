/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"

/* Begins s with that form, where a 0 is any digit? */
static bool has_form(const char *s, const char *form)
{
	for (; *form; s++, form++) {
		if (*form == '0' ? *s < '0' || *s > '9' : *s != *form)
			return false;
	}
	return true;
}

static int number(const char *digits, int n)
{
	int value = 0;

	while (n-- > 0)
		value = 10 * value + *digits++ - '0';
	return value;
}

bool text_count_days(int64_t year, int month, int day, int64_t *ret)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };
	const int to_1970 = 719162; /* from the year 1 */
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	int64_t past = year - 1;

	if (year < 1 || month < 1 || month > 12 || day < 1 ||
	    day > before[month] - before[month - 1] + (is_leap && month == 2))
		return false;
	*ret = 365 * past + past / 4 - past / 100 + past / 400 - to_1970 + before[month - 1] +
	       (is_leap && month > 2) + day - 1;
	return true;
}

static bool parse_offset(const char *s, int *ret_s)
{
	int hours = 0, minutes = 0;

	if (*s && strcmp(s, "Z") != 0) {
		if ((*s != '+' && *s != '-') || !has_form(s + 1, "00:00") || s[6])
			return false;
		hours = number(s + 1, 2);
		minutes = number(s + 4, 2);
	}
	*ret_s = (*s == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

bool text_parse_time(const char *s, int64_t *ret)
{
	static const char form[] = "0000-00-00T00:00:00";
	int64_t days;
	int offset_s;

	if (!has_form(s, form) ||
	    !text_count_days(number(s, 4), number(s + 5, 2), number(s + 8, 2), &days))
		return false;
	int hour = number(s + 11, 2), minute = number(s + 14, 2), second = number(s + 17, 2);
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	s += strlen(form);
	if (has_form(s, ".0"))
		s += 1 + strspn(s + 1, "0123456789");
	if (!parse_offset(s, &offset_s))
		return false;
	*ret = days * 86400 + hour * 3600 + minute * 60 + second - offset_s;
	return true;
}

static void print_number(char *to, int n, int value)
{
	for (; n > 0; value /= 10)
		to[--n] = (char)('0' + value % 10);
}

enum err text_print_time(struct buf *buf, int64_t time)
{
	char s[] = "0000-00-00T00:00:00Z";
	struct tm tm;
	time_t t = time;

	if (time < INT64_C(-62135596800) || time > INT64_C(253402300799) || !gmtime_r(&t, &tm))
		return ERR_INVALID;
	print_number(s, 4, tm.tm_year + 1900);
	print_number(s + 5, 2, tm.tm_mon + 1);
	print_number(s + 8, 2, tm.tm_mday);
	print_number(s + 11, 2, tm.tm_hour);
	print_number(s + 14, 2, tm.tm_min);
	print_number(s + 17, 2, tm.tm_sec);
	return buf_append_str(buf, s);
}

enum err text_print_hex(struct buf *buf, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = bytes;
	enum err err = ERR_OK;

	while (!err && n > 0) {
		char text[64];
		size_t len = 0;
		for (; n > 0 && len < sizeof(text); n--, p++) {
			text[len++] = digits[*p >> 4];
			text[len++] = digits[*p & 15];
		}
		err = buf_append(buf, text, len);
	}
	return err;
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err text_parse_hex(struct buf *buf, const char *s, size_t n)
{
	enum err err = n % 2 ? ERR_INVALID : ERR_OK;

	for (size_t i = 0; !err && i < n; i += 2) {
		int high = digit_of(s[i]), low = digit_of(s[i + 1]);
		err = high < 0 || low < 0 ? ERR_INVALID
					  : buf_append_char(buf, (char)(high << 4 | low));
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
