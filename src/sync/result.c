/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The results of commands, and what else is remembered of a folder, as values of the store. */

enum {
	ITEMS_MAX = 100,	     /* at fault, that are listed */
	ITEMS_BYTES_MAX = 16 * 1024, /* ... in that many bytes */
};

static const char *const names[] = {
	[SYNC_LAST_RESYNC] = "last-resync",
	[SYNC_LAST_VERIFY] = "last-verify",
	[SYNC_LAST_VERIFY_ITEMS] = "last-verify-items",
};

struct key {
	char text[48];
};

static struct key key_of(const char *name, uint64_t dir)
{
	struct key key;

	snprintf(key.text, sizeof(key.text), "%s.%" PRIu64, name, dir);
	return key;
}

/* --- a comparison --- */

void comparison_release(struct comparison *comparison)
{
	buf_release(&comparison->items);
	*comparison = (struct comparison){ 0 };
}

enum err comparison_add_item(struct comparison *comparison, const char *what, const char *id)
{
	struct buf *items = &comparison->items;

	if (comparison->items_n >= ITEMS_MAX || items->len + strlen(id) > ITEMS_BYTES_MAX) {
		comparison->has_more = true;
		return ERR_OK;
	}
	comparison->items_n++;
	return buf_printf(items, "%s%s=%s", items->len > 0 ? " " : "", what, id);
}

/* --- results --- */

enum err result_put_resync(struct txn *txn, uint64_t dir, bool tree, const struct counts *counts)
{
	AUTO(buf) struct buf text = { 0 };
	struct store_tally tally;

	enum err err = store_load_tally(txn->store, dir, tree, &tally);
	if (!err)
		err = buf_printf(&text,
				 "kept=%" PRIu64 " changed=%" PRIu64 " added=%" PRIu64
				 " gone=%" PRIu64 " regressed=%" PRIu64,
				 counts->kept_n, counts->changed_n, counts->added_n, counts->gone_n,
				 tally.regressed_n);
	if (!err)
		err = store_put_value(txn, key_of(names[SYNC_LAST_RESYNC], dir).text,
				      buf_str(&text));
	return err;
}

static enum err put_items(struct txn *txn, uint64_t dir, const struct comparison *comparison)
{
	AUTO(buf) struct buf text = { 0 };
	const char *items = comparison->items_n > 0 ? buf_str(&comparison->items) : NULL;

	enum err err = ERR_OK;
	if (comparison->has_more) {
		err = buf_printf(&text, "%s ...", items ? items : "");
		items = buf_str(&text);
	}
	return err ? err
		   : store_put_value(txn, key_of(names[SYNC_LAST_VERIFY_ITEMS], dir).text, items);
}

enum err result_put_verify(struct sync *sync, uint64_t dir, const struct comparison *found)
{
	AUTO(buf) struct buf text = { 0 };
	AUTO(txn) struct txn txn = { 0 };

	enum err err = buf_printf(&text,
				  "kept=%" PRIu64 " changed=%" PRIu64 " missing=%" PRIu64
				  " extra=%" PRIu64 " regressed=%" PRIu64 " uncovered=%" PRIu64,
				  found->kept_n, found->changed_n, found->missing_n, found->extra_n,
				  found->regressed_n, found->uncovered_n);
	if (!err)
		err = txn_begin(&txn, sync->store);
	if (!err)
		err = store_put_value(&txn, key_of(names[SYNC_LAST_VERIFY], dir).text,
				      buf_str(&text));
	if (!err)
		err = put_items(&txn, dir, found);
	return err ? err : txn_commit(&txn);
}

enum err sync_load_result(struct store *store, enum sync_result result, uint64_t dir, char **ret)
{
	return store_load_value(store, key_of(names[result], dir).text, ret);
}

/* --- the audit --- */

enum err result_put_audit(struct txn *txn, uint64_t dir, const char *text)
{
	return store_put_value(txn, key_of("audit", dir).text, text);
}

enum err result_load_audit(struct sync *sync, uint64_t dir, char **ret)
{
	return store_load_value(sync->store, key_of("audit", dir).text, ret);
}

enum err result_drop_all(struct txn *txn, uint64_t dir)
{
	enum err err = result_put_audit(txn, dir, NULL);

	for (size_t i = 0; !err && i < ARRAY_LEN(names); i++)
		err = store_put_value(txn, key_of(names[i], dir).text, NULL);
	return err ? err : store_put_value(txn, key_of("relist", dir).text, NULL);
}
