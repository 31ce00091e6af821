/* SPDX-License-Identifier: MIT */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include <curl/curl.h>

#include "http/login.h"

/*
 * auth - how a login goes into a request: Basic, with the first request already. Schemes that
 * shake hands (NTLM, Negotiate) or carry a token will be chosen here.
 */
MUST_CHECK enum err auth_apply(CURL *easy, const struct login *login);

#endif
