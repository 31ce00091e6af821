/* SPDX-License-Identifier: MIT */
#include "mailbox/status.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 1000 };

static void facts_release(struct facts *facts)
{
	str_release(&facts->path);
	str_release(&facts->last_error);
	for (size_t i = 0; i < ARRAY_LEN(facts->results); i++)
		str_release(&facts->results[i]);
}

/* "/name" before what is there, for each directory on the way up. */
static enum err put_before(struct buf *path, const char *name)
{
	AUTO(buf) struct buf longer = { 0 };

	enum err err = buf_printf(&longer, "/%s%s", name, buf_str(path));
	if (!err) {
		buf_release(path);
		*path = longer;
		longer = (struct buf){ 0 };
	}
	return err;
}

static enum err load_path(struct store *store, uint64_t dir, char **ret)
{
	AUTO(buf) struct buf path = { 0 };
	enum err err = ERR_OK;

	for (int depth = 0; !err && dir != ROOT_INO && depth < DEPTH_MAX; depth++) {
		AUTO(folder) struct folder folder = { 0 };
		err = store_load_folder(store, dir, &folder);
		if (!err && !folder.shown_as)
			break;
		if (!err)
			err = put_before(&path, folder.shown_as);
		dir = folder.shown_in;
	}
	if (!err && path.len == 0)
		err = buf_append_char(&path, '/');
	return err ? err : buf_give(&path, ret);
}

/* What the server says may hold line ends; a fact is one line. */
static enum err copy_line(const char *text, char **ret)
{
	enum err err = text_copy(text, ret);

	for (char *c = *ret; !err && c && *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	}
	return err;
}

/* A directory shares the mailbox's troubles and has its own; its idleness is its own too. */
static enum sync_state state_of(const struct folder *folder, const struct facts *facts)
{
	const struct sync_status *sync = &facts->sync;

	if (folder->ino == ROOT_INO)
		return sync->state;
	if (folder->error && sync->trouble > SYNC_STATE_ERROR)
		return SYNC_STATE_ERROR;
	if (sync->trouble != SYNC_STATE_IDLE)
		return sync->trouble;
	if (facts->work != SYNC_STATE_IDLE)
		return facts->work;
	if (sync->busy_dir == folder->ino && sync->busy_work != SYNC_STATE_IDLE)
		return sync->busy_work;
	if (sync->busy_dir == folder->ino || facts->tally.pending_n > 0 ||
	    facts->tally.last_sync == TIME_NONE)
		return SYNC_STATE_SYNCING;
	return SYNC_STATE_IDLE;
}

static const char *error_of(const struct folder *folder, const struct sync_status *sync)
{
	if (folder->ino == ROOT_INO)
		return sync->last_error;
	if (folder->error)
		return folder->error;
	return sync->is_folders_error ? NULL : sync->last_error;
}

static void put_text(struct facts *facts, const char *name, const char *text)
{
	facts->list[facts->n++] = (struct fact){ name, FACT_TEXT, text, TIME_NONE };
}

static void put_number(struct facts *facts, const char *name, int64_t number)
{
	facts->list[facts->n++] = (struct fact){ name, FACT_NUMBER, NULL, number };
}

static void put_time(struct facts *facts, const char *name, int64_t time)
{
	facts->list[facts->n++] = (struct fact){ name, FACT_TIME, NULL, time };
}

static void put_progress(struct facts *facts, bool is_root)
{
	const struct sync_status *sync = &facts->sync;
	bool is_at_work = sync->state >= SYNC_STATE_THROTTLED && sync->state < SYNC_STATE_IDLE;
	bool shown = is_root && is_at_work && sync->bytes_total > 0;

	put_number(facts, "bytes-done", shown ? (int64_t)sync->bytes_done : TIME_NONE);
	put_number(facts, "bytes-total", shown ? (int64_t)sync->bytes_total : TIME_NONE);
	put_number(facts, "eta", shown && sync->eta_s >= 0 ? sync->eta_s : TIME_NONE);
}

/* A folder that did not change is in step without being asked: the digest says so. */
static int64_t last_sync_of(const struct folder *folder, const struct facts *facts)
{
	int64_t tallied = facts->tally.last_sync, update = facts->sync.last_update;

	if (folder->error || tallied == TIME_NONE || update == TIME_NONE || update < tallied)
		return tallied;
	return update;
}

