/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "store/internal.h"

/*
 * What a fetch brings: content, the refusal of it, or the news that there is no such item.
 *
 * Here is where an inode is born and where it ends (invariant I2): equal bytes keep it, other
 * bytes are another inode under the same name, and the old one becomes a grave. One that is absent
 * and that nobody ever read has no bytes yet: it takes the first that come.
 */

static enum err take_change_key(struct record *record, const char *change_key)
{
	char *copy = NULL;

	if (!change_key || (record->change_key && ews_change_key_is_stub(change_key)))
		return ERR_OK;
	enum err err = text_copy(change_key, &copy);
	if (err)
		return err;
	str_release(&record->change_key);
	record->change_key = copy;
	return ERR_OK;
}

/* Mail that is no draft. Of an item that cannot be delivered the class may not be known. */
static bool goes_by_received(const struct record *record, const struct item *item)
{
	bool is_mail = item->item_class ? strcmp(item_extension(item->item_class), "eml") == 0
					: record->kind == KIND_MESSAGE || record->kind == KIND_SAFE;

	return is_mail && !item_is_draft(item);
}

/* What the item says of itself. *ret_has_new_flag: the read flag of a known file changed. */
static enum err take_item(struct record *record, const struct item *item, bool *ret_has_new_flag)
{
	*ret_has_new_flag = item->has_message_flags &&
			    record_set_read(record, item->message_flags & MSGFLAG_READ);
	if (item->item_class || !record->ino)
		record->by_received = goes_by_received(record, item);
	if (item->size)
		record->size = record_stated_size(item->size);
	if (item->received != TIME_NONE)
		record->received = item->received;
	if (item->modified != TIME_NONE)
		record->modified = item->modified;
	return take_change_key(record, item->change_key);
}

static enum err put_attrs(struct store *store, uint64_t ino, const struct item *item)
{
	AUTO(buf) struct buf set = { 0 };
	enum err err = item_print_attrs(item, &set);

	if (!err)
		err = attrs_put(store, ino, &set);
	return err;
}

/* True: something else than this item has the name. */
static enum err is_name_taken(struct store *store, const struct record *record, const char *name,
			      bool *ret)
{
	uint64_t id, ino;
	enum err err = entry_find(store, record->folder, name, &id, &ino);

	if (err && err != ERR_NOT_FOUND)
		return err;
	*ret = !err && id != record->entry;
	return ERR_OK;
}

/* Brings the inode under the name; the entry keeps its id as long as the name stays. */
static enum err link_file(struct store *store, struct record *record, const char *name,
			  uint64_t ino)
{
	AUTO(buf) struct buf old = { 0 };
	enum err err = ERR_OK;

	if (record->entry) {
		err = entry_load_name(store, record->folder, record->entry, &old);
		if (!err && strcmp(buf_str(&old), name) == 0)
			return ino == record->ino
				       ? ERR_OK
				       : entry_swap(store, record->folder, record->entry, ino);
		if (!err)
			err = entry_drop(store, record->folder, record->entry);
	}
	if (!err)
		err = entry_add(store, record->folder, name, ino, &record->entry);
	return err;
}

/* What a file begins with. */
static enum err fill_file(struct store *store, uint64_t ino, const struct spool *content)
{
	if (!store->is_ondemand)
		return content_put(store, ino, content);
	if (!held_has_room(store, content->len))
		return held_note_passed(store, ino, content);
	return held_fill(store, ino, content);
}

/* `content` NULL: one of that kind. The item's old file, if it has one, must be buried. */
static enum err make_file(struct store *store, struct record *record, const struct item *item,
			  const char *name, const struct spool *content, enum inode_flag without,
			  int64_t ctime_ns)
{
	struct store_node node = {
		.size = record->file_size,
		.mtime_ns = record_mtime_ns(store, record),
		.ctime_ns = record_ctime_ns(store, record),
	};
	uint64_t ino = 0;

	if (node.ctime_ns < ctime_ns)
		node.ctime_ns = ctime_ns;
	enum err err = inode_add(store, &node, content ? 0 : without, record->row, &ino);
	if (!err && content)
		err = fill_file(store, ino, content);
	if (!err)
		err = put_attrs(store, ino, item);
	if (!err)
		err = link_file(store, record, name, ino);
	record->ino = ino;
	record->is_hollow = !content && without == INODE_HOLLOW;
	return err;
}

