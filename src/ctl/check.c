/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/check.h"

enum { ARGS_MAX = 64 };

void ctl_exec_ewsfs(char *const *argv)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 8);

	/* The one that was installed, or built, together with this program. */
	if (n > 0) {
		path[n] = '\0';
		strcpy(strrchr(path, '/') + 1, "ewsfs");
		execv(path, argv);
	}
	execvp("ewsfs", argv);
}

enum err ctl_check(struct call *call)
{
	char *argv[ARGS_MAX + 3] = { (char[]){ "ewsfs" }, (char[]){ "--check" } };

	if (call->argc < 2 || call->argc > ARGS_MAX)
		return buf_refuse(call->reason, ERR_INVALID, "usage: %s", call->usage);
	for (int i = 1; i < call->argc; i++)
		argv[i + 1] = call->argv[i];
	ctl_exec_ewsfs(argv);
	return buf_refuse(call->reason, err_from_errno(errno), "ewsfs cannot be run: %s",
			  strerror(errno));
}
