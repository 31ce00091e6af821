/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "load.h"
#include "synth.h"
#include "whose.h"

enum { CLOCK_RATE_MAX = 10000 };

static const struct option names[] = {
	{ "listen", required_argument, NULL, 'l' },
	{ "user", required_argument, NULL, 'u' },
	{ "mail", required_argument, NULL, 'm' },
	{ "synthetic", required_argument, NULL, 's' },
	{ "schema", required_argument, NULL, 'x' },
	{ "auth", required_argument, NULL, 'a' },
	{ "token", required_argument, NULL, 'o' },
	{ "tls", required_argument, NULL, 't' },
	{ "ready-fd", required_argument, NULL, 'r' },
	{ "like", required_argument, NULL, 'k' },
	{ "clock-rate", required_argument, NULL, 'c' },
	{ "archive", required_argument, NULL, 'A' },
	{ "recoverable", required_argument, NULL, 'R' },
	{ "public", no_argument, NULL, 'P' },
	{ "delegate", required_argument, NULL, 'D' },
	{ "impersonator", required_argument, NULL, 'I' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const char usage[] =
	"usage: ews-testd [--listen ADDR:PORT] [--user NAME:PASSWORD]...\n"
	"                 [--mail USER:FOLDER:PATH]...\n"
	"                 [--synthetic USER:FOLDERS:ITEMS:BYTES[:SEED]] [--schema DIR]\n"
	"                 [--auth basic|bearer[+...]] [--token T[:SECONDS]]\n"
	"                 [--tls CERT:KEY] [--like NAME] [--clock-rate N]\n"
	"                 [--ready-fd N]\n"
	"                 [--archive USER] [--recoverable USER] [--public]\n"
	"                 [--delegate OWNER:USER[:FOLDER]] [--impersonator USER]\n";

PRINTF_LIKE(1, 2) static bool complain(const char *fmt, ...)
{
	va_list args;

	fputs("ews-testd: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

/* Cuts text at its first colons into exactly n parts, in place. The last keeps its colons. */
static bool split(char *text, char **parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		parts[i] = text;
		char *colon = i + 1 < n ? strchr(text, ':') : NULL;
		if (i + 1 < n && !colon)
			return false;
		if (colon) {
			*colon = '\0';
			text = colon + 1;
		}
	}
	return true;
}

static bool read_listen(char *text, struct options *options)
{
	char *colon = strrchr(text, ':');
	int64_t port;

	if (!colon || !text_parse_int(colon + 1, 0, 65535, &port))
		return complain("--listen %s: not ADDR:PORT", text);
	*colon = '\0';
	free(options->address);
	options->address = must_copy(text);
	options->http.address = options->address;
	options->http.port = (uint16_t)port;
	return true;
}

static bool read_user(char *text, struct server *server)
{
	char *parts[2];

	if (!split(text, parts, 2) || !*parts[0])
		return complain("--user: not NAME:PASSWORD");
	struct user *user = server_add_user(server, parts[0]);
	free(user->password);
	user->password = must_copy(parts[1]);
	return true;
}

static bool read_mail(char *text, struct server *server)
{
	char *parts[3];

	if (!split(text, parts, 3) || !*parts[0] || !*parts[1])
		return complain("--mail %s: not USER:FOLDER:PATH", text);
	struct mailbox *box = server_add_user(server, parts[0])->box;
	return load_mail(box, parts[1], parts[2]);
}

static bool read_synthetic(char *text, struct server *server)
{
	char *parts[5];
	AUTO(str) char *copy = must_copy(text);
	bool seeded = split(copy, parts, 5);
	int64_t folders, items, bytes, seed = 1;

	if (!seeded) {
		strcpy(copy, text);
		if (!split(copy, parts, 4))
			return complain("--synthetic %s: not USER:FOLDERS:ITEMS:BYTES[:SEED]",
					text);
	}
	if (!*parts[0] || !text_parse_int(parts[1], 1, 100000, &folders) ||
	    !text_parse_int(parts[2], 0, 100000000, &items) ||
	    !text_parse_int(parts[3], 1, 100000000, &bytes) ||
	    (seeded && !text_parse_int(parts[4], 0, INT64_MAX, &seed)))
		return complain("--synthetic %s: a number is missing or out of range", text);
	struct synth_plan plan = { (uint64_t)folders, (uint64_t)items, (uint64_t)bytes,
				   (uint64_t)seed };
	struct mailbox *box = server_add_user(server, parts[0])->box;
	if (box->synthetic)
		return complain("--synthetic: %s has a made mailbox already", parts[0]);
	synth_fill(box, &plan);
	return true;
}

static bool read_file(const char *path, char **ret)
{
	AUTO(buf) struct buf bytes = { 0 };

	if (load_file(path, &bytes) || buf_give(&bytes, ret))
		return complain("--tls: cannot read %s", path);
	return true;
}

static bool read_tls(char *text, struct options *options)
{
	char *parts[2];

	if (!split(text, parts, 2))
		return complain("--tls %s: not CERT:KEY", text);
	if (!read_file(parts[0], &options->cert) || !read_file(parts[1], &options->key))
		return false;
	options->http.cert = options->cert;
	options->http.key = options->key;
	return true;
}

static bool read_ready_fd(const char *text, struct options *options)
{
	int64_t fd;

	if (!text_parse_int(text, 0, 1 << 20, &fd))
		return complain("--ready-fd %s: not a descriptor", text);
	options->ready_fd = (int)fd;
	return true;
}

static bool read_schema(const char *dir, struct server *server)
{
	schema_release(&server->schema);
	if (schema_open(dir, &server->schema))
		return complain("--schema %s: no usable messages.xsd there", dir);
	return true;
}

static bool read_like(const char *name, struct server *server)
{
	server->like = like_named(name);
	return server->like || complain("--like %s: no such server is known", name);
}

static bool read_delegate(char *text, struct server *server)
{
	AUTO(str) char *copy = must_copy(text);
	char *parts[3] = { 0 };

	if (!split(text, parts, 3)) {
		parts[2] = NULL;
		text = strcpy(text, copy);
		if (!split(text, parts, 2))
			return complain("--delegate %s: not OWNER:USER[:FOLDER]", copy);
	}
	return whose_grant(server, parts[0], parts[1], parts[2]) ||
	       complain("--delegate %s: no such user or folder", copy);
}

static bool read_impersonator(const char *name, struct server *server)
{
	struct user *user = server_user(server, name);

	if (user)
		user->may_impersonate = true;
	return user || complain("--impersonator %s: no such user", name);
}

/* What is not a user's own: behind the --user that it is about. */
static bool read_whose(int option, struct server *server)
{
	switch (option) {
	case 'A':
		return whose_add_archive(server, optarg) ||
		       complain("--archive %s: no such user, or there is one", optarg);
	case 'R':
		return whose_add_recoverable(server, optarg) ||
		       complain("--recoverable %s: no such user, or they are there", optarg);
	case 'P': whose_add_public(server); return true;
	case 'D': return read_delegate(optarg, server);
	case 'I': return read_impersonator(optarg, server);
	default: return false; /* getopt has said why */
	}
}

static bool read_auth(const char *list, struct server *server)
{
	static const char *const words[] = { "basic", "bearer" };

	for (const char *at = list;; at++) {
		size_t n = strcspn(at, "+"), i = 0;
		while (i < ARRAY_LEN(words) &&
		       (strlen(words[i]) != n || strncmp(words[i], at, n) != 0))
			i++;
		if (i == ARRAY_LEN(words))
			return complain("--auth %s: give basic, bearer or both, '+' between them",
					list);
		server->logins |= 1U << i;
		at += n;
		if (!*at)
			return true;
	}
}

/* Of the first user, who may be named after it. */
static bool set_token(char *text, struct server *server)
{
	char *colon = strrchr(text, ':');
	int64_t seconds = -1;

	if (colon && text_parse_int(colon + 1, 0, 1 << 30, &seconds))
		*colon = '\0';
	if (!*text)
		return complain("--token: not T[:SECONDS]");
	server_set_token(server, &server->users[0], text, seconds);
	return true;
}

static bool read_one(int option, struct server *server, struct options *options)
{
	switch (option) {
	case 'l': return read_listen(optarg, options);
	case 'u': return read_user(optarg, server);
	case 'm': return read_mail(optarg, server);
	case 's': return read_synthetic(optarg, server);
	case 'x': return read_schema(optarg, server);
	case 't': return read_tls(optarg, options);
	case 'k': return read_like(optarg, server);
	case 'r': return read_ready_fd(optarg, options);
	case 'a': return read_auth(optarg, server);
	case 'o': options->token = optarg; return true;
	case 'c': return true; /* was first */
	case 'h': fputs(usage, stdout); exit(EXIT_SUCCESS);
	default: return read_whose(option, server);
	}
}

/* Before anything else is read: whatever looks at the clock starts it. */
static bool read_clock_rate(int argc, char **argv)
{
	int64_t rate;
	int option;

	opterr = 0; /* the others complain when their turn comes */
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option != 'c')
			continue;
		if (!text_parse_int(optarg, 1, CLOCK_RATE_MAX, &rate))
			return complain("--clock-rate %s: give 1 to %d", optarg, CLOCK_RATE_MAX);
		if (setenv("EWSFS_CLOCK_RATE", optarg, 1) != 0)
			return complain("--clock-rate: out of memory");
	}
	opterr = 1;
	optind = 0;
	return true;
}

static bool check_users(const struct server *server)
{
	if (server->users_n == 0)
		return complain("nobody to serve: give --user NAME:PASSWORD");
	for (size_t i = 0; i < server->users_n; i++)
		if (!server->users[i].password && !whose_is_pseudo(server->users[i].name))
			return complain("%s has mail and no password: give --user %s:PASSWORD",
					server->users[i].name, server->users[i].name);
	return true;
}

bool options_read(int argc, char **argv, struct server *server, struct options *ret)
{
	int option;

	*ret = (struct options){ .address = must_copy("127.0.0.1"), .ready_fd = -1 };
	ret->http.address = ret->address;
	if (!read_clock_rate(argc, argv))
		return false;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!read_one(option, server, ret))
			return false;
	if (optind < argc)
		return complain("%s: not an option", argv[optind]);
	if (!check_users(server))
		return false;
	if (ret->token && !set_token(ret->token, server))
		return false;
	server_loaded(server);
	return true;
}

void options_release(struct options *options)
{
	free(options->address);
	free(options->cert);
	free(options->key);
	*options = (struct options){ .ready_fd = -1 };
}
