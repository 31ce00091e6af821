/* SPDX-License-Identifier: MIT */
#include "test-store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* Many threads, many items, one very long file. Times and sizes are printed, for people; what is
 * asserted holds on any machine. */

static double seconds(void)
{
	return (double)clock_wall_ns() / NS_PER_S;
}

/* A line of /proc/self/status in KiB. */
static long memory_kb(const char *line)
{
	FILE *file = fopen("/proc/self/status", "r");
	char text[128];
	long kb = 0;

	assert_non_null(file);
	while (fgets(text, sizeof(text), file)) {
		if (strncmp(text, line, strlen(line)) == 0)
			kb = strtol(text + strlen(line) + 1, NULL, 10);
	}
	fclose(file);
	return kb;
}

/* --- readers while the writer writes --- */

#define READERS_N 4
#define SWAPS_N 400

struct readers {
	const char *path;
	uint64_t dir;
	atomic_bool over;
	atomic_long looks_n, busiest_us;
};

struct whole {
	char names[64];
	size_t n;
};

static bool count_entry(void *ctx, const struct store_entry *entry)
{
	struct whole *whole = ctx;

	whole->names[atoi(entry->name)]++;
	whole->n++;
	return true;
}

/* Every file says in each byte how long it is. Returns what is wrong, or NULL. */
static const char *look_once(struct store *store, uint64_t dir, int i)
{
	AUTO(buf) struct buf bytes = { 0 }, set = { 0 };
	struct whole whole = { 0 };
	struct store_node node;
	struct store_tally all;
	char name[16];

	snprintf(name, sizeof(name), "%d", i % 50);
	if (store_find_entry(store, dir, name, &node))
		return "a name is not there";
	if (store_read_content(store, node.ino, 0, 1 << 20, &bytes))
		return store_reason(store);
	if (bytes.len != node.size)
		return "size and content differ";
	for (size_t k = 0; k < bytes.len; k++) {
		if ((unsigned char)bytes.bytes[k] != bytes.len % 251)
			return "torn content";
	}
	if (store_load_attrs(store, node.ino, &set))
		return "no attributes";
	if (store_each_entry(store, dir, 0, count_entry, &whole) || whole.n != 50)
		return "a listing is not whole";
	if (store_load_tally(store, dir, false, &all) || all.items_n != 50)
		return "a tally is wrong";
	return NULL;
}

static void *read_on(void *ctx)
{
	struct readers *readers = ctx;
	AUTO(store) struct store *store = NULL;
	const char *fault = "open";

	if (store_open(readers->path, STORE_READER, &store, NULL) == ERR_OK)
		fault = NULL;
	for (int i = 0; !fault && !readers->over; i++) {
		int64_t start = clock_wall_ns();
		fault = look_once(store, readers->dir, i);
		long us = (long)((clock_wall_ns() - start) / 1000);
		if (us > readers->busiest_us)
			readers->busiest_us = us;
		readers->looks_n++;
	}
	return fault ? strdup(fault) : NULL;
}

static void put_sized(struct store *store, uint64_t dir, int i, size_t n)
{
	AUTO(txn) struct txn txn = { 0 };
	AUTO(spool) struct spool spool = { .dir = store_dir(store) };
	AUTO(str) char *bytes = malloc(n + 1);
	char id[16];

	snprintf(id, sizeof(id), "%d", i);
	memset(bytes, (int)(n % 251), n);
	struct item item = make_item(id, "K");
	begin(&txn, store);
	check_ok(spool_append(&spool, bytes, n));
	int64_t row = put_head(&txn, dir, id);
	check_ok(store_put_content(&txn, row, &item, id, VERDICT_OK, &spool));
	commit(&txn);
}

static void test_I5_readers_see_whole_commits_and_never_wait(void **state)
{
	struct bench *b = *state;
	struct readers readers = { .path = b->path };
	pthread_t threads[READERS_N];

	readers.dir = make_folder(b->store, "F1", 1, "Inbox");
	for (int i = 0; i < 50; i++)
		put_sized(b->store, readers.dir, i, 100);
	for (int i = 0; i < READERS_N; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers), 0);
	for (int i = 0; i < SWAPS_N; i++)
		put_sized(b->store, readers.dir, i % 50, (size_t)(i * 997 % 300000));
	readers.over = true;
	for (int i = 0; i < READERS_N; i++) {
		void *fault = NULL;
		pthread_join(threads[i], &fault);
		if (fault)
			fail_msg("%s", (char *)fault);
	}
	print_message("%ld looks of 5 calls during %d commits, the longest %ld us\n",
		      (long)readers.looks_n, SWAPS_N, (long)readers.busiest_us);
	assert_true(readers.looks_n > 0);
}

