/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

/* check - cmocka with the includes it wants, and what our tests say often. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

#define check_ok(call) assert_string_equal(err_text(call), err_text(ERR_OK))
#define check_err(call, expected) assert_string_equal(err_text(call), err_text(expected))

#endif
