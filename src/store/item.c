/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

/* Items, as a page of changes tells of them. */

void item_row_release(struct item_row *row)
{
	str_release(&row->change_key);
	*row = (struct item_row){ 0 };
}

enum err store_find_item(struct store *store, const char *id, struct item_row *ret)
{
	AUTO(record) struct record record = { 0 };
	enum err err = record_find(store, id, &record);

	if (err)
		return err;
	*ret = (struct item_row){
		.row = record.row,
		.folder = record.folder,
		.ino = record.ino,
		.kind = record.kind,
		.state = record.state,
		.change_key = give(record.change_key),
		.verdict = record.verdict,
		.has_read = record.is_read >= 0,
		.is_read = record.is_read == 1,
		.modified = record.modified,
		.is_queued = record.is_queued,
	};
	return ERR_OK;
}

enum err store_count_unseen(struct store *store, uint64_t folder, uint64_t *ret)
{
	AUTO(query) struct query q = query(store, SQL_COUNT_UNSEEN, v_ino(folder));
	enum err err = query_one(&q);

	if (!err)
		*ret = (uint64_t)col_int(&q, 0);
	return err;
}

enum err store_each_item(struct store *store, uint64_t folder, int64_t after, store_item_fn fn,
			 void *ctx)
{
	AUTO(query) struct query q = query(store, SQL_EACH_ITEM, v_ino(folder), v_int(after));
	bool goes_on = true;

	while (goes_on && query_next(&q)) {
		AUTO(str) char *id = NULL;
		col_id(&q, 1, &id);
		if (!q.err)
			goes_on = fn(ctx, col_int(&q, 0), id);
	}
	return q.err;
}

/* A place in the queue that a row has from the beginning. */
struct item_job {
	enum fetch_priority priority;
	const char *change_key;
};

/* job NULL: not queued. */
static enum err add_item(struct store *store, uint64_t folder, const struct item_head *head,
			 const struct item_job *job, int64_t *ret_row)
{
	const struct record record = {
		.folder = folder,
		.state = ITEM_PENDING,
		.is_read = head->has_read ? head->is_read : -1,
		.size = record_stated_size(head->size),
		.is_queued = job,
	};
	const struct counts counts = record_counts(&record);
	struct value null = v_text(NULL);
	int64_t row = (int64_t)store->last[NUMBER_ROW] + 1;

	enum err err = run(store, SQL_ADD_ITEM, v_int(row), v_id_key(store, head->id),
			   v_id(head->id), v_ino(folder), v_int(head->kind),
			   head->has_read ? v_int(head->is_read) : null,
			   v_int((int64_t)record.size), v_time(head->received),
			   v_time(head->modified), job ? v_int(0) : null,
			   job ? v_int(job->priority) : null, v_id(job ? job->change_key : NULL));
	if (err)
		return err;
	store->last[NUMBER_ROW] = (uint64_t)row;
	*ret_row = row;
	return tally_add(store, &counts, 1);
}

enum err store_add_item(struct txn *txn, uint64_t folder, const struct item_head *head,
			const char *change_key, enum fetch_priority priority, int64_t *ret_row)
{
	const struct item_job job = { priority, change_key };

	return add_item(txn->store, folder, head, &job, ret_row);
}

/* Under the same name, as far as nobody has it there. */
static enum err move_file(struct store *store, struct record *record, uint64_t folder)
{
	AUTO(buf) struct buf name = { 0 };
	uint64_t id, ino;
	enum err err = entry_load_name(store, record->folder, record->entry, &name);

	if (!err)
		err = entry_find(store, folder, buf_str(&name), &id, &ino);
	if (!err) {
		err = record_unlink(store, record);
		record->folder = folder;
		return err ? err : record_clash(store, record);
	}
	if (err == ERR_NOT_FOUND)
		err = entry_drop(store, record->folder, record->entry);
	if (!err)
		err = entry_add(store, folder, buf_str(&name), record->ino, &record->entry);
	record->folder = folder;
	return err;
}

static bool take_head(struct record *record, const struct item_head *head)
{
	bool changed = record->kind != head->kind;
	uint64_t size = record_stated_size(head->size);

	record->kind = head->kind;
	if (size && size != record->size) {
		record->size = size;
		changed = true;
	}
	if (head->received != TIME_NONE && head->received != record->received) {
		record->received = head->received;
		changed = true;
	}
	if (head->modified != TIME_NONE && head->modified != record->modified) {
		record->modified = head->modified;
		changed = true;
	}
	return changed;
}

static enum err update_item(struct store *store, struct record *record, uint64_t folder,
			    const struct item_head *head)
{
	bool has_new_flag = head->has_read && record_set_read(record, head->is_read);
	bool moved = record->folder != folder;
	enum err err = ERR_OK;

	if (!take_head(record, head) && !has_new_flag && !moved)
		return ERR_OK;
	if (moved && record->entry)
		err = move_file(store, record, folder);
	record->folder = folder;
	if (!err)
		err = record_save(store, record);
	if (err || !record->ino)
		return err;
	err = record_stamp_ctime(store, record, has_new_flag);
	return err ? err : news_inode(store, STORE_ATTR_CHANGED, record->ino);
}

enum err store_put_head(struct txn *txn, uint64_t folder, const struct item_head *head,
			int64_t *ret_row)
{
	AUTO(record) struct record record = { 0 };
	enum err err = record_find(txn->store, head->id, &record);

	if (err == ERR_NOT_FOUND)
		return add_item(txn->store, folder, head, NULL, ret_row);
	if (!err)
		err = update_item(txn->store, &record, folder, head);
	if (!err)
		*ret_row = record.row;
	return err;
}

enum err store_put_read_flag(struct txn *txn, const char *id, bool is_read)
{
	struct store *store = txn->store;
	AUTO(record) struct record record = { 0 };
	enum err err = record_find(store, id, &record);

	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	if (!record_set_read(&record, is_read))
		return ERR_OK;
	err = record_save(store, &record);
	if (err || !record.ino)
		return err;
	err = record_stamp_ctime(store, &record, true);
	return err ? err : news_inode(store, STORE_ATTR_CHANGED, record.ino);
}

enum err store_drop_item(struct txn *txn, const char *id)
{
	AUTO(record) struct record record = { 0 };
	enum err err = record_find(txn->store, id, &record);

	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	return record_drop(txn->store, &record);
}
