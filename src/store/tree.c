/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "store/internal.h"

/* Inodes, the names they go by, and graves. */

static void read_node(struct query *q, struct store_node *ret)
{
	int64_t flags = col_int(q, 1);

	*ret = (struct store_node){
		.ino = (uint64_t)col_int(q, 0),
		.is_dir = flags & INODE_DIR,
		.is_buried = flags & INODE_BURIED,
		.is_absent = flags & INODE_ABSENT,
		.size = (uint64_t)col_int(q, 2),
		.mtime_ns = col_int(q, 3),
		.ctime_ns = col_int(q, 4),
		.parent = flags & INODE_DIR ? (uint64_t)col_int(q, 5) : 0,
	};
	if (ret->is_dir && ret->parent == 0)
		ret->parent = ROOT_INO;
}

/*
 * What finds a name in the index of a directory. Names that begin with times near each other have
 * keys near each other, so that the index of a folder that fills grows in one place; the other half
 * tells apart those that begin alike, by a secret, since servers choose names.
 */
static struct value v_name_key(const struct store *store, const char *name)
{
	enum { HOUR_BYTES = 13 }; /* "2024-01-30 10" */
	uint32_t hour = 0;

	for (size_t i = 0; i < HOUR_BYTES && name[i]; i++)
		hour = hour * 10 + (name[i] & 15);
	return v_int((int64_t)((uint64_t)hour << 32 |
			       (uint32_t)siphash(store->secret, name, strlen(name))));
}

enum err store_load_node(struct store *store, uint64_t ino, struct store_node *ret)
{
	AUTO(query) struct query q = query(store, SQL_LOAD_INODE, v_int((int64_t)ino));
	enum err err = query_one(&q);

	if (!err)
		read_node(&q, ret);
	return err;
}

enum err store_find_entry(struct store *store, uint64_t dir, const char *name,
			  struct store_node *ret)
{
	AUTO(query)
	struct query q = query(store, SQL_FIND_NODE, v_int((int64_t)dir), v_name_key(store, name),
			       v_text(name));
	enum err err = query_one(&q);

	if (!err)
		read_node(&q, ret);
	return err;
}

enum err store_each_entry(struct store *store, uint64_t dir, uint64_t after, store_entry_fn fn,
			  void *ctx)
{
	AUTO(query)
	struct query q = query(store, SQL_LIST_ENTRIES, v_int((int64_t)dir), v_int((int64_t)after));

	while (query_next(&q)) {
		struct store_entry entry = { .offset = (uint64_t)col_int(&q, 6) };
		entry.name = col_text(&q, 7);
		if (!entry.name)
			return ERR_NOMEM;
		read_node(&q, &entry.node);
		if (!fn(ctx, &entry))
			break;
	}
	return q.err;
}

enum err inode_add(struct store *store, const struct store_node *node, enum inode_flag flags,
		   int64_t owner, uint64_t *ret)
{
	uint64_t ino = store->last[NUMBER_INO] + 1;
	enum err err = run(store, SQL_ADD_INODE, v_ino(ino), v_int(flags),
			   v_int((int64_t)node->size), v_int(node->mtime_ns), v_int(node->ctime_ns),
			   v_int(owner));

	if (err)
		return err;
	store->last[NUMBER_INO] = ino;
	*ret = ino;
	return ERR_OK;
}

enum err entry_find(struct store *store, uint64_t parent, const char *name, uint64_t *ret_id,
		    uint64_t *ret_ino)
{
	AUTO(query)
	struct query q = query(store, SQL_FIND_ENTRY, v_int((int64_t)parent),
			       v_name_key(store, name), v_text(name));
	enum err err = query_one(&q);

	if (err)
		return err;
	*ret_id = (uint64_t)col_int(&q, 0);
	*ret_ino = (uint64_t)col_int(&q, 1);
	return ERR_OK;
}

/* A row points at it, so it is there, or the file is damaged; to callers, NOT_FOUND would mean
 * something harmless. */
static enum err must_exist(struct store *store, enum err err, const char *what, uint64_t number)
{
	if (err != ERR_NOT_FOUND)
		return err;
	return store_fail(store, ERR_DAMAGED, "%s %llu is missing", what,
			  (unsigned long long)number);
}

