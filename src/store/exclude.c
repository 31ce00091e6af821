/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

/* Items that are known and not mirrored, because of since=. */
enum { BATCH_MAX = 256 };

/* Which version it is tells a comparison with the server that nothing differs. */
static enum err take_key(struct record *record, const char *change_key)
{
	char *copy = NULL;
	enum err err = text_copy(change_key, &copy);

	if (err || !copy)
		return err;
	str_release(&record->change_key);
	record->change_key = copy;
	return ERR_OK;
}

enum err store_put_excluded(struct txn *txn, int64_t row, const char *change_key)
{
	AUTO(record) struct record record = { 0 };
	enum err err = record_load(txn->store, row, &record);

	if (!err)
		err = take_key(&record, change_key);
	return err ? err : record_leave(txn->store, &record, ITEM_EXCLUDED);
}

/* Rows to turn, and what they are now. */
struct turn {
	int64_t rows[BATCH_MAX];
	bool is_excluded[BATCH_MAX];
	int n;
};

static enum err load_turn(struct store *store, int64_t edge, int64_t after, struct turn *turn)
{
	AUTO(query)
	struct query q = query(store, SQL_AGE_ITEMS, v_int(after), v_int(edge), v_int(BATCH_MAX));

	for (turn->n = 0; turn->n < BATCH_MAX && query_next(&q); turn->n++) {
		turn->rows[turn->n] = col_int(&q, 0);
		turn->is_excluded[turn->n] = col_int(&q, 1) == ITEM_EXCLUDED;
	}
	return q.err;
}

enum err store_age_items(struct txn *txn, int64_t edge, int64_t *after, bool *ret_more)
{
	struct turn turn;
	enum err err = load_turn(txn->store, edge, *after, &turn);

	for (int i = 0; !err && i < turn.n; i++) {
		if (turn.is_excluded[i])
			err = store_queue_fetch(txn, turn.rows[i], NULL, FETCH_FIRST_SYNC);
		else
			err = store_put_excluded(txn, turn.rows[i], NULL);
	}
	if (err)
		return err;
	if (turn.n > 0)
		*after = turn.rows[turn.n - 1];
	*ret_more = turn.n == BATCH_MAX;
	return ERR_OK;
}
