/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_TEST_SYNC_H
#define TESTS_UNIT_TEST_SYNC_H

/* What the tests of sync share: an engine without a thread over a real store and a scripted
 * server, and short ways to look at what it made of it. */

#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "fake-ews.h"

#include "base/log.h"
#include "sync/engine.h"

struct bench {
	char dir[32], path[64], log[64];
	struct account account;
	struct store *store, *kept; /* kept: a damaged one that is served meanwhile */
	struct sync *sync;
};

/* What a test left behind, whatever it was. */
static inline void bench_clean(struct bench *bench)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -rf %s", bench->dir);
	assert_int_equal(system(command), 0);
}

static inline void bench_open(struct bench *bench)
{
	AUTO(buf) struct buf reason = { 0 };
	enum err err = sync_open_cache(&bench->account, &bench->store, &bench->kept, &reason);

	if (!err)
		err = sync_open(&bench->account, bench->store, &bench->sync, &reason);
	if (err)
		fail_msg("%s", buf_str(&reason));
}

static inline void bench_close(struct bench *bench)
{
	sync_release(&bench->sync);
	store_release(&bench->store);
	store_release(&bench->kept);
}

static inline int bench_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	fake_reset();
	strcpy(bench->dir, "/var/tmp/sync-XXXXXX");
	assert_non_null(mkdtemp(bench->dir));
	snprintf(bench->path, sizeof(bench->path), "%s/cache.db", bench->dir);
	snprintf(bench->log, sizeof(bench->log), "%s/log", bench->dir);
	check_ok(log_open(LOG_TO_FILE, bench->log, LOG_LEVEL_INFO));
	bench->account = (struct account){
		.url = "https://mail.corp.example/EWS/Exchange.asmx",
		.user = "alice",
		.cache = bench->path,
		.notify = NOTIFY_OFF,
		.poll_s = 60,
		.timeout_s = 60,
		.connections_n = 2,
		.batch_n = 3,
	};
	bench_open(bench);
	*state = bench;
	return 0;
}

static inline int bench_down(void **state)
{
	struct bench *bench = *state;

	bench_close(bench);
	log_close();
	bench_clean(bench);
	free(bench);
	return 0;
}

#define bench_test(fn) cmocka_unit_test_setup_teardown(fn, bench_up, bench_down)

/* A, B and C in the Inbox, in one page. */
static inline void announce_three(void)
{
	fake_add_item("A", "k", "a");
	fake_add_item("B", "k", "b");
	fake_add_item("C", "k", "c");
	fake_add_page(&(struct fake_page){
		"INBOX",
		NULL,
		"s1",
		{ FAKE_CREATE("A", "k"), FAKE_CREATE("B", "k"), FAKE_CREATE("C", "k") } });
}

static inline void run_ok(struct bench *bench)
{
	enum err err = run_whole(bench->sync);

	if (err)
		fail_msg("%s: %s", err_text(err), bench->sync->reason);
}

/* The folder of that id. */
static inline void load_folder(struct bench *bench, const char *id, struct folder *ret)
{
	AUTO(folders) struct folders folders = { 0 };

	check_ok(store_load_folders(bench->store, &folders));
	struct folder *found = folders_find(&folders, id);
	assert_non_null(found);
	*ret = *found;
	*found = (struct folder){ 0 };
}

static inline uint64_t folder_ino(struct bench *bench, const char *id)
{
	AUTO(folder) struct folder folder = { 0 };

	load_folder(bench, id, &folder);
	return folder.ino;
}

static inline bool has_folder(struct bench *bench, const char *id)
{
	AUTO(folders) struct folders folders = { 0 };

	check_ok(store_load_folders(bench->store, &folders));
	return folders_find(&folders, id) != NULL;
}

/* "content" of an item, "-" when it is unknown, "?" when it has no file, "!" when reads fail. */
static inline void check_item(struct bench *bench, const char *id, const char *content)
{
	AUTO(item_row) struct item_row row = { 0 };
	AUTO(buf) struct buf text = { 0 };
	enum err err = store_find_item(bench->store, id, &row);

	if (err == ERR_NOT_FOUND) {
		assert_string_equal("-", content);
		return;
	}
	check_ok(err);
	if (row.ino == 0) {
		assert_string_equal("?", content);
		return;
	}
	err = store_read_content(bench->store, row.ino, 0, 1000, &text);
	if (err) {
		check_err(err, ERR_BAD_ITEM);
		assert_string_equal("!", content);
		return;
	}
	assert_string_equal(buf_str(&text), content);
}

static inline bool is_read(struct bench *bench, const char *id)
{
	AUTO(item_row) struct item_row row = { 0 };

	check_ok(store_find_item(bench->store, id, &row));
	return row.is_read;
}

static inline uint64_t item_ino(struct bench *bench, const char *id)
{
	AUTO(item_row) struct item_row row = { 0 };

	check_ok(store_find_item(bench->store, id, &row));
	return row.ino;
}

static inline void check_error_attr(struct bench *bench, const char *id, const char *text)
{
	AUTO(buf) struct buf set = { 0 }, value = { 0 };
	const char *bytes;
	size_t n;

	check_ok(store_load_attrs(bench->store, item_ino(bench, id), &set));
	check_ok(attr_find(&set, ATTR_ERROR, &bytes, &n));
	check_ok(buf_append(&value, bytes, n));
	assert_string_equal(buf_str(&value), text);
}

/* A command for a directory right below the root, or with 1 for the whole. */
static inline enum err order(struct sync *sync, enum sync_command command, uint64_t dir,
			     sync_done_fn done, void *ctx, uint64_t *ret_ticket)
{
	static const uint64_t root = 1;
	const struct sync_order order = {
		.command = command,
		.dir = dir,
		.tree = dir == 1,
		.above = &root,
		.above_n = dir != 1,
	};

	return sync_run(sync, &order, done, ctx, ret_ticket);
}

/* A job's due time is real time: makes every delayed one due. */
static inline void make_due(struct bench *bench)
{
	sync_release(&bench->sync);
	store_release(&bench->store);
	bench_open(bench);
}

#endif
