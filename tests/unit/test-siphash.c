/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "base/siphash.h"

/* The secret 00 01 .. 0f and the messages "", 00, 00 01, ..., as its authors give them. */
static void test_it_is_siphash_2_4(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} vectors[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) },
		{ 1, UINT64_C(0x74f839c593dc67fd) },
		{ 8, UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xa129ca6149be45e5) },
	};
	uint8_t bytes[16];
	(void)state;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		assert_true(siphash(bytes, bytes, vectors[i].n) == vectors[i].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_siphash_2_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
