/* SPDX-License-Identifier: MIT */
#include "core-http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ews/ews.h"
#include "http/http.h"
#include "../unit/idle-http.h"

enum {
	PIECE_BYTES = 16384, /* what libcurl hands on at most */
	REQUESTS_MAX = 16,
};

/* An id ends in the number of its item; the rest is as long as real ones are. */
#define ID_HEAD \
	"AAMkADEzOTM0ZjhlLTIxNzMtYmE1YS01ZjM1LWJmYzE0NDUzZjc4YwBGAAAAAAA+8EcuozKeH/G9mvYRr6ZuBwBk" \
	"YbdQx/AOPVuzjsK5oiVNAAAAIAACAABkYbdQx/AOPVuzjsK5oiVNAAAAIA"
#define KEY_HEAD "CQAAABYAAABkYbdQx/AOPVuzjsK5oiVN"
#define PARENT_ID \
	"AAMkADEzOTM0ZjhlLTIxNzMtYmE1YS01ZjM1LWJmYzE0NDUzZjc4YwAuAAAAAAA+8EcuozKeH/G9mvYRr6ZuAQBk" \
	"YbdQx/AOPVuzjsK5oiVNAAAAIAACAAA="

/* clang-format off */
#define ENVELOPE(operation) \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>" \
	"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>" \
	"<m:" operation "Response" \
	" xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"" \
	" xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><m:ResponseMessages>"
#define ENVELOPE_END(operation) \
	"</m:ResponseMessages></m:" operation "Response></s:Body></s:Envelope>"
#define SUCCESS(operation) \
	"<m:" operation "ResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>"
#define MAPI(tag, type, value) \
	"<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"" tag "\" PropertyType=\"" type "\"/>" \
	"<t:Value>" value "</t:Value></t:ExtendedProperty>"

static const char create[] =
	"<t:Create><t:Message><t:ItemId Id=\"" ID_HEAD "%08zx\" ChangeKey=\"" KEY_HEAD "%08zx\"/>"
	"<t:DateTimeReceived>%s</t:DateTimeReceived><t:Size>%zu</t:Size>"
	MAPI("0xe07", "Integer", "1") MAPI("0x3008", "SystemTime", "%s")
	"</t:Message></t:Create>";

static const char properties[] =
	"<t:ItemId Id=\"" ID_HEAD "%08zx\" ChangeKey=\"" KEY_HEAD "%08zx\"/>"
	"<t:ParentFolderId Id=\"" PARENT_ID "\" ChangeKey=\"AQAAAA==\"/>"
	"<t:ItemClass>IPM.Note</t:ItemClass><t:Subject>RE: Figures of the last quarter</t:Subject>"
	"<t:Sensitivity>Normal</t:Sensitivity><t:DateTimeReceived>%s</t:DateTimeReceived>"
	"<t:Size>%zu</t:Size><t:Importance>Normal</t:Importance><t:DateTimeSent>%s</t:DateTimeSent>"
	"<t:DateTimeCreated>%s</t:DateTimeCreated><t:HasAttachments>false</t:HasAttachments>"
	MAPI("0xe07", "Integer", "1") MAPI("0x3008", "SystemTime", "%s")
	MAPI("0x1035", "String", "&lt;%08zx8b39551b@mail.example.org&gt;")
	MAPI("0x65e2", "Binary", "ZGG3UMfwDj1bs47CuaIlTQAAABAADg==")
	MAPI("0x65e3", "Binary", "FmRht1DH8A49W7OOwrmiJU0AAAAQAA4=")
	"<t:ConversationId Id=\"AAQkADEzOTM0ZjhlLTIxNzMtYmE1YS01ZjM1LWJmYzE0NDUzZjc4YwAQANY57p0bVTmLI8oXZQAAAAA=\"/>"
	"<t:ToRecipients><t:Mailbox><t:Name>Alice Example</t:Name><t:EmailAddress>alice@example.com</t:EmailAddress>"
	"<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>OneOff</t:MailboxType></t:Mailbox></t:ToRecipients>"
	"<t:From><t:Mailbox><t:Name>Bob Example</t:Name><t:EmailAddress>bob@example.net</t:EmailAddress>"
	"<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>OneOff</t:MailboxType></t:Mailbox></t:From>"
	"<t:IsRead>true</t:IsRead></t:Message></m:Items></m:GetItemResponseMessage>";

static const char line[] = "Let me know whether you agree, and I will take it from there, as before.\r\n";
/* clang-format on */

struct http {
	int unused;
};

struct request {
	const struct http_handler *handler;
	void *ctx;
	char *body;
};

static struct {
	struct core_mailbox mailbox;
	char *mime; /* in base64: all messages hold the same */
	size_t mime_n;
	struct request requests[REQUESTS_MAX];
	size_t requests_n;
	char *reply;
	size_t reply_n, reply_size;
	int64_t making_ns;
} core;

int64_t core_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t core_http_making_ns(void)
{
	return core.making_ns;
}

/* Of three bytes. */
static void encode(const unsigned char *from, char *to)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = (unsigned)from[0] << 16 | (unsigned)from[1] << 8 | from[2];

	for (int i = 0; i < 4; i++)
		to[i] = digits[bits >> (18 - 6 * i) & 63];
}

