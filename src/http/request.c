/* SPDX-License-Identifier: MIT */
#include "http/request.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/auth.h"

/* A reply may not go on for ever at a trickle: from SLOW_AFTER times the timeout on it
 * must have come at SLOW_BYTES_S on average. */
enum { SLOW_AFTER = 10, SLOW_BYTES_S = 1024, CURL_BUFFER_BYTES = 256 * 1024 };
enum { DEAD_MS = 25 * 1000, LOOK_MS = 1000, COOKIES_MAX = 100 };
#define CONNECT_MAX_S 20L
#define PROBE_FIRST_S 10L
#define PROBE_S 5L
/* Of all header lines; curl keeps them. */
enum { HEAD_MAX_BYTES = 256 * 1024, LEGS_MAX = 8 };

static void init_curl(void)
{
	curl_global_init_mem(CURL_GLOBAL_ALL, malloc, secret_free, secret_realloc, strdup, calloc);
	signal(SIGPIPE, SIG_IGN);
}

void request_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init_curl);
}

enum err request_new(const char *body, size_t n, const struct http_handler *handler, void *ctx,
		     struct request **ret)
{
	AUTO(request) struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return ERR_NOMEM;
	request->handler = handler;
	request->ctx = ctx;
	enum err err = buf_append(&request->body, body, n);
	if (!err)
		*ret = give(request);
	return err;
}

void request_bound_cookies(CURL *easy)
{
	struct curl_slist *cookies = NULL;
	int n = 0;

	if (curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &cookies))
		return;
	for (const struct curl_slist *at = cookies; at; at = at->next)
		n++;
	curl_slist_free_all(cookies);
	if (n > COOKIES_MAX)
		curl_easy_setopt(easy, CURLOPT_COOKIELIST, "ALL");
}

void request_release(struct request **request)
{
	if (!*request)
		return;
	curl_easy_cleanup((*request)->easy);
	curl_slist_free_all((*request)->headers);
	exchange_end(&(*request)->exchange, ERR_CANCELLED, 0);
	buf_release(&(*request)->body);
	str_release(&(*request)->to);
	free(*request);
	*request = NULL;
}

static bool names_xml(const char *type)
{
	size_t n = type ? strcspn(type, ";") : 0;

	/* text/xml, application/soap+xml, ... but not application/xhtml+xml. */
	return n > 0 && memmem(type, n, "xml", 3) && !memmem(type, n, "xhtml", 5);
}

void request_note_head(struct request *request)
{
	char *type = NULL;
	long status = 0;

	if (request->has_head)
		return;
	curl_easy_getinfo(request->easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	request->is_xml = names_xml(type);
	request->is_wanted = request->is_xml && (status / 100 == 2 || status == 500);
	request->has_head = true;
}

/*
 * Connections are not kept unless the handler says so, before the last byte has been
 * dealt with. Later is too late: curl gives a connection to the next request in the
 * same breath in which it ends this one.
 */
static void decide_reuse(struct request *request)
{
	bool is_kept = request->handler->is_settled(request->ctx) && !request->has_surplus;

	if (is_kept != request->is_kept)
		curl_easy_setopt(request->easy, CURLOPT_FORBID_REUSE, is_kept ? 0L : 1L);
	request->is_kept = is_kept;
}

/* No more than it takes to say what it is. */
static size_t keep_page(struct request *request, const char *bytes, size_t n)
{
	size_t left = sizeof(request->page) - request->page_n, some = n < left ? n : left;

	memcpy(request->page + request->page_n, bytes, some);
	request->page_n += some;
	return request->page_n < sizeof(request->page) ? n : 0;
}

static size_t on_data(char *bytes, size_t size, size_t n, void *ctx)
{
	struct request *request = ctx;

	n *= size;
	request_note_head(request);
	exchange_note_body(request->exchange, request->is_xml, bytes, n);
	if (!request->is_wanted)
		return keep_page(request, bytes, n);
	*request->bytes_in += n;
	if (request->is_stream)
		++*request->news_n;
	request->err = request->handler->data(request->ctx, bytes, n);
	if (request->err)
		return 0;
	decide_reuse(request);
	return n;
}

static size_t on_head(char *line, size_t size, size_t n, void *ctx)
{
	struct request *request = ctx;

	n *= size;
	trail_note(&request->trail, line, n);
	request->head_bytes += n;
	offer_note_line(&request->offer, line, n);
	/* A server may take no login for an answer, and begin the handshake again for ever. */
	if (request->offer.replies_n > LEGS_MAX)
		request->err = ERR_AUTH;
	else if (request->head_bytes > HEAD_MAX_BYTES)
		request->err = ERR_LIMIT;
	return request->err ? 0 : n;
}

/* curl drops what follows the last chunk, and says so only here. */
static int on_debug(CURL *easy, curl_infotype type, char *text, size_t n, void *ctx)
{
	static const char surplus[] = "Leftovers after chunking";
	struct request *request = ctx;

	if (type == CURLINFO_TEXT)
		offer_note_debug(&request->offer, text, n);
	if (type == CURLINFO_HEADER_OUT)
		exchange_note_sent(request->exchange, text, n);
	if (type == CURLINFO_HEADER_IN)
		exchange_note_head(request->exchange, text, n);
	if (type != CURLINFO_TEXT || n < strlen(surplus) ||
	    memcmp(text, surplus, strlen(surplus)) != 0)
		return 0;
	request->has_surplus = true;
	request->is_kept = false;
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	return 0;
}

static long port_of(curl_socket_t fd)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &n) < 0)
		return -1;
	if (at.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&at)->sin_port);
	return at.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&at)->sin6_port) : -1;
}

