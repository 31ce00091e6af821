/* SPDX-License-Identifier: MIT */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

/*
 * auto - locals that own something say so, and release it when their scope ends.
 *
 * AUTO(type) calls type_release(&it). A release function accepts a zeroed
 * object and leaves one behind, so it may run twice. give() moves a pointer
 * out of an AUTO local to a new owner.
 */

#include <stdlib.h>
#include <unistd.h>

#define AUTO(type) __attribute__((cleanup(type##_release)))
#define give(p) \
	({ \
		__typeof__(p) given_ = (p); \
		(p) = NULL; \
		given_; \
	})

/* Every fallible function is marked with it: an error is handled or handed on. */
#define MUST_CHECK __attribute__((warn_unused_result))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline void str_release(char **s)
{
	free(*s);
	*s = NULL;
}

/* A file descriptor; -1 is the empty one. */
static inline void fd_release(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

#endif
