/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

/*
 * The counts of each folder. What a transaction adds to them is summed up in memory and written
 * before its commit, once for a folder and not once for an item.
 */

enum err tally_flush(struct store *store)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < store->counts_n; i++) {
		const int64_t *n = store->counts[i].n;
		err = run(store, SQL_ADD_TO_TALLY, v_ino(store->counts[i].folder),
			  v_int(n[COUNT_KNOWN]), v_int(n[COUNT_ITEMS]), v_int(n[COUNT_UNREAD]),
			  v_int(n[COUNT_BYTES]), v_int(n[COUNT_PENDING]),
			  v_int(n[COUNT_PENDING_BYTES]), v_int(n[COUNT_QUARANTINED]),
			  v_int(n[COUNT_REGRESSED]), v_int(n[COUNT_UNCOVERED]),
			  v_int(n[COUNT_UNKNOWN]), v_int(n[COUNT_QUEUED]));
	}
	store->counts_n = 0;
	return err;
}

/* What is not yet written for the folder, beginning with nothing. */
static enum err take_place(struct store *store, uint64_t folder, struct counts **ret)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < store->counts_n; i++) {
		if (store->counts[i].folder == folder) {
			*ret = &store->counts[i];
			return ERR_OK;
		}
	}
	if (store->counts_n == ARRAY_LEN(store->counts))
		err = tally_flush(store);
	*ret = &store->counts[store->counts_n++];
	**ret = (struct counts){ .folder = folder };
	return err;
}

enum err tally_add(struct store *store, const struct counts *counts, int sign)
{
	struct counts *place = NULL;
	enum err err = take_place(store, counts->folder, &place);

	for (size_t i = 0; !err && i < COUNT_COUNT; i++)
		place->n[i] += sign * counts->n[i];
	return err;
}
