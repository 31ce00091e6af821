/* SPDX-License-Identifier: MIT */
#include "ews/mime_decoder.h"

enum { PIECE_BYTES = 32 * 1024 };

void mime_begin(struct mime_decoder *decoder)
{
	base64_decode_init(&decoder->base64);
	decoder->out_n = 0;
}

static enum err flush(struct mime_decoder *decoder, struct spool *to)
{
	size_t n = decoder->out_n;

	decoder->out_n = 0;
	if (n > MIME_MAX_BYTES - to->len)
		return ERR_LIMIT;
	return n > 0 ? spool_append(to, decoder->out, n) : ERR_OK;
}

enum err mime_feed(struct mime_decoder *decoder, struct spool *to, const char *text, size_t n)
{
	while (n > 0) {
		size_t some = n < PIECE_BYTES ? n : PIECE_BYTES;
		size_t room = sizeof(decoder->out) - decoder->out_n;

		if (BASE64_DECODE_LENGTH(some) > room) {
			enum err err = flush(decoder, to);
			if (err)
				return err;
			continue;
		}
		size_t len;
		if (!base64_feed(&decoder->base64, text, some, decoder->out + decoder->out_n, &len))
			return ERR_INVALID;
		decoder->out_n += len;
		text += some;
		n -= some;
	}
	return ERR_OK;
}

enum err mime_end(struct mime_decoder *decoder, struct spool *to)
{
	enum err err = flush(decoder, to);

	if (!err && !base64_decode_final(&decoder->base64))
		err = ERR_INVALID;
	return err;
}
