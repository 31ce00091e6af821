/* SPDX-License-Identifier: MIT */
#ifndef SYNC_SPACE_H
#define SYNC_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* space - room on the disk. */
struct sync;

struct space {
	int64_t look_ms; /* when to look again */
	bool is_short;
	uint64_t items_n, need, free; /* bytes; as last seen */
};

/* True when what is queued does not fit on the disk. Looks once a second. */
bool space_is_short(struct sync *sync);
/* ERR_NO_SPACE, and says how much is missing. */
enum err space_fail(struct sync *sync);

#endif
