/* SPDX-License-Identifier: MIT */
#ifndef EWS_ITEM_READER_H
#define EWS_ITEM_READER_H

#include "ews/mime_decoder.h"
#include "ews/property.h"
#include "model/item.h"

/*
 * item_reader - one item of a GetItem reply, from its elements to a struct item.
 */
struct item_reader {
	struct property property; /* first, see property.h */
	const char *id;		  /* the one that was asked for, borrowed */
	bool wants_mime, has_mime;
	struct item item; /* its element is NULL until one came */
	struct spool mime;
	struct mime_decoder decoder;
	/* Why the item cannot be had although the reply is in order; NULL: it can. */
	const char *fault;

	struct buf from, to, cc, categories, path;
	char *name, *address, *routing;	    /* of the mailbox under way */
	char *sender_name, *sender_address; /* 0x0042, 0x5d02 */
	char *attachment_id;		    /* of the one under way */
	char *photo_id;			    /* of the picture of a contact; NULL: none */
};

/* For the next item. */
void item_reader_reset(struct item_reader *reader, const char *id, const char *spool_dir);
/* Puts together what came in parts. ERR_STALE_REPLY when it is not the item asked for. */
MUST_CHECK enum err item_reader_finish(struct item_reader *reader);
void item_reader_release(struct item_reader *reader);

/* Below the response message; the ctx begins with a struct item_reader. */
extern const struct sax_rule item_rules[];
/* The same, and all other properties into item.fields. */
extern const struct sax_rule item_rules_with_fields[];

#endif
