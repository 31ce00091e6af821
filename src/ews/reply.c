/* SPDX-License-Identifier: MIT */
#include "ews/reply.h"

#include <string.h>

#include "base/text.h"

enum { VALUE_NAME_MAX = 64, BACK_OFF_MAX_MS = 3600 * 1000 };
/* What is passed over must end some time, too. */
#define REPLY_MAX_BYTES (UINT64_C(4) << 30)

struct reply {
	const struct operation *operation;
	size_t n; /* response messages expected */
	void *ctx;
	struct sax *sax;
	uint64_t bytes;
	size_t seen_n;
	bool has_answer, is_fault, is_settled;

	/* Of the response message under way, or of the fault. */
	struct buf code, inner_code, text;
	char *value_name;
	int64_t back_off_ms;
	enum scope scope;
	struct buf server; /* its version */
	const char *fault; /* what is wrong with the reply itself; NULL: nothing */
};

static enum err refuse(struct reply *reply, enum err err, const char *fault)
{
	reply->fault = fault;
	return err;
}

static void clear_status(struct reply *reply)
{
	buf_clear(&reply->code);
	buf_clear(&reply->inner_code);
	buf_clear(&reply->text);
	reply->back_off_ms = -1;
	reply->scope = SCOPE_ONE;
}

/* Without white space around it, and in one line. */
static enum err trim(struct buf *to, const char *text, size_t n)
{
	static const char space[] = " \t\r\n";

	while (n > 0 && memchr(space, text[n - 1], 4))
		n--;
	while (n > 0 && memchr(space, *text, 4))
		text++, n--;
	buf_clear(to);
	enum err err = buf_append(to, text, n);
	if (!err)
		text_blank_controls(to->bytes);
	return err;
}

static enum err take_code(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct reply *reply = ctx;
	(void)sax;
	return trim(&reply->code, text, n);
}

/* "a:ErrorServerBusy"; counts until a ResponseCode comes. */
static enum err take_fault_code(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	const char *colon = memchr(text, ':', n);

	if (colon) {
		n -= (size_t)(colon + 1 - text);
		text = colon + 1;
	}
	return take_code(ctx, sax, text, n);
}

static enum err take_text(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct reply *reply = ctx;
	(void)sax;
	return trim(&reply->text, text, n);
}

static enum err open_value(void *ctx, const struct sax *sax)
{
	struct reply *reply = ctx;

	return sax_copy_attr(sax, "Name", VALUE_NAME_MAX, &reply->value_name);
}

static enum err take_value(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct reply *reply = ctx;
	const char *name = reply->value_name ? reply->value_name : "";
	(void)sax;

	if (strcmp(name, "InnerErrorResponseCode") == 0)
		return trim(&reply->inner_code, text, n);
	int64_t ms;
	if (strcmp(name, "BackOffMilliseconds") == 0 &&
	    text_parse_int(text, 1, BACK_OFF_MAX_MS, &ms))
		reply->back_off_ms = ms;
	return ERR_OK;
}

/* Too long to matter. */
static enum err pass_over(void *ctx, const struct sax *sax)
{
	(void)ctx, (void)sax;
	return ERR_OK;
}

/* The meaning of the status that has been read; the inner code says more where the outer
 * one is a general one. */
static enum err status_err(struct reply *reply)
{
	bool is_general = strcmp(buf_str(&reply->code), "ErrorInternalServerError") == 0;

	if (is_general && reply->inner_code.len > 0) {
		struct buf inner = reply->inner_code;
		reply->inner_code = reply->code;
		reply->code = inner;
	}
	return err_from_code(buf_str(&reply->code), &reply->scope);
}

/* "15.1.2507.16 (V2017_07_11)" */
static enum err open_server(void *ctx, const struct sax *sax)
{
	static const char *const names[] = { "MajorVersion", "MinorVersion", "MajorBuildNumber",
					     "MinorBuildNumber", "Version" };
	struct reply *reply = ctx;
	enum err err = ERR_OK;

	buf_clear(&reply->server);
	for (size_t i = 0; !err && i < ARRAY_LEN(names); i++) {
		size_t n = 0;
		const char *value = sax_attr(sax, names[i], &n);
		if (value && n < VALUE_NAME_MAX)
			err = buf_printf(&reply->server,
					 i == 4 ? " (%.*s)"
					 : i	? ".%.*s"
						: "%.*s",
					 (int)n, value);
	}
	if (!err && reply->server.len > 0)
		text_blank_controls(reply->server.bytes);
	return err;
}

