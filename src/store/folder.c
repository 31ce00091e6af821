/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "store/internal.h"

/* Folders: what the server says of them, where they are shown, how far their sync has come. */

static void read_digest(struct query *q, struct digest *ret)
{
	*ret = (struct digest){
		.known = !col_is_null(q, 14),
		.total_n = col_int(q, 14),
		.unread_n = col_int(q, 15),
		.child_n = col_int(q, 16),
		.commit = col_time(q, 17),
		.deleted_n = col_is_null(q, 18) ? -1 : col_int(q, 18),
	};
}

static enum err read_folder(struct query *q, struct folder *ret)
{
	AUTO(folder) struct folder folder = { .ino = (uint64_t)col_int(q, 0) };

	col_id(q, 1, &folder.id);
	col_id(q, 2, &folder.change_key);
	col_id(q, 3, &folder.parent_id);
	col_copy(q, 4, &folder.display_name);
	col_copy(q, 5, &folder.folder_class);
	col_copy(q, 6, &folder.distinguished);
	folder.is_hidden = col_int(q, 7);
	folder.last_sync = col_time(q, 8);
	col_copy(q, 9, &folder.error);
	col_id(q, 10, &folder.sync_state);
	folder.shown_in = (uint64_t)col_int(q, 11);
	col_copy(q, 12, &folder.shown_as);
	folder.tree = (enum tree)col_int(q, 13);
	read_digest(q, &folder.digest);
	if (q->err)
		return q->err;
	if ((unsigned)folder.tree >= TREE_COUNT)
		return store_fail(q->store, ERR_DAMAGED, "folder %llu is in no known tree",
				  (unsigned long long)folder.ino);
	*ret = folder;
	folder = (struct folder){ 0 };
	return ERR_OK;
}

static enum err load_folder(struct store *store, enum sql sql, uint64_t ino, struct folder *ret)
{
	AUTO(query) struct query q = query(store, sql, v_int((int64_t)ino));
	enum err err = query_one(&q);

	return err ? err : read_folder(&q, ret);
}

enum err store_load_folder(struct store *store, uint64_t ino, struct folder *ret)
{
	return load_folder(store, SQL_LOAD_FOLDER, ino, ret);
}

enum err folder_load_counted(struct store *store, uint64_t ino, struct folder *ret)
{
	return load_folder(store, SQL_LOAD_COUNTED_FOLDER, ino, ret);
}

enum err store_load_folders(struct store *store, struct folders *ret)
{
	AUTO(query) struct query q = query(store, SQL_LOAD_FOLDERS);
	AUTO(folders) struct folders folders = { 0 };
	enum err err = ERR_OK;

	while (!err && query_next(&q)) {
		AUTO(folder) struct folder folder = { 0 };
		err = read_folder(&q, &folder);
		if (!err)
			err = folders_take(&folders, &folder);
	}
	if (!err)
		err = q.err;
	if (err)
		return err;
	*ret = folders;
	folders = (struct folders){ 0 };
	return ERR_OK;
}

/* --- upsert --- */

/* The root's inode is as old as the file. */
static enum err inode_for(struct store *store, const char *id, uint64_t *ret)
{
	AUTO(str) char *root_id = NULL;
	struct store_node node = { .mtime_ns = clock_wall_ns() };
	enum err err = store_load_value(store, "root_id", &root_id);

	if (err && err != ERR_NOT_FOUND)
		return err;
	if (!err && strcmp(root_id, id) == 0) {
		*ret = ROOT_INO;
		return ERR_OK;
	}
	node.ctime_ns = node.mtime_ns;
	return inode_add(store, &node, INODE_DIR, ROOT_INO, ret);
}

static enum err add_folder(struct store *store, const char *id, uint64_t *ret)
{
	uint64_t ino = 0;
	enum err err = inode_for(store, id, &ino);

	if (!err)
		err = run(store, SQL_ADD_FOLDER, v_ino(ino), v_id(id));
	if (!err)
		err = run(store, SQL_ADD_TALLY, v_ino(ino));
	if (!err)
		*ret = ino;
	return err;
}

static enum err find_folder(struct store *store, const char *id, uint64_t *ret)
{
	AUTO(query) struct query q = query(store, SQL_FIND_FOLDER, v_id(id));
	enum err err = query_one(&q);

	if (!err)
		*ret = (uint64_t)col_int(&q, 0);
	return err;
}

