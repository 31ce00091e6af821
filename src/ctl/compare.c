/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "ctl/cache.h"
#include "ctl/ctl.h"

/*
 * Two caches of one mailbox, side by side.
 *
 * ewsctl is no part of the engine and does not link the store. Of its schema it uses the columns
 * named here, in the version named here; any other is refused.
 */
enum { SCHEMA_VERSION = 1, SCHEMA_APPLICATION = 0x45575331, LINES_MAX = 100, BUSY_MS = 10000 };

/* Everything that was listed has been fetched, and every folder that can be synced was. */
static const char is_incomplete[] =
	"SELECT (SELECT coalesce(sum(pending_n), 0) FROM main.tally),"
	"  (SELECT count(*) FROM main.folder WHERE last_sync IS NULL AND error IS NULL"
	"    AND shown_in IS NOT NULL),"
	"  (SELECT count(*) = 0 FROM main.folder)";

/* The files of a cache with their paths, to be found by id: the keys that a cache finds ids by are
 * its own. %1$s: main or old. */
static const char files_table[] =
	"CREATE TEMP TABLE %1$s_file AS WITH RECURSIVE dir(ino, path) AS ("
	"  SELECT 1, '' UNION ALL SELECT f.ino, dir.path || f.shown_as || '/'"
	"  FROM %1$s.folder f JOIN dir ON f.shown_in = dir.ino WHERE f.shown_as IS NOT NULL)"
	"SELECT i.ews_id AS ews_id, i.change_key AS change_key, i.is_read AS is_read, i.ino AS ino,"
	"  i.file_size AS size, (SELECT n.flags & 8 FROM %1$s.inode n WHERE n.ino = i.ino) AS "
	"is_absent,"
	"  dir.path || e.name AS path"
	" FROM %1$s.item i JOIN %1$s.entry e ON e.parent = i.folder AND e.id = i.entry"
	" JOIN dir ON dir.ino = i.folder WHERE i.ino IS NOT NULL;"
	"CREATE INDEX temp.%1$s_id ON %1$s_file (ews_id)";

/* What the store knows of a content without reading it. */
#define SUMS(schema, file) \
	"(SELECT group_concat(sum) FROM (SELECT sum FROM " schema \
	".content WHERE id BETWEEN " file ".ino << 20 AND (" file \
	".ino << 20) + 1048575 ORDER BY id))"

/* A line for each item; what is the same comes out as such, to be counted. Other bytes under the
 * same key stand last, since with some servers that is every item. */
static const char differences[] =
	"SELECT * FROM (SELECT CASE WHEN n.ews_id IS NULL THEN 'gone'"
	"  WHEN o.change_key IS NOT n.change_key THEN 'changed'"
	"  WHEN o.path IS NOT n.path THEN 'moved'"
	"  WHEN o.is_read IS NOT n.is_read THEN 'flag'"
	"  WHEN o.is_absent OR n.is_absent THEN 'equal'"
	"  WHEN o.size IS NOT n.size OR " SUMS("old", "o") " IS NOT " SUMS(
		"main",
		"n") " THEN 'bytes'"
		     "  ELSE 'equal' END AS what, coalesce(n.path, o.path)"
		     " FROM temp.old_file o LEFT JOIN temp.main_file n ON n.ews_id = o.ews_id"
		     " UNION ALL SELECT 'added', n.path FROM temp.main_file n"
		     " WHERE NOT EXISTS (SELECT 1 FROM temp.old_file o WHERE o.ews_id = n.ews_id))"
		     " ORDER BY what = 'bytes'";

static void db_release(sqlite3 **db)
{
	sqlite3_close(*db);
	*db = NULL;
}

static void stmt_release(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
	*stmt = NULL;
}

static enum err open_file(const char *path, sqlite3 **ret)
{
	AUTO(db) sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, NULL);

	if (rc != SQLITE_OK)
		return rc == SQLITE_NOMEM ? ERR_NOMEM : ERR_STORE;
	sqlite3_busy_timeout(db, BUSY_MS);
	*ret = give(db);
	return ERR_OK;
}

/* The numbers of a statement's one row. */
static enum err ask(sqlite3 *db, const char *sql, int64_t *ret, int n)
{
	AUTO(stmt) sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		return ERR_STORE;
	for (int i = 0; i < n; i++)
		ret[i] = sqlite3_column_int64(stmt, i);
	return ERR_OK;
}

bool cache_is_one(const char *path)
{
	AUTO(db) sqlite3 *db = NULL;
	int64_t application = 0;

	return !open_file(path, &db) && !ask(db, "PRAGMA application_id", &application, 1) &&
	       application == SCHEMA_APPLICATION;
}

/* --- both at once --- */

static enum err attach(sqlite3 *db, const char *path)
{
	AUTO(stmt) sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, "ATTACH ? AS old", -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC) != SQLITE_OK)
		return ERR_STORE;
	return sqlite3_step(stmt) == SQLITE_DONE ? ERR_OK : ERR_STORE;
}

static enum err check_version(sqlite3 *db, const char *schema, const char *path, struct buf *reason)
{
	char sql[64];
	int64_t version = 0, application = 0;

