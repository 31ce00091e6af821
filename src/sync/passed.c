/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>

/*
 * passed - contents larger than all that may be kept (cache_limit=).
 *
 * Such a file is served all the same: from a nameless file beside the cache, for as long as
 * somebody has it open. What reads it then shares it.
 */
struct passed {
	struct passed *next;
	uint64_t ino;
	size_t holds_n;
	struct spool content;
};

static struct passed **find_locked(struct sync *sync, uint64_t ino) REQUIRES(&sync->lock)
{
	struct passed **at = &sync->passed;

	while (*at && (*at)->ino != ino)
		at = &(*at)->next;
	return at;
}

static struct passed *hold(struct sync *sync, uint64_t ino)
{
	lock_acquire(&sync->lock);
	struct passed *passed = *find_locked(sync, ino);
	if (passed)
		passed->holds_n++;
	lock_drop(&sync->lock);
	return passed;
}

enum err passed_add(struct sync *sync, uint64_t ino, struct spool *content)
{
	struct passed *passed = malloc(sizeof(*passed));

	if (!passed)
		return ERR_NOMEM;
	*passed = (struct passed){ .ino = ino, .holds_n = 1, .content = *content };
	*content = (struct spool){ 0 };
	lock_acquire(&sync->lock);
	passed->next = sync->passed;
	sync->passed = passed;
	lock_drop(&sync->lock);
	return ERR_OK;
}

bool sync_hold_passed(struct sync *sync, uint64_t ino)
{
	return hold(sync, ino) != NULL;
}

void sync_drop_passed(struct sync *sync, uint64_t ino)
{
	struct passed *last = NULL;

	lock_acquire(&sync->lock);
	struct passed **at = find_locked(sync, ino);
	if (*at && --(*at)->holds_n == 0) {
		last = *at;
		*at = last->next;
	}
	lock_drop(&sync->lock);
	if (last)
		spool_release(&last->content);
	free(last);
}

enum err sync_read_passed(struct sync *sync, uint64_t ino, uint64_t offset, size_t n,
			  struct buf *ret)
{
	const struct passed *passed = hold(sync, ino);
	AUTO(str) char *room = NULL;
	const char *bytes = NULL;
	enum err err = ERR_OK;

	if (!passed)
		return ERR_ABSENT;
	uint64_t left = offset < passed->content.len ? passed->content.len - offset : 0;
	if (n > left)
		n = (size_t)left;
	if (n > 0)
		err = spool_view(&passed->content, offset, n, &room, &bytes);
	if (!err && n > 0)
		err = buf_append(ret, bytes, n);
	sync_drop_passed(sync, ino);
	return err;
}

void passed_release(struct sync *sync)
{
	while (sync->passed) {
		sync->passed->holds_n = 1;
		sync_drop_passed(sync, sync->passed->ino);
	}
}
