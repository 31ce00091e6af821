/* SPDX-License-Identifier: MIT */
#ifndef EWS_TAKE_H
#define EWS_TAKE_H

#include "ews/sax.h"

/*
 * take - functions for rules that put a text where it belongs: into the member of the ctx
 * whose offset is the rule's `arg`. What cannot be read leaves the member as it was.
 */
enum err take_string(void *ctx, const struct sax *sax, const char *text, size_t n); /* char * */
enum err take_bool(void *ctx, const struct sax *sax, const char *text, size_t n);   /* bool */
enum err take_time(void *ctx, const struct sax *sax, const char *text, size_t n);   /* int64_t */
enum err take_count(void *ctx, const struct sax *sax, const char *text,
		    size_t n); /* int64_t >= 0 */
/* For `over`: what is too long is as good as absent. */
enum err take_nothing(void *ctx, const struct sax *sax);

bool parse_bool(const char *text);

/* Beyond any id that a server has been seen to give (512 bytes are advised). */
#define ID_MAX_BYTES 4096
/* For sync states, which grow with the folder. */
#define STATE_MAX_BYTES ((size_t)16 << 20)
/* For numbers, times and flags. */
#define WORD_MAX_BYTES 64

#endif