enum err entry_load_name(struct store *store, uint64_t parent, uint64_t id, struct buf *ret)
{
	AUTO(query)
	struct query q = query(store, SQL_LOAD_NAME, v_int((int64_t)parent), v_int((int64_t)id));
	enum err err = must_exist(store, query_one(&q), "entry", id);

	if (err)
		return err;
	col_append(&q, 0, ret);
	return q.err;
}

/* A new name is a new id, above all others, so that a listing under way neither misses nor
 * repeats what was there when it began. */
enum err entry_add(struct store *store, uint64_t parent, const char *name, uint64_t ino,
		   uint64_t *ret_id)
{
	uint64_t id = store->last[NUMBER_ENTRY] + 1;
	enum err err = run(store, SQL_ADD_ENTRY, v_int((int64_t)parent), v_int((int64_t)id),
			   v_name_key(store, name), v_text(name), v_int((int64_t)ino));

	if (err)
		return err;
	if (run_changes(store) == 0)
		return number_fail(store, NUMBER_ENTRY);
	store->last[NUMBER_ENTRY] = id;
	*ret_id = id;
	return news_entry(store, STORE_ENTRY_ADDED, parent, name, ino);
}

enum err entry_swap(struct store *store, uint64_t parent, uint64_t id, uint64_t ino)
{
	AUTO(query)
	struct query q = query(store, SQL_SWAP_ENTRY, v_int((int64_t)parent), v_int((int64_t)id),
			       v_int((int64_t)ino));
	enum err err = must_exist(store, query_one(&q), "entry", id);

	if (!err)
		err = news_entry(store, STORE_ENTRY_SWAPPED, parent, col_text(&q, 0), ino);
	return err;
}

enum err entry_drop(struct store *store, uint64_t parent, uint64_t id)
{
	AUTO(query)
	struct query q = query(store, SQL_DROP_ENTRY, v_int((int64_t)parent), v_int((int64_t)id));
	enum err err = must_exist(store, query_one(&q), "entry", id);

	if (!err)
		err = news_entry(store, STORE_ENTRY_REMOVED, parent, col_text(&q, 0),
				 (uint64_t)col_int(&q, 1));
	return err;
}

enum err inode_find_item(struct store *store, uint64_t ino, int64_t *ret_row)
{
	AUTO(query) struct query q = query(store, SQL_FIND_ITEM_OF_INODE, v_ino(ino));
	enum err err = query_one(&q);

	if (!err)
		*ret_row = col_int(&q, 0);
	return err;
}

enum err inode_bury(struct store *store, uint64_t ino)
{
	AUTO(buf) struct buf set = { 0 };
	enum err err = must_exist(store, store_load_attrs(store, ino, &set), "inode", ino);

	if (!err)
		err = attrs_put(store, ino, &set);
	if (!err)
		err = run(store, SQL_BURY_INODE, v_ino(ino));
	if (!err)
		err = run(store, SQL_ADD_GRAVE, v_ino(ino), v_int(clock_wall_ns()));
	if (!err)
		err = news_inode(store, STORE_BURIED, ino);
	return err;
}

enum err store_purge_grave(struct txn *txn, uint64_t ino)
{
	struct store *store = txn->store;

	/* Its return tells whether it was one. */
	AUTO(query) struct query q = query(store, SQL_DROP_GRAVE, v_int((int64_t)ino));
	enum err err = query_one(&q);
	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	err = held_drop(store, ino);
	if (!err)
		err = content_drop(store, ino);
	if (!err)
		err = run(store, SQL_DROP_ATTRS, v_ino(ino));
	if (!err)
		err = run(store, SQL_DROP_INODE, v_ino(ino));
	return err;
}

enum err store_load_graves(struct store *store, int64_t buried_before_ns, size_t max,
			   uint64_t *inos, size_t *ret_n)
{
	AUTO(query)
	struct query q = query(store, SQL_LOAD_GRAVES, v_int(buried_before_ns),
			       v_int((int64_t)max));
	size_t n = 0;

	while (n < max && query_next(&q))
		inos[n++] = (uint64_t)col_int(&q, 0);
	if (!q.err)
		*ret_n = n;
	return q.err;
}

enum err store_shrink(struct store *store)
{
	return run(store, SQL_SHRINK);
}
