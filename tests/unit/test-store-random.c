/* SPDX-License-Identifier: MIT */
#include "test-store.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

/*
 * Random operations on the store and on the plainest possible model of it. After every
 * commit: the tree is the model's, the tallies are what counting gives, and a listener that only
 * applied the news has the same tree. Transactions are let go at random.
 */
#define ITEMS_N 40
#define FOLDERS_N 4
#define STEPS_N 4000

struct thing {
	int folder; /* index; -1: unknown to the server */
	int text;   /* of the file; -1: no file; -2: a hollow one */
	bool is_read, is_queued;
	int state, name, verdict;
};

/* As the listener has it. */
struct leaf {
	uint64_t parent, ino;
	char name[16];
};

struct world {
	struct thing things[ITEMS_N];
	uint64_t dirs[FOLDERS_N];
	struct leaf leaves[2 * ITEMS_N];
	size_t leaves_n;
};

struct play {
	struct bench *bench;
	sqlite3 *db;
	struct world now;
	unsigned seed;
};

static int roll(struct play *play, int n)
{
	return rand_r(&play->seed) / 7 % n;
}

static void id_of(int i, char id[16])
{
	snprintf(id, 16, "item%04d", i);
}

/* Two names for each item; one of a few is the other's too, so that they clash. */
static void name_of(int i, int name, char ret[16])
{
	if (name == 1 && i % 10 == 0)
		i++;
	snprintf(ret, 16, "%d-%d.eml", i, name);
}

static struct leaf *find_leaf(struct world *world, uint64_t parent, const char *name)
{
	for (size_t i = 0; i < world->leaves_n; i++) {
		struct leaf *leaf = &world->leaves[i];
		if (leaf->parent == parent && strcmp(leaf->name, name) == 0)
			return leaf;
	}
	return NULL;
}

static void follow(void *ctx, const struct store_change *change)
{
	struct world *world = ctx;

	if (change->kind > STORE_ENTRY_REMOVED)
		return;
	struct leaf *leaf = find_leaf(world, change->parent, change->name);
	if (change->kind == STORE_ENTRY_ADDED) {
		assert_null(leaf);
		assert_true(world->leaves_n < ARRAY_LEN(world->leaves));
		leaf = &world->leaves[world->leaves_n++];
		leaf->parent = change->parent;
		snprintf(leaf->name, sizeof(leaf->name), "%s", change->name);
	}
	assert_non_null(leaf);
	if (change->kind != STORE_ENTRY_REMOVED) {
		leaf->ino = change->ino;
		return;
	}
	assert_int_equal(leaf->ino, change->ino);
	*leaf = world->leaves[--world->leaves_n];
}

static bool is_clash(struct play *play, int i, int folder, int name)
{
	char mine[16], other[16];

	name_of(i, name, mine);
	for (int k = 0; k < ITEMS_N; k++) {
		const struct thing *thing = &play->now.things[k];
		if (k == i || thing->folder != folder || thing->text == -1)
			continue;
		name_of(k, thing->name, other);
		if (strcmp(mine, other) == 0)
			return true;
	}
	return false;
}

static int64_t row_of(struct play *play, int i)
{
	struct item_row row = { 0 };
	char id[16];

	id_of(i, id);
	check_ok(store_find_item(play->bench->store, id, &row));
	int64_t ret = row.row;
	item_row_release(&row);
	return ret;
}

static void op_head(struct play *play, struct txn *txn, int i)
{
	struct thing *thing = &play->now.things[i];
	struct item_head head = { .has_read = true, .received = T0 + i, .modified = T0, .size = 9 };
	int folder = roll(play, FOLDERS_N);
	char id[16];
	int64_t row;

	id_of(i, id);
	head.id = id;
	head.is_read = roll(play, 2);
	check_ok(store_put_head(txn, play->now.dirs[folder], &head, &row));
	if (thing->folder >= 0 && folder != thing->folder && thing->text != -1 &&
	    is_clash(play, i, folder, thing->name)) {
		thing->text = -1;
		thing->state = ITEM_QUARANTINED;
	}
	if (thing->folder < 0)
		*thing = (struct thing){ .text = -1 };
	thing->folder = folder;
	thing->is_read = head.is_read;
	if (roll(play, 4)) {
		check_ok(store_queue_fetch(txn, row, "K", FETCH_DELTA));
		thing->is_queued = true;
		if (thing->state == ITEM_GHOST)
			thing->state = thing->text == -1 ? ITEM_PENDING : ITEM_LOCAL;
	}
}

