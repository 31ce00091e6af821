/* SPDX-License-Identifier: MIT */
#ifndef MAILBOX_READERS_H
#define MAILBOX_READERS_H

#include "base/lock.h"
#include "store/store.h"

/*
 * readers - read-only connections to the cache, lent to one thread at a time.
 *
 * As many are opened as there are calls at once, up to READERS_MAX; more calls wait for the
 * end of another, which is never long: no answer waits for the network.
 */
#define READERS_MAX 64

struct readers {
	const char *path;
	void (*on_damage)(void *ctx); /* a reader met some */
	void *ctx;
	struct lock lock; /* leaf; guards everything below */
	struct cond cond; /* one came back */
	struct store *idle[READERS_MAX];
	size_t idle_n, open_n;
};

/* `path` is borrowed. */
void readers_init(struct readers *readers, const char *path, void (*on_damage)(void *ctx),
		  void *ctx);
/* None may be lent any more. */
void readers_destroy(struct readers *readers);

/* One that goes back when its scope ends. */
struct reader {
	struct readers *readers;
	struct store *store;
};
MUST_CHECK enum err reader_take(struct readers *readers, struct reader *ret);
void reader_release(struct reader *reader);

#endif
