/* SPDX-License-Identifier: MIT */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <nettle/base64.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * base64 - nettle's decoder, several times as fast where groups of four stand without white
 * space between them, which in a message is everywhere. It takes and refuses the same, wherever the
 * pieces are cut; begins with base64_decode_init(), ends with base64_decode_final().
 */

/* Decodes a piece to where BASE64_DECODE_LENGTH(n) bytes fit. False: this is not base64. */
bool base64_feed(struct base64_decode_ctx *ctx, const char *text, size_t n, uint8_t *to,
		 size_t *ret_n);

#endif
