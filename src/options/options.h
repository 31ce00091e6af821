/* SPDX-License-Identifier: MIT */
#ifndef OPTIONS_OPTIONS_H
#define OPTIONS_OPTIONS_H

#include "base/buf.h"
#include "model/account.h"

/*
 * options - what the user asked for: the command line, `-o`, the configuration file, the defaults.
 *
 * One table (table.c) names every option with type, range, default and help; `-o`, `-h` and a
 * configuration file all go by it. On failure *reason holds the one line for the user: what is
 * wrong and what to do.
 */
struct options {
	struct account account;
	char *name;		   /* of the account: the section, else user@host */
	char *source, *mountpoint; /* mountpoint: absolute */
	char *log;		   /* absolute; NULL: syslog, or stderr in the foreground */
	bool is_foreground, is_debug, wants_help, wants_version;
	bool wants_check,
		wants_login; /* --check, --try-login: of SOURCE, for ewsctl; no MOUNTPOINT */
	bool is_account;     /* SOURCE is a section of the configuration file */
	bool allow_other;
	int uid, gid, umask;
	int layout;
	uint64_t by_line, by_file; /* which options are given: option_bit() */
};

/*
 * The command line alone. With -h or -V the rest may be missing. What it says
 * stands: the configuration file adds the rest in options_resolve().
 */
MUST_CHECK enum err options_parse(struct options *options, int argc, char **argv,
				  struct buf *reason);
void options_release(struct options *options);

/* One `name = value`; a NULL value is a name alone. */
MUST_CHECK enum err options_set(struct options *options, const char *name, const char *value,
				struct buf *reason);
bool options_has(const struct options *options, const char *name);
/* The text of -h. */
MUST_CHECK enum err options_print_help(struct buf *ret);

/* --- source.c --- */

/*
 * SOURCE, and what follows from it: what the configuration file says of an account, url, user, the
 * path of the cache. Makes every path absolute. A password of the file is read here: no process
 * that is forked off afterwards has it.
 */
MUST_CHECK enum err options_resolve(struct options *options, struct buf *reason);

#endif
