/* SPDX-License-Identifier: MIT */
#include "check/check.h"

#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "discover/discover.h"
#include "ews/ews.h"
#include "http/auth.h"
#include "http/fetch.h"
#include "http/url.h"

enum {
	STEP_MS = 10 * 1000,
	TIMEOUT_S = 20,
	STREAM_MS = 50 * 1000, /* gromox speaks every 45 s */
	ROUNDS = 7,
	SOON_S = 14 * 24 * 3600,
};

/* The steps, in their order. */
static const char *const steps[] = { "autodiscover", "name",	"tls",	   "methods",	"login",
				     "version",	     "mailbox", "folders", "streaming", "latency" };

struct check {
	struct account account; /* with a URL, once it is known */
	struct discovered found;
	struct url url;
	struct ews *ews;
	bool is_bad;
	unsigned said; /* the bits of steps that have their line */
	enum err err;  /* of printing */
};

static void check_release(struct check *check)
{
	ews_release(&check->ews);
	discovered_release(&check->found);
	url_release(&check->url);
}

static void print_line(struct check *check, const char *name, const char *verdict, const char *fmt,
		       va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, args);
	text_blank_controls(text);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		check->said |= (unsigned)(strcmp(steps[i], name) == 0) << i;
	bool is_ok = strcmp(verdict, "ok") == 0;
	const char *form = is_ok ? "%s: %s (%s)\n" : "%s: %s%s\n";
	/* NOLINTNEXTLINE: the two forms take the same arguments */
	if (printf(form, name, verdict, text) < 0 || fflush(stdout) != 0)
		check->err = ERR_IO;
}

static void say_ok(struct check *check, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void say_ok(struct check *check, const char *name, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line(check, name, "ok", fmt, args);
	va_end(args);
}

/* What is wrong and what to do. */
static void say_bad(struct check *check, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void say_bad(struct check *check, const char *name, const char *fmt, ...)
{
	va_list args;

	check->is_bad = true;
	va_start(args, fmt);
	print_line(check, name, "", fmt, args);
	va_end(args);
}

/* --- without a login --- */

static bool find_server(struct check *check)
{
	AUTO(buf) struct buf reason = { 0 };
	enum err err;

	if (check->account.url) {
		say_ok(check, "autodiscover", "not needed, the URL is given");
	} else {
		err = discover_find(&check->account, false, NULL, &check->found, &reason);
		if (err) {
			say_bad(check, "autodiscover", "%s",
				reason.len ? reason.bytes : err_text(err));
			return false;
		}
		check->account.url = check->found.url;
		say_ok(check, "autodiscover", "%s, from %s", check->found.url, check->found.where);
	}
	err = url_parse(check->account.url, &check->url, &reason);
	if (err)
		say_bad(check, "name", "%s: check url=", buf_str(&reason));
	return !err;
}

/* Without the port, and without the brackets of an IPv6 address. */
static char *host_name(const struct check *check)
{
	const char *host = check->url.host_port, *port = strrchr(host, ':');

	if (*host == '[')
		return strndup(host + 1, strcspn(host, "]") - 1);
	return strndup(host, (size_t)(port - host));
}

/* As libcurl looks for one. */
static bool has_proxy(const struct check *check)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
					     "ALL_PROXY" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return true;
	}
	return check->account.proxy != NULL;
}

static bool resolve(struct check *check)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	AUTO(str) char *host = host_name(check);
	struct addrinfo *list = NULL;
	char address[NI_MAXHOST] = "";
	int n = 0;

	if (!host)
		return false;
	int no = getaddrinfo(host, NULL, &hints, &list);
	if (no && has_proxy(check)) {
		say_ok(check, "name", "%s is for the proxy to resolve", host);
		return true;
	}
	if (no) {
		say_bad(check, "name", "%s: %s: check the address or url=, and the network", host,
			gai_strerror(no));
		return false;
	}
	for (const struct addrinfo *at = list; at; at = at->ai_next)
		n++;
	getnameinfo(list->ai_addr, list->ai_addrlen, address, sizeof(address), NULL, 0,
		    NI_NUMERICHOST);
	freeaddrinfo(list);
	say_ok(check, "name", "%s is %s%s", host, address, n > 1 ? " and others" : "");
	return true;
}

/* "Nov 22 05:26:00 2026 GMT" */
static bool parse_expiry(const char *text, int64_t *ret)
{
	struct tm tm = { 0 };

	while (*text == ' ')
		text++;
	if (!strptime(text, "%b %d %H:%M:%S %Y", &tm))
		return false;
	*ret = timegm(&tm);
	return true;
}

