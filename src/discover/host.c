/* SPDX-License-Identifier: MIT */
#include "discover/host.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *start_of(const char *url)
{
	return strstr(url, "://") + 3;
}

void host_print(const char *url, char *ret)
{
	const char *start = start_of(url);

	snprintf(ret, HOST_PRINT_BYTES, "%.*s", (int)strcspn(start, "/?#"), start);
}

static bool is_within(const char *host, size_t n, const char *domain)
{
	size_t domain_n = strlen(domain);

	return n >= domain_n && strncasecmp(host + n - domain_n, domain, domain_n) == 0 &&
	       (n == domain_n || host[n - domain_n - 1] == '.');
}

bool host_is_within(const char *url, const char *domain)
{
	static const char named[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	const char *host = start_of(url);
	size_t n = strspn(host, named);
	const char *end = host + n;

	if (*end == ':')
		end += 1 + strspn(end + 1, "0123456789");
	return (*end == '\0' || *end == '/' || *end == '?') && is_within(host, n, domain);
}

bool domain_is_within(const char *name, const char *domain)
{
	return is_within(name, strlen(name), domain);
}
