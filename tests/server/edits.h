/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EDITS_H
#define SERVER_EDITS_H

#include <libxml/tree.h>

#include "xml.h"

/*
 * edits - what clients have set of an item, beside what its bytes or its seed say.
 *
 * An edit has a key, the FieldURI or, for an extended property, what edit_key()
 * makes of its path, and a value: the element as the client sent it. A NULL value
 * is a property that was deleted. Most items have none.
 */
struct edit {
	char *key;
	xmlNode *value; /* owned */
};

struct edits;

/* Copies the value. */
void edits_put(struct edits **edits, const char *key, const xmlNode *value);
void edits_drop(struct edits *edits, const char *key);
/* NULL where there is none. */
const struct edit *edits_find(const struct edits *edits, const char *key);
/* One after the other, from 0; NULL behind the last. */
const struct edit *edits_at(const struct edits *edits, size_t i);
struct edits *edits_copy(const struct edits *edits);
void edits_release(struct edits **edits);

/* "item:Subject"; "x:0x1090:Integer" or "x:{set}:{name}:String". */
#define EDIT_KEY_SIZE 256
void edit_key(const xmlNode *path, char ret[EDIT_KEY_SIZE]);

/* The element with all in it, every name with the prefix "t:". */
void xml_node(struct xml *out, const xmlNode *node);

#endif
