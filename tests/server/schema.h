/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SCHEMA_H
#define SERVER_SCHEMA_H

#include <libxml/tree.h>

#include "base/err.h"

/*
 * schema - Exchange's own XSDs, held against what clients send.
 *
 * One validation at a time: libxml2 does not promise that a schema may be shared.
 */
struct schema;

/* `dir` holds messages.xsd, types.xsd and what they import. */
MUST_CHECK enum err schema_open(const char *dir, struct schema **ret);
void schema_release(struct schema **schema);

struct violation {
	int line;
	char text[512]; /* one line */
};

/* One element and what is in it. ERR_INVALID fills *ret. */
MUST_CHECK enum err schema_check(struct schema *schema, xmlNode *element, struct violation *ret);

#endif