/* A size for a file that nobody has seen: something, or many tools would not open it. */
static uint64_t estimated_size(const struct record *record)
{
	return record->size ? record->size : 1;
}

/* Other bytes than before, or the first. */
static enum err replace_file(struct store *store, struct record *record, const struct item *item,
			     const char *name, const struct spool *content)
{
	struct store_node old = { .ctime_ns = INT64_MIN };
	enum err err = ERR_OK;

	if (record->ino)
		err = store_load_node(store, record->ino, &old);
	record->file_size = content ? content->len : estimated_size(record);
	if (!err)
		err = make_file(store, record, item, name, content, INODE_ABSENT, old.ctime_ns);
	return err;
}

/* How an arrival and the file that an item has fit together. */
struct match {
	bool same;    /* the inode stays */
	bool is_seen; /* somebody may have read it */
};

static enum err match_content(struct store *store, const struct record *record,
			      const struct item *item, const struct spool *content,
			      struct match *ret)
{
	bool is_held = record->ino && !record->is_hollow;
	enum err err = ERR_OK;

	*ret = (struct match){ 0 };
	if (is_held && !record->is_absent && content)
		return content_equal(store, record->ino, content, &ret->same);
	ret->is_seen = !record->is_absent;
	if (is_held && record->is_absent)
		err = held_equal(store, record->ino, content, &ret->is_seen, &ret->same);
	/* Without bytes the keys speak for them. */
	if (is_held && !content)
		ret->same = item->change_key && record->change_key &&
			    strcmp(item->change_key, record->change_key) == 0;
	ret->same |= is_held && !ret->is_seen;
	return err;
}

/* An absent file that stays gets its content, or a better estimate. */
static enum err fill_absent(struct store *store, struct record *record, const struct match *match,
			    const struct spool *content)
{
	if (content) {
		record->file_size = content->len;
		return fill_file(store, record->ino, content);
	}
	if (match->is_seen)
		return ERR_OK;
	record->file_size = estimated_size(record);
	return run(store, SQL_PUT_ABSENT, v_ino(record->ino), v_int(1),
		   v_int((int64_t)record->file_size));
}

/* The same bytes: the inode stays. */
static enum err keep_file(struct store *store, struct record *record, const struct item *item,
			  const char *name, bool has_new_flag)
{
	enum err err = put_attrs(store, record->ino, item);

	if (!err)
		err = link_file(store, record, name, record->ino);
	if (!err)
		err = record_stamp(store, record, has_new_flag);
	if (!err)
		err = news_inode(store, STORE_ATTR_CHANGED, record->ino);
	return err;
}

static enum err place_content(struct store *store, struct record *record, const struct item *item,
			      const char *name, const struct spool *content)
{
	struct match match;
	bool has_new_flag = false;
	enum err err = match_content(store, record, item, content, &match);

	/* While the row still says what the old version was. */
	if (!err)
		err = high_note(store, record, item, true);
	if (!err && record->ino && !match.same)
		err = inode_bury(store, record->ino);
	if (!err)
		err = take_item(record, item, &has_new_flag);
	if (!err && match.same && record->is_absent)
		err = fill_absent(store, record, &match, content);
	if (!err && match.same)
		err = keep_file(store, record, item, name, has_new_flag);
	else if (!err)
		err = replace_file(store, record, item, name, content);
	str_release(&record->error);
	record->state = ITEM_LOCAL;
	return err ? err : record_save(store, record);
}

