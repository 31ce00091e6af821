/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "model/utf8.h"
#include "store/internal.h"

#define ERROR_MAX 255

/* One row of item: loaded, changed and saved as a whole. */

void record_release(struct record *record)
{
	str_release(&record->change_key);
	str_release(&record->error);
	*record = (struct record){ 0 };
}

struct counts record_counts(const struct record *record)
{
	bool is_pending = record->state == ITEM_PENDING, is_local = record->state == ITEM_LOCAL;
	bool has_file = record->ino != 0;

	return (struct counts){
		.folder = record->folder,
		.n = {
			[COUNT_KNOWN] = 1,
			[COUNT_ITEMS] = has_file,
			[COUNT_UNREAD] = has_file && record->is_read == 0,
			[COUNT_BYTES] = (int64_t)record->file_size,
			[COUNT_PENDING] = is_pending,
			[COUNT_PENDING_BYTES] = is_pending ? (int64_t)record->size : 0,
			[COUNT_QUARANTINED] = record->state == ITEM_QUARANTINED,
			[COUNT_REGRESSED] = is_local && record->verdict == VERDICT_REGRESSED,
			[COUNT_UNCOVERED] = is_local && record->verdict == VERDICT_UNCOVERED,
			[COUNT_UNKNOWN] = is_local && record->verdict == VERDICT_UNKNOWN,
			[COUNT_QUEUED] = record->is_queued,
		},
	};
}

static enum err read_record(struct query *q, struct record *ret)
{
	enum err err = query_one(q);

	if (err)
		return err;
	AUTO(record)
	struct record record = {
		.row = col_int(q, 0),
		.folder = (uint64_t)col_int(q, 1),
		.ino = (uint64_t)col_int(q, 2),
		.entry = (uint64_t)col_int(q, 3),
		.kind = (enum item_kind)col_int(q, 4),
		.state = (enum item_state)col_int(q, 5),
		.verdict = (enum verdict)col_int(q, 6),
		.is_read = col_is_null(q, 7) ? -1 : (int)col_int(q, 7),
		.by_received = col_int(q, 8),
		.size = (uint64_t)col_int(q, 9),
		.file_size = (uint64_t)col_int(q, 10),
		.received = col_time(q, 11),
		.modified = col_time(q, 12),
		.is_queued = col_int(q, 15),
		.is_hollow = col_int(q, 16) & INODE_HOLLOW,
		.is_absent = col_int(q, 16) & INODE_ABSENT,
	};
	record.counted = record_counts(&record);
	col_id(q, 13, &record.change_key);
	col_copy(q, 14, &record.error);
	if (q->err)
		return q->err;
	*ret = record;
	record = (struct record){ 0 };
	return ERR_OK;
}

enum err record_load(struct store *store, int64_t row, struct record *ret)
{
	AUTO(query) struct query q = query(store, SQL_LOAD_RECORD, v_int(row));

	return read_record(&q, ret);
}

enum err record_find(struct store *store, const char *id, struct record *ret)
{
	AUTO(query) struct query q = query(store, SQL_FIND_RECORD, v_id_key(store, id), v_id(id));

	return read_record(&q, ret);
}

enum err record_next(struct store *store, uint64_t folder, struct record *ret)
{
	AUTO(query) struct query q = query(store, SQL_NEXT_RECORD, v_ino(folder));

	return read_record(&q, ret);
}

enum err record_next_mirrored(struct store *store, uint64_t folder, int64_t after,
			      struct record *ret)
{
	AUTO(query)
	struct query q = query(store, SQL_NEXT_MIRRORED, v_ino(folder), v_int(after));

	return read_record(&q, ret);
}

enum err record_recount(struct store *store, struct record *record)
{
	enum err err = tally_add(store, &record->counted, -1);

	record->counted = record_counts(record);
	return err ? err : tally_add(store, &record->counted, 1);
}

enum err record_save(struct store *store, struct record *record)
{
	struct value is_read = record->is_read < 0 ? v_text(NULL) : v_int(record->is_read);
	enum err err = run(store, SQL_PUT_ITEM, v_int(record->row), v_ino(record->ino),
			   v_ino(record->entry), v_int(record->kind), v_int(record->state),
			   v_int(record->verdict), is_read, v_int(record->by_received),
			   v_int((int64_t)record->size), v_int((int64_t)record->file_size),
			   v_time(record->received), v_time(record->modified),
			   v_id(record->change_key), v_text(record->error),
			   v_int(record->is_queued));

