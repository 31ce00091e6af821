/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <sys/stat.h>

#include "test-store.h"

#include "store/internal.h"

/* How contents lie in the file: on full pages, some chunks in two rows. */

enum { TEXT_MAX = 20000, FILES_N = 200 };

static int64_t ask(struct bench *b, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_open_v2(b->path, &db, SQLITE_OPEN_READWRITE, pages_vfs()),
			 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	int rc = sqlite3_step(stmt);
	int64_t n = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	assert_true(rc == SQLITE_ROW || rc == SQLITE_DONE);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

static int64_t ask_of(struct bench *b, const char *sql, uint64_t ino)
{
	char text[96];

	snprintf(text, sizeof(text), sql, (unsigned long long)ino);
	return ask(b, text);
}

/* A text of a length that is told by i, other than those around it. */
static void print_text(int i, char text[TEXT_MAX])
{
	size_t n = (uint32_t)i * 2654435761u % (TEXT_MAX - 100) + 50;

	for (size_t at = 0; at < n; at++)
		text[at] = (char)('a' + (at * 7 + at / 26 + (size_t)i) % 26);
	text[n] = '\0';
}

static void deliver_text(struct bench *b, uint64_t dir, int i, const char *text)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", i);
	deliver(b->store, dir, name, "K", name, text);
}

static struct store_node look_at(struct bench *b, uint64_t dir, int i)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", i);
	return look(b->store, dir, name);
}

static uint64_t fill(struct bench *b)
{
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	char text[TEXT_MAX];

	for (int i = 0; i < FILES_N; i++) {
		print_text(i, text);
		deliver_text(b, dir, i, text);
	}
	return dir;
}

/* Some file whose chunk is in two rows. */
static uint64_t find_split(struct bench *b)
{
	uint64_t ino = (uint64_t)ask(b, "SELECT id >> 20 FROM content WHERE id & 3 = 2 "
					"ORDER BY id LIMIT 1 OFFSET 20");

	assert_int_not_equal(ino, 0);
	return ino;
}

/* Returns how many bytes. */
static size_t put_some(struct bench *b, uint64_t first, int n)
{
	size_t sum = 0;
	char text[TEXT_MAX];

	for (int i = 0; i < n; i++) {
		AUTO(spool) struct spool spool = { .dir = b->dir };
		print_text((int)first + i, text);
		check_ok(spool_append(&spool, text, strlen(text)));
		check_ok(content_put(b->store, first + (uint64_t)i, &spool));
		sum += spool.len;
	}
	return sum;
}

static void test_the_pages_of_contents_are_full(void **state)
{
	struct bench *b = *state;
	enum { N = 50, ROUNDS_N = 20, WASTE_MAX = 200 };
	int64_t before = ask(b, "PRAGMA page_count");
	size_t bytes = 0;

	/* Now and then it cannot know what is left of a page. */
	for (uint64_t round = 0; round < ROUNDS_N; round++) {
		AUTO(txn) struct txn txn = { 0 };
		begin(&txn, b->store);
		bytes += put_some(b, 1000 + round * N, N);
		commit(&txn);
		if (round % 5 == 4) {
			store_release(&b->store);
			bench_open(b);
		}
	}
	size_t pages = (size_t)(ask(b, "PRAGMA page_count") - before) * PAGE_BYTES;
	size_t waste = (pages - bytes) / (N * ROUNDS_N);
	print_message("%zu bytes of pages for each file beyond its content\n", waste);
	assert_in_range(waste, 0, WASTE_MAX);
}

static void test_I4_a_file_in_two_rows_reads_as_one(void **state)
{
	struct bench *b = *state;
	uint64_t dir = fill(b);
	char text[TEXT_MAX];

	assert_in_range(ask(b, "SELECT count(*) FROM content WHERE id & 3 = 2"), FILES_N / 4,
			FILES_N);
	/* Wherever it was split, the sums are the same: one for each chunk. */
	assert_int_equal(ask(b, "SELECT count(sum) FROM content"), FILES_N);
	for (int i = 0; i < FILES_N; i++) {
		AUTO(buf) struct buf got = { 0 };
		uint64_t ino = look_at(b, dir, i).ino;
		print_text(i, text);
		check_text(b->store, ino, text);
		size_t n = strlen(text), at = n * 2 / 3;
		check_ok(store_read_content(b->store, ino, at, 100, &got));
		assert_int_equal(got.len, n - at < 100 ? n - at : 100);
		assert_memory_equal(got.bytes, text + at, got.len);
	}
}

static void test_I2_a_file_in_two_rows_keeps_its_inode_with_its_bytes(void **state)
{
	struct bench *b = *state;
	uint64_t dir = fill(b), split = find_split(b), next;
	char text[TEXT_MAX];

	for (int i = 0; i < FILES_N; i++) {
		uint64_t ino = look_at(b, dir, i).ino;
		print_text(i, text);
		deliver_text(b, dir, i, text);
		assert_int_equal(look_at(b, dir, i).ino, ino);
		if (ino != split)
			continue;
		text[strlen(text) - 1] ^= 1;
		deliver_text(b, dir, i, text);
		next = look_at(b, dir, i).ino;
		assert_int_not_equal(next, ino);
		check_text(b->store, next, text);
		text[strlen(text) - 1] = '\0';
		deliver_text(b, dir, i, text);
		assert_int_not_equal(look_at(b, dir, i).ino, next);
	}
}

struct whole {
	struct bench *bench;
	uint64_t dir;
	int i;
};

