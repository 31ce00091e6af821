/* SPDX-License-Identifier: MIT */
#ifndef EWS_PROPERTY_H
#define EWS_PROPERTY_H

#include "ews/sax.h"

/*
 * property - MAPI properties in replies (t:ExtendedProperty).
 *
 * Servers echo the tag as they like ("0xe07", "0x0e07", "3591"), so it is a number here; and
 * they come in any order.
 */
struct property {
	unsigned long tag; /* of the one under way; 0: none that we know */
};

/* Functions of rules whose ctx begins with a struct property. */
enum err property_open(void *ctx, const struct sax *sax);
enum err property_open_uri(void *ctx, const struct sax *sax);

/* For a table of rules: `take` sees the value of each, `over` one that is too long. */
/* clang-format off */
#define PROPERTY_RULES(element, take, limit, too_long) \
	{ element "/t:ExtendedProperty", .open = property_open }, \
	{ element "/t:ExtendedProperty/t:ExtendedFieldURI", .open = property_open_uri }, \
	{ element "/t:ExtendedProperty/t:Value", .text = take, .cap = limit, .over = too_long }
/* clang-format on */

#endif
