/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ITEM_SET_H
#define SERVER_ITEM_SET_H

#include "item_xml.h"

/*
 * item_set - what clients change of an item.
 *
 * Whatever of it the bytes say is changed in the bytes of a mail; of everything
 * else that has bytes it is changed there, too, and kept as an edit (edits.h).
 * Nothing is logged here: item_changed() is the caller's, and so is the read flag,
 * which is no change of the item.
 */
enum set_how { SET_VALUE, SET_APPENDED, SET_DELETED };

struct set {
	enum set_how how;
	char key[EDIT_KEY_SIZE]; /* the property's; of an indexed one that of the whole */
	char index[64];		 /* FieldIndex; "" where there is none */
	char member[64];	 /* "Street" of "contacts:PhysicalAddress:Street" */
	const xmlNode *value;	 /* its element; NULL when deleted */
};

struct set_result {
	bool changed; /* anything but the read flag */
	bool has_read, read;
};

/* set_check.c. From the path in a SetItemField, AppendToItemField or DeleteItemField. */
void set_from_path(const xmlNode *path, struct set *ret);
/* From an element below the item in CreateItem. */
void set_from_element(const xmlNode *element, enum kind kind, struct set *ret);

/* NULL, or the ResponseCode with which it is refused. */
const char *set_check(const struct set *set, const struct item *item, bool creating);
/* One that was checked. */
void set_apply(const struct set *set, struct item *item, struct set_result *result);

/* The bytes of a MimeContent. NULL sets *ret_error. */
struct content *set_read_mime(const xmlNode *value, enum kind kind, const char **ret_error);

/* The content's size, or that of the MIME that it would be. */
void item_measure(struct item *item);

/* set_indexed.c: the element of the whole, with that one entry set or taken away. */
xmlNode *set_indexed(const struct set *set, const struct item *item);
/* What the item has of it now, as an element; NULL where it has nothing. */
xmlNode *set_current(const struct item *item, const char *uri);

#endif
