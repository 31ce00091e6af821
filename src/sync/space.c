/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <sys/statvfs.h>

/*
 * space - whether what is queued fits on the disk.
 *
 * A first sync that fills the disk helps nobody, so nothing is fetched that has no room: what the
 * server says of the sizes is held against what is free, again and again, since others use the
 * disk too. Where it is full all the same a commit fails as a whole, and the run is tried again.
 */
enum {
	LOOK_MS = 1000,
	ITEM_BYTES = 2000,    /* beside the content */
	LOG_BYTES = 32 << 20, /* what is written stands in the write-ahead log too, for a while */
	MARGIN_PART = 10,     /* sizes are the server's own, and a file has more to it */
};

static uint64_t needed_for(uint64_t bytes, uint64_t items_n)
{
	uint64_t sum = bytes + items_n * ITEM_BYTES;

	return sum + sum / MARGIN_PART + (sum < LOG_BYTES ? sum : LOG_BYTES);
}

bool space_is_short(struct sync *sync)
{
	struct space *space = &sync->space;
	struct store_tally tally;
	struct statvfs fs;
	int64_t now = clock_boot_ms();

	if (now < space->look_ms)
		return space->is_short;
	space->look_ms = now + LOOK_MS;
	space->is_short = false;
	if (store_load_tally(sync->store, ROOT_INO, true, &tally) != ERR_OK ||
	    statvfs(store_dir(sync->store), &fs) != 0)
		return false;
	space->items_n = tally.pending_n;
	space->need = needed_for(want_is_ondemand(sync) ? 0 : tally.pending_bytes, tally.pending_n);
	space->free = (uint64_t)fs.f_bavail * fs.f_frsize;
	space->is_short = space->items_n > 0 && space->need > space->free;
	return space->is_short;
}

static double to_mb(uint64_t bytes)
{
	return (double)bytes / 1e6;
}

enum err space_fail(struct sync *sync)
{
	const struct space *space = &sync->space;

	gate_blame(sync, "%s: %llu items need %.1f MB, %.1f MB are free", store_dir(sync->store),
		   (unsigned long long)space->items_n, to_mb(space->need), to_mb(space->free));
	sync->space.look_ms = 0;
	return ERR_NO_SPACE;
}
