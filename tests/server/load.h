/* SPDX-License-Identifier: MIT */
#ifndef SERVER_LOAD_H
#define SERVER_LOAD_H

#include "mailbox.h"

/*
 * load - mail from disk into a folder of a mailbox.
 *
 * PATH is a Maildir (it has cur or new), another directory (its .eml, .ics and
 * .vcf files, in the order of their names), or an mbox file. A folder that does
 * not exist is made, of the kind that the first item wants. Items are added
 * oldest first, so the order of their ids is that of their dates.
 */

/* False, after one line on stderr. */
bool load_mail(struct mailbox *box, const char *folder, const char *path);

MUST_CHECK enum err load_file(const char *path, struct buf *ret);

#endif