static void op_content(struct play *play, struct txn *txn, int i)
{
	static const char *const texts[] = { "", "one", "another", "three" };
	struct thing *thing = &play->now.things[i];
	int text = roll(play, 4), name = roll(play, 2);
	char id[16], file[16];

	id_of(i, id);
	name_of(i, name, file);
	struct item item = make_item(id, "K");
	AUTO(spool) struct spool spool = { .dir = play->bench->dir };
	check_ok(spool_append(&spool, texts[text], strlen(texts[text])));
	int verdict = roll(play, 4);
	check_ok(store_put_content(txn, row_of(play, i), &item, file, verdict, &spool));
	thing->is_queued = false;
	thing->verdict = verdict;
	if (is_clash(play, i, thing->folder, name)) {
		thing->state = ITEM_QUARANTINED;
		return;
	}
	thing->state = ITEM_LOCAL;
	thing->text = text;
	thing->name = name;
}

static void op_quarantine(struct play *play, struct txn *txn, int i)
{
	struct thing *thing = &play->now.things[i];
	int name = roll(play, 2);
	char id[16], file[16];

	id_of(i, id);
	name_of(i, name, file);
	struct item item = make_item(id, NULL);
	check_ok(store_put_quarantine(txn, row_of(play, i), &item, file, "no", 1));
	thing->state = ITEM_QUARANTINED;
	if (thing->text == -1 && !is_clash(play, i, thing->folder, name)) {
		thing->text = -2;
		thing->name = name;
	}
}

static void op_drop(struct play *play, struct txn *txn, int i)
{
	char id[16];

	id_of(i, id);
	check_ok(store_drop_item(txn, id));
	play->now.things[i].folder = -1;
}

static void op_flag(struct play *play, struct txn *txn, int i)
{
	char id[16];

	id_of(i, id);
	play->now.things[i].is_read = roll(play, 2);
	check_ok(store_put_read_flag(txn, id, play->now.things[i].is_read));
}

static void op_ghost(struct play *play, struct txn *txn, int i)
{
	check_ok(store_put_ghost(txn, row_of(play, i)));
	play->now.things[i].state = ITEM_GHOST;
	if (play->now.things[i].text == -2)
		play->now.things[i].text = -1;
	play->now.things[i].is_queued = false;
}

static void op_folder(struct play *play, struct txn *txn)
{
	int folder = roll(play, FOLDERS_N);
	char id[16], name[16];

	snprintf(id, sizeof(id), "F%d", folder);
	snprintf(name, sizeof(name), "dir%d", roll(play, 100));
	check_ok(store_drop_folder(txn, play->now.dirs[folder]));
	for (int i = 0; i < ITEMS_N; i++) {
		if (play->now.things[i].folder == folder)
			play->now.things[i].folder = -1;
	}
	play->now.dirs[folder] = put_folder(txn, id, 1, id);
}

static void op_purge(struct play *play, struct txn *txn)
{
	uint64_t inos[5];
	size_t n = 0;

	check_ok(store_load_graves(play->bench->store, INT64_MAX, 5, inos, &n));
	for (size_t i = 0; i < n; i++)
		check_ok(store_purge_grave(txn, inos[i]));
}

static void op(struct play *play, struct txn *txn)
{
	int i = roll(play, ITEMS_N), what = roll(play, 100);

	if (what >= 98)
		op_folder(play, txn);
	else if (what >= 90)
		op_purge(play, txn);
	else if (what >= 70 || play->now.things[i].folder < 0)
		op_head(play, txn, i);
	else if (what >= 30)
		op_content(play, txn, i);
	else if (what >= 20)
		op_quarantine(play, txn, i);
	else if (what >= 15)
		op_drop(play, txn, i);
	else if (what >= 5)
		op_flag(play, txn, i);
	else
		op_ghost(play, txn, i);
}

struct seen {
	struct play *play;
	int folder, n;
};

