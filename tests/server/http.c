/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "clients.h"
#include "control.h"
#include "http_reply.h"
#include "outgoing.h"
#include "stream.h"
#include "synth.h"

#define EWS_PATH "/EWS/Exchange.asmx"
#define IDLE_S 600

struct http {
	struct server *server;
	struct MHD_Daemon *daemon;
	struct clients clients;
};

/* One request, from its first header to the end of its reply. */
struct exchange {
	struct buf body;
	bool too_large;
	bool second;	   /* a response that nobody asked for goes out behind the reply */
	int64_t second_ms; /* so much later */
};

/* Base64 of name:password. NULL for anything but a user's own. */
static struct user *check_basic(struct server *server, const char *text)
{
	AUTO(buf) struct buf login = { 0 };

	if (text_parse_base64(&login, text, strlen(text)))
		return NULL;
	char *colon = login.len ? strchr(login.bytes, ':') : NULL;
	if (!colon)
		return NULL;
	*colon = '\0';
	struct user *user = server_user(server, login.bytes);
	lock_acquire(&server->lock);
	bool right = user && user->password && strcmp(user->password, colon + 1) == 0;
	lock_drop(&server->lock);
	return right ? user : NULL;
}

/* gromox: at once, or a moment later. */
static void second_soon(struct exchange *exchange)
{
	struct rng rng = { (uint64_t)clock_wall_ns() };

	exchange->second = true;
	exchange->second_ms = (int64_t)rng_below(&rng, 51);
}

static struct user *check_token(struct server *server, const char *text)
{
	const struct token *token = &server->token;

	lock_acquire(&server->lock);
	bool right = token->text && strcmp(token->text, text) == 0 &&
		     clock_boot_ms() < token->until_ms;
	struct user *user = right ? token->user : NULL;
	lock_drop(&server->lock);
	return user;
}

static struct user *check_login(struct MHD_Connection *connection, struct server *server)
{
	const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 "Authorization");
	unsigned logins = server->logins ? server->logins : LOGIN_BY_BASIC;

	if (header && logins & LOGIN_BY_BASIC && strncasecmp(header, "Basic ", 6) == 0)
		return check_basic(server, header + 6);
	if (header && logins & LOGIN_BY_BEARER && strncasecmp(header, "Bearer ", 7) == 0)
		return check_token(server, header + 7);
	return NULL;
}

/* What goes wrong on the connection itself, and the reply. */
static enum MHD_Result send_outcome(struct MHD_Connection *connection, struct server *server,
				    struct exchange *exchange, struct outcome *outcome,
				    struct buf *reply)
{
	const struct fault *status = strikes_find(&outcome->strikes, FAULT_STATUS);
	const struct fault *reset = strikes_find(&outcome->strikes, FAULT_RESET);
	const struct fault *second = strikes_find(&outcome->strikes, FAULT_SECOND);

	if (status)
		return send_status(connection, server, status);
	if (reset && reset->bytes < 0)
		connection_reset(connection);
	if (!outcome->status || (reset && reset->bytes < 0))
		return MHD_NO;
	if (second) {
		exchange->second = true;
		exchange->second_ms = second->ms;
	}
	if (server->like->second_after_fault && server->plain && outcome->is_fault &&
	    outcome->status == 200)
		second_soon(exchange);
	return send_reply(connection, server, outcome, reply);
}

/* Whether the request is led to the machine that has the user's subscriptions. */
static bool is_at_home(struct MHD_Connection *connection, struct server *server,
		       const struct user *user)
{
	const char *anchor = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 "X-AnchorMailbox");
	const char *cookie = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND,
							 OVERRIDE_COOKIE);
	char name[SERVER_NAME_SIZE];

	print_server_name(server, name);
	return anchor && strchr(anchor, '@') && server_address(server, anchor) == user && cookie &&
	       strcmp(cookie, name) == 0;
}

