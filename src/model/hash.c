/* SPDX-License-Identifier: MIT */
#include "model/hash.h"

#include <nettle/sha2.h>
#include <string.h>

#include "base/text.h"

enum err hash_print(struct buf *buf, const char *text, size_t digits)
{
	struct sha256_ctx ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	sha256_digest(&ctx, sizeof(digest), digest);
	return text_print_hex(buf, digest, digits / 2);
}