static bool check_entry(void *ctx, const struct store_entry *entry)
{
	struct seen *seen = ctx;
	static const size_t sizes[] = { 0, 3, 7, 5 };
	char name[16];

	seen->n++;
	for (int i = 0; i < ITEMS_N; i++) {
		const struct thing *thing = &seen->play->now.things[i];
		name_of(i, thing->name, name);
		if (thing->folder != seen->folder || thing->text == -1 || strcmp(name, entry->name))
			continue;
		assert_int_equal(entry->node.size, thing->text == -2 ? 9 : sizes[thing->text]);
		struct leaf *leaf = find_leaf(&seen->play->now, seen->play->now.dirs[seen->folder],
					      entry->name);
		assert_non_null(leaf);
		assert_int_equal(entry->node.ino, leaf->ino);
		assert_false(entry->node.is_buried);
		return true;
	}
	fail_msg("%s is not in the model", entry->name);
	return false;
}

static struct store_tally count(struct play *play, int folder)
{
	static const size_t sizes[] = { 0, 3, 7, 5 };
	struct store_tally ret = { 0 };

	for (int i = 0; i < ITEMS_N; i++) {
		const struct thing *thing = &play->now.things[i];
		if (thing->folder != folder)
			continue;
		ret.known_n++;
		ret.items_n += thing->text != -1;
		ret.unread_n += thing->text != -1 && !thing->is_read;
		ret.bytes += thing->text == -2 ? 9 : thing->text >= 0 ? sizes[thing->text] : 0;
		ret.pending_n += thing->state == ITEM_PENDING;
		ret.pending_bytes += thing->state == ITEM_PENDING ? 9 : 0;
		ret.quarantined_n += thing->state == ITEM_QUARANTINED;
		ret.regressed_n += thing->state == ITEM_LOCAL && thing->verdict == 1;
		ret.uncovered_n += thing->state == ITEM_LOCAL && thing->verdict == 2;
		ret.unknown_n += thing->state == ITEM_LOCAL && thing->verdict == 3;
	}
	return ret;
}

static void check_tally(const struct store_tally *a, const struct store_tally *b)
{
	assert_int_equal(a->known_n, b->known_n);
	assert_int_equal(a->items_n, b->items_n);
	assert_int_equal(a->unread_n, b->unread_n);
	assert_int_equal(a->bytes, b->bytes);
	assert_int_equal(a->pending_n, b->pending_n);
	assert_int_equal(a->pending_bytes, b->pending_bytes);
	assert_int_equal(a->quarantined_n, b->quarantined_n);
	assert_int_equal(a->regressed_n, b->regressed_n);
	assert_int_equal(a->uncovered_n, b->uncovered_n);
	assert_int_equal(a->unknown_n, b->unknown_n);
}

/* What must be true of the tables whatever happened. */
static void check_tables(struct play *play)
{
	static const char *const none[] = {
		"SELECT 1 FROM inode n LEFT JOIN entry e USING (ino) WHERE e.ino IS NULL "
		"AND n.ino <> 1 AND n.flags & 2 = 0",
		"SELECT 1 FROM entry e LEFT JOIN inode n USING (ino) WHERE n.ino IS NULL "
		"OR n.flags & 2",
		"SELECT 1 FROM inode n LEFT JOIN grave g USING (ino) "
		"WHERE (g.ino IS NULL) <> (n.flags & 2 = 0)",
		"SELECT 1 FROM attribute a LEFT JOIN inode n USING (ino) WHERE n.ino IS NULL",
		"SELECT 1 FROM content c LEFT JOIN inode n ON n.ino = c.id >> 20 "
		"WHERE n.ino IS NULL",
		"SELECT 1 FROM item i LEFT JOIN entry e ON e.parent = i.folder AND e.id = i.entry "
		"WHERE e.ino IS NOT i.ino",
		"SELECT 1 FROM item i JOIN inode n USING (ino) WHERE n.owner IS NOT i.row "
		"OR n.size <> i.file_size",
		"SELECT 1 FROM item GROUP BY ews_id HAVING count(*) > 1",
		"SELECT 1 FROM entry GROUP BY parent, name HAVING count(*) > 1",
		"SELECT 1 FROM tally t WHERE (known_n, items_n, bytes, pending_n, quarantined_n) "
		"IS NOT (SELECT count(*), count(ino), ifnull(sum(file_size), 0), "
		"ifnull(sum(state = 0), 0), ifnull(sum(state = 2), 0) "
		"FROM item i WHERE i.folder = t.folder)",
		"SELECT 1 FROM inode n WHERE flags & 5 = 0 AND size <> "
		"(SELECT ifnull(sum(length(data)), 0) FROM content c "
		"WHERE c.id BETWEEN n.ino << 20 AND (n.ino << 20) + 1048575)",
		"SELECT 1 FROM tally t WHERE queued_n <> "
		"(SELECT count(not_before) FROM item i WHERE i.folder = t.folder)",
	};

	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		sqlite3_stmt *stmt = NULL;
		assert_int_equal(sqlite3_prepare_v2(play->db, none[i], -1, &stmt, NULL), SQLITE_OK);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			fail_msg("%s", none[i]);
		sqlite3_finalize(stmt);
	}
}

