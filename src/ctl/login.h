/* SPDX-License-Identifier: MIT */
#ifndef CTL_LOGIN_H
#define CTL_LOGIN_H

#include "ctl/ctl.h"

/*
 * login - a password from the terminal into the desktop's store of secrets (secret-tool), under
 * service=ewsfs account=ACCOUNT, and out of it again.
 *
 * `ewsfs --try-login` resolves the account, says its name and tries the password, so that a wrong
 * one is not kept; where the server cannot be reached it is kept untried. The password goes through
 * pipes alone, and through memory that is wiped.
 */

/* Removes it. *ret_had: there was one. Without secret-tool there is none. */
MUST_CHECK enum err login_forget(const char *account, bool *ret_had, struct buf *reason);

#endif
