/* SPDX-License-Identifier: MIT */
#include "discover/discover.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "discover/answer.h"
#include "discover/host.h"
#include "discover/question.h"
#include "discover/srv.h"
#include "http/fetch.h"
#include "model/address.h"

enum { HOSTS_MAX = 16, REFUSALS_MAX = 3, REFUSALS_UNATTENDED_MAX = 1 };

/* Why nothing was found: what tells the user more goes before. */
enum weight {
	WEIGHT_NONE,
	WEIGHT_NETWORK,
	WEIGHT_TLS,
	WEIGHT_ANSWER,
	WEIGHT_HEARSAY,
	WEIGHT_LOGIN
};

/* Hosts that are not asked (again). */
struct host {
	char name[HOST_PRINT_BYTES];
	bool is_dead, has_refused;
};

struct run {
	const struct account *account;
	const atomic_bool *stop;
	struct login login;
	bool has_no_secret; /* nothing to log in with */
	int64_t end_ms;
	char *address;
	bool is_anew;	 /* the address has become another: from the start */
	bool is_hearsay; /* the host asked is named by http or DNS, that anybody can forge */
	bool is_unattended;
	int redirects_n, refusals_n;
	struct host hosts[HOSTS_MAX];
	size_t hosts_n;
	enum weight weight;
	struct buf why;
};

static void run_release(struct run *run)
{
	login_release(&run->login);
	str_release(&run->address);
	buf_release(&run->why);
}

void discovered_release(struct discovered *discovered)
{
	str_release(&discovered->url);
	str_release(&discovered->where);
}

