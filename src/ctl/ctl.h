/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "base/buf.h"

/*
 * ctl - ewsctl: what a user at a terminal, or a script, wants to know of a mount or tell it.
 *
 * A thin client: everything it knows of a mount it reads from the control files and the extended
 * attributes, as anybody can. It keeps no descriptor and no working directory in the mount
 * while it waits, so that a mount that is looked at can be unmounted.
 * What it finds goes to stdout; what went wrong is one line on stderr that says what to do.
 * The exit status is 0, or 1 when it failed or its verdict is a bad one.
 */
struct call {
	int argc;
	char **argv; /* [0] is the command's name */
	const char *usage;
	struct buf *reason; /* of a failure, one line */
	bool is_bad;	    /* it worked, and the verdict is a bad one */
};

MUST_CHECK enum err ctl_status(struct call *call);
MUST_CHECK enum err ctl_command(struct call *call);
MUST_CHECK enum err ctl_inspect(struct call *call);
MUST_CHECK enum err ctl_watch(struct call *call);
MUST_CHECK enum err ctl_rebuild(struct call *call);
MUST_CHECK enum err ctl_forget(struct call *call);
MUST_CHECK enum err ctl_check(struct call *call);
MUST_CHECK enum err ctl_login(struct call *call);

/*
 * The options of a command: a letter and a long name each. *ret_flags has the bit of each that is
 * given, in that order. What is left over, `min` to `max` words, stands in argv from optind on.
 */
MUST_CHECK enum err ctl_parse(struct call *call, const char *letters, const char *const *long_names,
			      int min, int max, unsigned *ret_flags);
/* To stdout, at once. ERR_IO when nobody reads it. */
MUST_CHECK enum err ctl_print(const struct buf *text);

#endif
