/* SPDX-License-Identifier: MIT */
#include "http/webpage.h"

#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
	return c != '\0' && strchr(" \t\r\n", c);
}

bool webpage_is_html(const char *type, const char *bytes, size_t n)
{
	static const char *const openings[] = { "<!doctype html", "<html" };

	if (type && strcasestr(type, "html"))
		return true;
	if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		bytes += 3, n -= 3;
	while (n > 0 && is_space(*bytes))
		bytes++, n--;
	for (size_t i = 0; i < 2; i++)
		if (n >= strlen(openings[i]) &&
		    strncasecmp(bytes, openings[i], strlen(openings[i])) == 0)
			return true;
	return false;
}

/* Where `word` stands in it, in whatever case; n for nowhere. */
static size_t find(const char *bytes, size_t n, size_t from, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = from; i + len <= n; i++)
		if (strncasecmp(bytes + i, word, len) == 0)
			return i;
	return n;
}

void webpage_load_title(const char *bytes, size_t n, char ret[WEBPAGE_TITLE_MAX])
{
	size_t from = find(bytes, n, 0, "<title"), len = 0;

	ret[0] = '\0';
	while (from < n && bytes[from] != '>')
		from++;
	size_t end = find(bytes, n, from, "</title");
	for (size_t i = from + 1; i < end && len < WEBPAGE_TITLE_MAX - 1; i++) {
		if (is_space(bytes[i]) && (len == 0 || ret[len - 1] == ' '))
			continue;
		char c = is_space(bytes[i]) ? ' ' : bytes[i];
		ret[len++] = c < ' ' || c > '~' ? '?' : c;
	}
	while (len > 0 && ret[len - 1] == ' ')
		len--;
	ret[len] = '\0';
}
