/* SPDX-License-Identifier: MIT */
#ifndef OPTIONS_KEYRING_H
#define OPTIONS_KEYRING_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * keyring - the desktop's store of secrets, by libsecret's secret-tool: where `ewsctl login` keeps
 * a password under service=ewsfs account=ACCOUNT, and where a mount looks for one when no other is
 * given.
 */
#define KEYRING_TOOL "secret-tool"
#define KEYRING_SERVICE "ewsfs"

/* Whether secret-tool is in $PATH. */
bool keyring_is_there(void);
/* A password_command that asks it. It ends with SECRET_NOT_KEPT when nothing is kept. */
MUST_CHECK enum err keyring_print_command(const char *account, struct buf *ret);

#endif
