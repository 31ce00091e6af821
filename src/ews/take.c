/* SPDX-License-Identifier: MIT */
#include "ews/take.h"

#include <string.h>

#include "base/text.h"

static void *member(void *ctx, const struct sax *sax)
{
	return (char *)ctx + sax_arg(sax);
}

enum err take_string(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	char **to = member(ctx, sax);
	char *copy = strndup(text, n);

	if (!copy)
		return ERR_NOMEM;
	free(*to);
	*to = copy;
	return ERR_OK;
}

bool parse_bool(const char *text)
{
	return strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

enum err take_bool(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	bool *to = member(ctx, sax);
	(void)n;

	*to = parse_bool(text);
	return ERR_OK;
}

enum err take_time(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	(void)n;
	text_parse_time(text, member(ctx, sax));
	return ERR_OK;
}

enum err take_count(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	(void)n;
	text_parse_int(text, 0, INT64_MAX, member(ctx, sax));
	return ERR_OK;
}

enum err take_nothing(void *ctx, const struct sax *sax)
{
	(void)ctx, (void)sax;
	return ERR_OK;
}
