/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/buf.h"

enum { TEXT_MAX = 200, ROUNDS = 20000 };

/* Mostly digits, in runs; `oddness` of a thousand characters are something else. */
static size_t write_text(char text[TEXT_MAX], int oddness)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char odd[] = "\r\n\t =*\x80\xff-";
	size_t n = (size_t)(rand() % TEXT_MAX);

	for (size_t i = 0; i < n; i++)
		text[i] = rand() % 1000 < oddness ? odd[rand() % (int)sizeof(odd)]
						  : digits[rand() % 64];
	/* An end, behind a digit that leaves no bits over. */
	for (size_t i = n; i > 1 && i + 2 > n && rand() % 2; i--)
		text[i - 1] = '=', text[i - 2] = 'A';
	return n;
}

/* In pieces of `cut` bytes, each of which ends where its memory ends. */
static bool decode(const char *text, size_t n, size_t cut, struct buf *ret)
{
	struct base64_decode_ctx ctx;

	base64_decode_init(&ctx);
	for (size_t at = 0; at < n; at += cut) {
		size_t some = n - at < cut ? n - at : cut, len = 0;
		AUTO(str) char *piece = malloc(some);
		AUTO(str) char *decoded = malloc(BASE64_DECODE_LENGTH(some));
		memcpy(piece, text + at, some);
		if (!base64_feed(&ctx, piece, some, (uint8_t *)decoded, &len))
			return false;
		check_ok(buf_append(ret, decoded, len));
	}
	return base64_decode_final(&ctx);
}

static void check_as_nettle_does(const char *text, size_t n, size_t cut)
{
	AUTO(buf) struct buf ours = { 0 };
	uint8_t theirs[BASE64_DECODE_LENGTH(TEXT_MAX)];
	size_t len = 0;
	struct base64_decode_ctx ctx;

	base64_decode_init(&ctx);
	bool is_base64 = base64_decode_update(&ctx, &len, theirs, n, text) &&
			 base64_decode_final(&ctx);
	assert_int_equal(decode(text, n, cut, &ours), is_base64);
	if (!is_base64)
		return;
	assert_int_equal(ours.len, len);
	assert_memory_equal(buf_str(&ours), theirs, len);
}

static void test_any_text_in_any_pieces_is_read_as_nettle_reads_it(void **state)
{
	static const int oddness[] = { 0, 1, 10, 100, 1000 };
	char text[TEXT_MAX];
	(void)state;

	srand(1);
	for (size_t i = 0; i < ROUNDS; i++)
		check_as_nettle_does(text, write_text(text, oddness[i % ARRAY_LEN(oddness)]),
				     1 + (size_t)rand() % TEXT_MAX);
}

static void test_nothing_follows_the_end(void **state)
{
	static const char *const texts[] = {
		"AAA=", "AA==", "AAA=\r\n", "AAA=AAAA", "AA==AAAA", "AA==\r\nAAAAAAAA", "AA=A",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		for (size_t cut = 1; cut <= strlen(texts[i]); cut++)
			check_as_nettle_does(texts[i], strlen(texts[i]), cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_follows_the_end),
		cmocka_unit_test(test_any_text_in_any_pieces_is_read_as_nettle_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
