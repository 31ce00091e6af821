/* SPDX-License-Identifier: MIT */
#include "model/address.h"

#include <string.h>

enum { ADDRESS_MAX_BYTES = 320, DOMAIN_MAX_BYTES = 220 };

static bool is_domain(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");

	return n > 0 && !text[n] && n <= DOMAIN_MAX_BYTES && text[0] != '.' && text[n - 1] != '.' &&
	       !strstr(text, "..");
}

const char *address_domain(const char *address)
{
	return strrchr(address, '@') + 1;
}

bool address_is_valid(const char *text)
{
	const char *at = strchr(text, '@');

	if (!at || at == text || strlen(text) > ADDRESS_MAX_BYTES)
		return false;
	for (const char *c = text; c < at; c++)
		if (*c <= ' ' || *c >= 0x7f || strchr("/:\\<>,;\"", *c))
			return false;
	return is_domain(at + 1);
}
