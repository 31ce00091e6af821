/* SPDX-License-Identifier: MIT */
#include "http/auth.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *word, *name; /* ours, and that of the header */
	long curl;
} auths[] = {
	[HTTP_AUTH_AUTO] = { "auto", "", 0 },
	[HTTP_AUTH_BASIC] = { "basic", "Basic", (long)CURLAUTH_BASIC },
	[HTTP_AUTH_NTLM] = { "ntlm", "NTLM", (long)CURLAUTH_NTLM },
	[HTTP_AUTH_NEGOTIATE] = { "negotiate", "Negotiate", (long)CURLAUTH_NEGOTIATE },
	[HTTP_AUTH_BEARER] = { "bearer", "Bearer", (long)CURLAUTH_BEARER },
};

const char *auth_word(enum http_auth auth)
{
	return auths[auth].word;
}

bool auth_has_secret(enum http_auth auth)
{
	return auth != HTTP_AUTH_AUTO && auth != HTTP_AUTH_NEGOTIATE;
}

/* --- what a server offers --- */

static unsigned bit_of(const char *word, size_t n)
{
	for (size_t i = HTTP_AUTH_BASIC; i < ARRAY_LEN(auths); i++)
		if (strlen(auths[i].name) == n && strncasecmp(auths[i].name, word, n) == 0)
			return AUTH_BIT(i);
	return 0;
}

/* To the comma behind this part; those in quotes count for nothing. */
static size_t part_len(const char *text, size_t n)
{
	bool is_quoted = false;
	size_t i = 0;

	for (; i < n && (is_quoted || text[i] != ','); i++)
		is_quoted ^= text[i] == '"';
	return i;
}

/* Challenges and their parameters stand in one list, commas between them: a scheme is a word alone. */
static unsigned read_challenges(const char *text, size_t n)
{
	unsigned bits = 0;

	while (n > 0) {
		size_t part_n = part_len(text, n), skip = 0;
		while (skip < part_n && isspace((unsigned char)text[skip]))
			skip++;
		size_t word_n = 0;
		while (skip + word_n < part_n && !isspace((unsigned char)text[skip + word_n]))
			word_n++;
		bits |= bit_of(text + skip, word_n);
		part_n += part_n < n;
		text += part_n;
		n -= part_n;
	}
	return bits;
}

/* It ends in a log: printable, and no longer than there is room. */
static void take_text(const char *text, size_t n, char ret[AUTH_TEXT_MAX])
{
	size_t len = 0;

	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	for (size_t i = 0; i < n && len < AUTH_TEXT_MAX - 1; i++)
		ret[len++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : ' ';
	ret[len] = '\0';
}

/* What stands in quotes behind name=. */
static void take_quoted(const char *text, size_t n, const char *name, char ret[AUTH_TEXT_MAX])
{
	const char *at = memmem(text, n, name, strlen(name));

	if (!at)
		return;
	at += strlen(name);
	const char *end = memchr(at, '"', n - (size_t)(at - text));
	if (end)
		take_text(at, (size_t)(end - at), ret);
}

static bool has_prefix(const char *text, size_t n, const char *prefix)
{
	return n >= strlen(prefix) && strncasecmp(text, prefix, strlen(prefix)) == 0;
}

void offer_note_line(struct offer *offer, const char *line, size_t n)
{
	static const char challenge[] = "WWW-Authenticate:", diagnosis[] = "X-MS-Diagnostics:";

	if (has_prefix(line, n, "HTTP/")) { /* of the next leg of a handshake */
		offer->replies_n++;
		offer->auths = 0;
		offer->why[0] = '\0';
	} else if (has_prefix(line, n, challenge)) {
		offer->auths |= read_challenges(line + strlen(challenge), n - strlen(challenge));
	} else if (has_prefix(line, n, diagnosis)) {
		take_quoted(line, n, "reason=\"", offer->why);
	}
}

void offer_note_debug(struct offer *offer, const char *text, size_t n)
{
	static const char failed[] = "gss_init_sec_context() failed: ";

	if (has_prefix(text, n, failed))
		take_text(text + strlen(failed), n - strlen(failed), offer->ticket);
}

enum err auth_print_list(unsigned bits, struct buf *ret)
{
	static const enum http_auth order[] = { HTTP_AUTH_NEGOTIATE, HTTP_AUTH_NTLM,
						HTTP_AUTH_BASIC, HTTP_AUTH_BEARER };
	const char *comma = "";
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(order); i++) {
		if (!(bits & AUTH_BIT(order[i])))
			continue;
		err = buf_printf(ret, "%s%s", comma, auths[order[i]].name);
		comma = ", ";
	}
	return err;
}

enum http_auth auth_best(unsigned bits)
{
	static const enum http_auth order[] = { HTTP_AUTH_NEGOTIATE, HTTP_AUTH_NTLM,
						HTTP_AUTH_BASIC };

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (bits & AUTH_BIT(order[i]))
			return order[i];
	return HTTP_AUTH_AUTO;
}

/* --- into a request --- */

enum err auth_apply(CURL *easy, enum http_auth auth, const char *user, const struct secret *secret)
{
	if (auth == HTTP_AUTH_AUTO || (auth_has_secret(auth) && !secret->text))
		return ERR_OK;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_HTTPAUTH, auths[auth].curl);
	if (auth == HTTP_AUTH_BEARER) {
		if (!code)
			code = curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, secret->text);
		return code ? ERR_NOMEM : ERR_OK;
	}
	/* Of a ticket the system knows whose it is; curl wants to see some name all the same. */
	bool is_ours = auth_has_secret(auth);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_USERNAME, is_ours ? user : "");
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PASSWORD, is_ours ? secret->text : "");
	return code ? ERR_NOMEM : ERR_OK;
}
