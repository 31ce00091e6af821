/* SPDX-License-Identifier: MIT */
#include "model/mime_decode.h"

#include <string.h>
#include <strings.h>

enum mime_encoding mime_encoding(const char *header)
{
	header += strspn(header, " \t");
	if (strncasecmp(header, "base64", strlen("base64")) == 0)
		return MIME_BASE64;
	if (strncasecmp(header, "quoted-printable", strlen("quoted-printable")) == 0)
		return MIME_QUOTED;
	return MIME_IDENTITY;
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static enum err decode_base64(struct mime_decoder *d, char c, struct buf *ret)
{
	int value = base64_value(c);

	if (c == '=')
		d->ended = true;
	if (value < 0 || d->ended)
		return ERR_OK;
	d->bits = (d->bits << 6 | (uint32_t)value) & 0xFFFF;
	d->bits_n += 6;
	if (d->bits_n < 8)
		return ERR_OK;
	d->bits_n -= 8;
	return buf_append_char(ret, (char)(d->bits >> d->bits_n));
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err decode_quoted(struct mime_decoder *d, char c, struct buf *ret)
{
	if (d->held_n == 0 && c != '=')
		return buf_append_char(ret, c);
	if (d->held_n == 1 && c == '\n') { /* a soft line break: nothing of it stays */
		d->held_n = 0;
		return ERR_OK;
	}
	if (d->held_n == 1 && (c == ' ' || c == '\t' || c == '\r'))
		return ERR_OK; /* "=  \r\n": transports add white space */
	d->held[d->held_n++] = c;
	if (d->held_n == 1 || (d->held_n == 2 && hex_value(c) >= 0))
		return ERR_OK;
	size_t n = d->held_n;
	d->held_n = 0;
	if (n == 3 && hex_value(c) >= 0)
		return buf_append_char(ret, (char)(hex_value(d->held[1]) << 4 | hex_value(c)));
	return buf_append(ret, d->held, n);
}

enum err mime_decode(struct mime_decoder *decoder, const char *text, size_t n, struct buf *ret)
{
	enum err err = ERR_OK;

	if (decoder->encoding == MIME_IDENTITY)
		return buf_append(ret, text, n);
	for (size_t i = 0; !err && i < n; i++) {
		err = decoder->encoding == MIME_BASE64 ? decode_base64(decoder, text[i], ret)
						       : decode_quoted(decoder, text[i], ret);
	}
	return err;
}
