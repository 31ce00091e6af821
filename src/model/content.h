/* SPDX-License-Identifier: MIT */
#ifndef MODEL_CONTENT_H
#define MODEL_CONTENT_H

#include "base/spool.h"
#include "model/item.h"

/*
 * content - the bytes of an item's file, made from what the server sent.
 *
 * Mail is the server's MIME, byte for byte. An appointment is the server's MIME where
 * that begins with BEGIN:VCALENDAR, else the first text/calendar part in it, decoded.
 * A request that somebody do a task (IPM.TaskRequest*) is a VTODO, too: its details are in
 * an embedded task that EWS does not show, so the whole mail is attached to it.
 * Contacts and tasks are generated from the item's properties (vCard 4.0,
 * RFC 6350; VTODO, RFC 5545): one order of properties, no time of generation, lines
 * folded at 75 octets and ended by CRLF, so one version gives the same bytes on
 * every run.
 */

/*
 * Turns `mime` into the content, in place where nothing is to change. ERR_BAD_ITEM
 * when an appointment's MIME holds no calendar, or one beyond the limit, which holds for
 * a task request, too. For contacts
 * and tasks `mime` is not looked at.
 */
MUST_CHECK enum err content_make(const struct item *item, struct spool *mime);

/* Each appends the whole text. */
MUST_CHECK enum err vcard_print(const struct item *item, struct buf *ret);
/* `request`: the mail that asks for it, up to CALENDAR_MAX; NULL for what is a task itself. */
MUST_CHECK enum err vtodo_print(const struct item *item, const struct spool *request,
				struct buf *ret);

/*
 * Finds the first text/calendar part of a mail that is not empty, however deep (at most
 * 16 levels, not inside attached messages), and appends it decoded (base64,
 * quoted-printable, or as it stands). ERR_NOT_FOUND when there is none; ERR_LIMIT
 * beyond CALENDAR_MAX.
 */
#define CALENDAR_MAX ((size_t)16 << 20)
MUST_CHECK enum err mime_find_calendar(const struct spool *mime, struct buf *ret);

#endif
