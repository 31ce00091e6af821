/* SPDX-License-Identifier: MIT */
#include "http/fetch.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/auth.h"
#include "http/request.h"

enum { CONNECT_MS = 4000 };

/* One that is under way. */
struct transfer {
	const struct fetch *fetch;
	struct fetch_reply *reply;
	struct request request; /* what request_judge() looks at */
	bool is_over;		/* the body has passed its limit */
};

static void transfer_release(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->request.easy);
	curl_slist_free_all(transfer->request.headers);
}

void fetch_reply_release(struct fetch_reply *reply)
{
	str_release(&reply->location);
	buf_release(&reply->body);
	buf_release(&reply->tls);
	buf_release(&reply->expires);
	buf_release(&reply->issuer);
	buf_release(&reply->reason);
}

static size_t on_data(char *bytes, size_t size, size_t n, void *ctx)
{
	struct transfer *transfer = ctx;

	n *= size;
	transfer->is_over |= transfer->reply->body.len + n > FETCH_MAX_BYTES;
	if (transfer->is_over || buf_append(&transfer->reply->body, bytes, n))
		return 0;
	return n;
}

static size_t on_head(char *line, size_t size, size_t n, void *ctx)
{
	struct transfer *transfer = ctx;

	n *= size;
	offer_note_line(&transfer->request.offer, line, n);
	transfer->request.head_bytes += n;
	return transfer->request.head_bytes > FETCH_MAX_BYTES ? 0 : n;
}

/* curl tells the version of TLS only so. "SSL connection using TLSv1.3 / ..." */
static int on_debug(CURL *easy, curl_infotype type, char *text, size_t n, void *ctx)
{
	static const char start[] = "SSL connection using ";
	struct transfer *transfer = ctx;
	struct buf *tls = &transfer->reply->tls;
	(void)easy;

	if (type != CURLINFO_TEXT || n <= strlen(start) || memcmp(text, start, strlen(start)) != 0)
		return 0;
	const char *word = text + strlen(start);
	const char *end = memchr(word, ' ', n - strlen(start));
	buf_clear(tls);
	/* Without memory it stays unsaid. */
	if (end)
		(void)!buf_append(tls, word, (size_t)(end - word));
	return 0;
}

static int on_progress(void *ctx, curl_off_t expected_in, curl_off_t in, curl_off_t expected_out,
		       curl_off_t out)
{
	const struct transfer *transfer = ctx;
	(void)expected_in, (void)in, (void)expected_out, (void)out;

	return transfer->fetch->stop && atomic_load(transfer->fetch->stop);
}

static enum err add_header(struct transfer *transfer, const char *name, const char *value)
{
	AUTO(buf) struct buf line = { 0 };
	enum err err = buf_printf(&line, "%s: %s", name, value);

	if (!err && strpbrk(value, "\r\n"))
		err = ERR_INVALID;
	return err ? err : request_add_header(&transfer->request, buf_str(&line));
}

#define SET(option, value) \
	do { \
		if (!code) \
			code = curl_easy_setopt(easy, option, value); \
	} while (0)

static enum err prepare(struct transfer *transfer, const struct request_config *config)
{
	const struct fetch *fetch = transfer->fetch;
	CURL *easy = transfer->request.easy;
	enum err err = ERR_OK;

	if (fetch->body)
		err = add_header(transfer, "Content-Type", "text/xml; charset=utf-8");
	if (!err && fetch->anchor)
		err = add_header(transfer, "X-AnchorMailbox", fetch->anchor);
	CURLcode code = err ? CURLE_OUT_OF_MEMORY
			    : request_set_transport(easy, config, config->url->text);
	if (fetch->may_be_plain) /* of any host, so through the proxy too */
		SET(CURLOPT_PROXY, fetch->proxy);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	SET(CURLOPT_TIMEOUT_MS, (long)fetch->limit_ms);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_USERAGENT, "ewsfs/" EWSFS_VERSION);
	if (fetch->body) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(fetch->body));
		SET(CURLOPT_POSTFIELDS, fetch->body);
	}
	SET(CURLOPT_HTTPHEADER, transfer->request.headers);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_WRITEFUNCTION, on_data);
	SET(CURLOPT_WRITEDATA, transfer);
	SET(CURLOPT_HEADERFUNCTION, on_head);
	SET(CURLOPT_HEADERDATA, transfer);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, transfer);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_DEBUGFUNCTION, on_debug);
	SET(CURLOPT_DEBUGDATA, transfer);
	SET(CURLOPT_VERBOSE, 1L);
	SET(CURLOPT_CERTINFO, 1L);
	SET(CURLOPT_ERRORBUFFER, transfer->request.error);
	return err ? err : code ? ERR_INVALID : ERR_OK;
}

