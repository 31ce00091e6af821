/* SPDX-License-Identifier: MIT */
#ifndef STORE_SET_H
#define STORE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* set - a few numbers, sorted. Zero-initialise, put, release. */
struct set {
	uint64_t *list;
	size_t n, size;
};

bool set_has(const struct set *set, uint64_t value);
MUST_CHECK enum err set_put(struct set *set, uint64_t value);
/* Makes *to the same. */
MUST_CHECK enum err set_copy(const struct set *from, struct set *to);
void set_drop(struct set *set, uint64_t value);
void set_release(struct set *set);

#endif
