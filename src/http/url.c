/* SPDX-License-Identifier: MIT */
#include "http/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>

#include "base/text.h"

static void curlu_release(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void part_release(char **part)
{
	curl_free(*part);
}

static bool is_loopback(const char *host)
{
	struct in_addr v4;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

/* Of a host and a port that curl has found well-formed. */
static enum err take_parts(CURLU *parts, struct url *ret)
{
	AUTO(part) char *user = NULL;
	AUTO(part) char *host = NULL;
	AUTO(part) char *port = NULL;
	AUTO(part) char *text = NULL;
	AUTO(buf) struct buf host_port = { 0 };

	if (curl_url_get(parts, CURLUPART_USER, &user, CURLU_URLDECODE) == CURLUE_OK && *user) {
		enum err err = text_copy(user, &ret->user);
		if (err)
			return err;
	}
	curl_url_set(parts, CURLUPART_USER, NULL, 0);
	if (curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_URL, &text, 0) != CURLUE_OK)
		return ERR_NOMEM;
	enum err err = buf_printf(&host_port, "%s:%s", host, port);
	if (!err)
		err = buf_give(&host_port, &ret->host_port);
	if (!err)
		err = text_copy(text, &ret->text);
	return err;
}

/* What is wrong with it; NULL when nothing is. */
static const char *fault_of(CURLU *parts, struct url *url)
{
	AUTO(part) char *scheme = NULL;
	AUTO(part) char *host = NULL;
	AUTO(part) char *password = NULL;

	if (curl_url_get(parts, CURLUPART_PASSWORD, &password, 0) == CURLUE_OK)
		return "a password does not belong in the URL; use password_command=";
	if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return "not a URL";
	url->is_plain = strcmp(scheme, "http") == 0;
	if (!url->is_plain && strcmp(scheme, "https") != 0)
		return "the URL must begin with https://";
	if (url->is_plain && !is_loopback(host))
		return "plain http would show the password to the network; use https://";
	return NULL;
}

enum err url_parse(const char *text, struct url *ret, struct buf *reason)
{
	AUTO(curlu) CURLU *parts = curl_url();
	AUTO(url) struct url url = { 0 };

	if (!parts)
		return ERR_NOMEM;
	const char *fault = curl_url_set(parts, CURLUPART_URL, text, 0) == CURLUE_OK
				    ? fault_of(parts, &url)
				    : "not a URL";
	if (fault) {
		enum err err = buf_append_str(reason, fault);
		return err ? err : ERR_INVALID;
	}
	enum err err = take_parts(parts, &url);
	if (!err) {
		*ret = url;
		url = (struct url){ 0 };
	}
	return err;
}

void url_release(struct url *url)
{
	str_release(&url->text);
	str_release(&url->user);
	str_release(&url->host_port);
}