static void check_world(struct play *play)
{
	struct store_tally all = { 0 };

	for (int folder = 0; folder < FOLDERS_N; folder++) {
		struct seen seen = { .play = play, .folder = folder };
		struct store_tally want = count(play, folder);
		struct store_tally got = tally(play->bench->store, play->now.dirs[folder], false);
		check_tally(&got, &want);
		check_ok(store_each_entry(play->bench->store, play->now.dirs[folder], 0,
					  check_entry, &seen));
		assert_int_equal(seen.n, want.items_n);
		all.items_n += got.items_n;
		all.bytes += got.bytes;
	}
	assert_int_equal(play->now.leaves_n, FOLDERS_N + all.items_n);
	assert_int_equal(tally(play->bench->store, 1, true).items_n, all.items_n);
	assert_int_equal(tally(play->bench->store, 1, true).bytes, all.bytes);
}

static void play_round(struct play *play)
{
	AUTO(txn) struct txn txn = { 0 };
	struct world before = play->now;
	int n = 1 + roll(play, 6);

	begin(&txn, play->bench->store);
	for (int i = 0; i < n; i++)
		op(play, &txn);
	if (roll(play, 5) == 0) {
		play->now = before;
		return;
	}
	commit(&txn);
}

static unsigned pick_seed(void)
{
	const char *given = getenv("SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)clock_wall_ns();

	print_message("SEED=%u\n", seed);
	return seed;
}

static void start_play(struct play *play)
{
	store_set_listener(play->bench->store, follow, &play->now);
	for (int i = 0; i < FOLDERS_N; i++) {
		char id[16];
		snprintf(id, sizeof(id), "F%d", i);
		play->now.dirs[i] = make_folder(play->bench->store, id, 1, id);
	}
	for (int i = 0; i < ITEMS_N; i++)
		play->now.things[i] = (struct thing){ .folder = -1, .text = -1 };
}

static void test_I1_random_operations_agree_with_a_model(void **state)
{
	struct play play = { .bench = *state, .seed = pick_seed() };

	start_play(&play);
	assert_int_equal(sqlite3_open(play.bench->path, &play.db), SQLITE_OK);
	for (int step = 0; step < STEPS_N; step++) {
		play_round(&play);
		check_world(&play);
		if (step % 50 == 0)
			check_tables(&play);
	}
	sqlite3_close(play.db);
}

static void empty(struct bench *bench)
{
	AUTO(folders) struct folders folders = { 0 };
	AUTO(txn) struct txn txn = { 0 };

	check_ok(store_load_folders(bench->store, &folders));
	begin(&txn, bench->store);
	for (size_t i = 0; i < folders.n; i++)
		check_ok(store_drop_folder(&txn, folders.list[i].ino));
	commit(&txn);
}

static void play_until_killed(struct play *play)
{
	bench_open(play->bench);
	start_play(play);
	for (;;)
		play_round(play);
}

static void test_I1_a_killed_writer_leaves_whole_commits(void **state)
{
	struct play play = { .bench = *state, .seed = pick_seed() };

	for (int round = 0; round < 20; round++) {
		store_release(&play.bench->store);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0)
			play_until_killed(&play);
		usleep((useconds_t)(1000 * (1 + roll(&play, 60))));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		bench_open(play.bench);
		assert_int_equal(sqlite3_open(play.bench->path, &play.db), SQLITE_OK);
		check_tables(&play);
		sqlite3_close(play.db);
		empty(play.bench);
		play.now = (struct world){ 0 };
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_I1_random_operations_agree_with_a_model),
		bench_test(test_I1_a_killed_writer_leaves_whole_commits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
