/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

void server_init(struct server *server)
{
	*server = (struct server){ .like = like_usual() };
	lock_init(&server->lock);
	faults_init(&server->faults);
}

void server_release(struct server *server)
{
	for (size_t i = 0; i < server->users_n; i++) {
		free(server->users[i].name);
		free(server->users[i].password);
		mailbox_release(&server->users[i].box);
	}
	free(server->users);
	free(server->token.text);
	schema_release(&server->schema);
	faults_release(&server->faults);
	lock_destroy(&server->lock);
}

struct user *server_user(struct server *server, const char *name)
{
	for (size_t i = 0; i < server->users_n; i++)
		if (strcasecmp(server->users[i].name, name) == 0)
			return &server->users[i];
	return NULL;
}

struct user *server_add_user(struct server *server, const char *name)
{
	struct user *user = server_user(server, name);

	if (user)
		return user;
	server->users = must_alloc(server->users, (server->users_n + 1) * sizeof(*server->users));
	user = &server->users[server->users_n++];
	*user = (struct user){ .name = must_copy(name), .box = mailbox_new(name) };
	return user;
}

struct user *server_address(struct server *server, const char *address)
{
	size_t local = strcspn(address, "@");

	for (size_t i = 0; i < server->users_n; i++) {
		struct user *user = &server->users[i];
		const char *own = user->box->address;
		if (strcasecmp(own, address) == 0)
			return user;
		if (!strchr(user->name, '@') && strncasecmp(own, address, local) == 0 &&
		    own[local] == '@')
			return user;
	}
	return NULL;
}

void server_set_token(struct server *server, struct user *user, const char *token, int64_t seconds)
{
	lock_acquire(&server->lock);
	free(server->token.text);
	server->token = (struct token){
		.text = token ? must_copy(token) : NULL,
		.user = user,
		.until_ms = seconds < 0 ? INT64_MAX : clock_boot_ms() + seconds * 1000,
	};
	lock_drop(&server->lock);
}

uint64_t server_failovers(struct server *server)
{
	lock_acquire(&server->lock);
	uint64_t n = server->failovers;
	lock_drop(&server->lock);
	return n;
}

void server_loaded(struct server *server)
{
	for (size_t i = 0; i < server->users_n; i++) {
		struct mailbox *box = server->users[i].box;
		box->like = server->like;
		box->identity.bare = server->like->bare_ids;
		box->identity.packed = server->like->packed_ids;
		mailbox_loaded(box);
	}
}

void server_count(struct server *server, const char *operation)
{
	lock_acquire(&server->lock);
	size_t i = 0;
	while (i < server->counters_n && strcmp(server->counters[i].operation, operation) != 0)
		i++;
	if (i == server->counters_n && i < COUNTERS_MAX) {
		struct counter *counter = &server->counters[server->counters_n++];
		*counter = (struct counter){ 0 };
		snprintf(counter->operation, sizeof(counter->operation), "%s", operation);
	}
	if (i < COUNTERS_MAX)
		server->counters[i].n++;
	lock_drop(&server->lock);
}