/* In the order of INTERFACE.md. */
static void list_facts(struct facts *facts, bool is_root)
{
	const struct store_tally *tally = &facts->tally;
	const struct sync_status *sync = &facts->sync;

	put_text(facts, "folder", facts->path);
	put_text(facts, "state", sync_state_text(facts->state));
	put_number(facts, "items", (int64_t)tally->items_n);
	put_number(facts, "unread", (int64_t)tally->unread_n);
	put_number(facts, "pending", (int64_t)tally->pending_n);
	put_progress(facts, is_root);
	put_number(facts, "quarantined", (int64_t)tally->quarantined_n);
	put_number(facts, "regressed", (int64_t)tally->regressed_n);
	put_number(facts, "uncovered", (int64_t)tally->uncovered_n);
	put_time(facts, "last-sync", facts->last_sync);
	put_time(facts, "last-change", sync->last_change);
	put_text(facts, "last-error", facts->last_error);
	put_text(facts, "last-verify", facts->results[SYNC_LAST_VERIFY]);
	put_text(facts, "last-verify-items", facts->results[SYNC_LAST_VERIFY_ITEMS]);
	put_text(facts, "last-resync", facts->results[SYNC_LAST_RESYNC]);
	put_time(facts, "throttled-until", sync->throttled_until);
	put_number(facts, "requests", (int64_t)sync->requests_n);
	put_number(facts, "bytes-in", (int64_t)sync->bytes_in);
	put_number(facts, "pid", getpid());
	put_text(facts, "version", EWSFS_VERSION);
}

/* A folder that was never listed has no row of its own yet: only the root can be asked for then. */
static enum err load_folder(struct store *store, uint64_t dir, struct folder *ret)
{
	enum err err = store_load_folder(store, dir, ret);

	if (err != ERR_NOT_FOUND || dir != ROOT_INO)
		return err;
	folder_init(ret);
	ret->ino = dir;
	return ERR_OK;
}

/* What commands left here, and do here. */
static enum err load_work(struct mailbox *mailbox, struct store *store, uint64_t dir,
			  struct facts *facts)
{
	struct above above;

	enum err err = above_load(store, dir, &above);
	if (!err)
		facts->work = sync_state_of_work(mailbox->sync, dir, above.list, above.n);
	for (size_t i = 0; !err && i < ARRAY_LEN(facts->results); i++) {
		err = sync_load_result(store, (enum sync_result)i, dir, &facts->results[i]);
		if (err == ERR_NOT_FOUND)
			err = ERR_OK;
	}
	return err;
}

/* A page that cannot be read leaves its facts out: what is wrong with the cache is told here. */
static enum err spare(enum err err)
{
	return err == ERR_DAMAGED ? ERR_OK : err;
}

static enum err facts_load(struct mailbox *mailbox, uint64_t dir, struct facts *ret)
{
	AUTO(reader) struct reader reader = { 0 };
	AUTO(folder) struct folder folder = { 0 };
	AUTO(facts) struct facts facts = { 0 };

	sync_load_status(mailbox->sync, &facts.sync);
	/* The root speaks for what is being made, others for themselves. */
	enum err err = dir == ROOT_INO ? eras_take_newest(mailbox, &reader)
				       : eras_take_reader(mailbox, dir, &reader);
	if (!err)
		err = spare(load_folder(reader.store, dir, &folder));
	if (!err)
		err = spare(load_path(reader.store, dir, &facts.path));
	if (!err)
		err = spare(store_load_tally(reader.store, dir, dir == ROOT_INO, &facts.tally));
	if (err == ERR_NOT_FOUND && dir == ROOT_INO) {
		facts.tally.last_sync = TIME_NONE;
		err = ERR_OK;
	}
	if (!err)
		err = spare(load_work(mailbox, reader.store, dir, &facts));
	if (!err)
		err = copy_line(error_of(&folder, &facts.sync), &facts.last_error);
	if (err)
		return err;
	facts.state = state_of(&folder, &facts);
	facts.last_sync = last_sync_of(&folder, &facts);
	list_facts(&facts, dir == ROOT_INO);
	*ret = facts;
	facts = (struct facts){ 0 };
	return ERR_OK;
}

static void load_metrics(struct mailbox *mailbox, struct facts *facts)
{
	static const char *const parts[] = { "", "-wal", "-shm" };
	AUTO(reader) struct reader reader = { 0 };
	char path[PATH_MAX];
	struct stat found;
	uint64_t held = 0;

	facts->content_bytes = TIME_NONE;
	if (mailbox_is_ondemand(mailbox) && !eras_take_newest(mailbox, &reader) &&
	    !store_load_held_bytes(reader.store, &held))
		facts->content_bytes = (int64_t)held;

	sync_load_metrics(mailbox->sync, &facts->requests);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		snprintf(path, sizeof(path), "%s%s", mailbox->account->cache, parts[i]);
		if (stat(path, &found) == 0)
			facts->cache_bytes += found.st_blocks * 512;
	}
}

enum err mailbox_print_status(struct mailbox *mailbox, uint64_t dir, enum mailbox_view view,
			      struct buf *ret)
{
	AUTO(facts) struct facts facts = { 0 };

	enum err err = facts_load(mailbox, view == MAILBOX_VIEW_METRICS ? ROOT_INO : dir, &facts);
	if (err)
		return err;
	if (view == MAILBOX_VIEW_METRICS)
		load_metrics(mailbox, &facts);
	switch (view) {
	case MAILBOX_VIEW_TEXT: return facts_print_text(&facts, ret);
	case MAILBOX_VIEW_JSON: return facts_print_json(&facts, ret);
	case MAILBOX_VIEW_METRICS: return facts_print_metrics(&facts, ret);
	}
	return ERR_INVALID;
}
