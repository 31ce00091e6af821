/* SPDX-License-Identifier: MIT */
#ifndef MODEL_FIELDS_H
#define MODEL_FIELDS_H

#include "base/buf.h"

/*
 * fields - an item's properties as the server sent them, in document order:
 * the path of local names below the item's element, and its text.
 *
 * "CompleteName/FirstName" = "Ana"; an element with a Key attribute carries it:
 * "EmailAddresses/Entry[EmailAddress1]" = "ana@corp.example". Repeated paths
 * ("Categories/String") come repeatedly. Contacts and tasks are made from these.
 * At most FIELDS_MAX fields and FIELDS_BYTES_MAX bytes; more is ERR_LIMIT.
 */
#define FIELDS_MAX 32768 /* a list of 2,000 members has 10,000 */
#define FIELDS_BYTES_MAX ((size_t)16 << 20)

struct field {
	char *path, *text;
};

struct fields {
	struct field *list;
	size_t n, size, bytes;
};

MUST_CHECK enum err fields_put(struct fields *fields, const char *path, const char *text, size_t n);
/* The first with that path, borrowed; NULL when there is none. */
const char *fields_get(const struct fields *fields, const char *path);
void fields_release(struct fields *fields);

#endif
