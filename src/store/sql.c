/* SPDX-License-Identifier: MIT */
#include "store/sql.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "store/internal.h"

static const struct {
	const char *name, *text;
} statements[] = {
#define X(name, text) [SQL_##name] = { #name, text },
	STATEMENT_TABLE(X)
#undef X
};

const char *sql_text(enum sql sql)
{
	return statements[sql].text;
}

const char *sql_name(enum sql sql)
{
	return statements[sql].name;
}

static enum err translate(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE: return ERR_OK;
	case SQLITE_NOMEM: return ERR_NOMEM;
	case SQLITE_FULL: return ERR_NO_SPACE;
	case SQLITE_BUSY: return ERR_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return ERR_DAMAGED;
	case SQLITE_IOERR:
		if (rc == SQLITE_IOERR_SHORT_READ || rc == SQLITE_IOERR_CORRUPTFS ||
		    rc == SQLITE_IOERR_DATA)
			return ERR_DAMAGED;
		return sqlite3_system_errno(db) == ENOSPC ? ERR_NO_SPACE : ERR_STORE;
	default: return ERR_STORE;
	}
}

enum err sql_err(struct store *store, int rc, const char *what)
{
	enum err err = translate(store->db, rc);

	if (!err)
		return ERR_OK;
	if (store->in_txn && !store->txn_err)
		store->txn_err = err;
	return store_fail(store, err, "%s: %s", what, sqlite3_errmsg(store->db));
}

static enum err prepare(struct store *store, enum sql sql)
{
	if (store->stmts[sql])
		return ERR_OK;
	int rc = sqlite3_prepare_v3(store->db, sql_text(sql), -1, SQLITE_PREPARE_PERSISTENT,
				    &store->stmts[sql], NULL);
	enum err err = sql_err(store, rc, sql_name(sql));
	/* Our own SQL does not compile: the file has not the tables that its version says. */
	return rc == SQLITE_ERROR ? store_fail(store, ERR_DAMAGED, "%s: %s", sql_name(sql),
					       sqlite3_errmsg(store->db))
				  : err;
}

struct value v_id_key(const struct store *store, const char *id)
{
	size_t n = strlen(id);
	uint64_t last = 0;
	size_t last_n = n < sizeof(last) ? n : sizeof(last);

	memcpy(&last, id + n - last_n, last_n);
	return v_int((int64_t)(siphash(store->secret, id, n - last_n) + be64toh(last)));
}

/* The last digit before the padding has no bits that decoding drops. */
static bool ends_canonically(const char *id, size_t n)
{
	if (n < 4 || id[n - 1] != '=')
		return true;
	return id[n - 2] == '=' ? strchr("AQgw", id[n - 3]) : strchr("AEIMQUYcgkosw048", id[n - 2]);
}

enum err sql_parse_id(const char *id, size_t n, struct buf *ret)
{
	enum err err = text_parse_base64(ret, id, n);

	/* The length tells of white space. */
	if (!err && (ret->len == 0 || n != (ret->len + 2) / 3 * 4 || !ends_canonically(id, n)))
		err = ERR_INVALID;
	return err;
}

/* Decoded where encoding gives the very same text again, else as it is. */
static enum err bind_id(sqlite3_stmt *stmt, int i, const char *id, int *ret_rc)
{
	AUTO(buf) struct buf bytes = { 0 };
	enum err err = sql_parse_id(id, strlen(id), &bytes);

	if (err && err != ERR_INVALID)
		return err;
	if (err) {
		*ret_rc = sqlite3_bind_text(stmt, i, id, -1, SQLITE_STATIC);
	} else {
		*ret_rc = sqlite3_bind_blob64(stmt, i, bytes.bytes, bytes.len, free);
		bytes = (struct buf){ 0 };
	}
	return ERR_OK;
}

static enum err bind(struct query *q, int i, const struct value *value)
{
	enum err err = ERR_OK;
	int rc = SQLITE_OK;

