/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SYNTH_H
#define SERVER_SYNTH_H

#include "props.h"

/*
 * synth - mailboxes made from a number.
 *
 * The same arguments give the same folders, ids, change keys, properties and
 * bytes in every run. Nothing but struct item is kept of an item: all else is
 * drawn again from its seed when asked for, always in the same order (which is
 * why new draws go at the end).
 *
 * Sizes are spread log-normally around the mean. Among the subjects are empty,
 * duplicate, very long and hostile ones: slashes, dots, control characters,
 * right-to-left overrides, combining and unassigned characters.
 * Dates run evenly from 2016 to 2026, so that nothing depends on the clock.
 */
struct synth_plan {
	uint64_t folders_n, items_n, bytes, seed;
};

/* Fills a mailbox, once. */
void synth_fill(struct mailbox *box, const struct synth_plan *plan);

/* One more, as of now, of about that size. The caller may set `read` and `subject` before adding. */
struct item synth_item(struct mailbox *box, const struct folder *folder, uint32_t bytes);

bool synth_has_attachment(const struct item *item);
void synth_describe(const struct item *item, struct props *ret);
MUST_CHECK enum err synth_mime(const struct item *item, const struct props *props, struct buf *ret);

/* A source of numbers (splitmix64). */
struct rng {
	uint64_t state;
};
uint64_t rng_next(struct rng *rng);
/* Evenly from 0 to n - 1. */
uint64_t rng_below(struct rng *rng, uint64_t n);

#endif
