/* SPDX-License-Identifier: MIT */
#ifndef SERVER_RESTRICTION_H
#define SERVER_RESTRICTION_H

#include "shape.h"

/*
 * restriction - whether an item or folder is what a search asks for.
 *
 * A property is compared as EWS shows it, so that whatever can be asked for can be searched:
 * it is written and read back. That is slow, and searches are rare.
 */
typedef void (*restriction_write_fn)(struct xml *out, const void *object,
				     const struct shape *shape);

struct restriction {
	struct call *call;
	shape_want_fn want;
	restriction_write_fn write;
};

/* `expression` is And, IsEqualTo or another; NULL asks for nothing, and all is that. */
bool restriction_holds(const struct restriction *restriction, const xmlNode *expression,
		       const void *object);

#endif