	switch (value->kind) {
	case VALUE_END:
	case VALUE_NULL: rc = sqlite3_bind_null(q->stmt, i); break;
	case VALUE_INT: rc = sqlite3_bind_int64(q->stmt, i, value->n); break;
	case VALUE_TEXT: rc = sqlite3_bind_text(q->stmt, i, value->bytes, -1, SQLITE_STATIC); break;
	case VALUE_ID: err = bind_id(q->stmt, i, value->bytes, &rc); break;
	case VALUE_BLOB:
		rc = sqlite3_bind_blob64(q->stmt, i, value->n ? value->bytes : "",
					 (uint64_t)value->n, SQLITE_STATIC);
		break;
	}
	return err ? err : sql_err(q->store, rc, sql_name(q->sql));
}

struct query query_values(struct store *store, enum sql sql, const struct value *values)
{
	struct query q = { .store = store, .sql = sql };
	int n = 0;

	q.err = prepare(store, sql);
	if (!q.err)
		q.stmt = store->stmts[sql];
	for (; !q.err && values[n].kind != VALUE_END; n++)
		q.err = bind(&q, n + 1, &values[n]);
	if (!q.err && n != sqlite3_bind_parameter_count(q.stmt))
		q.err = store_fail(store, ERR_INVALID, "%s: %d values", sql_name(sql), n);
	return q;
}

bool query_next(struct query *q)
{
	if (q->err || q->is_over)
		return false;
	int rc = sqlite3_step(q->stmt);
	if (rc == SQLITE_ROW)
		return true;
	q->is_over = true; /* SQLite would begin again */
	if (rc != SQLITE_DONE)
		q->err = sql_err(q->store, rc, sql_name(q->sql));
	return false;
}

enum err query_one(struct query *q)
{
	if (query_next(q))
		return ERR_OK;
	return q->err ? q->err : ERR_NOT_FOUND;
}

void query_release(struct query *q)
{
	if (!q->stmt)
		return;
	sqlite3_reset(q->stmt);
	sqlite3_clear_bindings(q->stmt);
	q->stmt = NULL;
}

enum err run_values(struct store *store, enum sql sql, const struct value *values)
{
	AUTO(query) struct query q = query_values(store, sql, values);

	while (query_next(&q))
		;
	return q.err;
}

int64_t run_changes(const struct store *store)
{
	return sqlite3_changes64(store->db);
}

int64_t col_int(struct query *q, int i)
{
	return sqlite3_column_int64(q->stmt, i);
}

bool col_is_null(struct query *q, int i)
{
	return sqlite3_column_type(q->stmt, i) == SQLITE_NULL;
}

int64_t col_time(struct query *q, int i)
{
	return col_is_null(q, i) ? TIME_NONE : col_int(q, i);
}

const char *col_text(struct query *q, int i)
{
	return (const char *)sqlite3_column_text(q->stmt, i);
}

void col_copy(struct query *q, int i, char **ret)
{
	char *copy = NULL;

	if (!q->err)
		q->err = text_copy(col_text(q, i), &copy);
	if (!q->err)
		*ret = copy;
}

void col_id(struct query *q, int i, char **ret)
{
	AUTO(buf) struct buf text = { 0 };

	if (sqlite3_column_type(q->stmt, i) != SQLITE_BLOB) {
		col_copy(q, i, ret);
		return;
	}
	const void *bytes = sqlite3_column_blob(q->stmt, i);
	if (!q->err)
		q->err = text_print_base64(&text, bytes, (size_t)sqlite3_column_bytes(q->stmt, i));
	if (!q->err)
		q->err = buf_give(&text, ret);
}

void col_append(struct query *q, int i, struct buf *ret)
{
	const void *bytes = sqlite3_column_blob(q->stmt, i);

	if (!q->err && bytes)
		q->err = buf_append(ret, bytes, (size_t)sqlite3_column_bytes(q->stmt, i));
}
