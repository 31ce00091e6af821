/* SPDX-License-Identifier: MIT */
#include "http/request.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

/*
 * redirect - where an answer sends us, and whether we go there: our login may be seen by the host
 * that it was meant for and by no other, so only to a place on the same one, by the same protocol.
 */
enum { REDIRECTS_MAX = 10 };

struct place {
	char *url, *host, *path;
	bool is_ours; /* protocol, host and port are those of the user's URL */
};

static void place_release(struct place *place)
{
	curl_free(place->url);
	curl_free(place->host);
	curl_free(place->path);
}

static bool is_ours(CURLU *parts, const char *host, const struct url *url)
{
	AUTO(buf) struct buf host_port = { 0 };
	char *port = NULL, *scheme = NULL;
	bool is_equal = curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
				CURLUE_OK &&
			curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
			!buf_printf(&host_port, "%s:%s", host, port) &&
			strcasecmp(buf_str(&host_port), url->host_port) == 0 &&
			strcmp(scheme, url->is_plain ? "http" : "https") == 0;

	curl_free(port);
	curl_free(scheme);
	return is_equal;
}

/* False: nowhere that can be named. */
static bool load_place(const struct request *request, const struct url *url, struct place *ret)
{
	char *to = NULL;
	CURLU *parts = curl_url();

	curl_easy_getinfo(request->easy, CURLINFO_REDIRECT_URL, &to);
	bool is_known = parts && to && curl_url_set(parts, CURLUPART_URL, to, 0) == CURLUE_OK &&
			curl_url_set(parts, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
			curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK &&
			curl_url_get(parts, CURLUPART_URL, &ret->url, 0) == CURLUE_OK &&
			curl_url_get(parts, CURLUPART_HOST, &ret->host, 0) == CURLUE_OK &&
			curl_url_get(parts, CURLUPART_PATH, &ret->path, 0) == CURLUE_OK;
	if (is_known)
		ret->is_ours = is_ours(parts, ret->host, url);
	curl_url_cleanup(parts);
	return is_known;
}

/* Places that hold no web service. */
/* clang-format off */
static const struct {
	const char *word; /* in the path */
	enum err err;
	const char *text;
} dead_ends[] = {
	{ "/errorfe/",        ERR_TRANSIENT, "the server shows its error page, a fault there" },
	{ "genericerrorpage", ERR_TRANSIENT, "the server shows its error page, a fault there" },
	{ "/internalsite/",   ERR_NOT_EWS,   "the gateway before the server lets nobody through to /EWS/" },
	{ "/owa/",            ERR_NOT_EWS,   "a login page for browsers stands before /EWS/" },
	{ "/auth/",           ERR_NOT_EWS,   "a login page for browsers stands before /EWS/" },
	{ "/adfs/",           ERR_NOT_EWS,   "a login page for browsers stands before /EWS/" },
	{ "/my.policy",       ERR_NOT_EWS,   "a login page for browsers stands before /EWS/" },
	{ "login",            ERR_NOT_EWS,   "a login page for browsers stands before /EWS/" },
	{ "logon",            ERR_NOT_EWS,   "a login page for browsers stands before /EWS/" },
	{ "signin",           ERR_NOT_EWS,   "a login page for browsers stands before /EWS/" },
};
/* clang-format on */

/* -1: none of them. */
static int dead_end_of(const struct place *place)
{
	for (size_t i = 0; place->path && i < ARRAY_LEN(dead_ends); i++)
		if (strcasestr(place->path, dead_ends[i].word))
			return (int)i;
	return -1;
}

static bool is_permanent(long status)
{
	return status == 301 || status == 308;
}

bool request_follow(struct request *request, const struct request_config *config)
{
	AUTO(place) struct place place = { 0 };
	long status = 0;

	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!is_permanent(status) && status != 302 && status != 307)
		return false;
	if (!load_place(request, config->url, &place) || !place.is_ours || dead_end_of(&place) >= 0)
		return false;
	if (request->hops_n == REDIRECTS_MAX)
		return false;
	str_release(&request->to);
	if (text_copy(place.url, &request->to))
		return false;
	request->has_moved = is_permanent(status) && (request->hops_n == 0 || request->has_moved);
	request->hops_n++;
	return true;
}

static bool is_on_host(const char *to, const struct url *url)
{
	CURLU *parts = curl_url();
	char *host = NULL;
	bool is_equal = parts && curl_url_set(parts, CURLUPART_URL, to, 0) == CURLUE_OK &&
			curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
			is_ours(parts, host, url);

	curl_free(host);
	curl_url_cleanup(parts);
	return is_equal;
}

void request_note_move(struct request *request, struct url *url)
{
	/* The session may have gone to another server since. */
	if (!request->has_moved || !request->is_wanted || !is_on_host(request->to, url))
		return;
	str_release(&url->text);
	url->text = give(request->to);
}

/* By host alone: the rest may hold anything. */
enum err redirect_say(const struct request *request, const struct request_config *config,
		      struct http_result *result, struct buf *reason)
{
	AUTO(place) struct place place = { 0 };
	const char *host = config->url->host_port;

	result->err = ERR_NOT_EWS;
	if (!load_place(request, config->url, &place))
		return buf_printf(reason, "%s: redirected to nowhere (HTTP %d)", host,
				  result->status);
	int dead_end = dead_end_of(&place);
	if (dead_end >= 0 && dead_ends[dead_end].err == ERR_TRANSIENT)
		result->err = ERR_TRANSIENT;
	if (dead_end >= 0 && (place.is_ours || result->err == ERR_TRANSIENT))
		return buf_printf(reason, "%s: %s (HTTP %d)", host, dead_ends[dead_end].text,
				  result->status);
	if (place.is_ours)
		return buf_printf(reason, "%s: redirected %d times and to no end (HTTP %d)", host,
				  REDIRECTS_MAX, result->status);
	return buf_printf(reason,
			  "redirected to %.255s, which is not followed: a login page, or another "
			  "address of the server for url=?",
			  place.host);
}
