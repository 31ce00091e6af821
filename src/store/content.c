/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "store/internal.h"

/*
 * The bytes of files, in rows of CHUNK_BYTES: as long as the longest READ that the kernel
 * sends, and aligned as it aligns them, so a READ is one row read once.
 */
#define CHUNK_BYTES ((uint64_t)128 << 10)
#define CHUNK_BITS 20 /* of the row's id */
#define CHUNKS_MAX (CONTENT_MAX / CHUNK_BYTES)
_Static_assert(CHUNKS_MAX == 1 << CHUNK_BITS, "the number of a chunk fits into its bits");

static int64_t chunk_id(uint64_t ino, uint64_t chunk)
{
	return (int64_t)(ino << CHUNK_BITS | chunk);
}

/* Tells damage from content; no defence against forgers. */
static int64_t sum_of(const void *bytes, size_t n)
{
	return (int32_t)((uint64_t)sum_bytes(bytes, n, n) >> 32);
}

static size_t chunk_len(const struct spool *content, uint64_t at)
{
	uint64_t left = content->len - at;

	return (size_t)(left < CHUNK_BYTES ? left : CHUNK_BYTES);
}

enum err content_put(struct store *store, uint64_t ino, const struct spool *content)
{
	AUTO(str) char *bytes = malloc(CHUNK_BYTES);
	enum err err = bytes ? ERR_OK : ERR_NOMEM;

	if (content->len > CONTENT_MAX)
		return store_fail(store, ERR_LIMIT, "a content of %llu bytes",
				  (unsigned long long)content->len);
	for (uint64_t at = 0; !err && at < content->len; at += CHUNK_BYTES) {
		size_t n = chunk_len(content, at);
		err = spool_read(content, at, bytes, n);
		if (!err)
			err = run(store, SQL_ADD_CHUNK, v_int(chunk_id(ino, at / CHUNK_BYTES)),
				  v_int(sum_of(bytes, n)), v_blob(bytes, n));
	}
	return err;
}

enum err content_drop(struct store *store, uint64_t ino)
{
	return run(store, SQL_DROP_CHUNKS, v_int(chunk_id(ino, 0)),
		   v_int(chunk_id(ino, CHUNKS_MAX - 1)));
}

static enum err chunk_equal(struct store *store, uint64_t ino, const struct spool *content,
			    uint64_t at, bool *ret)
{
	AUTO(query)
	struct query q = query(store, SQL_LOAD_CHUNK, v_int(chunk_id(ino, at / CHUNK_BYTES)));
	AUTO(buf) struct buf held = { 0 };
	AUTO(str) char *bytes = malloc(CHUNK_BYTES);
	size_t n = chunk_len(content, at);
	enum err err = query_one(&q);

	if (err == ERR_NOT_FOUND) {
		*ret = false;
		return ERR_OK;
	}
	if (!err && !bytes)
		err = ERR_NOMEM;
	if (!err) {
		col_append(&q, 0, &held);
		err = q.err;
	}
	if (!err)
		err = spool_read(content, at, bytes, n);
	if (!err)
		*ret = held.len == n && memcmp(held.bytes, bytes, n) == 0;
	return err;
}

enum err content_equal(struct store *store, uint64_t ino, const struct spool *content, bool *ret)
{
	struct store_node node = { 0 };
	bool same = true;
	enum err err = store_load_node(store, ino, &node);

	if (!err && node.size != content->len)
		same = false;
	for (uint64_t at = 0; !err && same && at < content->len; at += CHUNK_BYTES)
		err = chunk_equal(store, ino, content, at, &same);
	if (!err)
		*ret = same;
	return err;
}

/* Copies what [offset, end) has of the chunk in the row. */
static enum err append_part(struct query *q, uint64_t ino, uint64_t offset, uint64_t end,
			    struct buf *ret)
{
	uint64_t at = ((uint64_t)col_int(q, 2) - (uint64_t)chunk_id(ino, 0)) * CHUNK_BYTES;
	const char *bytes = sqlite3_column_blob(q->stmt, 3);
	size_t n = (size_t)sqlite3_column_bytes(q->stmt, 3);
	uint64_t to = at + n;
	uint64_t from = offset > at ? offset : at;

	if (to > end)
		to = end;
	if (!bytes || from >= to)
		return ERR_OK;
	if (sum_of(bytes, n) != col_int(q, 4))
		return store_fail(q->store, ERR_DAMAGED, "content of inode %llu is damaged",
				  (unsigned long long)ino);
	return buf_append(ret, bytes + (from - at), (size_t)(to - from));
}

static enum err check_readable(struct store *store, int64_t flags)
{
	if (flags & INODE_DIR)
		return ERR_IS_DIR;
	if (flags & INODE_HOLLOW)
		return store_fail(store, ERR_BAD_ITEM, "the server could not deliver it");
	return ERR_OK;
}

enum err store_read_content(struct store *store, uint64_t ino, uint64_t offset, size_t n,
			    struct buf *ret)
{
	uint64_t max = CONTENT_MAX;
	uint64_t first = (offset < max ? offset : max - 1) / CHUNK_BYTES;
	uint64_t end = offset < max && n < max - offset ? offset + n : max;
	AUTO(query)
	struct query q = query(store, SQL_READ_CHUNKS, v_int((int64_t)ino),
			       v_int(chunk_id(ino, first)),
			       v_int(chunk_id(ino, (end - (end > 0)) / CHUNK_BYTES)));
	size_t had = ret->len;
	enum err err = query_one(&q);

	if (!err)
		err = check_readable(store, col_int(&q, 0));
	if (err)
		return err;
	uint64_t size = (uint64_t)col_int(&q, 1);
	if (end > size)
		end = size;
	if (offset >= end)
		return ERR_OK;
	do
		err = append_part(&q, ino, offset, end, ret);
	while (!err && query_next(&q));
	if (!err)
		err = q.err;
	/* Never let a hole read as zeros. */
	if (!err && ret->len - had != end - offset)
		err = store_fail(store, ERR_DAMAGED, "content of inode %llu is incomplete",
				 (unsigned long long)ino);
	return err;
}

enum err store_each_piece(struct store *store, uint64_t ino, store_piece_fn fn, void *ctx)
{
	AUTO(query) struct query q = query(store, SQL_NEXT_CHUNKS, v_ino(ino));

	while (query_next(&q)) {
		uint64_t of = (uint64_t)col_int(&q, 0), id = (uint64_t)col_int(&q, 1);
		const struct store_piece piece = {
			.ino = of,
			.offset = (id - (uint64_t)chunk_id(of, 0)) * CHUNK_BYTES,
			.bytes = sqlite3_column_blob(q.stmt, 2),
			.n = (size_t)sqlite3_column_bytes(q.stmt, 2),
		};
		/* Who reads it hears of the damage. */
		if (!piece.bytes || sum_of(piece.bytes, piece.n) != col_int(&q, 3) ||
		    !fn(ctx, &piece))
			break;
	}
	return q.err;
}
