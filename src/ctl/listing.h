/* SPDX-License-Identifier: MIT */
#ifndef CTL_LISTING_H
#define CTL_LISTING_H

#include <stdbool.h>

#include "base/spool.h"

/*
 * listing - what a directory held at one moment, and what became of it since. Pure but for
 * the shelf's temporary file.
 *
 * A watch holds one listing at a time in memory; the others lie packed on a shelf.
 */
struct line {
	char *name;
	uint64_t ino;
	int64_t ctime_ns;
	bool is_dir, is_read;
};

struct listing {
	struct line *lines;
	size_t n, size;
};
void listing_release(struct listing *listing);
/* The name is copied. */
MUST_CHECK enum err listing_add(struct listing *listing, const struct line *line);
/* By name, as listing_compare() wants both. */
void listing_sort(struct listing *listing);

/* A new inode under a known name is new content; an inode never changes what it holds. */
enum change { CHANGE_NEW, CHANGE_CHANGED, CHANGE_REMOVED, CHANGE_READ, CHANGE_UNREAD };
const char *change_text(enum change change);
/* New content with another read flag is two changes. */
typedef enum err (*change_fn)(void *ctx, enum change change, const struct line *line);
MUST_CHECK enum err listing_compare(const struct listing *before, const struct listing *after,
				    change_fn fn, void *ctx);

MUST_CHECK enum err listing_pack(const struct listing *listing, struct buf *ret);
/* ERR_DAMAGED for what was not packed by listing_pack(). */
MUST_CHECK enum err listing_unpack(const struct buf *packed, struct listing *ret);

/* Where packed listings lie: a temporary file without a name, once they are many. */
struct shelf {
	struct spool spool;
	uint64_t live_bytes;
};
struct place {
	uint64_t at, n;
};
void shelf_release(struct shelf *shelf);
MUST_CHECK enum err shelf_put(struct shelf *shelf, const struct listing *listing,
			      struct place *ret);
MUST_CHECK enum err shelf_load(const struct shelf *shelf, const struct place *place,
			       struct listing *ret);
/* What lay there is no longer wanted. */
void shelf_drop(struct shelf *shelf, struct place *place);
/* More than half of a large file is not wanted: time to move the rest to another shelf. */
bool shelf_is_wasteful(const struct shelf *shelf);
MUST_CHECK enum err shelf_move(const struct shelf *from, struct shelf *to, struct place *place);

#endif