	snprintf(sql, sizeof(sql), "PRAGMA %s.user_version", schema);
	enum err err = ask(db, sql, &version, 1);
	snprintf(sql, sizeof(sql), "PRAGMA %s.application_id", schema);
	if (!err)
		err = ask(db, sql, &application, 1);
	if (err || (application == SCHEMA_APPLICATION && version >= 1 && version <= SCHEMA_VERSION))
		return err;
	return buf_refuse(
		reason, ERR_INVALID,
		"%s is of another version: it cannot be compared; `ewsctl forget` removes both",
		path);
}

static enum err make_table(sqlite3 *db, const char *schema)
{
	AUTO(buf) struct buf sql = { 0 };
	/* NOLINTNEXTLINE: the format is ours */
	enum err err = buf_printf(&sql, files_table, schema);

	if (err)
		return err;
	return sqlite3_exec(db, sql.bytes, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : ERR_STORE;
}

static enum err open_both(const struct cache *cache, sqlite3 **ret, struct buf *reason)
{
	AUTO(db) sqlite3 *db = NULL;
	enum err err = open_file(cache->path, &db);

	if (!err)
		err = attach(db, cache->old);
	if (!err)
		err = check_version(db, "main", cache->path, reason);
	if (!err)
		err = check_version(db, "old", cache->old, reason);
	if (!err)
		err = make_table(db, "main");
	if (!err)
		err = make_table(db, "old");
	if (!err)
		*ret = give(db);
	else if (!reason->len && db)
		return buf_refuse(reason, err,
				  "%s and its .old cannot be compared: %s (remove the .old "
				  "yourself if you do not want it)",
				  cache->path, sqlite3_errmsg(db));
	return err;
}

static enum err check_complete(sqlite3 *db, const struct cache *cache, struct buf *reason)
{
	int64_t left[3];
	enum err err = ask(db, is_incomplete, left, 3);

	if (err || (left[0] == 0 && left[1] == 0 && left[2] == 0))
		return err;
	return buf_refuse(
		reason, ERR_BUSY,
		"the new cache is not complete (%lld items and %lld folders to come): %s is "
		"kept; run this again later",
		(long long)left[0], (long long)left[1], cache->old);
}

/* --- what differs --- */

static uint64_t *count_of(struct cache_difference *sum, const char *what)
{
	struct {
		const char *name;
		uint64_t *n;
	} const rows[] = {
		{ "changed", &sum->changed_n }, { "moved", &sum->moved_n },
		{ "flag", &sum->flag_n },	{ "gone", &sum->gone_n },
		{ "added", &sum->added_n },	{ "bytes", &sum->bytes_n },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].name, what) == 0)
			return rows[i].n;
	}
	return &sum->equal_n;
}

static enum err tell(struct cache_difference *sum, const char *what, const char *path,
		     unsigned *lines_n, struct buf *text)
{
	uint64_t *n = count_of(sum, what);

	++*n;
	if (n == &sum->equal_n || ++*lines_n > LINES_MAX)
		return ERR_OK;
	return buf_printf(text, "%-8s %s\n", what, path);
}

static enum err each_difference(sqlite3 *db, struct cache_difference *sum, unsigned *lines_n,
				struct buf *text)
{
	AUTO(stmt) sqlite3_stmt *stmt = NULL;
	enum err err = ERR_OK;
	int rc = sqlite3_prepare_v2(db, differences, -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return ERR_STORE;
	while (!err && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *path = (const char *)sqlite3_column_text(stmt, 1);
		err = tell(sum, (const char *)sqlite3_column_text(stmt, 0), path ? path : "?",
			   lines_n, text);
	}
	return err || rc == SQLITE_DONE ? err : ERR_STORE;
}

enum err cache_compare(const struct cache *cache, struct buf *ret, struct cache_difference *ret_sum,
		       struct buf *reason)
{
	AUTO(db) sqlite3 *db = NULL;
	struct cache_difference sum = { 0 };
	unsigned lines_n = 0;
	enum err err = open_both(cache, &db, reason);

	if (!err)
		err = check_complete(db, cache, reason);
	if (!err)
		err = each_difference(db, &sum, &lines_n, ret);
	if (!err && lines_n > LINES_MAX)
		err = buf_printf(ret, "... and %u more\n", lines_n - LINES_MAX);
	if (!err)
		err = buf_printf(
			ret,
			"%llu equal, %llu changed, %llu moved, %llu with another read flag, %llu "
			"gone, %llu added; %llu with other bytes under the same change key\n",
			(unsigned long long)sum.equal_n, (unsigned long long)sum.changed_n,
			(unsigned long long)sum.moved_n, (unsigned long long)sum.flag_n,
			(unsigned long long)sum.gone_n, (unsigned long long)sum.added_n,
			(unsigned long long)sum.bytes_n);
	if (err)
		return err == ERR_STORE && !reason->len
			       ? buf_refuse(reason, err,
					    "%s and its .old cannot be compared: %s (remove the "
					    ".old yourself if you do not want it)",
					    cache->path, db ? sqlite3_errmsg(db) : err_text(err))
			       : err;
	*ret_sum = sum;
	return ERR_OK;
}
