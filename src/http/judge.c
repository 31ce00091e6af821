/* SPDX-License-Identifier: MIT */
#include "http/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/webpage.h"

/*
 * judge - what a finished transfer means, from curl's code and the HTTP status.
 */

/* X509_V_ERR_* of OpenSSL; curl hands them on in CURLINFO_SSL_VERIFYRESULT. */
enum { CERT_NOT_YET_VALID = 9, CERT_EXPIRED = 10, CERT_OTHER_HOST = 62 };

static enum err say_certificate(const struct request *request, const char *host, struct buf *reason)
{
	long result = 0;

	curl_easy_getinfo(request->easy, CURLINFO_SSL_VERIFYRESULT, &result);
	if (result == CERT_EXPIRED)
		return buf_printf(reason, "the certificate of %s has expired", host);
	if (result == CERT_NOT_YET_VALID)
		return buf_printf(reason, "the certificate of %s is not valid yet: check the clock",
				  host);
	if (result == CERT_OTHER_HOST || strstr(request->error, "subject name"))
		return buf_printf(reason, "the certificate of %s is for another host", host);
	if (result)
		return buf_printf(reason,
				  "nobody known here has signed the certificate of %s (cafile=)",
				  host);
	return buf_printf(reason, "the certificate of %s was refused: %s", host, request->error);
}

/* curl names whom it could not connect to: "Failed to connect to proxy.corp.example port 3128". */
static bool is_of_proxy(const char *error, const char *host)
{
	static const char opening[] = "Failed to connect to ";
	const char *name = error + strlen(opening), *port = strrchr(host, ':');

	if (strncmp(error, opening, strlen(opening)) != 0 || !port)
		return false;
	size_t n = strcspn(name, " "), host_n = (size_t)(port - host);
	const char *named_port = strstr(name, " port ");
	return n != host_n || strncasecmp(name, host, n) != 0 || !named_port ||
	       atoi(named_port + strlen(" port ")) != atoi(port + 1);
}

static enum err say_network(const struct request *request, CURLcode code, const char *host,
			    struct buf *reason)
{
	if (request->gave_up && strcmp(request->gave_up, "no answer") == 0)
		return buf_printf(reason, "%s: no answer within %d s", host,
				  (int)(request->silence_ms / 1000));
	if (request->gave_up)
		return buf_printf(reason, "%s: %s", host, request->gave_up);
	/* curl quotes it, with the password in it. */
	if (strncmp(request->error, "Unsupported proxy", strlen("Unsupported proxy")) == 0)
		return buf_append_str(reason, "the URL of the proxy is none that can be used");
	long proxy_status = 0;
	curl_easy_getinfo(request->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (proxy_status == 407)
		return buf_append_str(reason, "the proxy wants a login (HTTP 407), see proxy=");
	if (proxy_status >= 300)
		return buf_printf(reason, "the proxy does not connect us to %s (HTTP %ld)", host,
				  proxy_status);
	if (code == CURLE_COULDNT_CONNECT && is_of_proxy(request->error, host))
		return buf_printf(reason, "the proxy cannot be reached: %s", request->error);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return buf_printf(reason, "%s: the host's name cannot be resolved", host);
	case CURLE_COULDNT_RESOLVE_PROXY:
		return buf_append_str(reason, "the name of the proxy cannot be resolved");
	case CURLE_PARTIAL_FILE:
		return buf_printf(reason, "%s: the connection broke within the reply", host);
	case CURLE_GOT_NOTHING:
		return buf_printf(reason, "%s: the server closed the connection without a reply",
				  host);
	default:
		return buf_printf(reason, "%s: %s", host,
				  *request->error ? request->error : curl_easy_strerror(code));
	}
}

/* CURLcode to ours. */
static enum err err_from_curl(const struct request *request, CURLcode code)
{
	long no = 0;

	switch (code) {
	case CURLE_OK: return ERR_OK;
	case CURLE_OUT_OF_MEMORY: return ERR_NOMEM;
	case CURLE_SSL_CONNECT_ERROR:
		/* A connection that was lost within the handshake is no matter of trust. */
		curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &no);
		return no || strstr(request->error, "SSL_ERROR_SYSCALL") ? ERR_OFFLINE : ERR_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_USE_SSL_FAILED: return ERR_TLS;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL: return ERR_NOT_EWS;
	case CURLE_BAD_CONTENT_ENCODING: return ERR_PROTOCOL;
	default: return ERR_OFFLINE;
	}
}

/* NULL: nothing that we have better words for. */
static const char *handshake_fault(const char *error)
{
	if (strcasestr(error, "protocol version") || strcasestr(error, "unsupported protocol"))
		return "it speaks no TLS 1.2 or newer";
	if (strcasestr(error, "wrong version number"))
		return "no TLS is spoken there";
	return NULL;
}

static enum err judge_transfer(const struct request *request, CURLcode code, const char *host,
			       struct http_result *result, struct buf *reason)
{
	result->err = err_from_curl(request, code);
	if (result->err == ERR_TLS && code == CURLE_PEER_FAILED_VERIFICATION)
		return say_certificate(request, host, reason);
	if (result->err == ERR_OFFLINE)
		return say_network(request, code, host, reason);
	const char *fault = handshake_fault(request->error);
	if (result->err == ERR_TLS && fault)
		return buf_printf(reason, "%s: %s", host, fault);
	return buf_printf(reason, "%s: %s", host,
			  *request->error ? request->error : curl_easy_strerror(code));
}