static enum err open_root(void *ctx, const struct sax *sax)
{
	(void)sax;
	return refuse(ctx, ERR_NOT_EWS, "the reply is not SOAP: another service, or a web page");
}

static enum err open_answer(void *ctx, const struct sax *sax)
{
	struct reply *reply = ctx;
	size_t n = strlen(reply->operation->name);
	const char *name = sax_name(sax);

	if (reply->has_answer)
		return refuse(reply, ERR_STALE_REPLY, "the reply holds more than one answer");
	if (strncmp(name, reply->operation->name, n) != 0 || strcmp(name + n, "Response") != 0)
		return refuse(reply, ERR_STALE_REPLY, "the reply answers another question");
	reply->has_answer = true;
	return ERR_OK;
}

static enum err open_fault(void *ctx, const struct sax *sax)
{
	struct reply *reply = ctx;
	(void)sax;

	clear_status(reply);
	reply->is_fault = true;
	return ERR_OK;
}

/* A fault ends the reply here, and with it the connection: some servers send a second
 * response after it, which would be taken for the answer to the next question. */
static enum err close_fault(void *ctx, const struct sax *sax)
{
	struct reply *reply = ctx;
	(void)sax;

	enum err err = status_err(reply);
	if (strncmp(buf_str(&reply->code), "Error", 5) != 0) {
		bool is_ours = strcmp(buf_str(&reply->code), "Client") == 0;
		buf_clear(&reply->code);
		return is_ours ? ERR_PROTOCOL : ERR_TRANSIENT;
	}
	return err ? err : ERR_PROTOCOL;
}

/* gromox calls those of GetEvents "x". */
static bool is_message_of(const struct reply *reply, const char *name)
{
	size_t n = strlen(reply->operation->name);

	return strcmp(name, "x") == 0 || (strncmp(name, reply->operation->name, n) == 0 &&
					  strcmp(name + n, "ResponseMessage") == 0);
}

static enum err open_message(void *ctx, const struct sax *sax)
{
	struct reply *reply = ctx;

	if (!reply->has_answer)
		return refuse(reply, ERR_STALE_REPLY, "the reply answers another question");
	if (reply->seen_n == reply->n)
		return refuse(reply, ERR_STALE_REPLY,
			      "the reply holds more answers than were asked for");
	if (!is_message_of(reply, sax_name(sax)))
		return refuse(reply, ERR_STALE_REPLY, "the reply answers another question");
	clear_status(reply);
	if (!reply->operation->open)
		return ERR_OK;
	return reply->operation->open(reply->ctx, reply->seen_n);
}

static enum err close_message(void *ctx, const struct sax *sax)
{
	struct reply *reply = ctx;
	(void)sax;

	if (reply->code.len == 0)
		return refuse(reply, ERR_PROTOCOL, "a response message without a code");
	struct reply_message message = { .index = reply->seen_n++, .err = status_err(reply) };
	if (message.err && reply->scope != SCOPE_ONE)
		return message.err;
	if (!message.err)
		buf_clear(&reply->code);
	message.code = buf_str(&reply->code);
	message.text = buf_str(&reply->text);
	if (!reply->operation->close)
		return message.err;
	return reply->operation->close(reply->ctx, &message);
}

static enum err close_envelope(void *ctx, const struct sax *sax)
{
	struct reply *reply = ctx;
	(void)sax;

	if (!reply->has_answer)
		return refuse(reply, ERR_STALE_REPLY, "the reply holds no answer");
	if (reply->seen_n < reply->n)
		return refuse(reply, ERR_STALE_REPLY,
			      "the reply holds fewer answers than were asked for");
	reply->is_settled = true;
	return ERR_OK;
}

#define BODY "s:Envelope/s:Body/"
#define FAULT BODY "s:Fault/"
#define MESSAGE BODY "*/m:ResponseMessages/*"

