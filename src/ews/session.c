/* SPDX-License-Identifier: MIT */
#include "ews/session.h"

#include <libxml/parser.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

enum { WAIT_MS = 60000 };

_Static_assert((int)AUTH_BEARER == (int)HTTP_AUTH_BEARER, "both have the order of auth=");

enum err ews_open(const struct account *account, struct ews **ret, struct buf *reason)
{
	const struct http_config config = {
		.url = account->url,
		.auth = (enum http_auth)account->auth,
		.user = account->user,
		.anchor = account->impersonate ? account->impersonate
			  : account->mailbox   ? account->mailbox
					       : account->address,
		.password_command = account->password_command,
		.password = account->password.text,
		.token_command = account->token_command,
		.cafile = account->cafile,
		.proxy = account->proxy,
		.trace = account->trace,
		.timeout_s = account->timeout_s,
		.connections_n = account->connections_n,
	};
	AUTO(ews) struct ews *ews = calloc(1, sizeof(*ews));

	if (!ews)
		return ERR_NOMEM;
	xmlInitParser();
	ews->back_off_ms = -1;
	enum err err = text_copy(account->mailbox, &ews->mailbox);
	if (!err)
		err = text_copy(account->impersonate, &ews->impersonate);
	if (!err)
		err = http_open(&config, &ews->http, reason);
	if (!err)
		*ret = give(ews);
	return err;
}

void ews_release(struct ews **ews)
{
	if (!*ews)
		return;
	http_release(&(*ews)->http);
	str_release(&(*ews)->mailbox);
	str_release(&(*ews)->impersonate);
	str_release(&(*ews)->server);
	str_release(&(*ews)->code);
	buf_release(&(*ews)->reason);
	free(*ews);
	*ews = NULL;
}

const char *ews_reason(const struct ews *ews)
{
	return buf_str(&ews->reason);
}

const char *ews_server(const struct ews *ews)
{
	return ews->server ? ews->server : "";
}

const char *ews_code(const struct ews *ews)
{
	return ews->code ? ews->code : "";
}

const char *ews_version(const struct ews *ews)
{
	return version_name(ews->version);
}

void ews_claim(struct ews *ews, const char *version)
{
	ews->version = version_named(version);
}

int64_t ews_back_off_ms(const struct ews *ews)
{
	return ews->back_off_ms;
}

void ews_interrupt(struct ews *ews)
{
	http_interrupt(ews->http);
}

const atomic_bool *ews_interruption(const struct ews *ews)
{
	return http_interruption(ews->http);
}

enum err ews_move(struct ews *ews, const char *url, struct buf *reason)
{
	return http_move(ews->http, url, reason);
}

void ews_resume(struct ews *ews)
{
	http_resume(ews->http);
}

void ews_wake(struct ews *ews)
{
	http_wake(ews->http);
}

void ews_set_tend(struct ews *ews, void (*tend)(void *ctx), void *ctx)
{
	ews->tend = tend;
	ews->tend_ctx = ctx;
}

void ews_abort(struct ews *ews)
{
	http_abort(ews->http, NULL);
}

void ews_distrust(struct ews *ews)
{
	http_distrust(ews->http);
}

void ews_set_tempo(struct ews *ews, int connections_n, int64_t pace_ms, int64_t hold_ms)
{
	const struct http_tempo tempo = {
		.connections_n = connections_n,
		.pace_ms = pace_ms,
		.hold_ms = hold_ms,
	};

	http_set_tempo(ews->http, &tempo);
}

void ews_load_stats(const struct ews *ews, struct ews_stats *ret)
{
	struct http_stats stats;

	http_load_stats(ews->http, &stats);
	*ret = (struct ews_stats){ .requests_n = stats.requests_n, .bytes_in = stats.bytes_in };
}

void ews_load_metrics(const struct ews *ews, struct request_metrics *ret)
{
	metrics_load(&ews->metrics, ret);
}

int ews_pending_n(const struct ews *ews)
{
	return http_pending_n(ews->http);
}

enum err ews_wait(struct ews *ews, int64_t ms)
{
	return http_wait(ews->http, ms);
}

/* Keeps what there is to say of a failure. What memory is too short for stays unsaid. */
static void note(struct ews *ews, const char *code, const char *text, int64_t back_off_ms)
{
	buf_clear(&ews->reason);
	(void)!buf_printf(&ews->reason, "%s%s%s", code, *code && *text ? ": " : "", text);
	str_release(&ews->code);
	(void)!text_copy(code, &ews->code);
	ews->back_off_ms = back_off_ms;
}

