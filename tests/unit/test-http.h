/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_TEST_HTTP_H
#define TESTS_UNIT_TEST_HTTP_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "http/http.h"

/*
 * A server that says what it is told: the n-th request, on whatever connection it comes,
 * gets the n-th answer.
 */
struct answer {
	const char *send;
	int delay_ms;	   /* before it */
	const char *trail; /* sent unasked, trail_ms after it */
	int trail_ms;
	bool close;  /* then */
	int drip_ms; /* between the bytes of it */
	int script;  /* which one it belongs to */
};

enum { REQUESTS_MAX = 64 };

static struct server {
	int fd, port;
	const struct answer *answers;
	size_t answers_n;
	int script;
	pthread_mutex_t lock;
	size_t requests_n, connections_n;
	size_t open_n, open_max;	    /* requests being answered at one time */
	size_t connection_of[REQUESTS_MAX]; /* by request */
	char request[REQUESTS_MAX][4096];
} server = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void pause_ms(int ms)
{
	const struct timespec span = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&span, NULL);
}

static void send_all(int fd, const char *text, int drip_ms)
{
	size_t n = strlen(text);

	for (size_t i = 0; drip_ms && i < n; i++) {
		if (send(fd, text + i, 1, MSG_NOSIGNAL) < 0)
			return;
		pause_ms(drip_ms);
	}
	if (!drip_ms && send(fd, text, n, MSG_NOSIGNAL) < 0)
		return;
}

/* One request with its body; false at the end of the connection. */
static bool read_request(int fd, char *to, size_t size)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = recv(fd, to + len, size - 1 - len, 0);
		if (n <= 0)
			return false;
		len += (size_t)n;
		to[len] = '\0';
		const char *body = strstr(to, "\r\n\r\n"),
			   *length = strcasestr(to, "Content-Length:");
		if (body && length && strlen(body + 4) >= (size_t)atoi(length + 15))
			return true;
	}
}

/* A copy: the script may be over before it has been sent. */
static struct answer note_request(size_t connection, const char *request)
{
	pthread_mutex_lock(&server.lock);
	size_t n = server.requests_n++, last = server.answers_n - 1;
	assert_true(n < REQUESTS_MAX);
	server.connection_of[n] = connection;
	snprintf(server.request[n], sizeof(server.request[n]), "%s", request);
	if (++server.open_n > server.open_max)
		server.open_max = server.open_n;
	struct answer answer = server.answers[n < last ? n : last];
	answer.script = server.script;
	pthread_mutex_unlock(&server.lock);
	return answer;
}

/* A slow answer may belong to the script before. */
static void note_answered(const struct answer *answer)
{
	pthread_mutex_lock(&server.lock);
	server.open_n -= answer->script == server.script;
	pthread_mutex_unlock(&server.lock);
}

static void *serve_connection(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char request[4096];

	pthread_mutex_lock(&server.lock);
	size_t connection = server.connections_n++;
	pthread_mutex_unlock(&server.lock);
	while (read_request(fd, request, sizeof(request))) {
		struct answer answer = note_request(connection, request);
		pause_ms(answer.delay_ms);
		note_answered(&answer);
		send_all(fd, answer.send, answer.drip_ms);
		if (answer.trail) {
			pause_ms(answer.trail_ms);
			send_all(fd, answer.trail, 0);
		}
		if (answer.close)
			break;
	}
	close(fd);
	return NULL;
}

static void *serve(void *arg)
{
	int fd;
	(void)arg;

	while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
		pthread_t thread;
		pthread_create(&thread, NULL, serve_connection, (void *)(intptr_t)fd);
		pthread_detach(thread);
	}
	return NULL;
}

static int start_server(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	pthread_t thread;
	(void)state;

	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(server.fd, 64), 0);
	getsockname(server.fd, (struct sockaddr *)&at, &n);
	server.port = ntohs(at.sin_port);
	pthread_create(&thread, NULL, serve, NULL);
	return pthread_detach(thread);
}

static void script(const struct answer *answers, size_t n)
{
	pthread_mutex_lock(&server.lock);
	server.answers = answers;
	server.answers_n = n;
	server.script++;
	server.requests_n = server.connections_n = server.open_n = server.open_max = 0;
	pthread_mutex_unlock(&server.lock);
}

/* What became of a request. A reply is whole at "</whole>", and "<fault/>" is an error. */
struct outcome {
	struct buf body;
	bool is_done;
	struct http_result result;
	char reason[512], trail[1024];
};

static void outcome_release(struct outcome *o)
{
	buf_release(&o->body);
}

static enum err on_data(void *ctx, const char *bytes, size_t n)
{
	struct outcome *o = ctx;

	check_ok(buf_append(&o->body, bytes, n));
	return strstr(o->body.bytes, "<fault/>") ? ERR_BAD_ITEM : ERR_OK;
}

static bool on_is_settled(void *ctx)
{
	struct outcome *o = ctx;
	return strstr(buf_str(&o->body), "</whole>") != NULL;
}

static void on_done(void *ctx, const struct http_result *result)
{
	struct outcome *o = ctx;

	assert_false(o->is_done);
	o->is_done = true;
	o->result = *result;
	snprintf(o->reason, sizeof(o->reason), "%s", result->reason);
	snprintf(o->trail, sizeof(o->trail), "%s", result->trail ? result->trail : "");
	assert_null(strstr(o->reason, "pass-word"));
	assert_null(strchr(o->reason, '\n'));
}

static const struct http_handler handler = { on_data, on_is_settled, on_done };

/* Of the server above. */
static inline struct http *open_with(struct http_config config)
{
	AUTO(buf) struct buf reason = { 0 };
	struct http *http = NULL;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/EWS/Exchange.asmx", server.port);
	config.url = url;
	check_ok(http_open(&config, &http, &reason));
	return http;
}

static inline struct http *open_http(const char *command, int timeout_s, int connections_n)
{
	return open_with((struct http_config){
		.auth = HTTP_AUTH_BASIC,
		.user = command ? "alice@corp.example" : NULL,
		.password_command = command,
		.timeout_s = timeout_s,
		.connections_n = connections_n,
	});
}

static inline struct http *open_by(enum http_auth auth, const char *password, const char *token)
{
	return open_with((struct http_config){
		.auth = auth,
		.user = "CORP\\alice",
		.password_command = password,
		.token_command = token,
		.timeout_s = 5,
		.connections_n = 2,
	});
}

#define WANTS(ways) "HTTP/1.1 401 Unauthorized\r\n" ways "Content-Length: 0\r\n\r\n"
/* The second message: a challenge of eight bytes, and nothing more. */
#define CHALLENGE \
	WANTS("WWW-Authenticate: NTLM " \
	      "TlRMTVNTUAACAAAAAAAAADAAAAAGggIAASNFZ4mrze8AAAAAAAAAAAAAAAAwAAAA\r\n")

static void post(struct http *http, struct outcome *o)
{
	check_ok(http_post(http, "<question/>", 11, &handler, o));
}

static void ask(struct http *http, struct outcome *o)
{
	post(http, o);
	while (!o->is_done)
		check_ok(http_wait(http, 1000));
}

#define XML(status, body) \
	"HTTP/1.1 " status "\r\nContent-Type: text/xml; charset=utf-8\r\n" \
	"Transfer-Encoding: chunked\r\n\r\n" body "0\r\n\r\n"
/* One chunk each. */
#define MINE "e\r\n<mine></whole>\r\n"
#define ALSO "e\r\n<also></whole>\r\n"
#define FAULT "8\r\n<fault/>\r\n"

#endif