/* --- one long file --- */

#define LONG_BYTES ((uint64_t)150 << 20)

static void fill(char *bytes, size_t n, uint64_t at)
{
	for (size_t i = 0; i < n; i += 8) {
		uint64_t word = (at + i) * 0x9e3779b97f4a7c15u;
		memcpy(bytes + i, &word, 8);
	}
}

static void test_a_long_file_costs_the_same_at_any_offset(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	static const int percent[] = { 0, 25, 50, 75, 99 };
	static char bytes[1 << 20], want[131072];
	AUTO(spool) struct spool spool = { .dir = b->dir };
	AUTO(txn) struct txn txn = { 0 };
	AUTO(buf) struct buf got = { 0 };
	struct item item = make_item("long", "K");
	long before_kb = memory_kb("VmRSS:");

	for (uint64_t at = 0; at < LONG_BYTES; at += sizeof(bytes)) {
		fill(bytes, sizeof(bytes), at);
		check_ok(spool_append(&spool, bytes, sizeof(bytes)));
	}
	double start = seconds();
	begin(&txn, b->store);
	int64_t row = put_head(&txn, dir, "long");
	check_ok(store_put_content(&txn, row, &item, "long", VERDICT_OK, &spool));
	commit(&txn);
	double stored = seconds();
	begin(&txn, b->store);
	check_ok(store_put_content(&txn, row, &item, "long", VERDICT_OK, &spool));
	commit(&txn);
	double compared = seconds();
	print_message("150 MB: stored in %.2f s, found equal in %.2f s\n", stored - start,
		      compared - stored);
	uint64_t ino = look(b->store, dir, "long").ino;
	for (size_t p = 0; p < ARRAY_LEN(percent); p++) {
		uint64_t at = LONG_BYTES / 100 * (uint64_t)percent[p] / 131072 * 131072;
		start = seconds();
		for (int i = 0; i < 200; i++) {
			buf_clear(&got);
			check_ok(store_read_content(b->store, ino, at, sizeof(want), &got));
		}
		print_message("  128 KiB at %2d %%: %.0f us\n", percent[p],
			      (seconds() - start) / 200 * 1e6);
		fill(want, sizeof(want), at);
		assert_int_equal(got.len, sizeof(want));
		assert_memory_equal(got.bytes, want, sizeof(want));
	}
	print_message("  resident: %ld KiB before, %ld KiB at most\n", before_kb,
		      memory_kb("VmHWM:"));
}

/* --- many items --- */

/* Ids and keys as long and as alike as Exchange makes them. */
static void exchange_id(int i, char id[160], char key[48])
{
	AUTO(buf) struct buf text = { 0 };
	unsigned char bytes[114];

	for (size_t k = 0; k < sizeof(bytes); k++)
		bytes[k] = (unsigned char)(k * 37);
	memcpy(bytes + 100, &i, sizeof(i));
	check_ok(text_print_base64(&text, bytes, sizeof(bytes)));
	strcpy(id, text.bytes);
	buf_clear(&text);
	check_ok(text_print_base64(&text, bytes + 84, 30));
	strcpy(key, text.bytes);
}

static struct item exchange_item(const char *id, const char *key)
{
	struct item item = make_item(id, key);

	item.subject = (char *)"Re: Lanterns for the harbour festival, second delivery";
	item.from = (char *)"Ana Lindqvist <ana.lindqvist@corp.example>";
	item.to = (char *)"Bo Petersen <bo.petersen@corp.example>, Workshop <all@corp.example>";
	item.message_id = (char *)"<AM0PR07MB4178.eurprd07.prod.outlook.example@corp.example>";
	item.conversation_id = (char *)"AAQkAGI2NGVhZTVlLTI1OGMtNDI4My1iZmE5LTA5OGJiZGEzMTc0YQAQ";
	item.importance = item.sensitivity = (char *)"Normal";
	item.sent = item.created = T0;
	item.has_message_flags = true;
	return item;
}

static void print_name(int i, char name[96])
{
	snprintf(name, 96, "2024-01-30 101512 Re： Lanterns for the harbour.%012x.eml", i);
}