static void say_tls(struct check *check, const struct fetch_reply *reply)
{
	AUTO(buf) struct buf until = { 0 };
	int64_t expires;
	bool is_known = parse_expiry(buf_str(&reply->expires), &expires) &&
			!text_print_time(&until, expires);
	bool is_soon = is_known && expires - clock_wall_ns() / 1000000000 < SOON_S;

	if (check->url.is_plain)
		say_ok(check, "tls", "none, plain http to this machine");
	else
		say_ok(check, "tls", "%s, certificate until %s%s, from %s", buf_str(&reply->tls),
		       is_known ? until.bytes : "an unknown day",
		       is_soon ? ": it has to be renewed soon" : "", buf_str(&reply->issuer));
}

static void say_methods(struct check *check, const struct fetch_reply *reply)
{
	AUTO(buf) struct buf methods = { 0 };

	if (auth_print_list(reply->auths, &methods))
		check->err = ERR_NOMEM;
	if (reply->status != 401)
		say_ok(check, "methods", "no login asked for, HTTP %d", reply->status);
	else if (methods.len > 0)
		say_ok(check, "methods", "%s", methods.bytes);
	else
		say_bad(check, "methods",
			"the server offers no login that is known here: try auth=basic, or ask the "
			"administrator");
}

/* TLS, and what logins are offered. */
static bool connect_plainly(struct check *check)
{
	AUTO(fetch_reply) struct fetch_reply reply = { 0 };
	const struct fetch fetch = {
		.url = check->account.url,
		.body = "",
		.cafile = check->account.cafile,
		.proxy = check->account.proxy,
		.limit_ms = STEP_MS,
	};
	enum err err = fetch_run(&fetch, &reply);

	if (!err)
		err = reply.err;
	if (err) {
		say_bad(check, "tls", "%s: check %s",
			reply.reason.len ? reply.reason.bytes : err_text(err),
			err == ERR_TLS ? "url= and cafile=" : "url=, proxy= and the network");
		return false;
	}
	say_tls(check, &reply);
	say_methods(check, &reply);
	return true;
}

/* --- with one --- */

static const char *advice_for(enum err err)
{
	switch (err) {
	case ERR_AUTH: return "check user= and the password";
	case ERR_NOT_EWS:
	case ERR_MOVED: return "check url=";
	case ERR_DENIED: return "ask the administrator";
	case ERR_OFFLINE:
	case ERR_TLS: return "check the network";
	default: return "try again later";
	}
}

static void say_failure(struct check *check, const char *name, enum err err)
{
	const char *why = ews_reason(check->ews);

	say_bad(check, name, "%s: %s", *why ? why : err_text(err), advice_for(err));
}

/* What GetFolder of the top folder answered. */
struct top {
	enum err err;
	char code[128];
	int64_t children_n;
};

static enum err on_top(void *ctx, size_t index, const struct ews_folder_reply *reply)
{
	struct top *top = ctx;
	(void)index;

	top->err = reply->err;
	snprintf(top->code, sizeof(top->code), "%s", reply->code);
	if (reply->folder)
		top->children_n = reply->folder->digest.child_n;
	return ERR_OK;
}

static enum err get_top(struct ews *ews, struct top *ret)
{
	static const char *const ids[] = { "msgfolderroot" };

	*ret = (struct top){ 0 };
	return ews_get_folders(ews, ids, 1, on_top, ret);
}

static bool log_in(struct check *check)
{
	AUTO(buf) struct buf reason = { 0 };
	struct top top;
	enum err err = ews_open(&check->account, &check->ews, &reason);

	if (err) {
		say_bad(check, "login", "%s", reason.len ? reason.bytes : err_text(err));
		return false;
	}
	err = get_top(check->ews, &top);
	if (err) {
		say_failure(check, "login", err);
		return false;
	}
	say_ok(check, "login", "as %s", check->account.user);
	const char *server = ews_server(check->ews);
	say_ok(check, "version", "%s", *server ? server : "the server does not say");
	if (top.err)
		say_bad(check, "mailbox", "%s: check user=, and ask the administrator",
			*top.code ? top.code : err_text(top.err));
	else
		say_ok(check, "mailbox", "%lld folders at the top", (long long)top.children_n);
	return !top.err;
}

static void count_folders(struct check *check)
{
	struct ews_hierarchy hierarchy = { 0 };
	enum err err = ews_sync_hierarchy(check->ews, "msgfolderroot", NULL, &hierarchy);

	if (err)
		say_failure(check, "folders", err);
	else
		say_ok(check, "folders", "%zu%s", hierarchy.put.n,
		       hierarchy.last ? "" : " and more");
	ews_hierarchy_release(&hierarchy);
}

