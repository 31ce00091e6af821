/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLIENTS_H
#define SERVER_CLIENTS_H

#include <microhttpd.h>

#include "base/lock.h"

/* clients - the connections that are open, to be closed when another server takes over. */
struct client {
	struct client *next;
	struct MHD_Connection *connection;
	bool spared;
};

struct clients {
	struct lock lock;
	struct client *all;
	uint64_t failovers; /* those that the connections know of */
};

void clients_init(struct clients *clients);
void clients_destroy(struct clients *clients);
/* For MHD_OPTION_NOTIFY_CONNECTION. */
void clients_notify(void *ctx, struct MHD_Connection *connection, void **socket_context,
		    enum MHD_ConnectionNotificationCode code);
/* That one is of a test, which no failover is to cut off from its answer. */
void clients_spare(struct clients *clients, const struct MHD_Connection *connection);
/* Closes all others but that one, if there was a failover since the last call. */
void clients_fail_over(struct clients *clients, uint64_t failovers,
		       const struct MHD_Connection *but);

#endif
