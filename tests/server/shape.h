/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SHAPE_H
#define SERVER_SHAPE_H

#include "soap.h"

/*
 * shape - which properties a request wants of each item or folder.
 *
 * A FieldURI is an index into the table of whoever writes them (item_xml.c,
 * folder_xml.c); one that is valid and not in the table is a property that no
 * object here has. A PropertyTag stands for itself; a named property is there where
 * a client has set it.
 */
#define SHAPE_FIELDS 160
#define SHAPE_TAGS 64
#define SHAPE_NAMED 16

enum shape_base { SHAPE_ID_ONLY, SHAPE_DEFAULT, SHAPE_ALL };

struct shape_tag {
	uint32_t tag;
	char type[16]; /* "Binary" */
};

struct shape {
	enum shape_base base;
	bool mime;
	bool no_bodies;	    /* SyncFolderItems and FindItem never give them, */
	bool no_recipients; /* FindItem gives not even these */
	bool text_body;	    /* BodyType Text; else HTML where there is any */
	bool wanted[SHAPE_FIELDS];
	uint32_t kinds_refused; /* KIND_BITs for which some FieldURI makes no sense */
	struct shape_tag tags[SHAPE_TAGS];
	size_t tags_n;
	const xmlNode *named[SHAPE_NAMED]; /* the request's ExtendedFieldURIs */
	size_t named_n;
};

/* Marks a FieldURI as wanted. False for one that does not exist. */
typedef bool (*shape_want_fn)(struct shape *shape, const char *uri);

/* Reads an ItemShape or a FolderShape; false, with a fault, for one that is not valid. */
bool shape_parse(struct call *call, const xmlNode *node, shape_want_fn want, struct shape *ret);

/* One more property, by its FieldURI or ExtendedFieldURI. */
bool shape_add(struct call *call, const xmlNode *node, shape_want_fn want, struct shape *shape);

/* <t:ExtendedProperty> with that value, the tag as Exchange echoes it: not padded. */
void tag_write(struct xml *out, const struct shape_tag *tag, const char *value);
void tag_write_int(struct xml *out, const struct shape_tag *tag, int64_t value);
void tag_write_bool(struct xml *out, const struct shape_tag *tag, bool value);
void tag_write_time(struct xml *out, const struct shape_tag *tag, int64_t time);
void tag_write_binary(struct xml *out, const struct shape_tag *tag, const void *bytes, size_t n);

#endif