/* Keeps the line when it tells more than the one there is. */
static void note(struct run *run, enum weight weight, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void note(struct run *run, enum weight weight, const char *fmt, ...)
{
	char line[512];
	va_list args;

	if (weight <= run->weight)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	text_blank_controls(line);
	run->weight = weight;
	buf_clear(&run->why);
	/* Without memory it stays unsaid. */
	(void)!buf_append_str(&run->why, line);
}

/* --- hosts --- */

/* NULL: there are too many; then it is not asked. */
static struct host *host_of(struct run *run, const char *url)
{
	char name[HOST_PRINT_BYTES];

	host_print(url, name);
	for (size_t i = 0; i < run->hosts_n; i++)
		if (strcasecmp(run->hosts[i].name, name) == 0)
			return &run->hosts[i];
	if (run->hosts_n == HOSTS_MAX)
		return NULL;
	struct host *host = &run->hosts[run->hosts_n++];
	*host = (struct host){ 0 };
	memcpy(host->name, name, sizeof(name));
	return host;
}

/* --- hearsay --- */

/* Hearsay is believed of the address's own domain, and of nobody else. */
static bool is_believed(struct run *run, const char *url)
{
	const char *domain = address_domain(run->address);
	char host[HOST_PRINT_BYTES];

	if (!run->is_hearsay || host_is_within(url, domain))
		return true;
	host_print(url, host);
	note(run, WEIGHT_HEARSAY,
	     "%s was found, but is not in %s, and plain http or DNS led there, which can be forged",
	     host, domain);
	return false;
}

/* --- one request --- */

/* What is left of the time, for one request. */
static int64_t load_limit_ms(const struct run *run)
{
	int64_t left_ms = run->end_ms - clock_boot_ms();

	return left_ms < DISCOVER_STEP_MS ? left_ms : DISCOVER_STEP_MS;
}

static enum err fetch_once(struct run *run, const char *url, const char *body, unsigned auths,
			   struct fetch_reply *ret)
{
	const struct fetch fetch = {
		.url = url,
		.body = body,
		.anchor = run->address,
		.login = auths ? &run->login : NULL,
		.auths = auths,
		.cafile = run->account->cafile,
		.proxy = run->account->proxy,
		.may_be_plain = strncasecmp(url, "http://", 7) == 0,
		.limit_ms = load_limit_ms(run),
		.stop = run->stop,
	};

	if (fetch.limit_ms <= 0)
		return ERR_TRANSIENT;
	return fetch_run(&fetch, ret);
}

/* With the login, one that the host has asked for. The reply of the first try is replaced. */
static enum err fetch_again(struct run *run, struct host *host, const char *url, const char *body,
			    struct fetch_reply *ret)
{
	int refusals_max = run->is_unattended ? REFUSALS_UNATTENDED_MAX : REFUSALS_MAX;

	if (run->has_no_secret || run->refusals_n >= refusals_max ||
	    login_pick(&run->login, ret->auths) == HTTP_AUTH_AUTO)
		return ERR_OK;
	fetch_reply_release(ret);
	enum err err = fetch_once(run, url, body, ret->auths, ret);
	if (err == ERR_AUTH) { /* no secret to be had */
		run->has_no_secret = true;
		note(run, WEIGHT_LOGIN, "%s", buf_str(&ret->reason));
		ret->status = 401;
		return ERR_OK;
	}
	if (!err && !ret->err && ret->status == 401) {
		host->has_refused = true;
		run->refusals_n++;
		note(run, WEIGHT_LOGIN, "%s refused the login of %s", host->name,
		     run->account->user);
	}
	return err;
}

/* ERR_NOT_FOUND: nothing to be had there. */
static enum err fetch(struct run *run, enum dialect dialect, const char *url,
		      struct fetch_reply *ret)
{
	AUTO(buf) struct buf body = { 0 };
	struct host *host = host_of(run, url);
	enum err err = ERR_OK;

	if (!host || host->is_dead || (host->has_refused && dialect != DIALECT_JSON))
		return ERR_NOT_FOUND;
	if (dialect != DIALECT_JSON)
		err = question_print(dialect, run->address, url, &body);
	const char *text = body.len ? buf_str(&body) : NULL;
	if (!err)
		err = fetch_once(run, url, text, 0, ret);
	if (!err && !ret->err && ret->status == 401 && text)
		err = fetch_again(run, host, url, text, ret);
	if (err == ERR_INVALID)
		return ERR_NOT_FOUND;
	if (err || ret->err == ERR_CANCELLED)
		return err ? err : ERR_CANCELLED;
	if (ret->err) {
		host->is_dead = true;
		note(run, ret->err == ERR_TLS ? WEIGHT_TLS : WEIGHT_NETWORK, "%s",
		     buf_str(&ret->reason));
		return ERR_NOT_FOUND;
	}
	return ERR_OK;
}

/* --- one candidate --- */

/* Where a chain of redirects stands. */
struct chain {
	enum dialect dialect;
	struct buf url, seen;
};

static void chain_release(struct chain *chain)
{
	buf_release(&chain->url);
	buf_release(&chain->seen);
}

static enum err count_redirect(struct run *run)
{
	if (++run->redirects_n <= DISCOVER_REDIRECTS_MAX)
		return ERR_OK;
	run->weight = WEIGHT_NONE;
	note(run, WEIGHT_ANSWER, "more than %d redirects", DISCOVER_REDIRECTS_MAX);
	return ERR_LIMIT;
}

/* The chain goes on at `url`. ERR_NOT_FOUND: not there. */
static enum err redirect(struct run *run, struct chain *chain, const char *url)
{
	char host[HOST_PRINT_BYTES];

	host_print(buf_str(&chain->url), host);
	if (strncasecmp(url, "https://", 8) != 0) {
		note(run, WEIGHT_ANSWER,
		     "%s redirects to a URL without https, which is not followed", host);
		return ERR_NOT_FOUND;
	}
	enum err err = buf_printf(&chain->seen, "%s\n", buf_str(&chain->url));
	AUTO(buf) struct buf line = { 0 };
	if (!err)
		err = buf_printf(&line, "%s\n", url);
	if (!err && strstr(buf_str(&chain->seen), buf_str(&line))) {
		note(run, WEIGHT_ANSWER, "%s redirects in a circle", host);
		return ERR_NOT_FOUND;
	}
	if (!err)
		err = count_redirect(run);
	buf_clear(&chain->url);
	return err ? err : buf_append_str(&chain->url, url);
}

static enum err take_address(struct run *run, const char *address)
{
	if (!address_is_valid(address)) {
		note(run, WEIGHT_ANSWER, "redirected to '%s', which is no address", address);
		return ERR_NOT_FOUND;
	}
	const char *domain = address_domain(address);
	if (run->is_hearsay && !domain_is_within(domain, address_domain(run->address))) {
		note(run, WEIGHT_HEARSAY,
		     "%s was found, but plain http or DNS led there, which can be forged", address);
		return ERR_NOT_FOUND;
	}
	enum err err = count_redirect(run);
	if (err)
		return err;
	str_release(&run->address);
	run->is_anew = true;
	err = text_copy(address, &run->address);
	return err ? err : ERR_NOT_FOUND;
}

static enum err take_url(struct run *run, const struct chain *chain, const char *url,
			 struct discovered *ret)
{
	static const char *const names[] = { "JSON", "POX", "SOAP" };
	AUTO(buf) struct buf where = { 0 };
	char host[HOST_PRINT_BYTES];

	if (!is_believed(run, url))
		return ERR_NOT_FOUND;
	host_print(buf_str(&chain->url), host);
	enum err err = buf_printf(&where, "%s at %s", names[chain->dialect], host);
	if (!err)
		err = buf_give(&where, &ret->where);
	return err ? err : text_copy(url, &ret->url);
}

/* What came back. ERR_OK with no URL in *ret: the chain goes on. */
static enum err judge(struct run *run, struct chain *chain, const struct fetch_reply *reply,
		      struct discovered *ret)
{
	AUTO(answer) struct answer answer = { 0 };
	char host[HOST_PRINT_BYTES];

	host_print(buf_str(&chain->url), host);
	if (reply->status >= 300 && reply->status < 400 && reply->location)
		return redirect(run, chain, reply->location);
	if (reply->status != 200) {
		note(run, WEIGHT_NETWORK, "%s: no autodiscover service there (HTTP %d)", host,
		     reply->status);
		return ERR_NOT_FOUND;
	}
	enum err err = answer_read(chain->dialect, buf_str(&reply->body), reply->body.len, &answer);
	if (err == ERR_NOMEM)
		return err;
	if (err) {
		note(run, WEIGHT_NETWORK, "%s: the reply is none of an autodiscover service", host);
		return ERR_NOT_FOUND;
	}
	switch (answer.kind) {
	case ANSWER_URL: return take_url(run, chain, buf_str(&answer.text), ret);
	case ANSWER_OTHER_URL: return redirect(run, chain, buf_str(&answer.text));
	case ANSWER_OTHER_ADDRESS: return take_address(run, buf_str(&answer.text));
	case ANSWER_NO: break;
	}
	note(run, WEIGHT_ANSWER, "%s says: %s", host, buf_str(&answer.text));
	return ERR_NOT_FOUND;
}

/* Asks there, and where that leads. ERR_NOT_FOUND: on to the next candidate. */
static enum err ask(struct run *run, enum dialect dialect, const char *url, struct discovered *ret)
{
	AUTO(chain) struct chain chain = { .dialect = dialect };
	enum err err = buf_append_str(&chain.url, url);

	while (!err && !ret->url) {
		AUTO(fetch_reply) struct fetch_reply reply = { 0 };
		if (!is_believed(run, buf_str(&chain.url)))
			return ERR_NOT_FOUND;
		err = fetch(run, dialect, buf_str(&chain.url), &reply);
		if (!err)
			err = judge(run, &chain, &reply, ret);
	}
	return err;
}

/* --- the order --- */

static enum err ask_host(struct run *run, enum dialect dialect, const char *prefix,
			 const char *host, struct discovered *ret)
{
	static const char *const paths[] = { "json/v1.0/", "xml", "svc" };
	AUTO(buf) struct buf url = { 0 };

	if (run->is_anew)
		return ERR_NOT_FOUND;
	enum err err = buf_printf(&url, "https://%s%s/autodiscover/autodiscover.%s", prefix, host,
				  paths[dialect]);
	if (!err && dialect == DIALECT_JSON)
		err = question_append_address(&url, run->address);
	if (!err && dialect == DIALECT_JSON)
		err = buf_append_str(&url, "?Protocol=EWS");
	return err ? err : ask(run, dialect, buf_str(&url), ret);
}

/* The one request without TLS: all that is taken from it is the name of another host. */
static enum err ask_plainly(struct run *run, struct discovered *ret)
{
	AUTO(fetch_reply) struct fetch_reply reply = { 0 };
	AUTO(buf) struct buf url = { 0 };

	if (run->is_anew)
		return ERR_NOT_FOUND;
	enum err err = buf_printf(&url, "http://autodiscover.%s/autodiscover/autodiscover.xml",
				  address_domain(run->address));
	if (!err)
		err = fetch_once(run, buf_str(&url), NULL, false, &reply);
	if (!err && reply.err == ERR_CANCELLED)
		err = ERR_CANCELLED;
	if (err)
		return err;
	if (reply.err || reply.status < 300 || reply.status >= 400 || !reply.location)
		return ERR_NOT_FOUND;
	AUTO(chain) struct chain chain = { .dialect = DIALECT_POX };
	err = buf_append_str(&chain.url, buf_str(&url));
	if (!err)
		err = redirect(run, &chain, reply.location);
	return err ? err : ask(run, DIALECT_POX, buf_str(&chain.url), ret);
}

static enum err ask_srv(struct run *run, struct discovered *ret)
{
	AUTO(buf) struct buf host = { 0 };
	int64_t limit_ms = load_limit_ms(run);

	if (run->is_anew)
		return ERR_NOT_FOUND;
	enum err err = limit_ms > 0
			       ? srv_find(address_domain(run->address), limit_ms, run->stop, &host)
			       : ERR_TRANSIENT;
	if (err)
		return err;
	err = ERR_NOT_FOUND;
	for (int dialect = DIALECT_JSON; err == ERR_NOT_FOUND && dialect <= DIALECT_SOAP; dialect++)
		err = ask_host(run, (enum dialect)dialect, "", buf_str(&host), ret);
	return err;
}

static enum err ask_by_hearsay(struct run *run, struct discovered *ret)
{
	if (run->is_unattended)
		return ERR_NOT_FOUND;
	run->is_hearsay = true;
	enum err err = ask_plainly(run, ret);
	if (err == ERR_NOT_FOUND)
		err = ask_srv(run, ret);
	run->is_hearsay = false;
	return err;
}

static enum err ask_all(struct run *run, struct discovered *ret)
{
	static const struct {
		enum dialect dialect;
		const char *prefix;
	} own[] = {
		{ DIALECT_JSON, "autodiscover." },
		{ DIALECT_JSON, "" },
		{ DIALECT_POX, "" },
		{ DIALECT_POX, "autodiscover." },
		{ DIALECT_SOAP, "" },
		{ DIALECT_SOAP, "autodiscover." },
	};
	enum err err = ERR_NOT_FOUND;

	run->is_anew = false;
	for (size_t i = 0; err == ERR_NOT_FOUND && !run->is_anew && i < ARRAY_LEN(own); i++)
		err = ask_host(run, own[i].dialect, own[i].prefix, address_domain(run->address),
			       ret);
	if (err == ERR_NOT_FOUND)
		err = ask_by_hearsay(run, ret);
	if (err == ERR_NOT_FOUND && run->refusals_n == 0)
		err = ask_host(run, DIALECT_JSON, "", "outlook.office365.com", ret);
	return err;
}

static enum err say_failure(const struct run *run, enum err err, struct buf *reason)
{
	static const enum err meant[] = {
		[WEIGHT_NONE] = ERR_OFFLINE,	[WEIGHT_NETWORK] = ERR_OFFLINE,
		[WEIGHT_TLS] = ERR_TLS,		[WEIGHT_ANSWER] = ERR_NOT_EWS,
		[WEIGHT_HEARSAY] = ERR_NOT_EWS, [WEIGHT_LOGIN] = ERR_AUTH,
	};
	const char *why = run->why.len ? run->why.bytes : "nobody answers";

	if (err == ERR_NOMEM || err == ERR_CANCELLED)
		return err;
	if (run->weight == WEIGHT_LOGIN)
		return buf_refuse(reason, ERR_AUTH,
				  "no server found for %s: %s: check user= and password_command=, "
				  "or give url=",
				  run->address, why);
	return buf_refuse(reason, meant[run->weight],
			  "no server found for %s: %s: give url=", run->address, why);
}

enum err discover_find(const struct account *account, bool is_unattended, const atomic_bool *stop,
		       struct discovered *ret, struct buf *reason)
{
	AUTO(run)
	struct run run = {
		.account = account,
		.stop = stop,
		.is_unattended = is_unattended,
		.login = { .mode = (enum http_auth)account->auth,
			   .user = account->user,
			   .command = account->password_command,
			   .given = account->password.text,
			   .token_command = account->token_command },
		.has_no_secret = !account->user,
		.end_ms = clock_boot_ms() + DISCOVER_RUN_MS,
	};
	AUTO(discovered) struct discovered found = { 0 };
	enum err err = text_copy(account->address, &run.address);

	do
		err = err ? err : ask_all(&run, &found);
	while (err == ERR_NOT_FOUND && run.is_anew && !(err = ERR_OK));
	if (err)
		return say_failure(&run, err, reason);
	*ret = found;
	found = (struct discovered){ 0 };
	return ERR_OK;
}
