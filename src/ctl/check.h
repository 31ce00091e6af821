/* SPDX-License-Identifier: MIT */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "ctl/ctl.h"

/*
 * check - what only ewsfs itself can try: the network, TLS and the login. It does the work
 * behind flags that no help names, so that one program alone holds secrets and talks to servers.
 */

/* Becomes ewsfs. Returns, with errno, when that fails. */
void ctl_exec_ewsfs(char *const *argv);

#endif
