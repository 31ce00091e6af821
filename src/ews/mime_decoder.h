/* SPDX-License-Identifier: MIT */
#ifndef EWS_MIME_DECODER_H
#define EWS_MIME_DECODER_H

#include "base/base64.h"
#include "base/spool.h"

/*
 * mime_decoder - base64 in pieces of any length, decoded into a spool. A message of any
 * size passes through this one buffer.
 */
#define MIME_MAX_BYTES (UINT64_C(2) << 30)

struct mime_decoder {
	struct base64_decode_ctx base64;
	uint8_t out[96 * 1024];
	size_t out_n;
};

void mime_begin(struct mime_decoder *decoder);
/* ERR_INVALID: no base64. ERR_LIMIT beyond MIME_MAX_BYTES. Else the spool's errors. */
MUST_CHECK enum err mime_feed(struct mime_decoder *decoder, struct spool *to, const char *text,
			      size_t n);
MUST_CHECK enum err mime_end(struct mime_decoder *decoder, struct spool *to);

#endif
