/* SPDX-License-Identifier: MIT */
#include "discover/answer.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "ews/sax.h"

enum { TEXT_MAX = 2048 };
enum { RANK_NONE = 100 };

void answer_release(struct answer *answer)
{
	buf_release(&answer->text);
}

static void json_release(json_t **json)
{
	json_decref(*json);
}

static bool is_https(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0;
}

static enum err take(struct answer *answer, enum answer_kind kind, const char *text)
{
	answer->kind = kind;
	buf_clear(&answer->text);
	enum err err = buf_append_str(&answer->text, text);
	if (!err)
		text_blank_controls(answer->text.bytes);
	return err;
}

static enum err refuse(struct answer *answer, const char *code, const char *message)
{
	AUTO(buf) struct buf text = { 0 };
	enum err err = buf_printf(&text, "%s%s%s", message, *code && *message ? ", error " : "",
				  code);

	return err ? err : take(answer, ANSWER_NO, buf_str(&text));
}

/* --- JSON --- */

static const char *member(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text && strlen(text) <= TEXT_MAX ? text : "";
}

static enum err read_json(const char *bytes, size_t n, struct answer *ret)
{
	json_error_t error;
	AUTO(json) json_t *json = json_loadb(bytes, n, 0, &error);

	if (!json_is_object(json))
		return ERR_PROTOCOL;
	const char *url = member(json, "Url");
	if (is_https(url))
		return take(ret, ANSWER_URL, url);
	if (*url)
		return take(ret, ANSWER_NO, "it names a URL without https");
	return refuse(ret, member(json, "ErrorCode"), member(json, "ErrorMessage"));
}

/* --- XML --- */

/* What a document holds, as it is read. */
struct reading {
	struct answer *answer;
	struct buf action, type, url, name, redirect, code, message, user_code;
	int rank; /* of the URL taken so far; the least is the best */
};

static void reading_release(struct reading *reading)
{
	struct buf *texts[] = { &reading->action,  &reading->type,     &reading->url,
				&reading->name,	   &reading->redirect, &reading->code,
				&reading->message, &reading->user_code };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		buf_release(texts[i]);
}

static enum err take_text(struct buf *to, const char *text, size_t n)
{
	buf_clear(to);
	while (n > 0 && strchr(" \t\r\n", *text))
		text++, n--;
	while (n > 0 && strchr(" \t\r\n", text[n - 1]))
		n--;
	return buf_append(to, text, n);
}

/* arg: the field of a reading. */
static enum err take_field(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	return take_text((struct buf *)((char *)ctx + sax_arg(sax)), text, n);
}

static enum err take_url(struct reading *reading, const char *url, int rank)
{
	if (!is_https(url) || rank >= reading->rank)
		return ERR_OK;
	reading->rank = rank;
	return take(reading->answer, ANSWER_URL, url);
}

static enum err open_protocol(void *ctx, const struct sax *sax)
{
	struct reading *reading = ctx;
	(void)sax;

	buf_clear(&reading->type);
	buf_clear(&reading->url);
	return ERR_OK;
}

static enum err close_protocol(void *ctx, const struct sax *sax)
{
	static const char *const types[] = { "EXPR", "EXHTTP", "EXCH" };
	struct reading *reading = ctx;
	int rank = 0;
	(void)sax;

	while (rank < (int)ARRAY_LEN(types) && strcmp(buf_str(&reading->type), types[rank]) != 0)
		rank++;
	return take_url(reading, buf_str(&reading->url), rank);
}

/* What OWA is told: ranks after those of protocols. */
static enum err take_web_url(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct reading *reading = ctx;
	AUTO(buf) struct buf url = { 0 };
	enum err err = take_text(&url, text, n);

	return err ? err : take_url(reading, buf_str(&url), 10 + (int)sax_arg(sax));
}

static enum err close_pox(void *ctx, const struct sax *sax)
{
	struct reading *reading = ctx;
	const char *action = buf_str(&reading->action), *to = buf_str(&reading->redirect);
	(void)sax;

	if (strcasecmp(action, "redirectAddr") == 0 && *to)
		return take(reading->answer, ANSWER_OTHER_ADDRESS, to);
	if (strcasecmp(action, "redirectUrl") == 0 && *to)
		return take(reading->answer, ANSWER_OTHER_URL, to);
	if (reading->rank < RANK_NONE)
		return ERR_OK;
	return refuse(reading->answer, buf_str(&reading->code), buf_str(&reading->message));
}

static enum err open_setting(void *ctx, const struct sax *sax)
{
	struct reading *reading = ctx;
	(void)sax;

