/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "store/internal.h"

/* Opening the file: what is refused, how SQLite is set up, how the schema comes to be. */

/* What turns schema N into N + 1; the first makes it all. Never change one that was released. */
static const char *const migrations[SCHEMA_VERSION] = {
#include "schema.sql.h"
};

/*
 * No mmap: mapped pages would count as ours, and the process is to stay small. The page cache of
 * a reader is small too, since there is one for each thread and the kernel caches behind it.
 */
#define PRAGMAS_COMMON \
	"PRAGMA trusted_schema = OFF;" \
	"PRAGMA foreign_keys = OFF;" \
	"PRAGMA temp_store = MEMORY;" \
	"PRAGMA mmap_size = 0;"
#define PRAGMAS_READER PRAGMAS_COMMON "PRAGMA query_only = ON; PRAGMA cache_size = -1024;"
/*
 * The first two have no effect on a file that exists. Measured with items of 10 KB: pages of
 * 8192 save 5 % of what an item takes beside its content and cost 5 % of the speed; with 16384
 * each item wastes 6 KB.
 */
#define PRAGMAS_WRITER \
	"PRAGMA page_size = 4096;" /* PAGE_BYTES */ \
	"PRAGMA auto_vacuum = INCREMENTAL;" \
	"PRAGMA journal_mode = WAL;" \
	"PRAGMA synchronous = NORMAL;" \
	"PRAGMA wal_autocheckpoint = 4000;" \
	"PRAGMA journal_size_limit = 33554432;" \
	"PRAGMA cache_size = -8192;" PRAGMAS_COMMON
#define BUSY_TIMEOUT_MS 10000

enum err store_fail(struct store *store, enum err err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(store->reason, sizeof(store->reason), fmt, args);
	va_end(args);
	if (err == ERR_DAMAGED)
		damage_note(store);
	return err;
}

const char *store_reason(const struct store *store)
{
	return store->reason;
}

const char *store_dir(const struct store *store)
{
	return store->dir;
}

/* --- the file --- */

bool store_is_remote(long fs_type)
{
	/* NFS, SMB, CIFS, SMB2, FUSE: locks or WAL's shared memory do not work as on a disk. */
	static const uint32_t remote[] = { 0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546 };

	for (size_t i = 0; i < ARRAY_LEN(remote); i++) {
		if ((uint32_t)fs_type == remote[i])
			return true;
	}
	return false;
}

/*
 * A database of somebody else's, which is not damaged for having no sums. Looked at in the raw,
 * with a descriptor that stays open.
 */
static enum err check_header(struct store *store, int fd)
{
	enum { RESERVED_AT = 20, APPLICATION_AT = 68, HEADER_BYTES = 100 };
	char header[HEADER_BYTES];
	uint32_t application;

	if (pread(fd, header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header, "SQLite format 3", 16) != 0)
		return ERR_OK;
	memcpy(&application, header + APPLICATION_AT, sizeof(application));
	if (be32toh(application) == SCHEMA_APPLICATION || header[RESERVED_AT] == PAGE_SUM_BYTES)
		return ERR_OK;
	return store_fail(store, ERR_INVALID, "%s is not a cache of ewsfs", store->path);
}

static enum err check_file(struct store *store, int fd)
{
	struct stat st;
	struct statfs fs;

	if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0)
		return store_fail(store, err_from_errno(errno), "%s: %s", store->path,
				  strerror(errno));
	if (!S_ISREG(st.st_mode))
		return store_fail(store, ERR_INVALID, "%s is not a file", store->path);
	if (st.st_uid != geteuid())
		return store_fail(store, ERR_INVALID, "%s belongs to another user", store->path);
	if (st.st_mode & 077)
		return store_fail(store, ERR_INVALID,
				  "%s can be used by others (mode %04o): chmod 600 it", store->path,
				  st.st_mode & 07777);
	if (store_is_remote(fs.f_type))
		return store_fail(
			store, ERR_INVALID,
			"%s is not on a local disk: choose another with cache=", store->path);
	return check_header(store, fd);
}

/*
 * flock and not fcntl, whose locks SQLite uses and which end with any close of the file in this
 * process. For the same reason this descriptor is closed last.
 */
static enum err lock_file(struct store *store)
{
	int fd = open(store->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);

	if (fd < 0)
		return store_fail(store, err_from_errno(errno), "%s: %s", store->path,
				  strerror(errno));
	store->lock_fd_plus_1 = fd + 1;
	enum err err = check_file(store, fd);
	if (!err && flock(fd, LOCK_EX | LOCK_NB) != 0)
		err = store_fail(store, errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO, "%s: %s",
				 store->path,
				 errno == EWOULDBLOCK ? "used by another mount" : strerror(errno));
	return err;
}

