/* SPDX-License-Identifier: MIT */
#ifndef SERVER_TRUTH_H
#define SERVER_TRUTH_H

#include <jansson.h>

#include "mailbox.h"

/*
 * truth - all that a mailbox holds, as JSON, for tests to compare with.
 *
 * It is read from the mailbox directly and shares nothing with what writes the
 * replies of EWS but the making of ids, keys and MIME. The caller holds the lock.
 */
json_t *truth_of(struct mailbox *box, bool with_mime);

#endif
