/* SPDX-License-Identifier: MIT */
#ifndef DISCOVER_QUESTION_H
#define DISCOVER_QUESTION_H

#include "discover/answer.h"

/* question - the body that asks an autodiscover service for the EWS endpoint of an address. */
MUST_CHECK enum err question_print(enum dialect dialect, const char *address, const char *url,
				   struct buf *ret);
/* The address as a part of a URL's path, which is how JSON is asked. */
MUST_CHECK enum err question_append_address(struct buf *to, const char *address);

#endif