/* Tells of changed attributes when the last statement changed a row. */
static enum err tell_if_changed(struct store *store, uint64_t ino)
{
	return run_changes(store) > 0 ? news_inode(store, STORE_ATTR_CHANGED, ino) : ERR_OK;
}

enum err store_put_folder_counts(struct txn *txn, uint64_t ino, const struct digest *digest)
{
	if (!digest->known)
		return ERR_OK;
	enum err err = run(txn->store, SQL_PUT_COUNTS, v_ino(ino), v_int(digest->total_n),
			   v_int(digest->unread_n), v_int(digest->child_n));
	return err ? err : tell_if_changed(txn->store, ino);
}

enum err store_put_folder(struct txn *txn, struct folder *folder)
{
	struct store *store = txn->store;
	uint64_t ino = 0;
	enum err err = find_folder(store, folder->id, &ino);

	if (err == ERR_NOT_FOUND)
		err = add_folder(store, folder->id, &ino);
	if (!err)
		err = run(store, SQL_PUT_FOLDER, v_ino(ino), v_id(folder->change_key),
			  v_id(folder->parent_id), v_text(folder->display_name),
			  v_text(folder->folder_class), v_text(folder->distinguished),
			  v_int(folder->is_hidden), v_int(folder->tree));
	if (!err)
		err = tell_if_changed(store, ino);
	if (!err)
		err = store_put_folder_counts(txn, ino, &folder->digest);
	if (!err)
		folder->ino = ino;
	return err;
}

/* --- place --- */

struct place {
	uint64_t parent, entry;
	char *name;
};

static void place_release(struct place *place)
{
	str_release(&place->name);
	*place = (struct place){ 0 };
}

static enum err load_place(struct store *store, uint64_t ino, struct place *ret)
{
	AUTO(query) struct query q = query(store, SQL_LOAD_PLACE, v_ino(ino));
	enum err err = query_one(&q);

	if (err)
		return err;
	ret->parent = (uint64_t)col_int(&q, 0);
	col_copy(&q, 1, &ret->name);
	ret->entry = (uint64_t)col_int(&q, 2);
	return q.err;
}

static enum err unplace(struct store *store, uint64_t ino, const struct place *place)
{
	enum err err = ERR_OK;

	if (place->entry)
		err = entry_drop(store, place->parent, place->entry);
	return err ? err : run(store, SQL_PUT_PLACE, v_ino(ino), v_ino(0), v_text(NULL), v_ino(0));
}

/* A folder in the way is about to be placed elsewhere (two that swap names); an item
 * there has the misfortune to be called like a folder. */
static enum err clear_name(struct store *store, uint64_t parent, const char *name)
{
	AUTO(place) struct place place = { 0 };
	AUTO(record) struct record record = { 0 };
	uint64_t id = 0, ino = 0;
	int64_t row = 0;
	enum err err = entry_find(store, parent, name, &id, &ino);

	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	err = inode_find_item(store, ino, &row);
	if (err == ERR_NOT_FOUND) {
		err = load_place(store, ino, &place);
		return err ? err : unplace(store, ino, &place);
	}
	if (!err)
		err = record_load(store, row, &record);
	if (!err)
		err = record_unlink(store, &record);
	return err ? err : record_clash(store, &record);
}

static enum err place(struct store *store, const struct folder *folder)
{
	uint64_t entry = 0;
	enum err err = clear_name(store, folder->shown_in, folder->shown_as);

	if (!err)
		err = entry_add(store, folder->shown_in, folder->shown_as, folder->ino, &entry);
	if (!err)
		err = run(store, SQL_PUT_PLACE, v_ino(folder->ino), v_ino(folder->shown_in),
			  v_text(folder->shown_as), v_ino(entry));
	if (!err)
		err = run(store, SQL_PUT_OWNER, v_ino(folder->ino), v_ino(folder->shown_in));
	return err;
}

enum err store_place_folder(struct txn *txn, const struct folder *folder)
{
	struct store *store = txn->store;
	bool is_shown = folder->shown_in && folder->shown_as;
	AUTO(place) struct place old = { 0 };
	enum err err = load_place(store, folder->ino, &old);

