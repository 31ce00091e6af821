/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "store/internal.h"

/* Small facts of the mailbox as a whole, and whose it is. */

enum err store_put_value(struct txn *txn, const char *key, const char *value)
{
	if (!value)
		return run(txn->store, SQL_DROP_VALUE, v_text(key));
	return run(txn->store, SQL_PUT_VALUE, v_text(key), v_text(value));
}

enum err store_load_value(struct store *store, const char *key, char **ret)
{
	AUTO(query) struct query q = query(store, SQL_LOAD_VALUE, v_text(key));
	enum err err = query_one(&q);

	if (err)
		return err;
	col_copy(&q, 0, ret);
	return q.err;
}

uint32_t store_generation(const struct store *store)
{
	return store->generation;
}

uint64_t store_first_ino(const struct store *store)
{
	return store->first_ino;
}

enum err store_put_first_ino(struct txn *txn, uint64_t first)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)first);
	enum err err = store_put_value(txn, "first_ino", text);
	if (err)
		return err;
	txn->store->first_ino = first;
	if (txn->store->last[NUMBER_INO] < first)
		txn->store->last[NUMBER_INO] = first;
	return err;
}

static enum err load_or_nothing(struct store *store, const char *key, char **ret)
{
	enum err err = store_load_value(store, key, ret);

	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err check_owner(struct store *store, const char *mailbox, bool *ret_is_new,
			    struct buf *reason)
{
	AUTO(str) char *owner = NULL;
	enum err err = load_or_nothing(store, "mailbox", &owner);

	if (!err)
		*ret_is_new = !owner;
	if (err || !owner || strcmp(owner, mailbox) == 0)
		return err;
	store_fail(store, ERR_OTHER_OWNER, "%s is the cache of %s, not of %s", store->path, owner,
		   mailbox);
	err = reason ? buf_append_str(reason, store->reason) : ERR_OK;
	return err ? err : ERR_OTHER_OWNER;
}

static enum err set_rule(struct txn *txn, enum mtime_rule rule)
{
	static const char *const names[] = { "received", "modified" };
	struct store *store = txn->store;
	AUTO(str) char *old = NULL;
	enum err err = load_or_nothing(store, "mtime", &old);

	if (err || (old && strcmp(old, names[rule]) == 0))
		return err;
	err = store_put_value(txn, "mtime", names[rule]);
	if (!err)
		err = run(store, rule == MTIME_RECEIVED ? SQL_RULE_RECEIVED : SQL_RULE_MODIFIED);
	return err;
}

enum err store_claim(struct store *store, const char *mailbox, enum mtime_rule rule,
		     struct buf *reason)
{
	AUTO(txn) struct txn txn = { 0 };
	bool is_new = false;
	enum err err = check_owner(store, mailbox, &is_new, reason);

	if (!err)
		err = txn_begin(&txn, store);
	if (!err && is_new)
		err = store_put_value(&txn, "mailbox", mailbox);
	if (!err)
		err = set_rule(&txn, rule);
	if (!err)
		err = txn_commit(&txn);
	if (!err)
		store->rule = rule;
	return err;
}