void request_note_idle(struct request *request)
{
	struct idle *idle = request->idle;
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (!request->is_kept || curl_easy_getinfo(request->easy, CURLINFO_ACTIVESOCKET, &fd) ||
	    fd == CURL_SOCKET_BAD)
		return;
	size_t at = idle->next;
	for (size_t i = 0; i < IDLE_MAX; i++)
		if (idle->list[i].fd == fd)
			at = i;
	idle->list[at].fd = fd;
	idle->list[at].port = port_of(fd);
	idle->list[at].kept_at = clock_boot_ms();
	if (at == idle->next)
		idle->next = (idle->next + 1) % IDLE_MAX;
}

/* False: a connection that leaves from there is dead, and nobody says so. */
static bool is_address_ours(const char *ip)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = { 0 };

	if (inet_pton(AF_INET, ip, &at.v4.sin_addr) == 1)
		at.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, ip, &at.v6.sin6_addr) == 1)
		at.any.sa_family = AF_INET6;
	int fd = at.any.sa_family ? socket(at.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	if (fd < 0)
		return true;
	bool is_gone = bind(fd, &at.any, sizeof(at)) < 0 && errno == EADDRNOTAVAIL;
	close(fd);
	return !is_gone;
}

/* Before a request goes out, with the connection that curl has chosen for it. */
static int on_connected(void *ctx, char *ip, char *own_ip, int port, int own_port)
{
	struct request *request = ctx;
	const struct idle *idle = request->idle;
	(void)ip, (void)port;

	snprintf(request->own_ip, sizeof(request->own_ip), "%s", own_ip);
	/* A new one may have the port, and the number, of one that is gone. */
	if (request->must_connect)
		return CURL_PREREQFUNC_OK;
	for (size_t i = 0; i < IDLE_MAX; i++) {
		struct pollfd fd = { .fd = idle->list[i].fd, .events = POLLIN };
		int64_t kept_at = idle->list[i].kept_at;
		/* The number may be another socket's by now. */
		if (idle->list[i].port != own_port || port_of(fd.fd) != own_port)
			continue;
		request->is_stale = poll(&fd, 1, 0) > 0 || kept_at <= idle->distrusted_at ||
				    clock_boot_ms() - kept_at > IDLE_MAX_MS ||
				    !is_address_ours(own_ip);
		return request->is_stale ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
	}
	return CURL_PREREQFUNC_OK;
}

void request_reset(struct request *request)
{
	curl_easy_cleanup(request->easy);
	curl_slist_free_all(request->headers);
	request->easy = NULL;
	request->headers = NULL;
	request->is_stale = false;
	request->must_connect = true;
	request->has_head = request->is_kept = request->has_surplus = false;
	request->err = ERR_OK;
	request->page_n = 0;
	request->gave_up = NULL;
	request->offer = (struct offer){ 0 };
	request->own_ip[0] = '\0';
	request->head_bytes = 0;
	request->moved_bytes = 0;
}

/* Now and then: its address is asked for in three calls of the system. */
static bool has_moved(struct request *request, int64_t now)
{
	if (!*request->own_ip || now - request->looked_at < LOOK_MS)
		return false;
	request->looked_at = now;
	return !is_address_ours(request->own_ip);
}

