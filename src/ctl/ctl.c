/* SPDX-License-Identifier: MIT */
#include "ctl/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum err ctl_parse(struct call *call, const char *letters, const char *const *long_names, int min,
		   int max, unsigned *ret_flags)
{
	struct option options[4] = { 0 };
	unsigned flags = 0;
	int letter;

	for (size_t i = 0; letters[i] && i + 1 < ARRAY_LEN(options); i++)
		options[i] = (struct option){ long_names[i], no_argument, NULL, letters[i] };
	opterr = 0;
	while ((letter = getopt_long(call->argc, call->argv, letters, options, NULL)) != -1) {
		const char *at = letter != '?' ? strchr(letters, letter) : NULL;
		if (!at)
			return buf_refuse(call->reason, ERR_INVALID, "unknown option: give %s",
					  call->usage);
		flags |= 1u << (at - letters);
	}
	if (call->argc - optind < min || call->argc - optind > max)
		return buf_refuse(call->reason, ERR_INVALID, "give %s", call->usage);
	*ret_flags = flags;
	return ERR_OK;
}

enum err ctl_print(const struct buf *text)
{
	return fputs(buf_str(text), stdout) == EOF || fflush(stdout) != 0 ? ERR_IO : ERR_OK;
}