/* clang-format off */
static const struct sax_rule rules[] = {
	{ "s:Envelope",                       .close = close_envelope },
	{ "*",                                .open = open_root },
	{ "s:Envelope/s:Header/t:ServerVersionInfo", .open = open_server },
	{ BODY "s:Fault",                     .open = open_fault, .close = close_fault },
	{ FAULT "faultcode",                  .text = take_fault_code, .cap = REPLY_CODE_MAX, .over = pass_over },
	{ FAULT "faultstring",                .text = take_text, .cap = REPLY_TEXT_MAX, .over = pass_over },
	{ FAULT "detail/e:ResponseCode",      .text = take_code, .cap = REPLY_CODE_MAX, .over = pass_over },
	{ FAULT "detail/e:Message",           .text = take_text, .cap = REPLY_TEXT_MAX, .over = pass_over },
	{ FAULT "detail/MessageXml/t:Value",  .open = open_value, .text = take_value, .cap = REPLY_CODE_MAX, .over = pass_over },
	{ BODY "m:*",                         .open = open_answer },
	{ MESSAGE,                            .open = open_message, .close = close_message },
	{ MESSAGE "/m:MessageText",           .text = take_text, .cap = REPLY_TEXT_MAX, .over = pass_over },
	{ MESSAGE "/m:ResponseCode",          .text = take_code, .cap = REPLY_CODE_MAX },
	{ MESSAGE "/m:MessageXml/t:Value",    .open = open_value, .text = take_value, .cap = REPLY_CODE_MAX, .over = pass_over },
	{ 0 }
};
/* clang-format on */

enum err reply_new(const struct operation *operation, size_t n, void *ctx, struct reply **ret)
{
	AUTO(reply) struct reply *reply = calloc(1, sizeof(*reply));

	if (!reply)
		return ERR_NOMEM;
	reply->operation = operation;
	reply->n = n;
	reply->ctx = ctx;
	reply->back_off_ms = -1;
	const struct sax_table tables[] = {
		{ rules, 0, reply },
		{ operation->rules, REPLY_DEPTH, ctx },
	};
	enum err err = sax_new(tables, ARRAY_LEN(tables), &reply->sax);
	if (!err)
		*ret = give(reply);
	return err;
}

/* Of an error that nobody has put into words. */
static enum err explain(struct reply *reply, enum err err)
{
	reply->is_settled = reply->is_settled && !err;
	if (err && strcmp(buf_str(&reply->code), "NoError") == 0)
		buf_clear(&reply->code);
	if (!err || reply->fault || reply->code.len > 0)
		return err;
	if (err == ERR_STALE_REPLY)
		reply->fault = "something follows the answer";
	else if (err == ERR_PROTOCOL)
		reply->fault = "the reply is broken XML, or ends too early";
	else if (err == ERR_NOT_EWS)
		reply->fault = "the reply is not XML: another service, or a web page";
	else if (err == ERR_LIMIT)
		reply->fault = "the reply holds something larger than we accept";
	return err;
}

enum err reply_feed(struct reply *reply, const char *bytes, size_t n)
{
	reply->bytes += n;
	if (reply->bytes > REPLY_MAX_BYTES)
		return explain(reply, ERR_LIMIT);
	return explain(reply, sax_feed(reply->sax, bytes, n));
}

enum err reply_finish(struct reply *reply)
{
	return explain(reply, sax_finish(reply->sax));
}

bool reply_is_settled(const struct reply *reply)
{
	return reply->is_settled;
}

const char *reply_code(const struct reply *reply)
{
	return reply->fault ? "" : buf_str(&reply->code);
}

const char *reply_text(const struct reply *reply)
{
	return reply->fault ? reply->fault : buf_str(&reply->text);
}

enum scope reply_scope(const struct reply *reply)
{
	return reply->scope;
}

bool reply_is_fault(const struct reply *reply)
{
	return reply->is_fault;
}

int64_t reply_back_off_ms(const struct reply *reply)
{
	return reply->back_off_ms;
}

void reply_release(struct reply **reply)
{
	struct reply *r = *reply;

	if (!r)
		return;
	sax_release(&r->sax);
	buf_release(&r->server);
	buf_release(&r->code);
	buf_release(&r->inner_code);
	buf_release(&r->text);
	str_release(&r->value_name);
	free(r);
	*reply = NULL;
}

const char *reply_server(const struct reply *reply)
{
	return buf_str(&reply->server);
}