	/* Apart, since an index has it. */
	if (!err && record->folder != record->counted.folder)
		err = run(store, SQL_PUT_ITEM_FOLDER, v_int(record->row), v_ino(record->folder));
	return err ? err : record_recount(store, record);
}

uint64_t record_stated_size(uint64_t size)
{
	return size < CONTENT_MAX ? size : CONTENT_MAX;
}

bool record_set_read(struct record *record, bool is_read)
{
	if (record->is_read == is_read)
		return false;
	record->is_read = is_read;
	return true;
}

enum err record_set_error(struct record *record, const char *error)
{
	AUTO(buf) struct buf line = { 0 };
	char *text = NULL;
	enum err err = utf8_append_line(&line, error, strlen(error), ERROR_MAX);

	if (!err)
		err = buf_give(&line, &text);
	if (err)
		return err;
	str_release(&record->error);
	record->error = text;
	return ERR_OK;
}

/* Seconds to nanoseconds, within what 64 bits hold (the years 1678 to 2262). */
static int64_t to_ns(int64_t time)
{
	const int64_t max = INT64_MAX / NS_PER_S;

	if (time == TIME_NONE)
		return 0;
	if (time > max)
		time = max;
	if (time < -max)
		time = -max;
	return time * NS_PER_S;
}

int64_t record_mtime_ns(const struct store *store, const struct record *record)
{
	bool by_received = record->by_received && store->rule == MTIME_RECEIVED;
	int64_t first = by_received ? record->received : record->modified;
	int64_t second = by_received ? record->modified : record->received;

	return to_ns(first != TIME_NONE ? first : second);
}

int64_t record_ctime_ns(const struct store *store, const struct record *record)
{
	if (record->modified == TIME_NONE)
		return record_mtime_ns(store, record);
	return to_ns(record->modified);
}

enum err record_stamp(struct store *store, const struct record *record, bool has_new_flag)
{
	int64_t mtime = record_mtime_ns(store, record);
	int64_t ctime = record_ctime_ns(store, record);
	int64_t now = clock_wall_ns();

	if (!has_new_flag)
		return run(store, SQL_STAMP_INODE, v_ino(record->ino), v_int(mtime), v_int(ctime));
	return run(store, SQL_STAMP_FLAG, v_ino(record->ino), v_int(mtime),
		   v_int(now > ctime ? now : ctime));
}

enum err record_stamp_ctime(struct store *store, const struct record *record, bool has_new_flag)
{
	int64_t ctime = record_ctime_ns(store, record), now = clock_wall_ns();

	if (has_new_flag && now > ctime)
		ctime = now;
	return run(store, SQL_STAMP_CTIME, v_ino(record->ino), v_int(ctime), v_int(has_new_flag));
}

static enum err unlink_file(struct store *store, struct record *record)
{
	enum err err = ERR_OK;

	if (record->ino)
		err = inode_bury(store, record->ino);
	if (!err && record->entry)
		err = entry_drop(store, record->folder, record->entry);
	if (err)
		return err;
	record->ino = record->entry = record->file_size = 0;
	record->is_hollow = record->is_absent = false;
	return ERR_OK;
}

enum err record_unlink(struct store *store, struct record *record)
{
	enum err err = high_keep(store, record);

	return err ? err : unlink_file(store, record);
}

enum err record_leave(struct store *store, struct record *record, enum item_state state)
{
	enum err err = record_unlink(store, record);

	queue_drop(store, record);
	str_release(&record->error);
	record->state = state;
	return err ? err : record_save(store, record);
}

enum err record_drop(struct store *store, struct record *record)
{
	enum err err = unlink_file(store, record);

	queue_drop(store, record);
	if (!err)
		err = high_drop(store, record->row);
	if (!err)
		err = run(store, SQL_DROP_ITEM, v_int(record->row));
	return err ? err : tally_add(store, &record->counted, -1);
}

enum err record_clash(struct store *store, struct record *record)
{
	enum err err = record_set_error(record, "name clash");

	record->state = ITEM_QUARANTINED;
	return err ? err : record_save(store, record);
}