/* Called by curl at least once a second. */
static int on_progress(void *ctx, curl_off_t expected_in, curl_off_t in, curl_off_t expected_out,
		       curl_off_t out)
{
	struct request *request = ctx;
	int64_t now = clock_boot_ms();
	curl_off_t ready_us = 0;
	(void)expected_in, (void)expected_out;

	curl_easy_getinfo(request->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
	curl_off_t moved = (curl_off_t)request->head_bytes + in + out;
	if (moved != request->moved_bytes || ready_us == 0)
		request->moved_at = now; /* until it is connected another limit counts */
	request->moved_bytes = moved;
	int64_t taken_s = (now - request->started_at) / 1000;
	if (now - request->moved_at >= request->silence_ms)
		request->gave_up = "no answer";
	else if (has_moved(request, now))
		request->gave_up = "our address has changed";
	else if (!request->is_stream && taken_s > SLOW_AFTER * request->silence_ms / 1000 &&
		 in < taken_s * SLOW_BYTES_S)
		request->gave_up = "the answer comes too slowly, under 1 KiB/s";
	return request->gave_up != NULL;
}

enum err request_add_header(struct request *request, const char *line)
{
	struct curl_slist *list = curl_slist_append(request->headers, line);

	if (!list)
		return ERR_NOMEM;
	request->headers = list;
	return ERR_OK;
}

/* Lets the server's log be matched with ours. */
static enum err add_request_id(struct request *request)
{
	char line[64];
	enum err err = trail_begin(&request->trail);

	snprintf(line, sizeof(line), "client-request-id: %s", request->trail.id);
	return err ? err : request_add_header(request, line);
}

static enum err add_headers(struct request *request, const struct request_config *config)
{
	const char *anchor = config->anchor;
	static const char *const fixed[] = {
		"Content-Type: text/xml; charset=utf-8",
		"Accept: text/xml",
		"Expect:", /* some servers never answer 100-continue */
		"return-client-request-id: true",
	};
	enum err err = add_request_id(request);

	for (size_t i = 0; !err && i < ARRAY_LEN(fixed); i++)
		err = request_add_header(request, fixed[i]);
	if (!err && config->has_affinity)
		err = request_add_header(request, "X-PreferServerAffinity: true");
	if (!err && anchor && *anchor && !strpbrk(anchor, "\r\n")) {
		AUTO(buf) struct buf line = { 0 };
		err = buf_printf(&line, "X-AnchorMailbox: %s", anchor);
		if (!err)
			err = request_add_header(request, buf_str(&line));
	}
	return err;
}

/* A network that swallows packets is found out by the system in this time, whether we or the
 * server have something to say: a server that only takes its time does not seem dead. */
static int on_socket(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
	unsigned dead_ms = DEAD_MS;
	(void)ctx, (void)purpose;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof(dead_ms));
	return CURL_SOCKOPT_OK;
}

#define SET(option, value) \
	do { \
		if (!code) \
			code = curl_easy_setopt(easy, option, value); \
	} while (0)

CURLcode request_set_transport(CURL *easy, const struct request_config *config, const char *to)
{
	CURLcode code = CURLE_OK;
	long connect_s = config->timeout_s;

	SET(CURLOPT_URL, to ? to : config->url->text);
	SET(CURLOPT_PROTOCOLS_STR, config->url->is_plain ? "http" : "https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (config->cafile) {
		SET(CURLOPT_CAINFO, config->cafile);
		SET(CURLOPT_CAPATH, NULL);
	}
	/* Loopback goes through no proxy, whatever the environment says. */
	if (config->url->is_plain)
		SET(CURLOPT_PROXY, "");
	else if (config->proxy)
		SET(CURLOPT_PROXY, config->proxy);
	/* The system knocks seldomer each time: a new try finds a network that is back sooner. */
	SET(CURLOPT_CONNECTTIMEOUT, connect_s < CONNECT_MAX_S ? connect_s : CONNECT_MAX_S);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_TCP_KEEPIDLE, PROBE_FIRST_S);
	SET(CURLOPT_TCP_KEEPINTVL, PROBE_S);
	SET(CURLOPT_SOCKOPTFUNCTION, on_socket);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_SHARE, config->share);
	SET(CURLOPT_COOKIEFILE, "");
	return code;
}

static CURLcode set_exchange(CURL *easy, struct request *request)
{
	CURLcode code = CURLE_OK;

	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
	SET(CURLOPT_POSTFIELDS, buf_str(&request->body));
	SET(CURLOPT_HTTPHEADER, request->headers);
	SET(CURLOPT_USERAGENT, "ewsfs/" EWSFS_VERSION);
	if (request->is_stream) /* packed, what is said now would come later */
		SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(request->silence_ms / 2));
	else
		SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_BUFFERSIZE, (long)CURL_BUFFER_BYTES);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_FRESH_CONNECT, request->must_connect ? 1L : 0L);
	SET(CURLOPT_PREREQFUNCTION, on_connected);
	SET(CURLOPT_PREREQDATA, request);
	SET(CURLOPT_DEBUGFUNCTION, on_debug);
	SET(CURLOPT_DEBUGDATA, request);
	SET(CURLOPT_VERBOSE, 1L);
	SET(CURLOPT_HEADERFUNCTION, on_head);
	SET(CURLOPT_HEADERDATA, request);
	SET(CURLOPT_WRITEFUNCTION, on_data);
	SET(CURLOPT_WRITEDATA, request);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, request);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_ERRORBUFFER, request->error);
	SET(CURLOPT_PRIVATE, request);
	return code;
}

enum err request_start(struct request *request, const struct request_config *config)
{
	if (!request->exchange)
		request->exchange = exchange_begin(config->trace, buf_str(&request->body),
						   request->body.len);
	request->easy = curl_easy_init();
	if (!request->easy)
		return ERR_NOMEM;
	if (!request->is_stream)
		request->silence_ms = config->timeout_s * INT64_C(1000);
	request->started_at = request->moved_at = clock_boot_ms();
	request->login_generation = config->login->generation;
	enum err err = add_headers(request, config);
	if (!err && (request_set_transport(request->easy, config, request->to) ||
		     set_exchange(request->easy, request)))
		err = ERR_INVALID;
	if (!err)
		err = auth_apply(request->easy, config->login->auth, config->login->user,
				 &config->login->secret);
	return err;
}
