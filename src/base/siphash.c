/* SPDX-License-Identifier: MIT */
#include "base/siphash.h"

#include <endian.h>
#include <string.h>

static uint64_t turn(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4], int rounds_n)
{
	while (rounds_n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = turn(v[1], 13) ^ v[0];
		v[3] = turn(v[3], 16) ^ v[2];
		v[0] = turn(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = turn(v[1], 17) ^ v[2];
		v[3] = turn(v[3], 21) ^ v[0];
		v[2] = turn(v[2], 32);
	}
}

/* The bytes at hand, at most 8, little endian. */
static uint64_t load_word(const void *bytes, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, bytes, n);
	return le64toh(word);
}

static void add_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
}

uint64_t siphash(const uint8_t secret[SIPHASH_SECRET_BYTES], const void *bytes, size_t n)
{
	uint64_t first = load_word(secret, 8), second = load_word(secret + 8, 8);
	/* "somepseudorandomlygeneratedbytes" */
	uint64_t v[] = { first ^ UINT64_C(0x736f6d6570736575),
			 second ^ UINT64_C(0x646f72616e646f6d),
			 first ^ UINT64_C(0x6c7967656e657261),
			 second ^ UINT64_C(0x7465646279746573) };
	const char *at = bytes, *end = at + n;

	for (; end - at >= 8; at += 8)
		add_word(v, load_word(at, 8));
	add_word(v, (uint64_t)n << 56 | load_word(at, (size_t)(end - at)));
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
