/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "server.h"

/*
 * http - the way in: connections, logins, and which path is whose.
 *
 * /EWS/Exchange.asmx is EWS, with a login; /test/... are the controls, without
 * (control.h); everything else does not exist. Replies are chunked and carry the
 * headers of an Exchange behind IIS.
 * Threads: one for each connection.
 */
#define HTTP_REQUEST_MAX ((size_t)64 << 20)

struct http_options {
	const char *address;	/* "127.0.0.1" */
	uint16_t port;		/* 0: any */
	const char *cert, *key; /* PEM texts; NULL: plain http */
};

struct http;

/* Listens and answers from here on; *ret_port is the port it got. */
MUST_CHECK enum err http_open(const struct http_options *options, struct server *server,
			      struct http **ret, uint16_t *ret_port);
void http_release(struct http **http);

#endif
