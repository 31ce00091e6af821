/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "store/internal.h"

/*
 * The bytes of files, in chunks of CHUNK_BYTES: as long as the longest READ that the kernel sends,
 * and aligned as it aligns them, so a READ is one chunk read once.
 *
 * SQLite keeps the beginning of a row on a leaf, 488 to 4053 bytes of it, and the rest on pages
 * of its own; what does not fit on a leaf begins a new one. Leaves would stay empty by a fifth.
 * So a chunk that does not fit is two rows: one that fills the leaf, and the rest. Contents come
 * in the order of their inodes, each behind the last, so what is left of the leaf need not be
 * asked for. Where that is wrong (after a start, a rollback, a removal) it comes right again
 * within some rows, and nothing but room depends on it.
 */
#define CHUNK_BYTES ((uint64_t)128 << 10)
#define CHUNK_BITS 20 /* of the row's id */
#define PART_BITS 2
#define CHUNKS_MAX (CONTENT_MAX / CHUNK_BYTES)
_Static_assert(CHUNKS_MAX == 1 << (CHUNK_BITS - PART_BITS),
	       "the number of a chunk fits into its bits");

enum part { WHOLE, HEAD, TAIL, PART_MAX = (1 << PART_BITS) - 1 };

enum {
	USABLE_BYTES = PAGE_BYTES - PAGE_SUM_BYTES,
	LEAF_BYTES = USABLE_BYTES - 8, /* for rows */
	ROW_BYTES = 18,		       /* at most: of a row on its leaf, but for the record */
	RECORD_BYTES = 10,	       /* at most: of a record, but for data */
	/* How much of a record stays on the leaf, as SQLite's file format says. */
	LOCAL_MAX = USABLE_BYTES - 35,
	LOCAL_MIN = (USABLE_BYTES - 12) * 32 / 255 - 23,
	SPILL_BYTES = USABLE_BYTES - 4,
	HEAD_MIN = 256, /* for less another row does not pay */
};

static int64_t chunk_id(uint64_t ino, uint64_t chunk, enum part part)
{
	return (int64_t)(ino << CHUNK_BITS | chunk << PART_BITS | part);
}

static int64_t sum_of(const void *bytes, size_t n)
{
	return (int32_t)sum_bytes(bytes, n, n);
}

static size_t chunk_len(const struct spool *content, uint64_t at)
{
	uint64_t left = content->len - at;

	return (size_t)(left < CHUNK_BYTES ? left : CHUNK_BYTES);
}

/* --- writing --- */

/* What a row of so many bytes takes of a leaf. */
static size_t leaf_bytes(size_t n)
{
	size_t record = n + RECORD_BYTES, local = record;

	if (record > LOCAL_MAX)
		local = LOCAL_MIN + (record - LOCAL_MIN) % SPILL_BYTES;
	return ROW_BYTES + (local <= LOCAL_MAX ? local : LOCAL_MIN);
}

/* How many bytes of a chunk make a row that fills the leaf; 0: it goes in whole. */
static size_t take_leaf(struct store *store, size_t n)
{
	size_t left = store->leaf_left, wanted = leaf_bytes(n);

	if (wanted <= left) {
		store->leaf_left -= wanted;
		return 0;
	}
	size_t head = left < ROW_BYTES + RECORD_BYTES + HEAD_MIN ? 0
								 : left - ROW_BYTES - RECORD_BYTES;
	store->leaf_left = LEAF_BYTES - leaf_bytes(n - head);
	return head;
}

/* The sum stands in the first row, for all of the chunk. */
static enum err put_chunk(struct store *store, uint64_t ino, uint64_t chunk, const char *bytes,
			  size_t n)
{
	struct value sum = v_int(sum_of(bytes, n)), none = { VALUE_NULL };
	size_t head = take_leaf(store, n);

	if (head == 0)
		return run(store, SQL_ADD_CHUNK, v_int(chunk_id(ino, chunk, WHOLE)), sum,
			   v_blob(bytes, n));
	enum err err = run(store, SQL_ADD_CHUNK, v_int(chunk_id(ino, chunk, HEAD)), sum,
			   v_blob(bytes, head));
	return err ? err
		   : run(store, SQL_ADD_CHUNK, v_int(chunk_id(ino, chunk, TAIL)), none,
			 v_blob(bytes + head, n - head));
}

enum err content_put(struct store *store, uint64_t ino, const struct spool *content)
{
	AUTO(str) char *room = NULL;
	const char *bytes = NULL;
	enum err err = ERR_OK;

	if (content->len > CONTENT_MAX)
		return store_fail(store, ERR_LIMIT, "a content of %llu bytes",
				  (unsigned long long)content->len);
	for (uint64_t at = 0; !err && at < content->len; at += CHUNK_BYTES) {
		size_t n = chunk_len(content, at);
		err = spool_view(content, at, n, &room, &bytes);
		if (!err)
			err = put_chunk(store, ino, at / CHUNK_BYTES, bytes, n);
	}
	return err;
}

enum err content_drop(struct store *store, uint64_t ino)
{
	return run(store, SQL_DROP_CHUNKS, v_int(chunk_id(ino, 0, WHOLE)),
		   v_int(chunk_id(ino, CHUNKS_MAX - 1, PART_MAX)));
}

/* --- reading --- */

struct chunk {
	uint64_t ino, at; /* of the file */
	const char *bytes;
	size_t n;
	int64_t sum;
};

/*
 * The chunk that the query stands at, whose id, sum and data are the columns from `col` on. Of two
 * rows it steps to the second and joins them in `room`. Where one is missing the sum is wrong.
 */
