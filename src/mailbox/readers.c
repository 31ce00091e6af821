/* SPDX-License-Identifier: MIT */
#include "mailbox/readers.h"

void readers_init(struct readers *readers, const char *path, void (*on_damage)(void *ctx),
		  void *ctx)
{
	*readers = (struct readers){ .path = path, .on_damage = on_damage, .ctx = ctx };
	lock_init(&readers->lock);
	cond_init(&readers->cond);
}

void readers_destroy(struct readers *readers)
{
	for (size_t i = 0; i < readers->idle_n; i++)
		store_release(&readers->idle[i]);
	readers->idle_n = 0;
	cond_destroy(&readers->cond);
	lock_destroy(&readers->lock);
}

/* An idle one, or NULL: the caller may open another. */
static struct store *take_idle(struct readers *readers)
{
	struct store *store = NULL;

	lock_acquire(&readers->lock);
	while (readers->idle_n == 0 && readers->open_n == READERS_MAX)
		cond_wait(&readers->cond, &readers->lock);
	if (readers->idle_n > 0)
		store = readers->idle[--readers->idle_n];
	else
		readers->open_n++;
	lock_drop(&readers->lock);
	return store;
}

/* NULL: it could not be opened. */
static void give_back(struct readers *readers, struct store *store)
{
	lock_acquire(&readers->lock);
	if (store)
		readers->idle[readers->idle_n++] = store;
	else
		readers->open_n--;
	cond_wake_all(&readers->cond);
	lock_drop(&readers->lock);
}

enum err reader_take(struct readers *readers, struct reader *ret)
{
	struct store *store = take_idle(readers);

	if (!store) {
		enum err err = store_open(readers->path, STORE_READER, &store, NULL);
		if (err) {
			give_back(readers, NULL);
			if (err == ERR_DAMAGED)
				readers->on_damage(readers->ctx);
			return err;
		}
	}
	*ret = (struct reader){ readers, store };
	return ERR_OK;
}

void reader_release(struct reader *reader)
{
	struct readers *readers = reader->readers;

	if (!reader->store)
		return;
	bool has_met_damage = store_take_damage(reader->store);
	give_back(readers, give(reader->store));
	if (has_met_damage)
		readers->on_damage(readers->ctx);
}
