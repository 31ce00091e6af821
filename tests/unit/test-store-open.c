/* SPDX-License-Identifier: MIT */
#include "test-store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "store/internal.h"

/* What opening refuses, and how every statement is run. */

static void check_refused(struct bench *b, enum err expected, const char *says)
{
	AUTO(buf) struct buf reason = { 0 };
	struct store *store = NULL;

	check_err(store_open(b->path, STORE_WRITER, &store, &reason), expected);
	assert_null(store);
	if (!strstr(buf_str(&reason), says))
		fail_msg("'%s' does not say '%s'", buf_str(&reason), says);
	assert_null(strchr(buf_str(&reason), '\n'));
}

static void sql_with(struct bench *b, const char *vfs, const char *text)
{
	sqlite3 *db = NULL;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, sum_n = PAGE_SUM_BYTES;

	assert_int_equal(sqlite3_open_v2(b->path, &db, flags, vfs), SQLITE_OK);
	if (vfs)
		sqlite3_file_control(db, NULL, SQLITE_FCNTL_RESERVE_BYTES, &sum_n);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void sql(struct bench *b, const char *text)
{
	sql_with(b, pages_vfs(), text);
}

static void write_file(struct bench *b, const char *text, size_t n)
{
	FILE *file = fopen(b->path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	fclose(file);
	chmod(b->path, 0600);
}

static void test_the_file_is_private_and_locked(void **state)
{
	struct bench *b = *state;
	char wal[80];
	struct stat st;

	assert_int_equal(stat(b->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	snprintf(wal, sizeof(wal), "%s-wal", b->path);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_string_equal(store_dir(b->store), b->dir);
	check_refused(b, ERR_BUSY, "another mount");
	store_release(&b->store);
	bench_open(b);
}

static void test_wider_rights_and_other_owners_are_refused(void **state)
{
	struct bench *b = *state;

	store_release(&b->store);
	chmod(b->path, 0640);
	check_refused(b, ERR_INVALID, "chmod 600");
	chmod(b->path, 0604);
	check_refused(b, ERR_INVALID, "chmod 600");
	chmod(b->path, 0600);
	if (geteuid() == 0) {
		assert_int_equal(chown(b->path, 12345, (gid_t)-1), 0);
		check_refused(b, ERR_INVALID, "another user");
		assert_int_equal(chown(b->path, 0, (gid_t)-1), 0);
	}
	unlink(b->path);
	assert_int_equal(mkfifo(b->path, 0600), 0);
	check_refused(b, ERR_INVALID, "not a file");
	unlink(b->path);
	bench_open(b);
}

static void test_network_filesystems_are_refused(void **state)
{
	(void)state;
	assert_true(store_is_remote(0x6969));
	assert_true(store_is_remote((long)0xff534d42));
	assert_true(store_is_remote((int32_t)0xff534d42)); /* as 32-bit machines give it */
	assert_true(store_is_remote(0x65735546));
	assert_false(store_is_remote(0xef53));
	assert_false(store_is_remote(0x01021994));
}

static void test_other_schemas_and_other_files_are_refused_and_left_alone(void **state)
{
	struct bench *b = *state;
	static const char rubbish[] = "This is a letter about lanterns, and no database at all. "
				      "It goes on for longer than the header of one would.........";
	char back[sizeof(rubbish)] = "";
	AUTO(store) struct store *reader = NULL;

	store_release(&b->store);
	sql(b, "PRAGMA user_version = 99");
	check_refused(b, ERR_INVALID, "newer ewsfs");
	check_err(store_open(b->path, STORE_READER, &reader, NULL), ERR_INVALID);
	unlink(b->path);
	sql_with(b, NULL, "CREATE TABLE letters (id)");
	chmod(b->path, 0600);
	check_refused(b, ERR_INVALID, "not a cache of ewsfs");
	write_file(b, rubbish, sizeof(rubbish));
	check_refused(b, ERR_DAMAGED, "not a database");
	FILE *file = fopen(b->path, "r");
	assert_int_equal(fread(back, 1, sizeof(back), file), sizeof(back));
	fclose(file);
	assert_memory_equal(back, rubbish, sizeof(back));
	unlink(b->path);
	check_err(store_open(b->path, STORE_READER, &reader, NULL), ERR_STORE);
	/* An empty file, and one whose making was cut short before anything was in it. */
	write_file(b, "", 0);
	bench_open(b);
	store_release(&b->store);
	unlink(b->path);
	sql(b, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
	chmod(b->path, 0600);
	check_err(store_open(b->path, STORE_READER, &reader, NULL), ERR_INVALID);
	bench_open(b);
	make_folder(b->store, "F1", 1, "Inbox");
}

static void test_damage_is_told_as_such(void **state)
{
	struct bench *b = *state;
	struct store_node node;
	AUTO(buf) struct buf bytes = { 0 };
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	deliver(b->store, dir, "AAAA", "K", "a.eml", "hello");
	uint64_t ino = look(b->store, dir, "a.eml").ino;
	sql(b, "DELETE FROM content");
	check_err(store_read_content(b->store, ino, 0, 5, &bytes), ERR_DAMAGED);
	store_release(&b->store);
	sql(b, "DELETE FROM mailbox WHERE key = 'generation'");
	check_refused(b, ERR_DAMAGED, "generation");
	sql(b, "INSERT INTO mailbox VALUES ('generation', '1')");
	sql(b, "DROP TABLE entry");
	for (int version = -1; version <= 0; version++) {
		AUTO(buf) struct buf pragma = { 0 };
		check_ok(buf_printf(&pragma, "PRAGMA user_version = %d", version));
		sql(b, pragma.bytes);
		check_refused(b, ERR_DAMAGED, "no valid version");
	}
	sql(b, "PRAGMA user_version = 1");
	bench_open(b);
	check_err(store_find_entry(b->store, 1, "x", &node), ERR_DAMAGED);
	assert_non_null(strstr(store_reason(b->store), "entry"));
	store_release(&b->store);
	assert_int_equal(truncate(b->path, 3 * 4096), 0);
	check_refused(b, ERR_DAMAGED, "malformed");
}

/* What this does to the attributes of a file is told beside the cache. */
static void check_attrs_noted(struct bench *b, const char *sql_text, bool is_torn)
{
	AUTO(buf) struct buf set = { 0 };
	struct item item = make_item("AAAA", "K2");
	enum verdict verdict;
	bool is_news;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	int64_t row = deliver(b->store, dir, "AAAA", "K", "a.eml", "hello");
	uint64_t ino = look(b->store, dir, "a.eml").ino;

	sql(b, sql_text);
	check_err(store_load_attrs(b->store, ino, &set), is_torn ? ERR_DAMAGED : ERR_OK);
	assert_int_equal(store_is_damaged(b->store), is_torn);
	store_forget_damage(b->path);
	check_err(store_judge(b->store, row, &item, &verdict, &is_news), ERR_DAMAGED);
	assert_true(store_is_damaged(b->store));
}

static void test_damaged_attributes_are_noted(void **state)
{
	check_attrs_noted(*state, "UPDATE attribute SET packed = x'0155'", true);
}

static void test_a_damaged_key_is_noted(void **state)
{
	/* That it is no hex is seen where it is used. */
	AUTO(buf) struct buf text = { 0 };
	check_ok(buf_printf(&text, "UPDATE attribute SET packed = x'%02x027a7a'",
			    ATTR_MAPI_CHANGE_KEY));
	check_attrs_noted(*state, text.bytes, false);
}

/* No more is given in a directory that has it, or one above. */
static void check_entry_refused(struct bench *b, uint64_t dir)
{
	uint64_t id = 0;

	bench_open(b);
	{
		AUTO(txn) struct txn txn = { 0 };
		begin(&txn, b->store);
		check_err(entry_add(b->store, dir, "b.eml", 1000, &id), ERR_DAMAGED);
	}
	assert_non_null(strstr(store_reason(b->store), number_keys[NUMBER_ENTRY]));
	assert_true(store_take_damage(b->store));
	store_release(&b->store);
}

/* As when the last write of their page is lost. */
static void test_a_number_behind_the_tables_is_damage(void **state)
{
	struct bench *b = *state;
	AUTO(store) struct store *reader = NULL;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	deliver(b->store, dir, "AAAA", "K", "a.eml", "hello");
	store_release(&b->store);
	for (enum number i = NUMBER_ENTRY; i <= NUMBER_ROW; i++) {
		AUTO(buf) struct buf back = { 0 }, forth = { 0 };
		check_ok(buf_printf(&back, "UPDATE mailbox SET value = value - 1 WHERE key = '%s'",
				    number_keys[i]));
		check_ok(buf_printf(&forth, "UPDATE mailbox SET value = value + 1 WHERE key = '%s'",
				    number_keys[i]));
		sql(b, back.bytes);
		if (i == NUMBER_ENTRY)
			check_entry_refused(b, dir);
		else
			check_refused(b, ERR_DAMAGED, number_keys[i]);
		check_ok(store_open(b->path, STORE_READER, &reader, NULL));
		store_release(&reader);
		sql(b, forth.bytes);
	}
	bench_open(b);
	deliver(b->store, dir, "BBBB", "K", "b.eml", "hello");
}

static void flip(struct bench *b, off_t at)
{
	AUTO(fd) int fd = open(b->path, O_RDWR | O_CLOEXEC);
	char byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* Reads each page as SQLite does, and says how many are not what was written. */
static int count_bad_pages(struct bench *b, int pages_n)
{
	char page[PAGE_BYTES];
	sqlite3_file *file = NULL;
	sqlite3 *db = NULL;
	int bad_n = 0;

	assert_int_equal(sqlite3_open_v2(b->path, &db, SQLITE_OPEN_READONLY, pages_vfs()), 0);
	assert_int_equal(sqlite3_file_control(db, NULL, SQLITE_FCNTL_FILE_POINTER, &file), 0);
	for (int i = 0; i < pages_n; i++) {
		int rc = file->pMethods->xRead(file, page, PAGE_BYTES, (off_t)i * PAGE_BYTES);
		assert_true(rc == SQLITE_OK || rc == SQLITE_IOERR_DATA);
		bad_n += rc != SQLITE_OK;
	}
	sqlite3_close(db);
	return bad_n;
}

static void test_a_flipped_bit_in_any_page_is_found(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	struct stat st;

	deliver(b->store, dir, "AAAA", "K", "a.eml", "hello");
	store_release(&b->store);
	assert_int_equal(stat(b->path, &st), 0);
	int pages_n = (int)(st.st_size / PAGE_BYTES);
	assert_int_equal(count_bad_pages(b, pages_n), 0);
	for (int i = 0; i < pages_n; i++) {
		off_t at = (off_t)i * PAGE_BYTES + (i * 997) % PAGE_BYTES;
		flip(b, at);
		assert_int_equal(count_bad_pages(b, pages_n), 1);
		flip(b, at);
	}
	bench_open(b);
}

static void test_a_store_survives_being_closed(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	struct fetch_batch batch = { 0 };
	AUTO(txn) struct txn txn = { 0 };
	int64_t due;
	uint64_t n;

	deliver(b->store, dir, "AAAA", "K", "a.eml", "hello");
	begin(&txn, b->store);
	int64_t row = put_head(&txn, dir, "BBBB");
	check_ok(store_queue_fetch(&txn, row, "K", FETCH_DELTA));
	check_ok(store_put_retry(&txn, row, INT64_MAX - 1));
	commit(&txn);
	check_err(store_take_batch(b->store, 0, 10, 1 << 20, &batch), ERR_NOT_FOUND);
	uint64_t ino = look(b->store, dir, "a.eml").ino;
	store_release(&b->store);
	bench_open(b);
	assert_int_equal(look(b->store, dir, "a.eml").ino, ino);
	check_text(b->store, ino, "hello");
	/* Delays are of a run. */
	check_ok(store_load_queue(b->store, &due, &n));
	assert_int_equal(due, INT64_MAX);
	assert_int_equal(n, 1);
	check_ok(store_take_batch(b->store, 0, 10, 1 << 20, &batch));
	assert_int_equal(batch.n, 1);
	assert_int_equal(batch.jobs[0].tries, 1);
	fetch_batch_release(&batch);
	/* Offsets go on rising. */
	deliver(b->store, dir, "CCCC", "K", "c.eml", "hello");
	assert_true(look(b->store, dir, "c.eml").ino > ino);
}

static void test_a_reader_reads_without_a_writer_and_never_writes(void **state)
{
	struct bench *b = *state;
	AUTO(store) struct store *reader = NULL;
	AUTO(txn) struct txn txn = { 0 };
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	deliver(b->store, dir, "AAAA", "K", "a.eml", "hello");
	uint64_t ino = look(b->store, dir, "a.eml").ino;
	store_release(&b->store);
	check_ok(store_open(b->path, STORE_READER, &reader, NULL));
	check_text(reader, ino, "hello");
	assert_int_not_equal(txn_begin(&txn, reader), ERR_OK);
	bench_open(b);
	assert_int_equal(store_generation(b->store), store_generation(reader));
}

static void limit_pages(struct store *store, int n)
{
	AUTO(buf) struct buf text = { 0 };

	check_ok(buf_printf(&text, "PRAGMA max_page_count = %d", n));
	assert_int_equal(sqlite3_exec(store->db, text.bytes, NULL, NULL, NULL), SQLITE_OK);
}

static void test_no_number_is_given_twice(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	int64_t row = deliver(b->store, dir, "AAAA", "K", "a.eml", "hello");
	uint64_t ino = look(b->store, dir, "a.eml").ino;
	AUTO(txn) struct txn txn = { 0 };
	begin(&txn, b->store);
	check_ok(store_drop_item(&txn, "AAAA"));
	check_ok(store_purge_grave(&txn, ino));
	commit(&txn);
	store_release(&b->store);
	bench_open(b);
	assert_true(deliver(b->store, dir, "BBBB", "K", "b.eml", "hello") > row);
	assert_true(look(b->store, dir, "b.eml").ino > ino);
}

static void test_a_full_disk_undoes_the_commit_and_serving_goes_on(void **state)
{
	struct bench *b = *state;
	AUTO(txn) struct txn txn = { 0 };
	AUTO(spool) struct spool spool = { .dir = b->dir };
	static char bytes[500000];
	struct item item = make_item("BBBB", "K");
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	struct store_node node;

	deliver(b->store, dir, "AAAA", "K", "a.eml", "hello");
	check_ok(spool_append(&spool, bytes, sizeof(bytes)));
	limit_pages(b->store, 1); /* no more than there are */
	buf_clear(&b->news);
	begin(&txn, b->store);
	int64_t row = put_head(&txn, dir, "BBBB");
	check_err(store_put_content(&txn, row, &item, "b.eml", VERDICT_OK, &spool), ERR_NO_SPACE);
	/* Even if nobody looked: half of a change is not committed. */
	check_err(txn_commit(&txn), ERR_NO_SPACE);
	assert_non_null(strstr(store_reason(b->store), "full"));
	assert_string_equal(buf_str(&b->news), "");
	check_text(b->store, look(b->store, dir, "a.eml").ino, "hello");
	check_err(store_find_entry(b->store, dir, "b.eml", &node), ERR_NOT_FOUND);
	assert_int_equal(tally(b->store, dir, false).known_n, 1);
	limit_pages(b->store, 1 << 30);
	deliver(b->store, dir, "BBBB", "K", "b.eml", "hello");
	check_text(b->store, look(b->store, dir, "b.eml").ino, "hello");
}

/* Tables with a row an item or an entry; those with a row a folder may be walked. */
static bool is_walk(const char *plan)
{
	static const char *const big[] = { "inode",   "entry", "item", "attribute",
					   "content", "grave", "n",    "e",
					   "i",	      "a",     "c" };
	char table[32];

	/* The last: a whole directory. */
	if (strstr(plan, "USE TEMP B-TREE") || strstr(plan, "PRIMARY KEY (parent=?)"))
		return true;
	if (sscanf(plan, "SCAN %31s", table) != 1)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(big); i++) {
		if (strcmp(table, big[i]) == 0)
			return true;
	}
	return false;
}

static void check_plan(sqlite3 *db, enum sql sql)
{
	AUTO(buf) struct buf text = { 0 };
	sqlite3_stmt *stmt = NULL;

	if (sql == SQL_RULE_RECEIVED || sql == SQL_RULE_MODIFIED)
		return;
	check_ok(buf_printf(&text, "EXPLAIN QUERY PLAN %s", sql_text(sql)));
	if (sqlite3_prepare_v2(db, text.bytes, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql_name(sql), sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *plan = (const char *)sqlite3_column_text(stmt, 3);
		if (is_walk(plan))
			fail_msg("%s: %s", sql_name(sql), plan);
	}
	sqlite3_finalize(stmt);
}

static void test_no_statement_walks_or_sorts_what_grows_with_the_mailbox(void **state)
{
	struct bench *b = *state;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	for (enum sql sql = 0; sql < SQL_COUNT; sql++)
		check_plan(db, sql);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_the_file_is_private_and_locked),
		bench_test(test_wider_rights_and_other_owners_are_refused),
		bench_test(test_network_filesystems_are_refused),
		bench_test(test_other_schemas_and_other_files_are_refused_and_left_alone),
		bench_test(test_damage_is_told_as_such),
		bench_test(test_damaged_attributes_are_noted),
		bench_test(test_a_damaged_key_is_noted),
		bench_test(test_a_number_behind_the_tables_is_damage),
		bench_test(test_a_flipped_bit_in_any_page_is_found),
		bench_test(test_a_store_survives_being_closed),
		bench_test(test_no_number_is_given_twice),
		bench_test(test_a_full_disk_undoes_the_commit_and_serving_goes_on),
		bench_test(test_a_reader_reads_without_a_writer_and_never_writes),
		bench_test(test_no_statement_walks_or_sorts_what_grows_with_the_mailbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
