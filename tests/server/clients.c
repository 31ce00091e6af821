/* SPDX-License-Identifier: MIT */
#include "clients.h"

#include <sys/socket.h>

#include "mailbox.h"

void clients_init(struct clients *clients)
{
	*clients = (struct clients){ 0 };
	lock_init(&clients->lock);
}

void clients_destroy(struct clients *clients)
{
	lock_destroy(&clients->lock);
}

static void add(struct clients *clients, struct MHD_Connection *connection)
{
	struct client *client = must_alloc(NULL, sizeof(*client));

	*client = (struct client){ .next = clients->all, .connection = connection };
	clients->all = client;
}

static void drop(struct clients *clients, const struct MHD_Connection *connection)
{
	struct client **at = &clients->all;

	while (*at && (*at)->connection != connection)
		at = &(*at)->next;
	if (!*at)
		return;
	struct client *gone = *at;
	*at = gone->next;
	free(gone);
}

/* MHD says that a connection ends before it closes the descriptor. */
void clients_notify(void *ctx, struct MHD_Connection *connection, void **socket_context,
		    enum MHD_ConnectionNotificationCode code)
{
	struct clients *clients = ctx;

	(void)socket_context;
	lock_acquire(&clients->lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		add(clients, connection);
	else
		drop(clients, connection);
	lock_drop(&clients->lock);
}

void clients_spare(struct clients *clients, const struct MHD_Connection *connection)
{
	lock_acquire(&clients->lock);
	for (struct client *client = clients->all; client; client = client->next)
		if (client->connection == connection)
			client->spared = true;
	lock_drop(&clients->lock);
}

void clients_fail_over(struct clients *clients, uint64_t failovers,
		       const struct MHD_Connection *but)
{
	lock_acquire(&clients->lock);
	for (struct client *client = clients->all; client; client = client->next) {
		if (failovers <= clients->failovers || client->spared || client->connection == but)
			continue;
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(
			client->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		if (info)
			shutdown(info->connect_fd, SHUT_RDWR);
	}
	/* Another thread may have seen a later one already. */
	if (failovers > clients->failovers)
		clients->failovers = failovers;
	lock_drop(&clients->lock);
}
