/* SPDX-License-Identifier: MIT */
#ifndef HTTP_TRAIL_H
#define HTTP_TRAIL_H

#include <stddef.h>

#include "base/err.h"

/*
 * trail - by what a request is found again in the server's logs: the id that we give it, and what
 * the reply says of itself and of the machines that it passed.
 */
struct trail {
	char id[37]; /* a UUID */
	char text[768];
	size_t own_n, n;
};

/* With an id that no other request has. */
MUST_CHECK enum err trail_begin(struct trail *trail);
/* A line of the reply's head; with its first, what an earlier reply said is forgotten. */
void trail_note(struct trail *trail, const char *line, size_t n);

#endif
