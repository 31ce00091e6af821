/* SPDX-License-Identifier: MIT */
#include "http/request.h"

#include <string.h>

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

static enum err judge_transfer(const struct request *request, CURLcode code, const char *host,
			       struct http_result *result, struct buf *reason)
{
	result->err = err_from_curl(request, code);
	if (result->err == ERR_TLS && code == CURLE_PEER_FAILED_VERIFICATION)
		return say_certificate(request, host, reason);
	if (result->err == ERR_OFFLINE)
		return say_network(request, code, host, reason);
	return buf_printf(reason, "%s: %s", host,
			  *request->error ? request->error : curl_easy_strerror(code));
}

/* Where it goes to, by host alone: the rest may hold anything. */
static enum err say_redirect(const struct request *request, struct buf *reason)
{
	char *to = NULL;
	CURLU *parts = curl_url();
	char *host = NULL;

	curl_easy_getinfo(request->easy, CURLINFO_REDIRECT_URL, &to);
	if (parts && to && curl_url_set(parts, CURLUPART_URL, to, 0) == CURLUE_OK)
		curl_url_get(parts, CURLUPART_HOST, &host, 0);
	enum err err = buf_printf(reason,
				  "redirected to %.255s, which is not followed: is url= right?",
				  host ? host : "nowhere");
	curl_free(host);
	curl_url_cleanup(parts);
	return err;
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
	{ 407, ERR_OFFLINE, "the proxy wants a login" },
	{ 408, ERR_TRANSIENT, "the server waited too long for the request" },
	{ 413, ERR_LIMIT, "the server refuses a request of this size" },
	{ 429, ERR_THROTTLED, "the server is throttling us" },
	{ 440, ERR_TRANSIENT, "the login has timed out" },
	{ 456, ERR_DENIED, "the account wants an interactive login" },
	{ 503, ERR_THROTTLED, "the server is busy" },
};
/* clang-format on */

static enum err judge_status(const struct request *request, const char *host,
			     const struct login *login, struct http_result *result,
			     struct buf *reason)
{
	int status = result->status;
	const char *text = "an unexpected answer";

	if (status >= 200 && status < 300 && result->is_xml)
		return ERR_OK;
	if (status >= 300 && status < 400) {
		result->err = ERR_NOT_EWS;
		return say_redirect(request, reason);
	}
	result->err = status < 500 ? ERR_NOT_EWS : ERR_TRANSIENT;
	if (status >= 200 && status < 300)
		text = "the reply is not XML: a login page or another service?";
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		if (statuses[i].status != status)
			continue;
		result->err = statuses[i].err;
		text = statuses[i].text;
	}
	if (status == 401 && !login->secret.text)
		text = "the server wants a login: set user= and password_command=";
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
	const char *host = config->url->host_port;
	long status = 0;
	enum err err = ERR_OK;

	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	result.status = (int)status;
	result.retry_after_ms = retry_after_ms(request);
	/* A body that nobody wanted ended the transfer, but the status stands. */
	bool is_cut_by_us = code == CURLE_WRITE_ERROR && request->has_head;
	if (request->err) {
		result.err = request->err;
		err = buf_append_str(reason, err_text(result.err));
	} else if (code && !is_cut_by_us) {
		err = judge_transfer(request, code, host, &result, reason);
	} else {
		err = judge_status(request, host, config->login, &result, reason);
	}
	result.reason = buf_str(reason);
	if (!err)
		*ret = result;
	return err;
}
