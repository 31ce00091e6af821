/* SPDX-License-Identifier: MIT */
/*
 * bench-bare DIR ITEMS BYTES: what SQLite alone takes for the bytes of a mailbox.
 *
 * The prototype without the rest: ITEMS values of BYTES each go into one table of DIR/bare.db, ten
 * in a transaction as a GetItem brings them, set up as the store is (its journal, page size and
 * checkpoints, without page sums), and nothing is parsed, decoded, named, indexed or summed. Prints
 * "bare", how many bytes, seconds, and seconds of the processor.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SETUP \
	"PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;" \
	"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" \
	"PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 33554432;" \
	"PRAGMA cache_size = -8192; CREATE TABLE content (id INTEGER PRIMARY KEY, data BLOB NOT " \
	"NULL)"

enum { BATCH_N = 10 };

static void must(sqlite3 *db, int rc, int expected)
{
	if (rc == expected)
		return;
	fprintf(stderr, "bench-bare: %s\n", db ? sqlite3_errmsg(db) : "out of memory");
	exit(1);
}

static void run(sqlite3 *db, const char *sql)
{
	must(db, sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void put_all(sqlite3 *db, size_t items_n, const char *bytes, size_t bytes_n)
{
	sqlite3_stmt *stmt = NULL;

	must(db, sqlite3_prepare_v2(db, "INSERT INTO content (data) VALUES (?1)", -1, &stmt, NULL),
	     SQLITE_OK);
	for (size_t i = 0; i < items_n; i++) {
		if (i % BATCH_N == 0)
			run(db, "BEGIN IMMEDIATE");
		must(db, sqlite3_bind_blob64(stmt, 1, bytes, bytes_n, SQLITE_STATIC), SQLITE_OK);
		must(db, sqlite3_step(stmt), SQLITE_DONE);
		sqlite3_reset(stmt);
		if (i % BATCH_N == BATCH_N - 1 || i + 1 == items_n)
			run(db, "COMMIT");
	}
	sqlite3_finalize(stmt);
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	char path[4096];
	sqlite3 *db = NULL;

	if (argc != 4) {
		fprintf(stderr, "usage: bench-bare DIR ITEMS BYTES\n");
		return 2;
	}
	size_t items_n = strtoul(argv[2], NULL, 10), bytes_n = strtoul(argv[3], NULL, 10);
	char *bytes = malloc(bytes_n + 1);
	must(NULL, bytes != NULL, 1);
	memset(bytes, 'x', bytes_n);
	snprintf(path, sizeof(path), "%s/bare.db", argv[1]);
	int rc = sqlite3_open(path, &db);
	must(db, rc, SQLITE_OK);
	run(db, SETUP);
	double took = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	put_all(db, items_n, bytes, bytes_n);
	printf("bare %zu %.6f %.6f\n", items_n * bytes_n, seconds(CLOCK_MONOTONIC) - took,
	       seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	sqlite3_close(db);
	free(bytes);
	return 0;
}
