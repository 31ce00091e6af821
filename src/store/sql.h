/* SPDX-License-Identifier: MIT */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/text.h"
#include "store/statements.h"

/*
 * sql - every statement of the store by name, prepared once for a connection, and run in
 * a line or two:
 *
 *	err = run(store, SQL_DROP_ENTRY, v_int(dir), v_int(id));
 *
 *	AUTO(query) struct query q = query(store, SQL_FIND_ENTRY, v_int(dir), v_text(name));
 *	while (query_next(&q))
 *		... col_int(&q, 0) ...
 *	return q.err;
 *
 * A query remembers its first error, which ends it; its release resets the statement, so
 * that no transaction stays open. One query of a statement at a time.
 */
struct store;

enum value_kind { VALUE_END, VALUE_NULL, VALUE_INT, VALUE_TEXT, VALUE_ID, VALUE_BLOB };
struct value {
	enum value_kind kind;
	int64_t n;
	const void *bytes;
};

static inline struct value v_int(int64_t n)
{
	return (struct value){ VALUE_INT, n, NULL };
}
/* 0 is NULL. */
static inline struct value v_ino(uint64_t ino)
{
	return (struct value){ ino ? VALUE_INT : VALUE_NULL, (int64_t)ino, NULL };
}
static inline struct value v_time(int64_t time)
{
	return (struct value){ time == TIME_NONE ? VALUE_NULL : VALUE_INT, time, NULL };
}
static inline struct value v_text(const char *text)
{
	return (struct value){ text ? VALUE_TEXT : VALUE_NULL, 0, text };
}
/* Of the server: base64, kept decoded where that loses nothing. */
static inline struct value v_id(const char *id)
{
	return (struct value){ id ? VALUE_ID : VALUE_NULL, 0, id };
}
/*
 * Of an id: what finds it in an index, and what it shares with hardly another, even if a server
 * chose the ids for that: a secret of the cache is in it. Ids that differ in their last 8 bytes
 * only, as those given out one after the other do, have keys as near as those bytes, so that new
 * rows go to few pages of the index.
 */
struct value v_id_key(const struct store *store, const char *id);
/* Into an empty buf. ERR_INVALID: not base64, or not what encoding makes of the bytes. */
MUST_CHECK enum err sql_parse_id(const char *id, size_t n, struct buf *ret);
static inline struct value v_blob(const void *bytes, size_t n)
{
	return (struct value){ VALUE_BLOB, (int64_t)n, bytes };
}

struct query {
	struct store *store;
	enum sql sql;
	sqlite3_stmt *stmt;
	enum err err;
	bool is_over;
};

#define query(store, sql, ...) \
	query_values(store, sql, (const struct value[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })
#define run(store, sql, ...) \
	run_values(store, sql, (const struct value[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })

struct query query_values(struct store *store, enum sql sql, const struct value *values);
/* True: there is a row. False once is false for ever. */
bool query_next(struct query *q);
/* The first row; ERR_NOT_FOUND when there is none. */
MUST_CHECK enum err query_one(struct query *q);
void query_release(struct query *q);
MUST_CHECK enum err run_values(struct store *store, enum sql sql, const struct value *values);
/* Rows that the last run() touched. */
int64_t run_changes(const struct store *store);

/* Columns of the row, from 0; NULL reads as 0, TIME_NONE, NULL or nothing. */
int64_t col_int(struct query *q, int i);
int64_t col_time(struct query *q, int i);
bool col_is_null(struct query *q, int i);
/* Borrowed until the next step. */
const char *col_text(struct query *q, int i);
/* These copy; what fails is remembered in q->err. */
void col_copy(struct query *q, int i, char **ret);
void col_id(struct query *q, int i, char **ret);
void col_append(struct query *q, int i, struct buf *ret);

/* What SQLite means, as one of ours; keeps the line that store_reason() lends. */
enum err sql_err(struct store *store, int rc, const char *what);

#endif
