/* SPDX-License-Identifier: MIT */
#include "store/set.h"

#include <string.h>

/* Where it is, or would go. */
static size_t place(const struct set *set, uint64_t value)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (set->list[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool set_has(const struct set *set, uint64_t value)
{
	size_t i = place(set, value);

	return i < set->n && set->list[i] == value;
}

static enum err reserve(struct set *set, size_t n)
{
	size_t size = set->size ? set->size : 16;

	if (n <= set->size)
		return ERR_OK;
	while (size < n)
		size *= 2;
	uint64_t *list = realloc(set->list, size * sizeof(*list));
	if (!list)
		return ERR_NOMEM;
	set->list = list;
	set->size = size;
	return ERR_OK;
}

enum err set_put(struct set *set, uint64_t value)
{
	size_t i = place(set, value);

	if (i < set->n && set->list[i] == value)
		return ERR_OK;
	enum err err = reserve(set, set->n + 1);
	if (err)
		return err;
	memmove(set->list + i + 1, set->list + i, (set->n - i) * sizeof(*set->list));
	set->list[i] = value;
	set->n++;
	return ERR_OK;
}

enum err set_copy(const struct set *from, struct set *to)
{
	enum err err = reserve(to, from->n);

	if (err)
		return err;
	to->n = from->n;
	if (from->n > 0)
		memcpy(to->list, from->list, from->n * sizeof(*to->list));
	return ERR_OK;
}

void set_drop(struct set *set, uint64_t value)
{
	size_t i = place(set, value);

	if (i == set->n || set->list[i] != value)
		return;
	set->n--;
	memmove(set->list + i, set->list + i + 1, (set->n - i) * sizeof(*set->list));
}

void set_release(struct set *set)
{
	free(set->list);
	*set = (struct set){ 0 };
}
