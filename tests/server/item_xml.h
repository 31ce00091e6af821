/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ITEM_XML_H
#define SERVER_ITEM_XML_H

#include "edits.h"
#include "props.h"
#include "shape.h"

/*
 * item_xml - an item as EWS shows it.
 *
 * A table in the order of the schema holds every property: its FieldURI, the
 * kinds that have it, the base shapes that bring it, and how it is written.
 */
bool item_want(struct shape *shape, const char *uri);

/* True if this item has no such property as the shape asks for (GetItem refuses then). */
bool item_refuses(const struct item *item, const struct shape *shape);

/* <t:Message>...</t:Message>, or what its kind is called. */
void item_write(struct xml *out, const struct item *item, const struct shape *shape);
/* With its id alone, as in the replies to what writes. */
void item_write_bare(struct xml *out, const struct item *item);
/* <t:ItemId Id="" ChangeKey=""/> */
void item_write_id(struct xml *out, const struct item *item);

/* The item of an ItemId. NULL sets *ret_error to the ResponseCode. op_items.c. */
struct item *item_asked(struct call *call, const xmlNode *node, const char **ret_error);

bool item_has_field(enum kind kind, const char *uri);
/* The FieldURI of "Subject"; NULL for what items of that kind do not have. */
const char *item_element_uri(enum kind kind, const char *element);
/* Into props what one edit says. */
void item_describe_edit(const struct item *item, const struct edit *edit, struct props *ret);
/* The same without the ChangeKey. */
void item_write_bare_id(struct xml *out, const struct item *item);

/* The extended properties, in the order in which they were asked for. item_tags.c. */
struct item_view {
	const struct item *item;
	const struct shape *shape;
	bool described;
	struct props props;
};
const struct props *view_props(struct item_view *view);
/* PR_PREDECESSOR_CHANGE_LIST; returns its length. */
size_t item_predecessors(const struct item *item, uint8_t bytes[PCL_MAX_BYTES]);
void item_write_tags(struct xml *out, struct item_view *view);

#endif