static void put_batch(struct store *store, uint64_t dir, int from, int n, const char *bytes,
		      size_t bytes_n)
{
	AUTO(txn) struct txn txn = { 0 };
	char id[160], key[48], name[96];

	begin(&txn, store);
	for (int i = from; i < from + n; i++) {
		AUTO(spool) struct spool spool = { .dir = store_dir(store) };
		exchange_id(i, id, key);
		struct item item = exchange_item(id, key);
		check_ok(buf_append(&item.mapi_change_key, bytes, 22));
		check_ok(buf_append(&item.predecessors, bytes, 46));
		print_name(i, name);
		check_ok(spool_append(&spool, bytes, bytes_n));
		int64_t row = put_head(&txn, dir, id);
		check_ok(store_put_content(&txn, row, &item, name, VERDICT_OK, &spool));
		buf_release(&item.mapi_change_key);
		buf_release(&item.predecessors);
	}
	commit(&txn);
}

static uint64_t file_bytes(struct bench *b)
{
	struct stat st;

	store_release(&b->store); /* checkpoints */
	assert_int_equal(stat(b->path, &st), 0);
	bench_open(b);
	return (uint64_t)st.st_size;
}

static bool count_all(void *ctx, const struct store_entry *entry)
{
	(void)entry;
	++*(size_t *)ctx;
	return true;
}

static void count_change(void *ctx, const struct store_change *change)
{
	(void)change;
	++*(size_t *)ctx;
}

static void purge_all(struct store *store)
{
	uint64_t inos[1000];
	size_t n = 1;

	while (n > 0) {
		AUTO(txn) struct txn txn = { 0 };
		check_ok(store_load_graves(store, INT64_MAX, ARRAY_LEN(inos), inos, &n));
		begin(&txn, store);
		for (size_t i = 0; i < n; i++)
			check_ok(store_purge_grave(&txn, inos[i]));
		commit(&txn);
	}
}

/* What the kernel side asks for each file of a tree that is read for the first time. */
static void measure_calls(struct store *store, uint64_t dir, int items_n)
{
	AUTO(buf) struct buf bytes = { 0 };
	double looked = 0, read = 0, listed = 0;
	char name[96];

	for (int i = 0; i < items_n; i++) {
		double start = seconds();
		print_name(i, name);
		uint64_t ino = look(store, dir, name).ino;
		double found = seconds();
		buf_clear(&bytes);
		check_ok(store_read_content(store, ino, 0, 131072, &bytes));
		double done = seconds();
		buf_clear(&bytes);
		check_ok(store_load_attrs(store, ino, &bytes));
		looked += found - start;
		read += done - found;
		listed += seconds() - done;
	}
	print_message("  each: lookup %.1f us, read %.1f us, attributes %.1f us\n",
		      looked / items_n * 1e6, read / items_n * 1e6, listed / items_n * 1e6);
}

static void measure(struct bench *b, int items_n, size_t bytes_n)
{
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	AUTO(str) char *bytes = malloc(bytes_n);
	size_t n = 0;

	memset(bytes, 'x', bytes_n);
	store_set_listener(b->store, NULL, NULL);
	double start = seconds();
	for (int i = 0; i < items_n; i += 10)
		put_batch(b->store, dir, i, 10, bytes, bytes_n);
	double took = seconds() - start;
	uint64_t size = file_bytes(b);
	print_message("%d items of %zu bytes: %.0f/s, %.0f bytes an item beside the content\n",
		      items_n, bytes_n, items_n / took, (double)size / items_n - (double)bytes_n);
	start = seconds();
	check_ok(store_each_entry(b->store, dir, 0, count_all, &n));
	assert_int_equal(n, items_n);
	print_message("  listed with their stat: %.2f us an entry\n",
		      (seconds() - start) / items_n * 1e6);
	measure_calls(b->store, dir, items_n);
	n = 0;
	store_set_listener(b->store, count_change, &n);
	AUTO(txn) struct txn txn = { 0 };
	start = seconds();
	begin(&txn, b->store);
	check_ok(store_drop_folder(&txn, dir));
	commit(&txn);
	print_message("  dropped in %.2f s, resident at most %ld KiB\n", seconds() - start,
		      memory_kb("VmHWM:"));
	assert_int_equal(tally(b->store, 1, true).known_n, 0);
	/* Each item: removed, buried. The folder: both, and two listings. */
	assert_int_equal(n, 2 * items_n + 4);
	start = seconds();
	purge_all(b->store);
	double purged = seconds();
	double longest = 0;
	for (uint64_t at = 0; at < size; at += 1 << 20) {
		double before = seconds();
		check_ok(store_shrink(b->store));
		longest = seconds() - before > longest ? seconds() - before : longest;
	}
	print_message("  purged in %.2f s, given back in %.2f s, the longest step %.1f ms\n",
		      purged - start, seconds() - purged, longest * 1e3);
	assert_true(file_bytes(b) < 400000);
}

