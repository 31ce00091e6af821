/* SPDX-License-Identifier: MIT */
#include "http/http.h"

#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/line.h"
#include "http/request.h"

struct http {
	CURLM *multi;
	struct url url;
	char *user, *command, *token_command, *cafile, *proxy, *anchor;
	int timeout_s;
	struct http_tempo tempo;
	int64_t left_ms; /* when a request last left */
	struct login login;
	struct request_config config;
	struct line waiting; /* without a connection */
	struct line active;
	int waiting_n, active_n;
	struct request *stream; /* NULL: none; in no line */
	struct idle idle;
	uint64_t news_n; /* requests that are done, and what the stream brought */

	/* From any thread. */
	atomic_bool is_interrupted, is_woken;
	_Atomic uint64_t requests_n, bytes_in, bytes_out;
};

/* curl looks at its sockets this often even when nothing stirs: our own limits on time
 * are checked then. */
enum { TICK_MS = 500, STREAM_TICK_MS = 5000, LOGIN_TRIES_MAX = 4 };

static enum err copy_config(struct http *http, const struct http_config *config)
{
	enum err err = text_copy(config->user ? config->user : http->url.user, &http->user);

	if (!err)
		err = text_copy(config->password_command, &http->command);
	if (!err)
		err = text_copy(config->token_command, &http->token_command);
	if (!err)
		err = text_copy(config->cafile, &http->cafile);
	if (!err)
		err = text_copy(config->proxy, &http->proxy);
	if (!err)
		err = text_copy(config->anchor ? config->anchor : http->user, &http->anchor);
	http->timeout_s = config->timeout_s;
	http->tempo.connections_n = config->connections_n;
	http->login = (struct login){
		.user = http->user,
		.command = http->command,
		.given = config->password,
		.token_command = http->token_command,
		.mode = config->auth,
	};
	return err;
}

static enum err open_curl(struct http *http)
{
	CURLSH *share = curl_share_init();

	http->config = (struct request_config){
		.url = &http->url,
		.login = &http->login,
		.cafile = http->cafile,
		.proxy = http->proxy,
		.anchor = http->anchor,
		.timeout_s = http->timeout_s,
		.share = share,
	};
	http->multi = curl_multi_init();
	if (!share || !http->multi ||
	    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE) ||
	    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ||
	    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS,
			      (long)http->tempo.connections_n + 1))
		return ERR_NOMEM;
	return ERR_OK;
}

enum err http_open(const struct http_config *config, struct http **ret, struct buf *reason)
{
	AUTO(http) struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return ERR_NOMEM;
	request_init();
	line_init(&http->waiting);
	line_init(&http->active);
	enum err err = url_parse(config->url, &http->url, reason);
	if (!err)
		err = copy_config(http, config);
	if (!err)
		err = open_curl(http);
	if (!err && config->trace)
		err = trace_open(config->trace, &http->config.trace, reason);
	if (!err)
		*ret = give(http);
	return err;
}

/* Takes the request out of its line and tells its owner. */
static void end_request(struct http *http, struct request *request,
			const struct http_result *result)
{
	if (request->easy)
		curl_multi_remove_handle(http->multi, request->easy);
	http->news_n++;
	exchange_end(&request->exchange, result->err, result->status);
	request->handler->done(request->ctx, result);
	request_release(&request);
}

static struct http_result failure(enum err err, const char *reason)
{
	return (struct http_result){ .err = err, .retry_after_ms = -1, .reason = reason };
}

static void end_waiting(struct http *http, struct request *request, enum err err,
			const char *reason)
{
	const struct http_result result = failure(err, reason);

	line_drop(&http->waiting, request);
	http->waiting_n--;
	end_request(http, request, &result);
}

static void end_active(struct http *http, struct request *request, const struct http_result *result)
{
	if (request == http->stream) {
		http->stream = NULL;
	} else {
		line_drop(&http->active, request);
		http->active_n--;
	}
	end_request(http, request, result);
}

static void cancel_line(struct http *http, bool is_active, const void *ctx)
{
	const struct http_result cancelled = failure(ERR_CANCELLED, err_text(ERR_CANCELLED));
	struct line *line = is_active ? &http->active : &http->waiting;
	struct request *request = line->first;

	while (request) {
		if (ctx && request->ctx != ctx) {
			request = request->next;
			continue;
		}
		if (is_active)
			end_active(http, request, &cancelled);
		else
			end_waiting(http, request, ERR_CANCELLED, cancelled.reason);
		request = line->first; /* the handler may have changed the line */
	}
}

