/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "options/options.h"

/* The command line. */

/* Cuts the next option out of *rest, in place; a backslash takes the next byte as it is. */
static char *cut_option(char **rest)
{
	char *from = *rest, *to = *rest, *start = *rest;

	while (*from && *from != ',') {
		if (*from == '\\' && (from[1] == ',' || from[1] == '\\'))
			from++;
		*to++ = *from++;
	}
	*rest = *from ? from + 1 : from;
	*to = '\0';
	return start;
}

static enum err set_list(struct options *options, const char *list, struct buf *reason)
{
	AUTO(str) char *copy = NULL;
	enum err err = text_copy(list, &copy);
	char *rest = copy;

	while (!err && *rest) {
		char *name = cut_option(&rest);
		char *equals = strchr(name, '=');
		if (equals)
			*equals = '\0';
		if (*name || equals)
			err = options_set(options, name, equals ? equals + 1 : NULL, reason);
	}
	return err;
}

enum { CHECK = 256, TRY_LOGIN };

static enum err take_flags(struct options *options, int argc, char **argv, struct buf *reason)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		/* For ewsctl, and in no help. */
		{ "check", no_argument, NULL, CHECK },
		{ "try-login", no_argument, NULL, TRY_LOGIN },
		{ NULL, 0, NULL, 0 },
	};
	enum err err = ERR_OK;
	int c;

	optind = 0;
	opterr = 0;
	while (!err && (c = getopt_long(argc, argv, "o:fdhV", longs, NULL)) != -1) {
		switch (c) {
		case 'o': err = set_list(options, optarg, reason); break;
		case 'd': options->is_debug = true; /* fallthrough */
		case 'f': options->is_foreground = true; break;
		case 'h': options->wants_help = true; break;
		case 'V': options->wants_version = true; break;
		case CHECK: options->wants_check = true; break;
		case TRY_LOGIN: options->wants_login = true; break;
		default:
			err = buf_refuse(reason, ERR_INVALID,
					 "unknown flag or missing argument '%s': see ewsfs -h",
					 optopt ? (char[]){ '-', (char)optopt, '\0' }
						: argv[optind - 1]);
		}
	}
	return err;
}

static enum err take_positionals(struct options *options, int argc, char **argv, struct buf *reason)
{
	if (options->wants_check || options->wants_login)
		return argc - optind == 1
			       ? text_copy(argv[optind], &options->source)
			       : buf_refuse(reason, ERR_INVALID,
					    "give one SOURCE: an account, an address or a URL");
	if (argc - optind != 2)
		return buf_refuse(
			reason, ERR_INVALID,
			"%s: give SOURCE and MOUNTPOINT, as in ewsfs ACCOUNT DIR, or "
			"ewsfs -o user=NAME https://mail.corp.example/EWS/Exchange.asmx DIR",
			argc - optind < 2 ? "too few arguments" : "too many arguments");
	enum err err = text_copy(argv[optind], &options->source);
	if (!err)
		err = text_copy(argv[optind + 1], &options->mountpoint);
	return err;
}

static void set_defaults(struct options *options)
{
	*options = (struct options){
		.account = { .timeout_s = 60, .poll_s = 60, .connections_n = 4, .batch_n = 10 },
		.uid = (int)getuid(),
		.gid = (int)getgid(),
	};
}

enum err options_parse(struct options *options, int argc, char **argv, struct buf *reason)
{
	set_defaults(options);
	enum err err = take_flags(options, argc, argv, reason);
	if (err || options->wants_help || options->wants_version)
		return err;
	return take_positionals(options, argc, argv, reason);
}

void options_release(struct options *options)
{
	char **texts[] = { &options->account.url,
			   &options->account.address,
			   &options->account.user,
			   &options->account.password_command,
			   &options->account.token_command,
			   &options->account.cafile,
			   &options->account.cache,
			   &options->account.trace,
			   &options->source,
			   &options->name,
			   &options->mountpoint,
			   &options->account.mailbox,
			   &options->account.impersonate,
			   &options->log };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		str_release(texts[i]);
	secret_release(&options->account.password);
	secret_free(options->account.proxy); /* may hold a password (I11) */
	options->account.proxy = NULL;
	for (size_t i = 0; i < options->account.excludes_n; i++)
		free(options->account.excludes[i]);
	free(options->account.excludes);
	options->account.excludes = NULL;
	options->account.excludes_n = 0;
}