static enum err split_path(struct store *store, const char *path)
{
	enum err err = text_copy(path, &store->path);
	const char *slash = strrchr(path, '/');

	if (!err)
		err = text_copy(slash ? path : ".", &store->dir);
	if (!err && slash)
		store->dir[slash == path ? 1 : slash - path] = '\0';
	store->news.dir = store->dir;
	return err;
}

/* --- the schema --- */

static enum err exec(struct store *store, const char *sql)
{
	return sql_err(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL), store->path);
}

/* One number that a statement gives. */
static enum err ask(struct store *store, const char *sql, int64_t *ret)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(stmt, 0);
	enum err err = sql_err(store, rc, store->path);
	sqlite3_finalize(stmt);
	return err;
}

static enum err check_schema(struct store *store, int64_t *ret_version)
{
	int64_t version = 0, application = 0, tables_n = 0;
	enum err err = ask(store, "PRAGMA user_version", &version);

	if (!err)
		err = ask(store, "PRAGMA application_id", &application);
	if (!err)
		err = ask(store, "SELECT count(*) FROM sqlite_schema", &tables_n);
	if (err)
		return err;
	/* Nothing in it at all: new, or a first start that was cut short. */
	bool is_new = version == 0 && application == 0 && tables_n == 0;
	if (!is_new && application != SCHEMA_APPLICATION)
		return store_fail(store, ERR_INVALID, "%s is not a cache of ewsfs", store->path);
	if (!is_new && version < 1)
		return store_fail(store, ERR_DAMAGED, "%s: no valid version in it", store->path);
	if (version > SCHEMA_VERSION)
		return store_fail(
			store, ERR_INVALID,
			"%s was made by a newer ewsfs: choose another with cache=", store->path);
	*ret_version = version;
	return ERR_OK;
}

static enum err put_secret(struct store *store)
{
	AUTO(buf) struct buf hex = { 0 };
	ssize_t n = getrandom(store->secret, sizeof(store->secret), 0);

	if (n != sizeof(store->secret))
		return store_fail(store, ERR_IO, "getrandom: %s", strerror(errno));
	enum err err = text_print_hex(&hex, store->secret, sizeof(store->secret));
	return err ? err : run(store, SQL_PUT_VALUE, v_text("secret"), v_text(hex.bytes));
}

/* The root, the generation and the secret: what every cache has from the beginning. */
static enum err found(struct store *store)
{
	struct store_node root = { .mtime_ns = clock_wall_ns() };
	uint32_t generation = 0;
	uint64_t ino = 0;
	char text[16];

	root.ctime_ns = root.mtime_ns;
	if (getrandom(&generation, sizeof(generation), 0) != sizeof(generation))
		return store_fail(store, ERR_IO, "getrandom: %s", strerror(errno));
	snprintf(text, sizeof(text), "%u", generation);
	enum err err = run(store, SQL_PUT_VALUE, v_text("generation"), v_text(text));
	if (!err)
		err = run(store, SQL_PUT_VALUE, v_text("first_ino"), v_text("0"));
	if (!err)
		err = run(store, SQL_PUT_VALUE, v_text(number_keys[NUMBER_ROW]), v_text("0"));
	if (!err)
		err = put_secret(store);
	/* 1 and 2 are "." and "..". */
	store->last[NUMBER_ENTRY] = 2;
	/* The first number is ROOT_INO. */
	if (!err)
		err = inode_add(store, &root, INODE_DIR, ROOT_INO, &ino);
	return err;
}

static enum err migrate_from(struct store *store, int64_t version)
{
	AUTO(txn) struct txn txn = { 0 };
	char pragmas[96];
	enum err err = txn_begin(&txn, store);

	for (int64_t i = version; !err && i < SCHEMA_VERSION; i++)
		err = exec(store, migrations[i]);
	snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 SCHEMA_APPLICATION, SCHEMA_VERSION);
	if (!err)
		err = exec(store, pragmas);
	if (!err && version == 0)
		err = found(store);
	return err ? err : txn_commit(&txn);
}

static enum err migrate(struct store *store, int64_t version)
{
	if (version == SCHEMA_VERSION)
		return ERR_OK;
	if (store->mode != STORE_WRITER)
		return store_fail(store, ERR_INVALID, "%s has no schema yet", store->path);
	return migrate_from(store, version);
}

static enum err load_number(struct store *store, const char *key, int64_t max, int64_t *ret)
{
	AUTO(str) char *text = NULL;
	enum err err = store_load_value(store, key, &text);

	if (err == ERR_NOT_FOUND || (!err && !text_parse_int(text, 0, max, ret)))
		return store_fail(store, ERR_DAMAGED, "%s: no valid %s in it", store->path, key);
	return err;
}

