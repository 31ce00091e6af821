/* SPDX-License-Identifier: MIT */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include "base/buf.h"

/*
 * spool - bytes on their way, of unknown number, in bounded memory.
 *
 * The first SPOOL_MEMORY_BYTES stay in memory; a longer run moves to a nameless
 * temporary file in `dir` (which must outlive the spool). Zero-initialise, set
 * dir, append, read, release. One owner.
 */
#define SPOOL_MEMORY_BYTES ((size_t)1 << 20)

struct spool {
	const char *dir;
	struct buf memory;
	int fd_plus_1; /* 0: nothing spilled */
	uint64_t len;
};

MUST_CHECK enum err spool_append(struct spool *spool, const void *bytes, size_t n);
/* Exactly n bytes from offset; asking beyond the end is ERR_INVALID. */
MUST_CHECK enum err spool_read(const struct spool *spool, uint64_t offset, void *bytes, size_t n);
/* The same in *ret, without a copy where that can be: borrowed until the spool changes or *room,
 * which is allocated where needed, is freed or read into again, for no more than n bytes. */
MUST_CHECK enum err spool_view(const struct spool *spool, uint64_t offset, size_t n, char **room,
			       const char **ret);
void spool_release(struct spool *spool);

#endif
