/* SPDX-License-Identifier: MIT */
#ifndef CTL_CACHE_H
#define CTL_CACHE_H

#include "base/buf.h"

/*
 * cache - the files of an account's cache, for what is done to them while no mount holds them.
 *
 * A mount holds the file by flock(2); whoever changes or removes it holds the same lock.
 */
struct cache {
	char *path;	 /* of the database */
	char *old;	 /* where rebuild sets it aside */
	bool is_by_name; /* not given as a path */
	int lock_fd;	 /* -1: not locked */
};
#define CACHE_INIT \
	{ \
		.lock_fd = -1 \
	}
void cache_release(struct cache *cache);

/* A path (with a slash, or an end in .db), or the name of one where ewsfs keeps them.
 * It need not be there. */
MUST_CHECK enum err cache_find(const char *account, struct cache *ret, struct buf *reason);
/* ERR_NOT_FOUND when it is not there, ERR_BUSY while a mount holds it, ERR_INVALID for a file
 * that is not ours. */
MUST_CHECK enum err cache_lock(struct cache *cache, struct buf *reason);

/* One file, or nothing there: a database with what SQLite keeps beside it. */
MUST_CHECK enum err cache_remove(const char *path, struct buf *reason);
MUST_CHECK enum err cache_rename(const char *from, const char *to, struct buf *reason);

/* --- compare.c --- */

struct cache_difference {
	uint64_t equal_n, changed_n, moved_n, flag_n, gone_n, added_n;
	uint64_t bytes_n; /* as the server gives them: with some they never are the same */
};

/*
 * What the new cache has otherwise than the old one, by item. The lines, at most a hundred, and
 * a sum go to *ret. ERR_BUSY when the new one is not complete yet. Reads both and changes none; a
 * mount may hold the new one.
 */
MUST_CHECK enum err cache_compare(const struct cache *cache, struct buf *ret,
				  struct cache_difference *ret_sum, struct buf *reason);
/* True for a database of ewsfs, whatever its version. */
bool cache_is_one(const char *path);

#endif
