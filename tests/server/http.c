/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "control.h"
#include "soap.h"
#include "synth.h"

#define EWS_PATH "/EWS/Exchange.asmx"
#define BLOCK_BYTES ((size_t)256 << 10)
#define IDLE_S 600

struct http {
	struct server *server;
	struct MHD_Daemon *daemon;
};

/* One request, from its first header to the end of its reply. */
struct exchange {
	struct buf body;
	bool too_large;
};

/* A reply on its way out; owned by its MHD_Response. */
struct outgoing {
	struct buf buf;
};

static ssize_t read_outgoing(void *ctx, uint64_t at, char *into, size_t max)
{
	const struct outgoing *outgoing = ctx;

	if (at >= outgoing->buf.len)
		return MHD_CONTENT_READER_END_OF_STREAM;
	size_t n = outgoing->buf.len - at;
	if (n > max)
		n = max;
	memcpy(into, outgoing->buf.bytes + at, n);
	return (ssize_t)n;
}

static void free_outgoing(void *ctx)
{
	struct outgoing *outgoing = ctx;

	buf_release(&outgoing->buf);
	free(outgoing);
}

/* Of unknown length to libmicrohttpd, so that it goes out in chunks as Exchange's do. */
static struct MHD_Response *chunked(struct buf *buf)
{
	struct outgoing *outgoing = must_alloc(NULL, sizeof(*outgoing));

	outgoing->buf = *buf;
	*buf = (struct buf){ 0 };
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_outgoing,
						 outgoing, free_outgoing);
}

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

static void add_exchange_headers(struct MHD_Connection *connection, struct MHD_Response *response,
				 const char *operation)
{
	static const char *const fixed[][2] = {
		{ "Cache-Control", "private" },	     { "Content-Type", "text/xml; charset=utf-8" },
		{ "Server", "Microsoft-IIS/10.0" },  { "X-CalculatedBETarget", "ews-testd" },
		{ "X-DiagInfo", "EWS-TESTD" },	     { "X-BEServer", "EWS-TESTD" },
		{ "X-AspNet-Version", "4.0.30319" }, { "X-Powered-By", "ASP.NET" },
		{ "X-FEServer", "EWS-TESTD" },
	};
	const char *client_id = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							    "client-request-id");
	char uuid[37], cookie[80];

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		MHD_add_response_header(response, fixed[i][0], fixed[i][1]);
	print_uuid(uuid);
	MHD_add_response_header(response, "request-id", uuid);
	snprintf(cookie, sizeof(cookie), "exchangecookie=%.8s%.4s; path=/; HttpOnly", uuid,
		 uuid + 9);
	MHD_add_response_header(response, "Set-Cookie", cookie);
	if (client_id)
		MHD_add_response_header(response, "client-request-id", client_id);
	if (*operation)
		MHD_add_response_header(response, "x-EwsHandler", operation);
}

static enum MHD_Result send_page(struct MHD_Connection *connection, unsigned status,
				 const char *html)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(html), (void *)(uintptr_t)html, MHD_RESPMEM_PERSISTENT);

	MHD_add_response_header(response, "Content-Type", "text/html");
	MHD_add_response_header(response, "Server", "Microsoft-IIS/10.0");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, "WWW-Authenticate", "Basic realm=\"ews-testd\"");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* "Basic" and base64 of name:password. NULL for anything but a user's own. */
static struct user *check_login(struct MHD_Connection *connection, struct server *server)
{
	AUTO(buf) struct buf login = { 0 };
	const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 "Authorization");

	if (!header || strncasecmp(header, "Basic ", 6) != 0 ||
	    text_parse_base64(&login, header + 6, strlen(header + 6)))
		return NULL;
	char *colon = login.len ? strchr(login.bytes, ':') : NULL;
	if (!colon)
		return NULL;
	*colon = '\0';
	struct user *user = server_user(server, login.bytes);
	bool right = user && user->password && strcmp(user->password, colon + 1) == 0;
	return right ? user : NULL;
}

static enum MHD_Result answer_ews(struct MHD_Connection *connection, struct server *server,
				  const char *method, const struct exchange *exchange)
{
	struct user *user = check_login(connection, server);
	AUTO(xml) struct xml reply = { 0 };
	char operation[48];

	if (!user)
		return send_page(connection, MHD_HTTP_UNAUTHORIZED, "");
	if (strcmp(method, "GET") == 0)
		return send_page(connection, MHD_HTTP_OK,
				 "<html><head><title>Exchange Web Services</title></head><body>"
				 "You have created a service.</body></html>");
	if (strcmp(method, "POST") != 0)
		return send_page(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "");
	int status = soap_answer(server, user, buf_str(&exchange->body), exchange->body.len, &reply,
				 operation);
	struct MHD_Response *response = chunked(&reply.buf);
	add_exchange_headers(connection, response, operation);
	enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
	MHD_destroy_response(response);
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
	if (exchange->too_large)
		return send_page(connection, MHD_HTTP_CONTENT_TOO_LARGE, "Request too large.");
	if (strcasecmp(url, EWS_PATH) == 0)
		return answer_ews(connection, http->server, method, exchange);
	if (strncmp(url, "/test/", 6) == 0)
		return answer_control(connection, http->server, url, method, exchange);
	return send_page(connection, MHD_HTTP_NOT_FOUND, "<html><body>Not found.</body></html>");
}

static void completed(void *ctx, struct MHD_Connection *connection, void **state,
		      enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;

	(void)ctx;
	(void)connection;
	(void)code;
	if (exchange)
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
				MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_ARRAY,
				options->cert ? tls : tls + ARRAY_LEN(tls) - 1, MHD_OPTION_END);
}

enum err http_open(const struct http_options *options, struct server *server, struct http **ret,
		   uint16_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(options->port) };
	struct http *http = must_alloc(NULL, sizeof(*http));

	*http = (struct http){ .server = server };
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
	if ((*http)->daemon)
		MHD_stop_daemon((*http)->daemon);
	free(*http);
	*http = NULL;
}