static enum err put_arrival(struct txn *txn, int64_t row, const struct item *item, const char *name,
			    enum verdict verdict, const struct spool *content, bool is_wanted)
{
	struct store *store = txn->store;
	AUTO(record) struct record record = { 0 };
	bool taken = false, unused;
	enum err err = record_load(store, row, &record);

	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	if (record.state >= ITEM_EXCLUDED)
		return ERR_OK;
	record.verdict = verdict;
	if (is_wanted)
		err = queue_done_beside(store, &record, item->change_key);
	else
		err = queue_done(store, &record, item->change_key);
	if (!err)
		err = is_name_taken(store, &record, name, &taken);
	if (err || !taken)
		return err ? err : place_content(store, &record, item, name, content);
	err = high_note(store, &record, item, false);
	if (!err)
		err = take_item(&record, item, &unused);
	return err ? err : record_clash(store, &record);
}

enum err store_put_content(struct txn *txn, int64_t row, const struct item *item, const char *name,
			   enum verdict verdict, const struct spool *content)
{
	return put_arrival(txn, row, item, name, verdict, content, false);
}

enum err store_put_wanted(struct txn *txn, int64_t row, const struct item *item, const char *name,
			  enum verdict verdict, const struct spool *content)
{
	return put_arrival(txn, row, item, name, verdict, content, true);
}

/* The version that the verdict is about: without one, it would be asked for with each page. */
static enum err take_wanted_key(struct store *store, struct record *record, const struct item *item)
{
	AUTO(str) char *wanted = NULL;
	enum err err = ERR_OK;

	if (!item->change_key)
		err = queue_load_wanted(store, record->row, &wanted);
	return err ? err : take_change_key(record, wanted);
}

/* A hollow file for an item that has none. */
static enum err place_hollow(struct store *store, struct record *record, const struct item *item,
			     const char *name)
{
	bool taken = false;
	enum err err = is_name_taken(store, record, name, &taken);

	if (err || taken)
		return err ? err : record_clash(store, record);
	record->file_size = record->size ? record->size : 1;
	err = make_file(store, record, item, name, NULL, INODE_HOLLOW, INT64_MIN);
	return err ? err : record_save(store, record);
}

/* What stood there before stays, and its attributes say why it is not the newest. */
static enum err keep_bad(struct store *store, struct record *record, bool has_new_flag)
{
	enum err err = record_save(store, record);

	if (!err)
		err = record_stamp(store, record, has_new_flag);
	return err ? err : news_inode(store, STORE_ATTR_CHANGED, record->ino);
}

enum err store_put_quarantine(struct txn *txn, int64_t row, const struct item *item,
			      const char *name, const char *reason, int64_t not_before_ms)
{
	struct store *store = txn->store;
	AUTO(record) struct record record = { 0 };
	bool has_new_flag = false;
	enum err err = record_load(store, row, &record);

	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	if (record.state >= ITEM_EXCLUDED)
		return ERR_OK;
	err = take_item(&record, item, &has_new_flag);
	if (!err)
		err = take_wanted_key(store, &record, item);
	if (!err)
		err = record_set_error(&record, reason);
	record.state = ITEM_QUARANTINED;
	if (!err)
		err = record.ino ? keep_bad(store, &record, has_new_flag)
				 : place_hollow(store, &record, item, name);
	return err ? err : queue_retry(store, row, not_before_ms);
}

enum err store_put_ghost(struct txn *txn, int64_t row)
{
	struct store *store = txn->store;
	AUTO(record) struct record record = { 0 };
	enum err err = record_load(store, row, &record);

	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	if (record.state >= ITEM_EXCLUDED)
		return ERR_OK;
	err = queue_done(store, &record, NULL);
	if (!err && record.is_hollow)
		err = record_unlink(store, &record);
	str_release(&record.error);
	record.state = ITEM_GHOST;
	return err ? err : record_save(store, &record);
}

enum err store_put_retry(struct txn *txn, int64_t row, int64_t not_before_ms)
{
	return queue_retry(txn->store, row, not_before_ms);
}