static int count_of(const char *variable, int otherwise)
{
	const char *text = getenv(variable);

	return text ? atoi(text) : otherwise;
}

static void test_many_items(void **state)
{
	measure(*state, count_of("ITEMS", 2000), 10000);
}

static void test_many_empty_items(void **state)
{
	measure(*state, count_of("ITEMS", 2000), 64);
}

/* A queue as long as a mailbox: taking from it must not walk it. */
static void test_a_long_queue_is_not_walked(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	int items_n = count_of("ITEMS", 2000) / 2 * 2;
	struct fetch_batch batch = { 0 };
	AUTO(txn) struct txn txn = { 0 };
	char id[160], key[48];
	int taken_n = 0;

	begin(&txn, b->store);
	for (int i = 0; i < items_n; i++) {
		exchange_id(i, id, key);
		int64_t row = put_head(&txn, dir, id);
		check_ok(store_queue_fetch(&txn, row, key, FETCH_FIRST_SYNC));
		if (i % 2)
			check_ok(store_put_retry(&txn, row, 1000));
	}
	commit(&txn);
	double start = seconds();
	for (; taken_n < 400; taken_n += 10) {
		check_ok(store_take_batch(b->store, 0, 10, 1 << 20, &batch));
		assert_int_equal(batch.n, 10);
		fetch_batch_release(&batch);
	}
	print_message("batches of 10 from a queue of %d: %.0f us each\n", items_n,
		      (seconds() - start) / 40 * 1e6);
}

struct pieces {
	struct buf text;
	size_t n, max_n;
};

static bool note_piece(void *ctx, const struct store_piece *piece)
{
	struct pieces *pieces = ctx;

	check_ok(buf_printf(&pieces->text, "%llu+%llu:%.3s ", (unsigned long long)piece->ino,
			    (unsigned long long)piece->offset, (const char *)piece->bytes));
	return ++pieces->n < pieces->max_n;
}

static void check_pieces(struct store *store, uint64_t ino, size_t max_n, const char *text)
{
	struct pieces pieces = { .max_n = max_n };

	check_ok(store_each_piece(store, ino, note_piece, &pieces));
	assert_string_equal(buf_str(&pieces.text), text);
	buf_release(&pieces.text);
}

/* What a reader comes to next: the files behind one, but no other folder's and none that failed. */
static void put_hollow(struct store *store, uint64_t dir, const char *id, const char *name)
{
	AUTO(txn) struct txn txn = { 0 };
	struct item item = make_item(id, NULL);

	begin(&txn, store);
	check_ok(store_put_quarantine(&txn, put_head(&txn, dir, id), &item, name, "no", 1));
	commit(&txn);
}

static void test_the_files_behind_one_come_in_the_order_of_the_listing(void **state)
{
	struct bench *bench = *state;
	struct store *store = bench->store;
	uint64_t a = make_folder(store, "A", 1, "A"), b = make_folder(store, "B", 1, "B");
	char expected[120];

	deliver(store, a, "1", "k", "z", "one");
	deliver(store, b, "2", "k", "y", "two");
	put_hollow(store, a, "5", "v");
	deliver(store, a, "3", "k", "x", "three");
	deliver(store, a, "4", "k", "w", "four");
	uint64_t first = look(store, a, "z").ino, second = look(store, a, "x").ino,
		 last = look(store, a, "w").ino;
	snprintf(expected, sizeof(expected), "%llu+0:thr %llu+0:fou ", (unsigned long long)second,
		 (unsigned long long)last);
	check_pieces(store, first, 9, expected);
	check_pieces(store, look(store, a, "v").ino, 9, expected);
	snprintf(expected, sizeof(expected), "%llu+0:thr ", (unsigned long long)second);
	check_pieces(store, first, 1, expected);
	check_pieces(store, last, 9, "");
	check_pieces(store, a, 9, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_I5_readers_see_whole_commits_and_never_wait),
		bench_test(test_many_items),
		bench_test(test_many_empty_items),
		bench_test(test_a_long_queue_is_not_walked),
		bench_test(test_a_long_file_costs_the_same_at_any_offset),
		bench_test(test_the_files_behind_one_come_in_the_order_of_the_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