/* clang-format off */
static const struct {
	int status;
	enum err err;
	const char *text;
} statuses[] = {
	{ 401, ERR_AUTH, "the server refused the login" },
	{ 403, ERR_DENIED, "the server forbids EWS for this user (EWSEnabled, EwsAllowedAppIDs)" },
	{ 404, ERR_NOT_EWS, "there is no Exchange web service at this URL" },
	{ 405, ERR_NOT_EWS, "there is no Exchange web service at this URL" },
	{ 407, ERR_OFFLINE, "the proxy wants a login, see proxy=" },
	{ 408, ERR_TRANSIENT, "the server waited too long for the request" },
	{ 413, ERR_LIMIT, "the server refuses a request of this size" },
	{ 429, ERR_THROTTLED, "the server is throttling us" },
	{ 440, ERR_TRANSIENT, "the login has timed out" },
	{ 451, ERR_MOVED, "the mailbox is on another server" },
	{ 456, ERR_DENIED, "the account wants an interactive login" },
	{ 503, ERR_THROTTLED, "the server is busy" },
};
/* clang-format on */

/* Exchange Online has EWS off unless an administrator wants it; who asks all the same hears 403 or
 * 401. */
static const char switched_off[] =
	"EWS is switched off here for this tenant, user or app: an administrator must set "
	"EWSEnabled, and list the app in EwsAllowedAppIDs";

static bool says_switched_off(const struct request *request)
{
	static const char *const words[] = { "EWSEnabled", "EwsAllowedAppI", "EwsAllowList",
					     "EWS is disabled", "EWS is blocked" };
	char page[REQUEST_PAGE_MAX + 1];

	memcpy(page, request->page, request->page_n);
	page[request->page_n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(page, words[i]) || strcasestr(request->trail.text, words[i]))
			return true;
	return false;
}

static bool is_online(const char *host)
{
	static const char *const ends[] = { ".office365.com:", ".office.com:", ".office365.us:",
					    ".outlook.cn:" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (strcasestr(host, ends[i]))
			return true;
	return false;
}

/* A body for people, or none, where an answer was expected. */
static enum err say_unexpected(const struct request *request, const char *host, int status,
			       struct buf *reason)
{
	char *type = NULL, title[WEBPAGE_TITLE_MAX];

	curl_easy_getinfo(request->easy, CURLINFO_CONTENT_TYPE, &type);
	webpage_load_title(request->page, request->page_n, title);
	if (!webpage_is_html(type, request->page, request->page_n))
		return buf_printf(reason, "%s: %s (HTTP %d)", host,
				  status / 100 == 2 ? "the reply is not XML: another service?"
						    : "an unexpected answer",
				  status);
	return buf_printf(reason, "%s: a web page came in place of an answer%s%s%s%s (HTTP %d)",
			  host, *title ? ", \"" : "", title, *title ? "\"" : "",
			  status / 100 == 2 ? ": the login page of a gateway, or another service?"
					    : "",
			  status);
}

static enum err judge_status(const struct request *request, const struct request_config *config,
			     struct http_result *result, struct buf *reason)
{
	int status = result->status;
	const char *text = NULL, *host = config->url->host_port;

	if (status >= 200 && status < 300 && result->is_xml)
		return ERR_OK;
	if (status >= 300 && status < 400)
		return redirect_say(request, config, result, reason);
	result->err = status < 500 ? ERR_NOT_EWS : ERR_TRANSIENT;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		if (statuses[i].status != status)
			continue;
		result->err = statuses[i].err;
		text = statuses[i].text;
	}
	if (status == 401 && !config->login->user)
		text = "the server wants a login: give user=";
	if ((status == 401 || status == 403) && says_switched_off(request)) {
		result->err = ERR_DENIED;
		text = switched_off;
	}
	if (!text)
		return say_unexpected(request, host, status, reason);
	return buf_printf(reason, "%s: %s (HTTP %d)", host, text, status);
}

static int64_t retry_after_ms(const struct request *request)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(request->easy, CURLINFO_RETRY_AFTER, &seconds);
	return seconds > 0 && seconds <= 86400 ? seconds * 1000 : -1;
}

enum err request_judge(const struct request *request, const struct request_config *config,
		       CURLcode code, struct http_result *ret, struct buf *reason)
{
	struct http_result result = { .is_xml = request->is_xml };
	curl_off_t ready_us = 0;
	const char *host = config->url->host_port;
	long status = 0;
	enum err err = ERR_OK;

	curl_easy_getinfo(request->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
	result.trail = ready_us > 0 ? request->trail.text : NULL;
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	result.status = (int)status;
	result.retry_after_ms = retry_after_ms(request);
	/* Of a body that nobody wanted it does not matter how it ended: the status stands. */
	bool is_told = request->has_head && !request->is_wanted && status >= 300;
	bool is_cut_by_us = is_told || (code == CURLE_WRITE_ERROR && request->has_head);
	if (request->err) {
		result.err = request->err;
		err = buf_append_str(reason, err_text(result.err));
	} else if (code && !is_cut_by_us) {
		err = judge_transfer(request, code, host, &result, reason);
	} else {
		err = judge_status(request, config, &result, reason);
	}
	result.reason = buf_str(reason);
	if (!err)
		*ret = result;
	return err;
}

/* Exchange Online says no more when EWS is switched off for all. */
void request_say_refusal(const struct request_config *config, struct http_result *result,
			 struct buf *reason)
{
	const char *host = config->url->host_port;
	const char *or_else = is_online(host) ? "; or EWS is switched off for this tenant "
						"(EWSEnabled, EwsAllowedAppIDs)"
					      : "";

	buf_clear(reason);
	/* Without memory the reason is missing, no more. */
	(void)!buf_printf(reason, "%s: %s%s (HTTP %d)", host, buf_str(&config->login->reason),
			  or_else, result->status);
	result->reason = buf_str(reason);
}
