/* SPDX-License-Identifier: MIT */
#include "http_reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "outgoing.h"
#include "synth.h"

static void print_uuid(char ret[37])
{
	static uint64_t turn;
	struct rng rng = { (uint64_t)clock_wall_ns() +
			   __atomic_add_fetch(&turn, 1, __ATOMIC_RELAXED) };
	uint64_t a = rng_next(&rng), b = rng_next(&rng);

	snprintf(ret, 37, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)(a >> 32),
		 (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(b >> 52),
		 (unsigned long long)(b & 0xffffffffffff));
}

void print_server_name(struct server *server, char ret[SERVER_NAME_SIZE])
{
	uint64_t failovers = server_failovers(server);

	snprintf(ret, SERVER_NAME_SIZE, "EWS-TESTD");
	if (failovers)
		snprintf(ret, SERVER_NAME_SIZE, "EWS-TESTD-%llu",
			 (unsigned long long)failovers + 1);
}

/* A cookie that leads back to that machine, for whoever does not have it yet. */
static void set_cookie(struct MHD_Connection *connection, struct MHD_Response *response,
		       const char *cookie, const char *name)
{
	const char *has = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, cookie);
	char set[96];

	snprintf(set, sizeof(set), "%s=%s; path=/EWS; HttpOnly", cookie, name);
	if (!has || strcmp(has, name) != 0)
		MHD_add_response_header(response, "Set-Cookie", set);
}

/* Which machine answers. A client may ask to come back to it, whatever the others think. */
static void add_server_name(struct MHD_Connection *connection, struct MHD_Response *response,
			    struct server *server)
{
	static const char *const headers[] = { "X-DiagInfo", "X-BEServer", "X-FEServer" };
	const struct like *like = server->like;
	const char *prefers = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							  "X-PreferServerAffinity");
	char name[SERVER_NAME_SIZE];

	print_server_name(server, name);
	for (size_t i = 0; i < ARRAY_LEN(headers) && !like->nameless; i++)
		MHD_add_response_header(response, headers[i], name);
	if (like->two_front_ends)
		MHD_add_response_header(response, "X-FEServer", "EWS-TESTD-FRONT");
	else if (!like->nameless)
		set_cookie(connection, response, "X-BackEndCookie", name);
	if (prefers && strcasecmp(prefers, "true") == 0)
		set_cookie(connection, response, OVERRIDE_COOKIE, name);
}

static void add_exchange_headers(struct MHD_Connection *connection, struct MHD_Response *response,
				 struct server *server, const char *operation)
{
	static const char *const fixed[][2] = {
		{ "Cache-Control", "private" },
		{ "Content-Type", "text/xml; charset=utf-8" },
		{ "X-Powered-By", "ASP.NET" },
	};
	const struct like *like = server->like;
	const char *client_id = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							    "client-request-id");
	char uuid[37], cookie[80];

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		MHD_add_response_header(response, fixed[i][0], fixed[i][1]);
	MHD_add_response_header(response, "Server", like->product);
	MHD_add_response_header(response, "X-AspNet-Version", like->asp_net);
	add_server_name(connection, response, server);
	print_uuid(uuid);
	snprintf(cookie, sizeof(cookie), "exchangecookie=%.8s%.4s; path=/; HttpOnly", uuid,
		 uuid + 9);
	MHD_add_response_header(response, "Set-Cookie", cookie);
	if (like->names_client)
		MHD_add_response_header(response, "Set-Cookie", "ClientId=TESTD; path=/; HttpOnly");
	if (like->nameless)
		return;
	MHD_add_response_header(response, "request-id", uuid);
	MHD_add_response_header(response, "X-CalculatedBETarget", "ews-testd");
	if (like->two_front_ends) {
		MHD_add_response_header(response, "X-CalculatedFETarget", "ews-testd-front");
		MHD_add_response_header(response, "X-BackEndHttpStatus", "200");
		MHD_add_response_header(response, "Set-Cookie",
					"OutlookSession=1; domain=outlook.example; path=/");
	}
	if (client_id)
		MHD_add_response_header(response, "client-request-id", client_id);
	if (*operation && like->two_front_ends)
		MHD_add_response_header(response, "x-EwsHandler", operation);
}

static void add_challenges(struct MHD_Response *response, const struct server *server)
{
	if (server->logins & LOGIN_BY_BEARER) {
		MHD_add_response_header(response, "WWW-Authenticate",
					"Bearer realm=\"ews-testd\", error=\"invalid_token\"");
		MHD_add_response_header(response, "x-ms-diagnostics",
					"2000001;reason=\"The token is not valid.\";"
					"error_category=\"invalid_token\"");
	}
	if (!server->logins || server->logins & LOGIN_BY_BASIC)
		MHD_add_response_header(response, "WWW-Authenticate", "Basic realm=\"ews-testd\"");
}

enum MHD_Result send_unauthorized(struct MHD_Connection *connection, const struct server *server)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(0, "",
									MHD_RESPMEM_PERSISTENT);

	MHD_add_response_header(response, "Server", "Microsoft-IIS/10.0");
	add_challenges(response, server);
	enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_UNAUTHORIZED, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result send_page(struct MHD_Connection *connection, unsigned status, const char *html)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(html), (void *)(uintptr_t)html, MHD_RESPMEM_PERSISTENT);

	MHD_add_response_header(response, "Content-Type", "text/html");
	MHD_add_response_header(response, "Server", "Microsoft-IIS/10.0");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static void add_number(struct MHD_Response *response, const char *header, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	MHD_add_response_header(response, header, text);
}

enum MHD_Result send_status(struct MHD_Connection *connection, const struct server *server,
			    const struct fault *fault)
{
	static const char html[] =
		"<html><head><title>Runtime Error</title></head><body><h1>Server "
		"Error in '/EWS' Application.</h1></body></html>";
	struct MHD_Response *response = MHD_create_response_from_buffer(
		sizeof(html) - 1, (void *)(uintptr_t)html, MHD_RESPMEM_PERSISTENT);

	MHD_add_response_header(response, "Content-Type", "text/html; charset=utf-8");
	MHD_add_response_header(response, "Server", "Microsoft-IIS/10.0");
	if (fault->status == MHD_HTTP_UNAUTHORIZED)
		add_challenges(response, server);
	if (fault->retry_after >= 0)
		add_number(response, "Retry-After", fault->retry_after);
	if (*fault->place)
		MHD_add_response_header(response, "Location", fault->place);
	enum MHD_Result result = MHD_queue_response(connection, (unsigned)fault->status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result send_reply(struct MHD_Connection *connection, struct server *server,
			   struct outcome *outcome, struct buf *reply)
{
	bool bare = server->like->bare_http, chunked = !bare || outcome->stream;
	struct MHD_Response *response = outgoing_new(reply, chunked, connection, &server->faults,
						     &outcome->strikes, give(outcome->stream));

	if (bare)
		MHD_add_response_header(response, "Content-Type", "text/xml");
	else
		add_exchange_headers(connection, response, server, outcome->operation);
	enum MHD_Result result = MHD_queue_response(connection, (unsigned)outcome->status,
						    response);
	MHD_destroy_response(response);
	return result;
}

void send_second(struct MHD_Connection *connection, const struct like *like)
{
	size_t n = strlen(like->before_version) + strlen(like->version) +
		   strlen(like->after_version) + strlen(like->end);
	AUTO(buf) struct buf response = { 0 };

	if (!buf_printf(&response,
			"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
			"Content-Length: %zu\r\n\r\n%s%s%s%s",
			n, like->before_version, like->version, like->after_version, like->end))
		connection_write(connection, response.bytes, response.len);
}
