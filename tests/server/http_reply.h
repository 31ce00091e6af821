/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_REPLY_H
#define SERVER_HTTP_REPLY_H

#include <microhttpd.h>

#include "soap.h"

/* http_reply - what goes back over HTTP: replies with their headers, and plain pages. */

/* Which machine answers; another one after each failover. */
#define SERVER_NAME_SIZE 40
void print_server_name(struct server *server, char ret[SERVER_NAME_SIZE]);
/* The cookie that leads to it, for those who ask for it. */
#define OVERRIDE_COOKIE "X-BackEndOverrideCookie"

enum MHD_Result send_page(struct MHD_Connection *connection, unsigned status, const char *html);
/* The page of a FAULT_STATUS. */
enum MHD_Result send_status(struct MHD_Connection *connection, const struct server *server,
			    const struct fault *fault);
/* 401, with the logins that are offered. */
enum MHD_Result send_unauthorized(struct MHD_Connection *connection, const struct server *server);
/* Takes over the bytes. */
enum MHD_Result send_reply(struct MHD_Connection *connection, struct server *server,
			   struct outcome *outcome, struct buf *reply);
/* By hand, behind a reply that is complete: a response of its own with an empty Body. */
void send_second(struct MHD_Connection *connection, const struct like *like);

#endif