static bool check_piece(void *ctx, const struct store_piece *piece)
{
	struct whole *whole = ctx;
	char text[TEXT_MAX];

	print_text(++whole->i, text);
	assert_int_equal(piece->offset, 0);
	assert_int_equal(piece->n, strlen(text));
	assert_memory_equal(piece->bytes, text, piece->n);
	return true;
}

static void test_a_file_in_two_rows_is_one_piece(void **state)
{
	struct bench *b = *state;
	struct whole whole = { b, fill(b), 0 };

	check_ok(store_each_piece(b->store, look_at(b, whole.dir, 0).ino, check_piece, &whole));
	assert_int_equal(whole.i, FILES_N - 1);
	ask(b, "DELETE FROM content WHERE id & 3 = 2");
	whole.i = 0;
	check_ok(store_each_piece(b->store, look_at(b, whole.dir, 0).ino, check_piece, &whole));
	assert_in_range(whole.i, 0, FILES_N / 2);
}

static void check_row_is_missed(struct bench *b, const char *sql)
{
	AUTO(buf) struct buf bytes = { 0 };
	char text[TEXT_MAX];
	uint64_t dir = fill(b), ino = find_split(b);
	int i = 0;

	while (look_at(b, dir, i).ino != ino)
		i++;
	uint64_t behind = 1 + (uint64_t)ask_of(b,
					       "SELECT length(data) FROM content "
					       "WHERE id = (%llu << 20) + 1",
					       ino);
	ask_of(b, sql, ino);
	check_err(store_read_content(b->store, ino, 0, TEXT_MAX, &bytes), ERR_DAMAGED);
	buf_clear(&bytes);
	check_err(store_read_content(b->store, ino, 0, 10, &bytes), ERR_DAMAGED);
	check_err(store_read_content(b->store, ino, behind, 10, &bytes), ERR_DAMAGED);
	/* The same bytes again are another inode: the old one has lost them. */
	print_text(i, text);
	deliver_text(b, dir, i, text);
	assert_int_not_equal(look_at(b, dir, i).ino, ino);
	check_text(b->store, look_at(b, dir, i).ino, text);
}

static void test_a_lost_first_row_is_damage(void **state)
{
	check_row_is_missed(*state, "DELETE FROM content WHERE id = (%llu << 20) + 1");
}

static void test_a_lost_second_row_is_damage(void **state)
{
	check_row_is_missed(*state, "DELETE FROM content WHERE id = (%llu << 20) + 2");
}

static void test_I2_what_a_lost_row_leaves_is_not_the_file(void **state)
{
	struct bench *b = *state;
	AUTO(spool) struct spool spool = { .dir = b->dir };
	AUTO(buf) struct buf bytes = { 0 };
	bool same = true;

	fill(b);
	uint64_t ino = find_split(b);
	check_ok(store_read_content(b->store, ino, 0, TEXT_MAX, &bytes));
	size_t n = (size_t)ask_of(b, "SELECT length(data) FROM content WHERE id = (%llu << 20) + 1",
				  ino);
	ask_of(b, "DELETE FROM content WHERE id = (%llu << 20) + 2", ino);
	check_ok(spool_append(&spool, bytes.bytes, n));
	check_ok(content_equal(b->store, ino, &spool, &same));
	assert_false(same);
}

static void copy_file(struct bench *b, const char *end)
{
	char from_path[80], to_path[80], bytes[65536];
	size_t n;

	snprintf(from_path, sizeof(from_path), "%s%s", b->path, end);
	snprintf(to_path, sizeof(to_path), "%s/copy.db%s", b->dir, end);
	FILE *from = fopen(from_path, "r"), *to = fopen(to_path, "w");
	assert_true(from && to);
	assert_int_equal(fchmod(fileno(to), 0600), 0);
	while ((n = fread(bytes, 1, sizeof(bytes), from)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, to), n);
	fclose(from);
	assert_int_equal(fclose(to), 0);
}

/* What the next start finds after a kill: the files as they are now. */
static void check_copy(struct bench *b, size_t contents_n)
{
	struct bench copy = { 0 };

	snprintf(copy.path, sizeof(copy.path), "%s/copy.db", b->dir);
	copy_file(b, "");
	copy_file(b, "-wal");
	bench_open(&copy);
	assert_int_equal(ask(&copy, "SELECT count(sum) FROM content"), contents_n);
	assert_int_equal(ask(&copy, "SELECT count(*) FROM pragma_quick_check "
				    "WHERE quick_check <> 'ok'"),
			 0);
	store_release(&copy.store);
	buf_release(&copy.news);
	unlink(copy.path);
}

/* Of a long transaction SQLite writes much before its end, and then some of it again. */
static void put_long(struct bench *b, uint64_t first, int n)
{
	AUTO(txn) struct txn txn = { 0 };

	begin(&txn, b->store);
	put_some(b, first, n + 1);
	check_ok(content_drop(b->store, first));
	commit(&txn);
}

static void test_I1_what_was_committed_is_in_the_files(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	put_long(b, 1000, 1500);
	check_copy(b, 1500);
	put_long(b, 5000, 1500);
	check_copy(b, 3000);
	for (int i = 0; i < 3; i++) {
		deliver_text(b, dir, i, "short");
		check_copy(b, 3001 + (size_t)i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_the_pages_of_contents_are_full),
		bench_test(test_I4_a_file_in_two_rows_reads_as_one),
		bench_test(test_I2_a_file_in_two_rows_keeps_its_inode_with_its_bytes),
		bench_test(test_a_file_in_two_rows_is_one_piece),
		bench_test(test_a_lost_first_row_is_damage),
		bench_test(test_a_lost_second_row_is_damage),
		bench_test(test_I2_what_a_lost_row_leaves_is_not_the_file),
		bench_test(test_I1_what_was_committed_is_in_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