void call_note_failure(struct call *call, const struct http_result *result, enum err err)
{
	const char *code = reply_code(call->reply), *text = reply_text(call->reply);
	int64_t back_off_ms = reply_back_off_ms(call->reply);

	if (back_off_ms < 0)
		back_off_ms = result->retry_after_ms;
	/* The reply speaks first, then the transport; else it was one of our own functions. */
	if (!*code && !*text)
		text = *result->reason ? result->reason : err_text(err);
	note(call->ews, code, text, back_off_ms);
	/* On a terminal a mount that fails says one line, without this. */
	if (result->trail && err != ERR_CANCELLED && (call->ews->has_answered || log_is_apart()))
		log_info("%s: %s (%s)", call->operation->name, buf_str(&call->ews->reason),
			 result->trail);
}

static enum err on_data(void *ctx, const char *bytes, size_t n)
{
	struct call *call = ctx;

	return reply_feed(call->reply, bytes, n);
}

static bool on_is_settled(void *ctx)
{
	struct call *call = ctx;

	return reply_is_settled(call->reply);
}

static enum err judge(struct call *call, const struct http_result *result)
{
	if (!result->err)
		return reply_finish(call->reply);
	/* A page of the web server's own, said to be XML. */
	if (result->status >= 500 && !reply_is_fault(call->reply))
		return result->status == 503 ? ERR_THROTTLED : ERR_TRANSIENT;
	return result->err;
}

enum err call_judge(struct call *call, const struct http_result *result)
{
	enum err err = judge(call, result);

	call->ews->has_answered |= !err;
	metrics_note(&call->ews->metrics, call->operation->name, err, result->took_ms);
	return err;
}

/* Other calls may have found the same out meanwhile. */
static bool can_step_down(const struct call *call, enum err err)
{
	return err && reply_scope(call->reply) == SCOPE_VERSION &&
	       call->version + 1 < VERSION_COUNT;
}

static void step_down(struct call *call)
{
	if (call->ews->version == call->version)
		call->ews->version++;
}

/* Without memory it stays unsaid. */
static void note_server(struct call *call)
{
	const char *server = reply_server(call->reply);

	if (!*server || (call->ews->server && strcmp(call->ews->server, server) == 0))
		return;
	str_release(&call->ews->server);
	(void)!text_copy(server, &call->ews->server);
}

static void on_done(void *ctx, const struct http_result *result)
{
	struct call *call = ctx;
	enum err err = call_judge(call, result);

	if (can_step_down(call, err)) {
		step_down(call);
		err = call_start(call);
		if (!err)
			return;
	}
	if (err)
		call_note_failure(call, result, err);
	note_server(call);
	reply_release(&call->reply);
	call->is_done = true;
	call->err = err;
	if (call->done)
		call->done(call, err);
}

static const struct http_handler handler = { on_data, on_is_settled, on_done };

enum err call_write(const struct call *call, struct buf *to)
{
	const char *name = call->operation->name;
	enum err err = soap_begin(to, call->version, call->ews->impersonate, name,
				  call->operation->attributes);

	if (!err)
		err = call->operation->write(call->ctx, call->version, to);
	if (!err)
		err = soap_end(to, name);
	return err;
}

enum err call_start(struct call *call)
{
	AUTO(buf) struct buf request = { 0 };
	AUTO(reply) struct reply *reply = NULL;

	call->version = call->ews->version;
	enum err err = call_write(call, &request);
	if (!err)
		err = reply_new(call->operation, call->n, call->ctx, &reply);
	if (!err)
		err = http_post(call->ews->http, request.bytes, request.len, &handler, call);
	if (err)
		return err;
	reply_release(&call->reply);
	call->reply = give(reply);
	return ERR_OK;
}

enum err call_run(struct call *call)
{
	enum err err = call_start(call);

	while (!err && !call->is_done) {
		if (call->ews->tend)
			call->ews->tend(call->ews->tend_ctx);
		err = http_wait(call->ews->http, WAIT_MS);
	}
	if (call->is_done)
		return call->err;
	http_abort(call->ews->http, call);
	note(call->ews, "", err_text(err), -1);
	return err;
}

enum err call_refuse(struct call *call, const char *text)
{
	note(call->ews, "", text, -1);
	return ERR_PROTOCOL;
}
