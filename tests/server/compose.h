/* SPDX-License-Identifier: MIT */
#ifndef SERVER_COMPOSE_H
#define SERVER_COMPOSE_H

#include <libxml/tree.h>

#include "props.h"

/*
 * compose - items that clients made of properties, or changed some of.
 *
 * A mail is bytes from the start (compose_mail), and what is set of it changes
 * them. Of an appointment, contact, list or task made of properties the edits are
 * all there is, and its bytes are written from them when somebody asks.
 */

/* What the edits say, over what is in props already. */
void compose_describe(const struct item *item, struct props *ret);
MUST_CHECK enum err compose_mime(const struct item *item, const struct props *props,
				 struct buf *ret);

/* An empty mail, by the owner of the mailbox, as of now. */
struct content *compose_mail(const struct mailbox *box, int64_t now, uint64_t seed);

/* The <t:String>s of item's categories; NULL behind the last. */
const char *item_category(const struct item *item, size_t i);

/* The Mailbox or Mailboxes in an element such as ToRecipients, From, RequiredAttendees. */
size_t compose_people(const xmlNode *element, struct person *ret, size_t max);

#endif
