/* SPDX-License-Identifier: MIT */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "base/buf.h"
#include "model/account.h"

/*
 * check - tries what a mount needs, step by step: one line each, "NAME: ok (...)", or what is
 * wrong and what to do. What needs a step that failed is not tried.
 *
 * For `ewsctl check`, which runs `ewsfs --check`: what knows the network and the secrets stays in
 * one program. Nothing is mounted and no cache is touched. A password that is refused goes out to
 * three hosts at most in search of the server, and to the server once.
 */

/* Prints to stdout as it goes. *ret_status: of the program. An error: no line could be printed. */
MUST_CHECK enum err check_run(const struct account *account, int *ret_status);
/* Only whether the login works: ERR_OK, ERR_AUTH, or why it could not be tried, in *reason. */
MUST_CHECK enum err check_login(const struct account *account, struct buf *reason);

#endif