static enum MHD_Result answer_ews(struct MHD_Connection *connection, struct server *server,
				  const char *method, struct exchange *exchange)
{
	struct user *user = check_login(connection, server);
	AUTO(xml) struct xml reply = { 0 };
	struct outcome outcome;

	if (!user) {
		if (MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization"))
			server_count(server, "401");
		return send_unauthorized(connection, server);
	}
	if (strcmp(method, "GET") == 0)
		return send_page(connection, MHD_HTTP_OK,
				 "<html><head><title>Exchange Web Services</title></head><body>"
				 "You have created a service.</body></html>");
	if (strcmp(method, "POST") != 0)
		return send_page(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "");
	soap_answer(server, user, is_at_home(connection, server, user), buf_str(&exchange->body),
		    exchange->body.len, &reply, &outcome);
	enum MHD_Result result = send_outcome(connection, server, exchange, &outcome, &reply.buf);
	/* Unless the reply has taken it. */
	stream_release(&outcome.stream);
	return result;
}

static enum MHD_Result answer_control(struct MHD_Connection *connection, struct server *server,
				      const char *path, const char *method,
				      const struct exchange *exchange)
{
	AUTO(buf) struct buf reply = { 0 };
	struct control_request request = {
		.method = method,
		.name = path + strlen("/test/"),
		.user = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "user"),
		.mime = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "mime"),
		.body = buf_str(&exchange->body),
		.body_n = exchange->body.len,
	};
	int status = control_answer(server, &request, &reply);
	size_t n = reply.len;
	struct MHD_Response *response = MHD_create_response_from_buffer(n, give(reply.bytes),
									MHD_RESPMEM_MUST_FREE);

	MHD_add_response_header(response, "Content-Type", "application/json");
	enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return result;
}

/* False when it is complete, or was too large to keep. */
static bool take_body(struct exchange *exchange, const char *bytes, size_t n)
{
	if (exchange->too_large || exchange->body.len + n > HTTP_REQUEST_MAX)
		exchange->too_large = true;
	else if (buf_append(&exchange->body, bytes, n))
		exchange->too_large = true;
	return !exchange->too_large;
}

static enum MHD_Result route(struct http *http, struct MHD_Connection *connection, const char *url,
			     const char *method, struct exchange *exchange)
{
	enum MHD_Result result;

	if (exchange->too_large)
		return send_page(connection, MHD_HTTP_CONTENT_TOO_LARGE, "Request too large.");
	if (strncmp(url, "/test/", 6) == 0)
		clients_spare(&http->clients, connection);
	if (strcasecmp(url, EWS_PATH) == 0)
		result = answer_ews(connection, http->server, method, exchange);
	else if (strncmp(url, "/test/", 6) == 0)
		result = answer_control(connection, http->server, url, method, exchange);
	else
		return send_page(connection, MHD_HTTP_NOT_FOUND,
				 "<html><body>Not found.</body></html>");
	clients_fail_over(&http->clients, server_failovers(http->server), connection);
	return result;
}

static enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *body,
			      size_t *body_n, void **state)
{
	struct http *http = ctx;
	struct exchange *exchange = *state;

	(void)version;
	if (!exchange) {
		*state = exchange = must_alloc(NULL, sizeof(*exchange));
		*exchange = (struct exchange){ 0 };
		return MHD_YES;
	}
	if (*body_n) {
		take_body(exchange, body, *body_n);
		*body_n = 0;
		return MHD_YES;
	}
	return route(http, connection, url, method, exchange);
}

static void completed(void *ctx, struct MHD_Connection *connection, void **state,
		      enum MHD_RequestTerminationCode code)
{
	struct http *http = ctx;
	struct exchange *exchange = *state;

	if (!exchange)
		return;
	if (exchange->second && code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		faults_wait(&http->server->faults, exchange->second_ms);
		send_second(connection, http->server->like);
	}
	buf_release(&exchange->body);
	free(exchange);
	*state = NULL;
}

static struct MHD_Daemon *start(const struct http_options *options, struct http *http,
				const struct sockaddr_in *address)
{
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			 (options->cert ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)options->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->key },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(flags, 0, NULL, NULL, answer, http, MHD_OPTION_SOCK_ADDR, address,
				MHD_OPTION_NOTIFY_COMPLETED, completed, http,
				MHD_OPTION_NOTIFY_CONNECTION, clients_notify, &http->clients,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_ARRAY,
				options->cert ? tls : tls + ARRAY_LEN(tls) - 1, MHD_OPTION_END);
}

enum err http_open(const struct http_options *options, struct server *server, struct http **ret,
		   uint16_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(options->port) };
	struct http *http = must_alloc(NULL, sizeof(*http));

	*http = (struct http){ .server = server };
	clients_init(&http->clients);
	server->plain = !options->cert;
	if (inet_pton(AF_INET, options->address, &address.sin_addr) == 1)
		http->daemon = start(options, http, &address);
	const union MHD_DaemonInfo *info =
		http->daemon ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (!info) {
		http_release(&http);
		return ERR_IO;
	}
	*ret_port = info->port;
	*ret = http;
	return ERR_OK;
}

void http_release(struct http **http)
{
	if (!*http)
		return;
	/* Or those who wait on purpose would be waited for. */
	faults_stop(&(*http)->server->faults);
	if ((*http)->daemon)
		MHD_stop_daemon((*http)->daemon);
	clients_destroy(&(*http)->clients);
	free(*http);
	*http = NULL;
}
