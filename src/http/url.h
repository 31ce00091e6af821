/* SPDX-License-Identifier: MIT */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * url - where requests go, and whether a password may go there.
 *
 * https anywhere; plain http only where the host is written as a loopback address, since
 * a name could lead anywhere.
 */
struct url {
	char *text; /* without user and password */
	char *user; /* NULL: none in it */
	char *host_port;
	bool is_plain;
};

/* ERR_INVALID, with the reason, for anything else. */
MUST_CHECK enum err url_parse(const char *text, struct url *ret, struct buf *reason);
void url_release(struct url *url);

#endif