static enum err load_secret(struct store *store)
{
	AUTO(str) char *text = NULL;
	AUTO(buf) struct buf bytes = { 0 };
	enum err err = store_load_value(store, "secret", &text);

	if (!err)
		err = text_parse_hex(&bytes, text, strlen(text));
	if (err == ERR_NOT_FOUND || err == ERR_INVALID ||
	    (!err && bytes.len != sizeof(store->secret)))
		return store_fail(store, ERR_DAMAGED, "%s: no valid secret in it", store->path);
	if (!err)
		memcpy(store->secret, bytes.bytes, sizeof(store->secret));
	return err;
}

enum err number_fail(struct store *store, enum number number)
{
	return store_fail(store, ERR_DAMAGED, "%s: %s is behind", store->path, number_keys[number]);
}

/* A number behind those in the tables is of an older page than they: no insert would succeed. Those
 * of entries have an order within a directory alone: entry_add() looks there, since a look into
 * each would make mounting slower with every folder. */
static enum err check_numbers(struct store *store)
{
	static const enum sql above[] = {
		[NUMBER_INO] = SQL_INO_ABOVE,
		[NUMBER_ROW] = SQL_ROW_ABOVE,
	};

	for (size_t i = NUMBER_INO; i < ARRAY_LEN(above); i++) {
		AUTO(query)
		struct query q = query(store, above[i], v_int((int64_t)store->last[i]));
		if (query_next(&q))
			return number_fail(store, (enum number)i);
		if (q.err)
			return q.err;
	}
	return ERR_OK;
}

static enum err load_facts(struct store *store)
{
	int64_t generation = 0, first_ino = 0, last = 0;
	enum err err = load_number(store, "generation", UINT32_MAX, &generation);

	if (!err)
		err = load_number(store, "first_ino", INT64_MAX, &first_ino);
	if (!err)
		err = load_secret(store);
	store->generation = (uint32_t)generation;
	store->first_ino = (uint64_t)first_ino;
	for (int i = 0; !err && i < NUMBER_COUNT; i++) {
		err = load_number(store, number_keys[i], INT64_MAX, &last);
		store->last[i] = (uint64_t)last;
	}
	if (!err && store->mode == STORE_WRITER)
		err = check_numbers(store);
	return err;
}

/* Delays are counted on the clock of a run: a new run begins without. */
static enum err forget_delays(struct store *store)
{
	return store->mode == STORE_WRITER ? run(store, SQL_FORGET_DELAYS) : ERR_OK;
}

/* Counting what it allocates costs SQLite a lock each time. */
static void configure_sqlite(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static enum err open_db(struct store *store)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	bool writes = store->mode == STORE_WRITER;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);

	pthread_once(&once, configure_sqlite); /* before its first use */
	int rc = sqlite3_open_v2(store->path, &store->db, flags, pages_vfs()),
	    sum_n = PAGE_SUM_BYTES;

	if (!store->db)
		return ERR_NOMEM;
	enum err err = sql_err(store, rc, store->path);
	if (!err)
		err = sql_err(store, sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS), store->path);
	/* Of a new file. */
	if (!err && writes)
		sqlite3_file_control(store->db, NULL, SQLITE_FCNTL_RESERVE_BYTES, &sum_n);
	return err;
}

static enum err open_store(struct store *store, const char *path)
{
	bool writes = store->mode == STORE_WRITER;
	int64_t version = 0;
	enum err err = split_path(store, path);

	if (!err && store->mode != STORE_READER)
		err = lock_file(store);
	if (!err)
		err = open_db(store);
	/* Before the first pragma writes to a file that is not ours. */
	if (!err)
		err = check_schema(store, &version);
	if (!err)
		err = exec(store, writes ? PRAGMAS_WRITER : PRAGMAS_READER);
	if (!err)
		err = migrate(store, version);
	if (!err)
		err = load_facts(store);
	if (!err)
		err = forget_delays(store);
	return err;
}

enum err store_open(const char *path, enum store_mode mode, struct store **ret, struct buf *reason)
{
	AUTO(store) struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return ERR_NOMEM;
	store->mode = mode;
	enum err err = open_store(store, path);
	if (!err)
		*ret = give(store);
	else if (reason && buf_append_str(reason, store->reason[0] ? store->reason : err_text(err)))
		return ERR_NOMEM;
	return err;
}

void store_release(struct store **ref)
{
	struct store *store = give(*ref);

	if (!store)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(store->stmts[i]);
	sqlite3_close(store->db);
	if (store->lock_fd_plus_1)
		close(store->lock_fd_plus_1 - 1);
	spool_release(&store->news);
	set_release(&store->dirs);
	set_release(&store->taken);
	set_release(&store->again);
	set_release(&store->taken_at_begin);
	set_release(&store->again_at_begin);
	free(store->path);
	free(store->dir);
	free(store);
}