static void *must_have(void *memory)
{
	if (!memory) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

void core_http_open(const struct core_mailbox *mailbox)
{
	static const char head[] = "Subject: RE: Figures of the last quarter\r\n\r\n";
	/* Whole groups of three, so that no padding is needed. */
	size_t n = mailbox->mime_bytes / 3 * 3;
	unsigned char *plain = must_have(malloc(n + 3));

	core.mailbox = *mailbox;
	core.mime_n = n / 3 * 4;
	core.mime = must_have(malloc(core.mime_n + 4));
	for (size_t i = 0; i < n; i++)
		plain[i] = (unsigned char)(i < strlen(head) ? head[i] : line[i % strlen(line)]);
	for (size_t i = 0; i < n; i += 3)
		encode(plain + i, core.mime + i / 3 * 4);
	free(plain);
}

void core_http_close(void)
{
	free(core.mime);
	free(core.reply);
}

/* --- the answers --- */

static void add(const void *bytes, size_t n)
{
	if (core.reply_n + n > core.reply_size) {
		core.reply_size = 2 * (core.reply_n + n);
		core.reply = must_have(realloc(core.reply, core.reply_size));
	}
	memcpy(core.reply + core.reply_n, bytes, n);
	core.reply_n += n;
}

static void add_str(const char *text)
{
	add(text, strlen(text));
}

/* One a minute. */
static void print_time(size_t item, char ret[32])
{
	time_t seconds = 1600000000 + (time_t)item * 60;
	struct tm parts;

	strftime(ret, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
}

static void answer_page(const char *body)
{
	const char *state = strstr(body, "<m:SyncState>");
	size_t from = state ? strtoul(state + strlen("<m:SyncState>"), NULL, 10) : 0;
	size_t left = core.mailbox.items_n - from;
	size_t to = from + (left < EWS_PAGE_MAX ? left : EWS_PAGE_MAX);
	char text[2048], when[32];

	snprintf(text, sizeof(text),
		 "<m:SyncState>%zu</m:SyncState><m:IncludesLastItemInRange>%s"
		 "</m:IncludesLastItemInRange><m:Changes>",
		 to, to == core.mailbox.items_n ? "true" : "false");
	add_str(ENVELOPE("SyncFolderItems") SUCCESS("SyncFolderItems"));
	add_str(text);
	for (size_t i = from; i < to; i++) {
		print_time(i, when);
		add(text, (size_t)snprintf(text, sizeof(text), create, i, i, when,
					   core.mailbox.mime_bytes, when));
	}
	add_str("</m:Changes></m:SyncFolderItemsResponseMessage>" ENVELOPE_END("SyncFolderItems"));
}

static void answer_items(const char *body)
{
	static const char id_head[] = ID_HEAD;
	char text[4096], when[32];

	add_str(ENVELOPE("GetItem"));
	while ((body = strstr(body, id_head))) {
		size_t i = strtoul(body += strlen(id_head), NULL, 16);
		print_time(i, when);
		add_str(SUCCESS("GetItem"));
		add_str("<m:Items><t:Message><t:MimeContent CharacterSet=\"UTF-8\">");
		add(core.mime, core.mime_n);
		add_str("</t:MimeContent>");
		add(text, (size_t)snprintf(text, sizeof(text), properties, i, i, when,
					   core.mailbox.mime_bytes, when, when, when, i));
	}
	add_str(ENVELOPE_END("GetItem"));
}

static void answer(const char *body)
{
	int64_t begun = core_clock_ns();

	core.reply_n = 0;
	if (strstr(body, "<m:SyncFolderItems>"))
		answer_page(body);
	else
		answer_items(body);
	core.making_ns += core_clock_ns() - begun;
}

/* --- the http layer --- */

enum err http_open(const struct http_config *config, struct http **ret, struct buf *reason)
{
	(void)config, (void)reason;
	*ret = must_have(calloc(1, sizeof(**ret)));
	return ERR_OK;
}

void http_release(struct http **http)
{
	free(*http);
	*http = NULL;
}

enum err http_post(struct http *http, const char *body, size_t n,
		   const struct http_handler *handler, void *ctx)
{
	(void)http;
	if (core.requests_n == REQUESTS_MAX)
		return ERR_LIMIT;
	core.requests[core.requests_n++] = (struct request){ .handler = handler,
							     .ctx = ctx,
							     .body = must_have(strndup(body, n)) };
	return ERR_OK;
}

int http_pending_n(const struct http *http)
{
	(void)http;
	return (int)core.requests_n;
}

enum err http_wait(struct http *http, int64_t ms)
{
	struct request request = core.requests[0];
	struct http_result result = {
		.status = 200, .is_xml = true, .retry_after_ms = -1, .reason = ""
	};
	(void)http, (void)ms;

	if (core.requests_n == 0)
		return ERR_OK;
	memmove(core.requests, core.requests + 1, --core.requests_n * sizeof(request));
	answer(request.body);
	free(request.body);
	for (size_t at = 0; !result.err && at < core.reply_n; at += PIECE_BYTES) {
		size_t left = core.reply_n - at;
		result.err = request.handler->data(request.ctx, core.reply + at,
						   left < PIECE_BYTES ? left : PIECE_BYTES);
	}
	if (result.err)
		result.reason = err_text(result.err);
	else
		request.handler->is_settled(request.ctx);
	request.handler->done(request.ctx, &result);
	return ERR_OK;
}

/* The rest is nothing to a server that always answers at once. */

void http_abort(struct http *http, const void *ctx)
{
	(void)http, (void)ctx;
}

enum err http_stream(struct http *http, const char *body, size_t n, int64_t silence_ms,
		     const struct http_handler *handler, void *ctx)
{
	(void)http, (void)body, (void)n, (void)silence_ms, (void)handler, (void)ctx;
	return ERR_INVALID;
}
