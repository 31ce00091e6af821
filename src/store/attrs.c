/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

/* Extended attributes: what is packed beside the content, and what the rows know better. */

enum err attrs_put(struct store *store, uint64_t ino, const struct buf *set)
{
	AUTO(buf) struct buf packed = { 0 };
	enum err err = pack_attrs(set, &packed);

	if (!err)
		err = run(store, SQL_PUT_ATTRS, v_ino(ino), v_blob(packed.bytes, packed.len));
	return err;
}

void col_attrs(struct query *q, int i, struct buf *set)
{
	const void *bytes = sqlite3_column_blob(q->stmt, i);

	if (!q->err && bytes)
		q->err = unpack_attrs(bytes, (size_t)sqlite3_column_bytes(q->stmt, i), set);
	if (q->err == ERR_DAMAGED)
		store_fail(q->store, q->err, "attributes are damaged");
}

static enum err put_id(struct query *q, int column, enum attr attr, struct buf *set)
{
	AUTO(str) char *id = NULL;

	col_id(q, column, &id);
	return q->err ? q->err : attr_put(set, attr, id);
}

static enum err put_sync(struct query *q, struct buf *set)
{
	if (col_int(q, 8) != ITEM_QUARANTINED)
		return attr_put(set, ATTR_SYNC, verdict_text((enum verdict)col_int(q, 9)));
	enum err err = attr_put(set, ATTR_SYNC, "error");
	return err ? err : attr_put(set, ATTR_ERROR, col_text(q, 10));
}

/* Those that item_print_attrs() leaves to us. */
static enum err put_own(struct query *q, struct buf *set)
{
	enum err err = put_id(q, 2, ATTR_ITEM_ID, set);

	if (!err)
		err = put_id(q, 3, ATTR_CHANGE_KEY, set);
	if (!err)
		err = put_id(q, 4, ATTR_PARENT_FOLDER_ID, set);
	if (!err && !col_is_null(q, 5))
		err = attr_put_bool(set, ATTR_IS_READ, col_int(q, 5));
	if (!err)
		err = attr_put_time(set, ATTR_MODIFIED, col_time(q, 6));
	if (!err && col_int(q, 7) > 0)
		err = attr_put_int(set, ATTR_SIZE, col_int(q, 7));
	if (!err)
		err = put_sync(q, set);
	return err;
}

static enum err load_item_attrs(struct store *store, uint64_t ino, bool *ret_is_dir,
				struct buf *set)
{
	AUTO(query) struct query q = query(store, SQL_LOAD_ATTRS, v_int((int64_t)ino));
	enum err err = query_one(&q);

	if (err)
		return err;
	int64_t flags = col_int(&q, 0);
	*ret_is_dir = (flags & (INODE_DIR | INODE_BURIED)) == INODE_DIR;
	col_attrs(&q, 1, set);
	if (!q.err && !col_is_null(&q, 2))
		return put_own(&q, set);
	return q.err;
}

static enum err load_folder_attrs(struct store *store, uint64_t ino, struct buf *set)
{
	AUTO(folder) struct folder folder = { 0 };
	AUTO(buf) struct buf printed = { 0 };
	enum err err = folder_load_counted(store, ino, &folder);

	if (!err)
		err = folder_print_attrs(&folder, &printed);
	if (!err)
		err = buf_append(set, printed.bytes, printed.len);
	return err;
}

enum err store_load_attrs(struct store *store, uint64_t ino, struct buf *set)
{
	bool is_dir = false;
	enum err err = load_item_attrs(store, ino, &is_dir, set);

	if (err || !is_dir)
		return err;
	err = load_folder_attrs(store, ino, set);
	/* The root before the folders are listed; or a folder buried between the two looks. */
	if (err == ERR_NOT_FOUND)
		err = load_item_attrs(store, ino, &is_dir, set);
	return err;
}
