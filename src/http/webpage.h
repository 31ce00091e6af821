/* SPDX-License-Identifier: MIT */
#ifndef HTTP_WEBPAGE_H
#define HTTP_WEBPAGE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * webpage - a page for people where an answer was expected: the login of a gateway, an error of
 * the web server. Its title says best what stands there.
 */
#define WEBPAGE_TITLE_MAX 61

/* From the first bytes of it, and its type (may be NULL). */
bool webpage_is_html(const char *type, const char *bytes, size_t n);
/* Printable ASCII, "" for none. */
void webpage_load_title(const char *bytes, size_t n, char ret[WEBPAGE_TITLE_MAX]);

#endif