void http_abort(struct http *http, const void *ctx)
{
	const struct http_result cancelled = failure(ERR_CANCELLED, err_text(ERR_CANCELLED));

	cancel_line(http, false, ctx);
	cancel_line(http, true, ctx);
	if (http->stream && (!ctx || http->stream->ctx == ctx))
		end_active(http, http->stream, &cancelled);
}

void http_release(struct http **http)
{
	struct http *h = *http;

	if (!h)
		return;
	http_abort(h, NULL);
	curl_multi_cleanup(h->multi);
	curl_share_cleanup(h->config.share);
	trace_release(&h->config.trace);
	login_release(&h->login);
	url_release(&h->url);
	str_release(&h->user);
	str_release(&h->command);
	str_release(&h->token_command);
	str_release(&h->cafile);
	secret_free(h->proxy); /* may hold a password (I11) */
	str_release(&h->anchor);
	free(h);
	*http = NULL;
}

enum err http_post(struct http *http, const char *body, size_t n,
		   const struct http_handler *handler, void *ctx)
{
	struct request *request = NULL;
	enum err err = request_new(body, n, handler, ctx, &request);

	if (err)
		return err;
	request->bytes_in = &http->bytes_in;
	request->idle = &http->idle;
	line_put(&http->waiting, request);
	http->waiting_n++;
	return ERR_OK;
}

void http_set_tempo(struct http *http, const struct http_tempo *tempo)
{
	http->tempo = *tempo;
}

enum err http_stream(struct http *http, const char *body, size_t n, int64_t silence_ms,
		     const struct http_handler *handler, void *ctx)
{
	if (http->stream)
		return ERR_BUSY;
	enum err err = request_new(body, n, handler, ctx, &http->stream);
	if (err)
		return err;
	http->stream->bytes_in = &http->bytes_in;
	http->stream->idle = &http->idle;
	http->stream->news_n = &http->news_n;
	http->stream->is_stream = http->stream->must_connect = true;
	http->stream->silence_ms = silence_ms;
	return ERR_OK;
}

void http_stream_limit(struct http *http, int64_t silence_ms)
{
	if (http->stream)
		http->stream->silence_ms = silence_ms;
}

void http_prefer_affinity(struct http *http)
{
	http->config.has_affinity = true;
}

void http_distrust(struct http *http)
{
	http->idle.distrusted_at = clock_boot_ms();
}

int http_pending_n(const struct http *http)
{
	return http->waiting_n + http->active_n;
}

/* Sends it off. ERR_CANCELLED: it has to wait; else what it failed with, for *reason. */
static enum err launch(struct http *http, struct request *request, const char **reason)
{
	enum err err = login_prepare(&http->login, clock_boot_ms(), &http->is_interrupted);

	*reason = err == ERR_AUTH ? buf_str(&http->login.reason) : err_text(err);
	if (err)
		return err;
	err = request_start(request, &http->config);
	if (!err && curl_multi_add_handle(http->multi, request->easy))
		err = ERR_NOMEM;
	*reason = err_text(err);
	if (err)
		return err;
	http->left_ms = clock_boot_ms();
	http->requests_n++;
	http->bytes_out += request->body.len;
	return ERR_OK;
}

static void start(struct http *http, struct request *request)
{
	const char *reason;
	enum err err = launch(http, request, &reason);

	if (err == ERR_CANCELLED)
		return; /* still waiting; so is the interrupted caller's next try */
	if (err) {
		end_waiting(http, request, err, reason);
		return;
	}
	line_drop(&http->waiting, request);
	http->waiting_n--;
	line_put(&http->active, request);
	http->active_n++;
}

/* Another request has shown that the login works. */
static void start_stream(struct http *http)
{
	const char *reason;

	if (!http->stream || http->stream->easy || http->is_interrupted ||
	    !login_is_proven(&http->login) || clock_boot_ms() < http->tempo.hold_ms)
		return;
	enum err err = launch(http, http->stream, &reason);
	if (!err || err == ERR_CANCELLED)
		return;
	const struct http_result result = failure(err, reason);
	end_active(http, http->stream, &result);
}

/* A login that is not known to work goes out once at a time. */
static bool has_free_connection(const struct http *http)
{
	int max = login_is_proven(&http->login) ? http->tempo.connections_n : 1;

	return http->active_n < max;
}

/* How long the next request may not leave yet, though there is a connection for it. */
static int64_t load_hold_ms(const struct http *http)
{
	const struct http_tempo *tempo = &http->tempo;
	int64_t next_ms = http->left_ms + tempo->pace_ms, now = clock_boot_ms();

	if (next_ms < tempo->hold_ms)
		next_ms = tempo->hold_ms;
	return next_ms > now ? next_ms - now : 0;
}

