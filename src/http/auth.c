/* SPDX-License-Identifier: MIT */
#include "http/auth.h"

enum err auth_apply(CURL *easy, const struct login *login)
{
	if (!login->secret.text)
		return ERR_OK;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_USERNAME, login->user);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PASSWORD, login->secret.text);
	return code ? ERR_NOMEM : ERR_OK;
}
