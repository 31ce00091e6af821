/* SPDX-License-Identifier: MIT */
#ifndef DISCOVER_ANSWER_H
#define DISCOVER_ANSWER_H

#include "base/buf.h"

/*
 * answer - what an autodiscover service said, read from the body of its reply.
 *
 * Three dialects say the same: the URL of the EWS endpoint, another place to ask, another address
 * to ask for, or no. Among several URLs the one for outside counts most (EXPR, then EXHTTP, EXCH,
 * and OWA's; ExternalEwsUrl before InternalEwsUrl). Only https counts. Namespaces are not
 * looked at: servers and Microsoft's own examples differ in them.
 */
enum answer_kind { ANSWER_NO, ANSWER_URL, ANSWER_OTHER_URL, ANSWER_OTHER_ADDRESS };

struct answer {
	enum answer_kind kind;
	struct buf text; /* the URL or address; of a no: why, in the server's words */
};

enum dialect { DIALECT_JSON, DIALECT_POX, DIALECT_SOAP };

/* ERR_PROTOCOL or ERR_NOT_EWS: not what the dialect says; ERR_LIMIT: too long a text in it. */
MUST_CHECK enum err answer_read(enum dialect dialect, const char *bytes, size_t n,
				struct answer *ret);
void answer_release(struct answer *answer);

#endif
