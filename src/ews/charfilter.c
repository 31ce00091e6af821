/* SPDX-License-Identifier: MIT */
#include "ews/charfilter.h"

#include <string.h>

/* A code point that XML 1.0 allows. */
static bool is_allowed(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	return code < 0xd800 ||
	       (code >= 0xe000 && code <= 0x10ffff && code != 0xfffe && code != 0xffff);
}

enum char_verdict char_judge(const char *s, size_t n, size_t *ret_n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)s;
	size_t len = p[0] < 0xc2 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 1;
	uint32_t code = len == 1 ? p[0] : p[0] & (0x7f >> len);
	size_t i = 1;

	while (i < len && i < n && (p[i] & 0xc0) == 0x80)
		code = code << 6 | (p[i++] & 0x3f);
	*ret_n = i;
	if (i < len)
		return i == n ? CHAR_UNDECIDED : CHAR_REPLACE;
	bool is_lone = len == 1 && p[0] >= 0x80;
	return !is_lone && code >= least[len] && is_allowed(code) ? CHAR_FINE : CHAR_REPLACE;
}

/* "&#31;" or "&#x1F;"; other references are left to the parser. */
static enum char_verdict judge_reference(const char *s, size_t n, size_t *ret_n)
{
	size_t i = 2;
	uint32_t code = 0;

	*ret_n = 1;
	if (n < 2)
		return CHAR_UNDECIDED;
	if (s[1] != '#')
		return CHAR_FINE;
	bool is_hex = n > 2 && (s[2] == 'x' || s[2] == 'X');
	for (i += is_hex; i < n && s[i] != ';'; i++) {
		int digit = s[i] >= '0' && s[i] <= '9' ? s[i] - '0' : (s[i] | 0x20) - 'a' + 10;
		if (digit < 0 || digit >= (is_hex ? 16 : 10))
			return CHAR_FINE;
		code = code * (is_hex ? 16 : 10) + (uint32_t)digit;
		if (code > 0x10ffff)
			code = 0x110000; /* stays illegal, never wraps */
	}
	if (i == n)
		return CHAR_UNDECIDED;
	*ret_n = i + 1;
	return is_allowed(code) ? CHAR_FINE : CHAR_REPLACE;
}

static enum char_verdict judge(const char *s, size_t n, size_t *ret_n)
{
	return *s == '&' ? judge_reference(s, n, ret_n) : char_judge(s, n, ret_n);
}

/* Eight bytes of ASCII, none of them below a space or "&"? */
static bool is_plain(const char *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t word;

	memcpy(&word, s, sizeof(word));
	/* A byte that is too small, or "&", borrows the top bit. */
	return !((word | (word - ones * 0x20) | ((word ^ ones * '&') - ones)) & tops);
}

/* How many bytes from the start need no look: ASCII text without control characters and
 * references, which is nearly everything. */
static size_t plain_n(const char *s, size_t n)
{
	static const bool is_special[256] = {
		[0 ... 8] = true, [11 ... 12] = true,	[14 ... 31] = true,
		['&'] = true,	  [128 ... 255] = true,
	};
	size_t i = 0;

	for (;;) {
		while (n - i >= sizeof(uint64_t) && is_plain(s + i))
			i += sizeof(uint64_t);
		if (i == n || is_special[(uint8_t)s[i]])
			return i;
		i++;
	}
}

static enum err put(enum char_verdict verdict, const char *s, size_t n, charfilter_fn out,
		    void *ctx)
{
	if (verdict == CHAR_REPLACE)
		return out(ctx, REPLACEMENT, strlen(REPLACEMENT));
	return n > 0 ? out(ctx, s, n) : ERR_OK;
}

/* Takes bytes one by one until what is held can be judged. */
static enum err end_held(struct charfilter *f, const char **bytes, size_t *n, charfilter_fn out,
			 void *ctx)
{
	while (f->held_n > 0 && *n > 0) {
		size_t len = 0;

		f->held[f->held_n++] = **bytes;
		(*bytes)++, (*n)--;
		enum char_verdict verdict = judge(f->held, f->held_n, &len);
		if (verdict == CHAR_UNDECIDED && f->held_n < sizeof(f->held))
			continue;
		if (verdict == CHAR_UNDECIDED)
			len = f->held_n; /* no reference is that long: the parser will refuse it */
		/* A "&" that begins no such reference is let go alone; what was held with it
		 * is plain, except for the last byte, which is looked at again. */
		enum err err = put(verdict, f->held, len, out, ctx);
		if (!err && f->held_n - len > 1)
			err = put(CHAR_FINE, f->held + len, f->held_n - len - 1, out, ctx);
		if (err)
			return err;
		if (f->held_n > len)
			(*bytes)--, (*n)++;
		f->held_n = 0;
	}
	return ERR_OK;
}

/* Judges each place that is not plain; the longest runs that need no change go out whole. */
static enum err filter_rest(struct charfilter *f, const char *bytes, size_t n, charfilter_fn out,
			    void *ctx)
{
	size_t sent = 0, i = 0;
	enum err err = ERR_OK;

	while (!err && (i += plain_n(bytes + i, n - i)) < n) {
		size_t len = 0;
		enum char_verdict verdict = judge(bytes + i, n - i, &len);

		if (verdict == CHAR_UNDECIDED && n - i < sizeof(f->held)) {
			f->held_n = n - i;
			memcpy(f->held, bytes + i, f->held_n);
			n = i;
		} else if (verdict == CHAR_REPLACE) {
			err = put(CHAR_FINE, bytes + sent, i - sent, out, ctx);
			if (!err)
				err = put(CHAR_REPLACE, NULL, 0, out, ctx);
			sent = i += len;
		} else {
			i += len;
		}
	}
	return err ? err : put(CHAR_FINE, bytes + sent, n - sent, out, ctx);
}

/* A byte order mark that comes in pieces is held like any other character. */
static void skip_start(struct charfilter *f, const char **bytes, size_t *n)
{
	static const char mark[] = "\xef\xbb\xbf";

	for (; *n > 0; (*bytes)++, (*n)--) {
		bool is_space = f->held_n == 0 && **bytes && strchr(" \t\r\n", **bytes);
		if (is_space)
			continue;
		if (**bytes != mark[f->held_n])
			break;
		f->held[f->held_n] = **bytes;
		f->held_n = (f->held_n + 1) % strlen(mark);
	}
	f->has_begun = *n > 0;
}

enum err charfilter_feed(struct charfilter *f, const char *bytes, size_t n, charfilter_fn out,
			 void *ctx)
{
	if (!f->has_begun)
		skip_start(f, &bytes, &n);
	enum err err = end_held(f, &bytes, &n, out, ctx);
	return err ? err : filter_rest(f, bytes, n, out, ctx);
}

enum err charfilter_finish(struct charfilter *f, charfilter_fn out, void *ctx)
{
	size_t n = f->held_n;

	f->held_n = 0;
	return put(CHAR_FINE, f->held, n, out, ctx);
}
