/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_IDLE_HTTP_H
#define TESTS_UNIT_IDLE_HTTP_H

#include "http/http.h"

/*
 * idle-http - what of the http layer does nothing in all that stand in for it, by linking.
 */
void http_interrupt(struct http *http)
{
	(void)http;
}

const atomic_bool *http_interruption(const struct http *http)
{
	(void)http;
	return NULL;
}

enum err http_move(struct http *http, const char *to, struct buf *reason)
{
	(void)http, (void)to, (void)reason;
	return ERR_OK;
}

void http_resume(struct http *http)
{
	(void)http;
}

void http_wake(struct http *http)
{
	(void)http;
}

void http_set_tempo(struct http *http, const struct http_tempo *tempo)
{
	(void)http, (void)tempo;
}

void http_stream_limit(struct http *http, int64_t silence_ms)
{
	(void)http, (void)silence_ms;
}

void http_prefer_affinity(struct http *http)
{
	(void)http;
}

void http_distrust(struct http *http)
{
	(void)http;
}

void http_load_stats(const struct http *http, struct http_stats *ret)
{
	(void)http;
	*ret = (struct http_stats){ 0 };
}

#endif