/* --- notifications --- */

struct listener {
	bool has_heard, is_done;
	enum err err;
};

static enum err on_event(void *ctx, const struct ews_event *event)
{
	(void)ctx, (void)event;
	return ERR_OK;
}

static void on_beat(void *ctx, bool had_events)
{
	struct listener *listener = ctx;
	(void)had_events;

	listener->has_heard = true;
}

static void on_done(void *ctx, enum err err)
{
	struct listener *listener = ctx;

	listener->is_done = true;
	listener->err = err;
}

static enum err hear(struct check *check, const char *id, struct listener *listener)
{
	static const struct ews_stream_sink sink = { on_event, on_beat, on_done };
	int64_t end_ms = clock_boot_ms() + STREAM_MS;
	enum err err = ews_stream(check->ews, id, 1, STREAM_MS, &sink, listener);

	while (!err && !listener->has_heard && !listener->is_done && clock_boot_ms() < end_ms)
		err = ews_wait(check->ews, end_ms - clock_boot_ms());
	if (!listener->is_done)
		ews_stream_close(check->ews);
	if (!err && !listener->has_heard)
		err = listener->err ? listener->err : ERR_OFFLINE;
	return err;
}

static void try_streaming(struct check *check)
{
	AUTO(str) char *id = NULL;
	AUTO(str) char *watermark = NULL;
	struct listener listener = { 0 };

	if (check->account.notify != NOTIFY_AUTO && check->account.notify != NOTIFY_STREAMING) {
		say_ok(check, "streaming", "not wanted, notify= says otherwise");
		return;
	}
	int64_t begun_ms = clock_boot_ms();
	enum err err = ews_subscribe(check->ews, EWS_STREAMING, 5, NULL, 0, &id, &watermark);
	if (!err)
		err = hear(check, id, &listener);
	if (id)
		ews_unsubscribe(check->ews, id, STEP_MS);
	if (err)
		say_bad(check, "streaming",
			"%s: changes are asked for instead (notify=pull, poll), or look for a "
			"proxy that holds answers back",
			*ews_reason(check->ews) ? ews_reason(check->ews) : err_text(err));
	else
		say_ok(check, "streaming", "first word after %lld ms",
		       (long long)(clock_boot_ms() - begun_ms));
}

static int compare_times(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

static void measure(struct check *check)
{
	int64_t times[ROUNDS];
	struct top top;

	for (int i = 0; i < ROUNDS; i++) {
		int64_t begun_ns = clock_wall_ns();
		enum err err = get_top(check->ews, &top);
		times[i] = clock_wall_ns() - begun_ns;
		if (err) {
			say_failure(check, "latency", err);
			return;
		}
	}
	qsort(times, ROUNDS, sizeof(times[0]), compare_times);
	say_ok(check, "latency", "%.1f ms, the median of %d GetFolder",
	       (double)times[ROUNDS / 2] / 1e6, ROUNDS);
}

enum err check_run(const struct account *account, int *ret_status)
{
	AUTO(check) struct check check = { .account = *account };

	if (check.account.timeout_s > TIMEOUT_S)
		check.account.timeout_s = TIMEOUT_S;
	bool goes_on = find_server(&check) && resolve(&check) && connect_plainly(&check);
	if (goes_on && log_in(&check)) {
		count_folders(&check);
		try_streaming(&check);
		measure(&check);
	}
	for (size_t i = 0; i < ARRAY_LEN(steps) && !check.err; i++)
		if (!(check.said & 1u << i) && printf("%s: not tried\n", steps[i]) < 0)
			check.err = ERR_IO;
	*ret_status = check.is_bad ? EXIT_FAILURE : EXIT_SUCCESS;
	return check.err;
}

enum err check_login(const struct account *account, struct buf *reason)
{
	AUTO(check) struct check check = { .account = *account };
	struct top top;
	enum err err = ERR_OK;

	if (!account->url)
		err = discover_find(account, false, NULL, &check.found, reason);
	if (err)
		return err;
	if (!account->url)
		check.account.url = check.found.url;
	if (check.account.timeout_s > TIMEOUT_S)
		check.account.timeout_s = TIMEOUT_S;
	err = ews_open(&check.account, &check.ews, reason);
	if (err)
		return err;
	err = get_top(check.ews, &top);
	return err ? buf_refuse(reason, err, "%s", ews_reason(check.ews)) : ERR_OK;
}