	buf_clear(&reading->name);
	buf_clear(&reading->url);
	return ERR_OK;
}

static enum err close_setting(void *ctx, const struct sax *sax)
{
	struct reading *reading = ctx;
	const char *name = buf_str(&reading->name);
	(void)sax;

	if (strcmp(name, "ExternalEwsUrl") == 0)
		return take_url(reading, buf_str(&reading->url), 0);
	if (strcmp(name, "InternalEwsUrl") == 0)
		return take_url(reading, buf_str(&reading->url), 1);
	return ERR_OK;
}

static enum err close_soap(void *ctx, const struct sax *sax)
{
	struct reading *reading = ctx;
	const char *code = buf_str(&reading->user_code), *to = buf_str(&reading->redirect);
	(void)sax;

	if (strcmp(code, "RedirectAddress") == 0 && *to)
		return take(reading->answer, ANSWER_OTHER_ADDRESS, to);
	if (strcmp(code, "RedirectUrl") == 0 && *to)
		return take(reading->answer, ANSWER_OTHER_URL, to);
	if (reading->rank < RANK_NONE)
		return ERR_OK;
	if (!*code || strcmp(code, "NoError") == 0)
		code = buf_str(&reading->code);
	return refuse(reading->answer, code, buf_str(&reading->message));
}

static enum err refuse_root(void *ctx, const struct sax *sax)
{
	(void)ctx, (void)sax;
	return ERR_NOT_EWS;
}

static enum err pass_over(void *ctx, const struct sax *sax)
{
	(void)ctx, (void)sax;
	return ERR_OK;
}

#define INTO(field) \
	.text = take_field, .cap = TEXT_MAX, .over = pass_over, \
	.arg = offsetof(struct reading, field)
#define POX "Autodiscover/Response/"
#define SOAP "Envelope/Body/GetUserSettingsResponseMessage/Response/"
#define USER SOAP "UserResponses/UserResponse/"

/* clang-format off */
static const struct sax_rule pox_rules[] = {
	{ "Autodiscover",                      .close = close_pox },
	{ POX "Error/ErrorCode",               INTO(code) },
	{ POX "Error/Message",                 INTO(message) },
	{ POX "Account/Action",                INTO(action) },
	{ POX "Account/RedirectAddr",          INTO(redirect) },
	{ POX "Account/RedirectUrl",           INTO(redirect) },
	{ POX "Account/Protocol",              .open = open_protocol, .close = close_protocol },
	{ POX "Account/Protocol/Type",         INTO(type) },
	{ POX "Account/Protocol/EwsUrl",       INTO(url) },
	{ POX "Account/Protocol/External/Protocol/ASUrl", .text = take_web_url, .cap = TEXT_MAX, .over = pass_over, .arg = 0 },
	{ POX "Account/Protocol/Internal/Protocol/ASUrl", .text = take_web_url, .cap = TEXT_MAX, .over = pass_over, .arg = 1 },
	{ "*",                                 .open = refuse_root },
	{ 0 }
};

static const struct sax_rule soap_rules[] = {
	{ "Envelope",                          .close = close_soap },
	{ "Envelope/Body/Fault/faultstring",   INTO(message) },
	{ SOAP "ErrorCode",                    INTO(code) },
	{ SOAP "ErrorMessage",                 INTO(message) },
	{ USER "ErrorCode",                    INTO(user_code) },
	{ USER "ErrorMessage",                 INTO(message) },
	{ USER "RedirectTarget",               INTO(redirect) },
	{ USER "UserSettings/UserSetting",     .open = open_setting, .close = close_setting },
	{ USER "UserSettings/UserSetting/Name", INTO(name) },
	{ USER "UserSettings/UserSetting/Value", INTO(url) },
	{ "*",                                 .open = refuse_root },
	{ 0 }
};
/* clang-format on */

static enum err read_xml(const struct sax_rule *rules, const char *bytes, size_t n,
			 struct answer *ret)
{
	AUTO(reading) struct reading reading = { .answer = ret, .rank = RANK_NONE };
	AUTO(sax) struct sax *sax = NULL;
	const struct sax_table table = { rules, 0, &reading };
	enum err err = sax_new(&table, 1, &sax);

	if (!err)
		err = sax_feed(sax, bytes, n);
	return err ? err : sax_finish(sax);
}

enum err answer_read(enum dialect dialect, const char *bytes, size_t n, struct answer *ret)
{
	if (dialect == DIALECT_JSON)
		return read_json(bytes, n, ret);
	return read_xml(dialect == DIALECT_POX ? pox_rules : soap_rules, bytes, n, ret);
}
