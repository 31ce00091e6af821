/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>

/*
 * graves - buried inodes of this mount that the kernel may still hold.
 *
 * FORGETs come by the hundred thousand and nearly all speak of the living, so they are
 * answered from a hash set in memory: no disk, no work for one that is not in it. An inode
 * that found no room in it is purged after a day like one that is never forgotten.
 */
enum {
	KEEP_MS = 10 * 60 * 1000, /* readers without a FORGET in sight: at least that long */
	KEEP_ANYWAY_S = 24 * 3600,
	LOOK_MS = 5 * 1000,
	SWEEP_MS = 10 * 60 * 1000,
	PURGE_MAX = 128, /* in one transaction */
	SLOTS_MIN = 256,
	SLOTS_MAX = 1 << 20,
};

void graves_init(struct graveyard *graves)
{
	lock_init(&graves->lock);
	graves->opened_ns = clock_wall_ns();
}

void graves_destroy(struct graveyard *graves)
{
	free(graves->slots);
	graves->slots = NULL;
	lock_destroy(&graves->lock);
}

void graves_forget(struct sync *sync)
{
	struct graveyard *graves = &sync->graves;

	lock_acquire(&graves->lock);
	free(graves->slots);
	graves->slots = NULL;
	graves->n = graves->size = graves->forgotten_n = 0;
	lock_drop(&graves->lock);
}

static size_t slot_of(const struct grave *slots, size_t size, uint64_t ino)
{
	size_t i = (size_t)(ino * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (size - 1);

	while (slots[i].ino != 0 && slots[i].ino != ino)
		i = (i + 1) & (size - 1);
	return i;
}

/* Moves the graves to a table with room for one more; drops those that are gone. */
static bool make_room_locked(struct graveyard *graves) REQUIRES(&graves->lock)
{
	size_t size = graves->size;

	if (graves->n * 2 < size)
		return true;
	size = size == 0 ? SLOTS_MIN : size * 2;
	struct grave *slots = size <= SLOTS_MAX ? calloc(size, sizeof(*slots)) : NULL;
	if (!slots)
		return false;
	for (size_t i = 0; i < graves->size; i++) {
		if (graves->slots[i].ino != 0)
			slots[slot_of(slots, size, graves->slots[i].ino)] = graves->slots[i];
	}
	free(graves->slots);
	graves->slots = slots;
	graves->size = size;
	return true;
}

void graves_note(struct sync *sync, uint64_t ino)
{
	struct graveyard *graves = &sync->graves;
	int64_t now = clock_boot_ms();

	lock_acquire(&graves->lock);
	if (make_room_locked(graves)) {
		struct grave *grave = &graves->slots[slot_of(graves->slots, graves->size, ino)];
		graves->n += grave->ino == 0;
		*grave = (struct grave){ .ino = ino, .buried_ms = now };
	}
	lock_drop(&graves->lock);
}

void sync_forget_inodes(struct sync *sync, const uint64_t *inos, size_t n)
{
	struct graveyard *graves = &sync->graves;

	lock_acquire(&graves->lock);
	for (size_t i = 0; i < n && graves->n > 0; i++) {
		struct grave *grave = &graves->slots[slot_of(graves->slots, graves->size, inos[i])];
		if (grave->ino == 0 || inos[i] == 0 || grave->is_forgotten)
			continue;
		grave->is_forgotten = true;
		graves->forgotten_n++;
	}
	lock_drop(&graves->lock);
}

/* Takes a slot out; those behind it in its cluster move up, so that all are still found. */
static void clear_slot_locked(struct graveyard *graves, size_t i) REQUIRES(&graves->lock)
{
	size_t mask = graves->size - 1;

	graves->forgotten_n -= graves->slots[i].is_forgotten;
	graves->n--;
	graves->slots[i] = (struct grave){ 0 };
	for (size_t j = (i + 1) & mask; graves->slots[j].ino != 0; j = (j + 1) & mask) {
		struct grave moved = graves->slots[j];
		graves->slots[j] = (struct grave){ 0 };
		graves->slots[slot_of(graves->slots, graves->size, moved.ino)] = moved;
	}
}

/* Takes out what may be purged: forgotten, and dead for long enough. */
static size_t take_forgotten(struct graveyard *graves, uint64_t *inos, size_t max)
{
	int64_t now = clock_boot_ms();
	size_t n = 0;

	lock_acquire(&graves->lock);
	if (graves->forgotten_n > 0 && now >= graves->next_ms) {
		for (size_t i = 0; i < graves->size && n < max; i++) {
			struct grave *grave = &graves->slots[i];
			if (!grave->is_forgotten || now - grave->buried_ms < KEEP_MS)
				continue;
			inos[n++] = grave->ino;
			clear_slot_locked(graves, i--);
		}
		if (n < max)
			graves->next_ms = now + LOOK_MS;
	}
	lock_drop(&graves->lock);
	return n;
}

/* Takes out what is old enough, and leaves that in the list. What this mount buried goes by the
 * boot clock: the wall clock may have been set since. */
static size_t take_listed(struct graveyard *graves, uint64_t *inos, size_t n)
{
	int64_t before_ms = clock_boot_ms() - KEEP_ANYWAY_S * INT64_C(1000);
	size_t taken_n = 0;

	lock_acquire(&graves->lock);
	for (size_t i = 0; i < n; i++) {
		size_t slot = graves->n > 0 ? slot_of(graves->slots, graves->size, inos[i]) : 0;
		bool is_ours = graves->n > 0 && graves->slots[slot].ino != 0;
		if (is_ours && graves->slots[slot].buried_ms > before_ms)
			continue;
		if (is_ours)
			clear_slot_locked(graves, slot);
		inos[taken_n++] = inos[i];
	}
	lock_drop(&graves->lock);
	return taken_n;
}

/* Those that nobody forgot in a day, and those that an earlier mount left. */
static size_t take_old(struct sync *sync, uint64_t *inos, size_t max)
{
	struct graveyard *graves = &sync->graves;
	int64_t now = clock_boot_ms(), before_ns = clock_wall_ns() - KEEP_ANYWAY_S * NS_PER_S;
	size_t n = 0, taken_n;

	if (now < graves->sweep_ms)
		return 0;
	if (before_ns < graves->opened_ns)
		before_ns = graves->opened_ns;
	if (store_load_graves(sync->store, before_ns, max, inos, &n) != ERR_OK)
		n = 0;
	taken_n = take_listed(graves, inos, n);
	if (n < max || taken_n == 0)
		graves->sweep_ms = now + SWEEP_MS;
	return taken_n;
}

static enum err purge(struct sync *sync, const uint64_t *inos, size_t n)
{
	AUTO(txn) struct txn txn = { 0 };

	enum err err = txn_begin(&txn, sync->store);
	for (size_t i = 0; !err && i < n; i++)
		err = store_purge_grave(&txn, inos[i]);
	if (!err)
		err = txn_commit(&txn);
	return err;
}

bool graves_tend(struct sync *sync)
{
	uint64_t inos[PURGE_MAX];
	size_t n = take_forgotten(&sync->graves, inos, PURGE_MAX);

	if (n == 0)
		n = take_old(sync, inos, PURGE_MAX);
	if (n == 0)
		return false;
	/* What fails to go now goes after its day: the store knows it. */
	enum err err = purge(sync, inos, n);
	if (!err)
		err = store_shrink(sync->store);
	return err == ERR_OK;
}