static enum err load_chunk(struct query *q, int col, struct buf *room, struct chunk *ret)
{
	uint64_t id = (uint64_t)col_int(q, col), number = id & ((1 << CHUNK_BITS) - 1);

	*ret = (struct chunk){
		.ino = id >> CHUNK_BITS,
		.at = (number >> PART_BITS) * CHUNK_BYTES,
		.sum = col_int(q, col + 1),
		.bytes = sqlite3_column_blob(q->stmt, col + 2),
		.n = (size_t)sqlite3_column_bytes(q->stmt, col + 2),
	};
	if ((number & PART_MAX) != HEAD)
		return ERR_OK;
	buf_clear(room);
	col_append(q, col + 2, room);
	if (query_next(q))
		col_append(q, col + 2, room);
	ret->bytes = room->bytes;
	ret->n = room->len;
	return q->err;
}

static bool is_sound(const struct chunk *chunk)
{
	return chunk->bytes && sum_of(chunk->bytes, chunk->n) == chunk->sum;
}

/* Whether the spool has these bytes there. Damage equals nothing: the file is made anew then. */
static enum err compare(const struct chunk *chunk, const struct spool *content, char **room,
			bool *ret)
{
	const char *bytes = NULL;

	*ret = chunk->at < content->len && chunk->n == chunk_len(content, chunk->at) &&
	       is_sound(chunk);
	if (!*ret)
		return ERR_OK;
	enum err err = spool_view(content, chunk->at, chunk->n, room, &bytes);
	*ret = !err && memcmp(chunk->bytes, bytes, chunk->n) == 0;
	return err;
}

enum err content_equal(struct store *store, uint64_t ino, const struct spool *content, bool *ret)
{
	AUTO(query)
	struct query q = query(store, SQL_LOAD_CHUNKS, v_int(chunk_id(ino, 0, WHOLE)),
			       v_int(chunk_id(ino, CHUNKS_MAX - 1, PART_MAX)));
	AUTO(buf) struct buf joined = { 0 };
	AUTO(str) char *room = NULL;
	struct chunk chunk = { 0 };
	uint64_t had = 0;
	bool same = true;
	enum err err = ERR_OK;

	while (!err && same && query_next(&q)) {
		err = load_chunk(&q, 0, &joined, &chunk);
		if (!err)
			err = compare(&chunk, content, &room, &same);
		had += chunk.n;
	}
	*ret = same && had == content->len;
	return err ? err : q.err;
}

/* The sum of the sums, each of them of a chunk. */
static int64_t add_sum(int64_t sum, int64_t of_chunk)
{
	return (int64_t)sum_bytes(&of_chunk, sizeof(of_chunk), (uint64_t)sum);
}

enum err content_load_sum(struct store *store, uint64_t ino, int64_t *ret)
{
	AUTO(query)
	struct query q = query(store, SQL_LOAD_SUMS, v_int(chunk_id(ino, 0, WHOLE)),
			       v_int(chunk_id(ino, CHUNKS_MAX - 1, PART_MAX)));
	int64_t sum = 0;

	while (query_next(&q))
		sum = add_sum(sum, col_int(&q, 0));
	*ret = sum;
	return q.err;
}

enum err content_sum(const struct spool *content, int64_t *ret)
{
	AUTO(str) char *room = NULL;
	const char *bytes = NULL;
	int64_t sum = 0;
	enum err err = ERR_OK;

	for (uint64_t at = 0; !err && at < content->len; at += CHUNK_BYTES) {
		size_t n = chunk_len(content, at);
		err = spool_view(content, at, n, &room, &bytes);
		if (!err)
			sum = add_sum(sum, sum_of(bytes, n));
	}
	*ret = sum;
	return err;
}

/* Copies what [offset, end) has of the chunk. */
static enum err append_part(struct query *q, const struct chunk *chunk, uint64_t offset,
			    uint64_t end, struct buf *ret)
{
	uint64_t to = chunk->at + chunk->n;
	uint64_t from = offset > chunk->at ? offset : chunk->at;

	if (to > end)
		to = end;
	if (!chunk->bytes || from >= to)
		return ERR_OK;
	if (!is_sound(chunk))
		return store_fail(q->store, ERR_DAMAGED, "content of inode %llu is damaged",
				  (unsigned long long)chunk->ino);
	return buf_append(ret, chunk->bytes + (from - chunk->at), (size_t)(to - from));
}

static enum err check_readable(struct store *store, int64_t flags)
{
	if (flags & INODE_DIR)
		return ERR_IS_DIR;
	if (flags & INODE_ABSENT)
		return ERR_ABSENT;
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
			       v_int(chunk_id(ino, first, WHOLE)),
			       v_int(chunk_id(ino, (end - (end > 0)) / CHUNK_BYTES, PART_MAX)));
	AUTO(buf) struct buf joined = { 0 };
	struct chunk chunk = { 0 };
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
	do {
		err = load_chunk(&q, 2, &joined, &chunk);
		if (!err)
			err = append_part(&q, &chunk, offset, end, ret);
	} while (!err && query_next(&q));
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
	AUTO(buf) struct buf joined = { 0 };
	struct chunk chunk = { 0 };

	while (query_next(&q) && !load_chunk(&q, 0, &joined, &chunk)) {
		const struct store_piece piece = { chunk.ino, chunk.at, chunk.bytes, chunk.n };
		/* Who reads it hears of the damage. */
		if (!is_sound(&chunk) || !fn(ctx, &piece))
			break;
	}
	return q.err;
}
