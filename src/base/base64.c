/* SPDX-License-Identifier: MIT */
#include "base/base64.h"

/* The whole groups of digits at the start. */
static size_t decode_groups(const signed char *values, const char *text, size_t n, uint8_t *to)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t i = 0;

	for (; n - i >= 4; i += 4, p += 4, to += 3) {
		/* What is no digit is negative, so that it fills the bits above. */
		uint32_t bits = (uint32_t)values[p[0]] << 18 | (uint32_t)values[p[1]] << 12 |
				(uint32_t)values[p[2]] << 6 | (uint32_t)values[p[3]];
		if (bits >> 24)
			break;
		to[0] = (uint8_t)(bits >> 16);
		to[1] = (uint8_t)(bits >> 8);
		to[2] = (uint8_t)bits;
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
