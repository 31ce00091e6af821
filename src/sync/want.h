/* SPDX-License-Identifier: MIT */
#ifndef SYNC_WANT_H
#define SYNC_WANT_H

#include "sync/sync.h"

/* want - contents that somebody waits for, and room for them (content=ondemand). */

struct want {
	struct want *next;
	uint64_t ticket, ino;
	int64_t since_ms; /* boot clock */
	int tries;
	bool is_asked; /* a request for it is under way */
	sync_done_fn done;
	void *ctx;
};

enum { USES_MAX = 1024 };
struct uses {
	uint64_t list[USES_MAX]; /* inodes, the last use last */
	size_t n;
};

bool want_is_ondemand(const struct sync *sync);
/* Asks for what is wanted, as far as requests may leave. No transaction may be open. */
void wants_tend(struct sync *sync);
void wants_end_all(struct sync *sync, enum err err);
/* As long as we are offline by command. */
void wants_end_offline(struct sync *sync);
/* A request for a wanted inode has ended. */
struct flight;
void wants_note_result(struct sync *sync, const struct flight *flight, enum err err);
/* So many bytes of content can come. ERR_TOO_LARGE: never. */
MUST_CHECK enum err wants_make_room(struct sync *sync, uint64_t bytes);
/* The engine starts: what is too much goes. */
void wants_begin(struct sync *sync);

/* --- passed.c: contents larger than the limit --- */

/* Takes the content; held once. */
MUST_CHECK enum err passed_add(struct sync *sync, uint64_t ino, struct spool *content);
void passed_release(struct sync *sync);

#endif
