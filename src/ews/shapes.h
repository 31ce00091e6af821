/* SPDX-License-Identifier: MIT */
#ifndef EWS_SHAPES_H
#define EWS_SHAPES_H

#include "ews/soap.h"
#include "model/item.h"

/*
 * shapes - which properties GetItem asks for, by kind: a property of another kind is an
 * error, so what all share is item: fields and MAPI properties. `wants_mime` counts where the kind
 * has MIME.
 */
MUST_CHECK enum err shape_write(enum item_kind kind, enum version version, bool wants_mime,
				struct buf *to);
/* Contacts and tasks are made from their properties. */
bool shape_has_mime(enum item_kind kind);

#endif
