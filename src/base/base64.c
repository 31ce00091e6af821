/* SPDX-License-Identifier: MIT */
#include "base/base64.h"

/* The whole groups of digits at the start. */
static size_t decode_groups(const signed char *values, const char *text, size_t n, uint8_t *to)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t i = 0;

	for (; n - i >= 4; i += 4, p += 4, to += 3) {
		int a = values[p[0]], b = values[p[1]], c = values[p[2]], d = values[p[3]];
		if ((a | b | c | d) < 0) /* one of them is no digit */
			break;
		to[0] = (uint8_t)(a << 2 | b >> 4);
		to[1] = (uint8_t)(b << 4 | c >> 2);
		to[2] = (uint8_t)(c << 6 | d);
	}
	return i;
}

bool base64_feed(struct base64_decode_ctx *ctx, const char *text, size_t n, uint8_t *to,
		 size_t *ret_n)
{
	uint8_t *begun = to;

	while (n > 0) {
		if (ctx->bits == 0 && ctx->padding == 0) {
			size_t some = decode_groups(ctx->table, text, n, to);
			text += some;
			n -= some;
			to += some / 4 * 3;
		}
		if (n == 0)
			break;
		int more = base64_decode_single(ctx, to, *text);
		if (more < 0)
			return false;
		text++, n--;
		to += more;
	}
	*ret_n = (size_t)(to - begun);
	return true;
}
