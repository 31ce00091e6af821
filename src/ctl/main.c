/* SPDX-License-Identifier: MIT */
#include "ctl/ctl.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* main - one command each run; the table is the list of them. */

static const struct {
	const char *name, *args, *help;
	enum err (*run)(struct call *call); /* NULL: not available yet */
} commands[] = {
	{ "status", "[--watch] [--json] [DIR]", "state, counts and progress", ctl_status },
	{ "update", "[-r] DIR", "sync now (Outlook: Update Folder)", ctl_command },
	{ "resync", "[-r] DIR", "list the folder afresh, fetch what differs", ctl_command },
	{ "clear", "[-r] DIR", "as resync, and fetch every content again", ctl_command },
	{ "verify", "[-r] DIR", "compare with the server, change nothing, give a verdict",
	  ctl_command },
	{ "inspect", "FILE", "identity and change keys, decoded and judged", ctl_inspect },
	{ "watch", "DIR", "one line a change, in DIR and below", ctl_watch },
	{ "rebuild", "[--compare] ACCOUNT", "set the cache aside; again: say what differed",
	  ctl_rebuild },
	{ "forget", "ACCOUNT", "remove the cache and all that was kept of the account",
	  ctl_forget },
	{ "login", "[-o OPTIONS] ACCOUNT", "ask for the password, try it, keep it in the keyring",
	  ctl_login },
	{ "check", "[-o OPTIONS] SOURCE", "try name, TLS, login, server and mailbox, a line each",
	  ctl_check },
};

static enum err print_help(void)
{
	AUTO(buf) struct buf text = { 0 };
	enum err err = buf_append_str(&text, "usage: ewsctl COMMAND ...\n\n");

	for (size_t i = 0; !err && i < ARRAY_LEN(commands); i++)
		if (commands[i].run)
			err = buf_printf(&text, "    %-8s%-26s%s\n", commands[i].name,
					 commands[i].args, commands[i].help);
	if (!err)
		err = buf_append_str(
			&text,
			"\nDIR and FILE lie in a mount of ewsfs; -r means all below DIR too.\n"
			"ACCOUNT is the name of a cache (user@host) or its file.\n"
			"The exit status is 1 for a failure and for a bad verdict.\n");
	return err ? err : ctl_print(&text);
}

static enum err run(int argc, char **argv, struct call *call)
{
	AUTO(buf) struct buf usage = { 0 };
	size_t i = 0;

	while (i < ARRAY_LEN(commands) && strcmp(commands[i].name, argv[1]) != 0)
		i++;
	if (i == ARRAY_LEN(commands))
		return buf_refuse(call->reason, ERR_INVALID,
				  "unknown command '%s': ewsctl -h lists them", argv[1]);
	if (!commands[i].run)
		return buf_refuse(call->reason, ERR_INVALID, "%s is not available yet", argv[1]);
	enum err err = buf_printf(&usage, "ewsctl %s %s", commands[i].name, commands[i].args);
	call->argc = argc - 1;
	call->argv = argv + 1;
	call->usage = buf_str(&usage);
	return err ? err : commands[i].run(call);
}

int main(int argc, char **argv)
{
	AUTO(buf) struct buf reason = { 0 };
	struct call call = { .reason = &reason };
	const char *first = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (strcmp(first, "-h") == 0 || strcmp(first, "--help") == 0)
		return print_help() ? EXIT_FAILURE : EXIT_SUCCESS;
	if (strcmp(first, "-V") == 0 || strcmp(first, "--version") == 0)
		return printf("ewsctl %s\n", EWSFS_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	enum err err = *first ? run(argc, argv, &call)
			      : buf_refuse(&reason, ERR_INVALID,
					   "give a command: ewsctl -h lists them");
	if (err)
		fprintf(stderr, "ewsctl: %s\n", reason.len ? reason.bytes : err_text(err));
	return err || call.is_bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