	if (err)
		return err;
	if (!is_shown && !old.entry)
		return ERR_OK;
	if (is_shown && old.entry && old.parent == folder->shown_in &&
	    strcmp(old.name, folder->shown_as) == 0)
		return ERR_OK;
	err = unplace(store, folder->ino, &old);
	if (!err && is_shown)
		err = place(store, folder);
	return err;
}

static enum err drop_items(struct store *store, uint64_t folder)
{
	for (;;) {
		AUTO(record) struct record record = { 0 };
		enum err err = record_next(store, folder, &record);
		if (err)
			return err == ERR_NOT_FOUND ? ERR_OK : err;
		err = record_drop(store, &record);
		if (err)
			return err;
	}
}

static enum err leave_items(struct store *store, uint64_t folder)
{
	int64_t after = 0;

	for (;;) {
		AUTO(record) struct record record = { 0 };
		enum err err = record_next_mirrored(store, folder, after, &record);
		if (err)
			return err == ERR_NOT_FOUND ? ERR_OK : err;
		after = record.row;
		err = record_leave(store, &record, ITEM_LEFT);
		if (err)
			return err;
	}
}

enum err store_drop_folder(struct txn *txn, uint64_t ino)
{
	struct store *store = txn->store;
	AUTO(place) struct place old = { 0 };
	enum err err = ino == ROOT_INO ? ERR_INVALID : load_place(store, ino, &old);

	if (!err)
		err = drop_items(store, ino);
	if (!err)
		err = inode_bury(store, ino);
	if (!err)
		err = unplace(store, ino, &old);
	if (!err)
		err = run(store, SQL_DROP_FOLDER, v_ino(ino));
	if (!err)
		err = run(store, SQL_DROP_TALLY, v_ino(ino));
	return err;
}

enum err store_clear_folder(struct txn *txn, uint64_t ino)
{
	const struct digest unknown = { .commit = TIME_NONE, .deleted_n = -1 };
	enum err err = leave_items(txn->store, ino);

	if (!err)
		err = store_put_folder_state(txn, ino, NULL);
	return err ? err : store_put_folder_synced(txn, ino, &unknown, TIME_NONE);
}

/* --- progress --- */

enum err store_put_folder_state(struct txn *txn, uint64_t ino, const char *state)
{
	enum err err = run(txn->store, SQL_PUT_STATE, v_ino(ino), v_id(state));

	return err ? err : tell_if_changed(txn->store, ino);
}

enum err store_put_folder_synced(struct txn *txn, uint64_t ino, const struct digest *digest,
				 int64_t now)
{
	struct value none = v_text(NULL);
	bool known = digest->known;
	enum err err = run(
		txn->store, SQL_PUT_SYNCED, v_ino(ino), known ? v_int(digest->total_n) : none,
		known ? v_int(digest->unread_n) : none, known ? v_int(digest->child_n) : none,
		v_time(digest->commit), v_int(digest->deleted_n), v_time(now));

	return err ? err : tell_if_changed(txn->store, ino);
}

enum err store_put_folder_error(struct txn *txn, uint64_t ino, const char *error)
{
	return run(txn->store, SQL_PUT_FOLDER_ERROR, v_ino(ino), v_text(error));
}

enum err store_load_tally(struct store *store, uint64_t dir, bool tree, struct store_tally *ret)
{
	enum err err = store->in_txn ? tally_flush(store) : ERR_OK;

	if (err)
		return err;
	AUTO(query) struct query q = query(store, SQL_LOAD_TALLY, v_int((int64_t)dir), v_int(tree));
	err = query_one(&q);
	if (err)
		return err;
	/* The root is there before the folders are listed. */
	if (col_int(&q, 11) == 0 && dir != ROOT_INO)
		return ERR_NOT_FOUND;
	*ret = (struct store_tally){
		.items_n = (uint64_t)col_int(&q, 0),
		.unread_n = (uint64_t)col_int(&q, 1),
		.bytes = (uint64_t)col_int(&q, 2),
		.pending_n = (uint64_t)col_int(&q, 3),
		.pending_bytes = (uint64_t)col_int(&q, 4),
		.quarantined_n = (uint64_t)col_int(&q, 5),
		.regressed_n = (uint64_t)col_int(&q, 6),
		.uncovered_n = (uint64_t)col_int(&q, 7),
		.unknown_n = (uint64_t)col_int(&q, 8),
		.known_n = (uint64_t)col_int(&q, 9),
		.last_sync = col_time(&q, 10),
	};
	return ERR_OK;
}