static void start_waiting(struct http *http)
{
	while (http->waiting.first && !http->is_interrupted && has_free_connection(http) &&
	       load_hold_ms(http) == 0)
		start(http, http->waiting.first);
}

/* How long nothing can happen here that the sockets do not tell of. */
static int load_tick_ms(const struct http *http, int64_t left_ms)
{
	int64_t tick_ms = http_pending_n(http) > 0 ? TICK_MS : STREAM_TICK_MS;
	int64_t ms = clock_real_ms(left_ms < tick_ms ? left_ms : tick_ms);

	if (http->waiting.first && has_free_connection(http)) {
		int64_t hold_ms = clock_real_ms(load_hold_ms(http));
		ms = hold_ms < ms ? hold_ms : ms;
	}
	return (int)ms;
}

/* First in line again. */
static void start_again(struct http *http, struct request *request)
{
	curl_multi_remove_handle(http->multi, request->easy);
	request_reset(request);
	if (request == http->stream)
		return;
	line_drop(&http->active, request);
	http->active_n--;
	line_put_first(&http->waiting, request);
	http->waiting_n++;
}

/* True: the request may go out again, another way or with another secret. */
static bool note_login(struct http *http, struct request *request, struct http_result *result,
		       struct buf *reason)
{
	struct login *login = &http->login;

	if (result->status != 401) {
		if (request->is_wanted)
			login_accept(login, request->login_generation);
		return false;
	}
	bool is_again = login_refuse(login, request->login_generation, &request->offer,
				     clock_boot_ms()) &&
			request->login_tries_n++ < LOGIN_TRIES_MAX;
	if (login->state == LOGIN_REFUSED && result->err == ERR_AUTH)
		request_say_refusal(&http->config, result, reason);
	return is_again && request != http->stream;
}

static void finish(struct http *http, CURLMsg *message)
{
	AUTO(buf) struct buf reason = { 0 };
	struct http_result result = { .err = ERR_NOMEM, .retry_after_ms = -1, .reason = "" };
	struct request *request = NULL;

	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
	if (request->is_stale || request_follow(request, &http->config)) {
		start_again(http, request);
		return;
	}
	request_note_head(request);
	request_note_idle(request);
	request_bound_cookies(request->easy);
	enum err err = request_judge(request, &http->config, message->data.result, &result,
				     &reason);
	if (err)
		result.reason = err_text(err);
	result.took_ms = clock_boot_ms() - request->started_at;
	if (note_login(http, request, &result, &reason)) {
		start_again(http, request);
		return;
	}
	request_note_move(request, &http->url);
	if (result.err == ERR_OFFLINE) /* the others may be as dead */
		http_distrust(http);
	end_active(http, request, &result);
}

static enum err perform(struct http *http)
{
	int n = 0;
	CURLMsg *message;

	if (curl_multi_perform(http->multi, &n))
		return ERR_NOMEM;
	while ((message = curl_multi_info_read(http->multi, &n)))
		if (message->msg == CURLMSG_DONE)
			finish(http, message);
	return ERR_OK;
}

enum err http_wait(struct http *http, int64_t ms)
{
	int64_t end = clock_boot_ms() + ms;
	uint64_t news_n = http->news_n;

	for (;;) {
		if (http->is_interrupted)
			return ERR_CANCELLED;
		start_waiting(http);
		start_stream(http);
		enum err err = perform(http);
		if (err || http->news_n != news_n)
			return err;
		int64_t left = end - clock_boot_ms();
		if (atomic_exchange(&http->is_woken, false) || left <= 0)
			return ERR_OK;
		if (curl_multi_poll(http->multi, NULL, 0, load_tick_ms(http, left), NULL))
			return ERR_NOMEM;
	}
}

void http_interrupt(struct http *http)
{
	http->is_interrupted = true;
	curl_multi_wakeup(http->multi);
}

const atomic_bool *http_interruption(const struct http *http)
{
	return &http->is_interrupted;
}

enum err http_move(struct http *http, const char *to, struct buf *reason)
{
	struct url url = { 0 };
	enum err err = url_parse(to, &url, reason);

	if (err)
		return err;
	url_release(&http->url);
	http->url = url;
	login_begin_elsewhere(&http->login);
	return ERR_OK;
}

void http_resume(struct http *http)
{
	http->is_interrupted = false;
}

void http_wake(struct http *http)
{
	http->is_woken = true;
	curl_multi_wakeup(http->multi);
}

void http_load_stats(const struct http *http, struct http_stats *ret)
{
	*ret = (struct http_stats){
		.requests_n = http->requests_n,
		.bytes_in = http->bytes_in,
		.bytes_out = http->bytes_out,
	};
}
