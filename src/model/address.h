/* SPDX-License-Identifier: MIT */
#ifndef MODEL_ADDRESS_H
#define MODEL_ADDRESS_H

#include <stdbool.h>

/*
 * address - a mail address that a server can be asked for: ASCII, one '@', and behind it letters,
 * digits, dots and dashes.
 */
bool address_is_valid(const char *text);
/* Borrowed from it, what stands behind the '@'. */
const char *address_domain(const char *address);

#endif
