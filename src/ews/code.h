/* SPDX-License-Identifier: MIT */
#ifndef EWS_CODE_H
#define EWS_CODE_H

#include "base/err.h"

/*
 * code - the server's ResponseCodes and what they mean to us.
 */

/* How far an error reaches. */
enum scope {
	SCOPE_ONE,     /* this item or folder */
	SCOPE_ALL,     /* the account: the other answers in the reply say the same */
	SCOPE_VERSION, /* the version we claimed: ask again with a lower one */
};

/* ERR_OK for "NoError". A code that is not in the table is ERR_TRANSIENT: whatever it is, it
 * may pass, and nothing is thrown away for it. */
enum err err_from_code(const char *code, enum scope *ret_scope);

#endif