/* "Name:value" of the server's own certificate, the first of the chain. */
static enum err take_certificate(CURL *easy, struct fetch_reply *reply)
{
	struct curl_certinfo *chain = NULL;
	enum err err = ERR_OK;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) || chain->num_of_certs == 0)
		return ERR_OK;
	for (const struct curl_slist *at = chain->certinfo[0]; !err && at; at = at->next) {
		if (strncmp(at->data, "Expire date:", 12) == 0 && reply->expires.len == 0)
			err = buf_append_str(&reply->expires, at->data + 12);
		else if (strncmp(at->data, "Issuer:", 7) == 0 && reply->issuer.len == 0)
			err = buf_append_str(&reply->issuer, at->data + 7);
	}
	return err;
}

static enum err take_result(struct transfer *transfer, const struct request_config *config,
			    CURLcode code)
{
	struct fetch_reply *reply = transfer->reply;
	CURL *easy = transfer->request.easy;
	struct http_result result;
	char *location = NULL;
	enum err err = ERR_OK;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location);
	if (code == CURLE_ABORTED_BY_CALLBACK) {
		reply->err = ERR_CANCELLED;
	} else if (transfer->is_over) {
		reply->err = ERR_LIMIT;
		err = buf_printf(&reply->reason, "%s: the reply is larger than we accept",
				 config->url->host_port);
	} else if (code) {
		err = request_judge(&transfer->request, config, code, &result, &reply->reason);
		reply->err = err ? err : result.err;
	} else {
		reply->status = (int)status;
		reply->auths = transfer->request.offer.auths;
		err = text_copy(location, &reply->location);
	}
	return err ? err : take_certificate(easy, reply);
}

static enum err run(struct transfer *transfer, const struct request_config *config)
{
	const struct fetch *fetch = transfer->fetch;
	struct login *login = fetch->login;

	transfer->request.easy = curl_easy_init();
	if (!transfer->request.easy)
		return ERR_NOMEM;
	transfer->request.silence_ms = fetch->limit_ms;
	enum err err = prepare(transfer, config);
	if (login)
		login->auth = login_pick(login, fetch->auths);
	if (!err && login)
		err = login_prepare(login, clock_boot_ms(), fetch->stop);
	if (err == ERR_AUTH && buf_append_str(&transfer->reply->reason, buf_str(&login->reason)))
		err = ERR_NOMEM;
	if (!err && login)
		err = auth_apply(transfer->request.easy, login->auth, login->user, &login->secret);
	if (err)
		return err;
	return take_result(transfer, config, curl_easy_perform(transfer->request.easy));
}

static enum err run_once(const struct fetch *fetch, struct fetch_reply *ret)
{
	AUTO(transfer) struct transfer transfer = { .fetch = fetch, .reply = ret };
	AUTO(url) struct url url = { 0 };
	struct login nobody = { 0 };
	const struct request_config config = {
		.url = &url,
		.login = fetch->login ? fetch->login : &nobody,
		.cafile = fetch->cafile,
		.proxy = fetch->proxy,
		.timeout_s = (int)(fetch->limit_ms / 1000) + 1,
	};
	bool is_plain = strncasecmp(fetch->url, "http://", 7) == 0;

	*ret = (struct fetch_reply){ 0 };
	request_init();
	if (!is_plain || !fetch->may_be_plain) {
		enum err err = url_parse(fetch->url, &url, &ret->reason);
		return err ? err : run(&transfer, &config);
	}
	if (fetch->login)
		return ERR_INVALID;
	url.is_plain = true;
	enum err err = text_copy(fetch->url, &url.text);
	if (!err)
		err = text_copy(fetch->url, &url.host_port);
	return err ? err : run(&transfer, &config);
}

enum err fetch_run(const struct fetch *fetch, struct fetch_reply *ret)
{
	struct fetch one = *fetch;
	enum err err = run_once(&one, ret);

	/* No Kerberos ticket, or none that is wanted there: by the next best. */
	while (!err && one.login && ret->status == 401 && one.login->auth == HTTP_AUTH_NEGOTIATE) {
		one.auths &= ~AUTH_BIT(HTTP_AUTH_NEGOTIATE);
		if (login_pick(one.login, one.auths) == HTTP_AUTH_AUTO)
			break;
		fetch_reply_release(ret);
		err = run_once(&one, ret);
	}
	return err;
}
