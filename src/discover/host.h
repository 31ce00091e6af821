/* SPDX-License-Identifier: MIT */
#ifndef DISCOVER_HOST_H
#define DISCOVER_HOST_H

#include <stdbool.h>

#define HOST_PRINT_BYTES 256

/* host - of a URL that a server named, with a "://" in it. */

/* "HOST" or "HOST:PORT", cut to HOST_PRINT_BYTES: to be shown and told apart. */
void host_print(const char *url, char *ret);
/* It is the domain or below it: nothing but a name and perhaps a port, as what reads the URL
 * otherwise could go elsewhere ("https://x.corp.example:@evil.example/"). */
bool host_is_within(const char *url, const char *domain);
bool domain_is_within(const char *name, const char *domain);

#endif
