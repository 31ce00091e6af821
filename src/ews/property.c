/* SPDX-License-Identifier: MIT */
#include "ews/property.h"

#include <string.h>

enum err property_open(void *ctx, const struct sax *sax)
{
	struct property *property = ctx;
	(void)sax;

	property->tag = 0;
	return ERR_OK;
}

enum err property_open_uri(void *ctx, const struct sax *sax)
{
	struct property *property = ctx;
	size_t n = 0;
	const char *value = sax_attr(sax, "PropertyTag", &n);
	char text[16], *end;

	if (!value || n >= sizeof(text))
		return ERR_OK;
	memcpy(text, value, n);
	text[n] = '\0';
	unsigned long tag = strtoul(text, &end, 0);
	property->tag = *end ? 0 : tag;
	return ERR_OK;
}
