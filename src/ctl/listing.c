/* SPDX-License-Identifier: MIT */
#include "ctl/listing.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_FIRST = 64, WASTE_MIN_BYTES = 1 << 20, PIECE_BYTES = 1 << 16 };

void listing_release(struct listing *listing)
{
	for (size_t i = 0; i < listing->n; i++)
		free(listing->lines[i].name);
	free(listing->lines);
	*listing = (struct listing){ 0 };
}

static enum err make_room(struct listing *listing)
{
	size_t size = listing->size ? 2 * listing->size : LINES_FIRST;

	if (listing->n < listing->size)
		return ERR_OK;
	struct line *lines = reallocarray(listing->lines, size, sizeof(*lines));
	if (!lines)
		return ERR_NOMEM;
	listing->lines = lines;
	listing->size = size;
	return ERR_OK;
}

enum err listing_add(struct listing *listing, const struct line *line)
{
	enum err err = make_room(listing);
	char *name = err ? NULL : strdup(line->name);

	if (!name)
		return ERR_NOMEM;
	listing->lines[listing->n] = *line;
	listing->lines[listing->n++].name = name;
	return ERR_OK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->name, ((const struct line *)b)->name);
}

void listing_sort(struct listing *listing)
{
	if (listing->n)
		qsort(listing->lines, listing->n, sizeof(*listing->lines), compare_names);
}

/* --- what became of it --- */

const char *change_text(enum change change)
{
	static const char *const texts[] = {
		[CHANGE_NEW] = "new",	[CHANGE_CHANGED] = "changed", [CHANGE_REMOVED] = "removed",
		[CHANGE_READ] = "read", [CHANGE_UNREAD] = "unread",
	};

	return texts[change];
}

/* Of one name on both sides. A directory's times move with what is in it: that is told there. */
static enum err compare_line(const struct line *before, const struct line *after, change_fn fn,
			     void *ctx)
{
	bool is_flagged = before->is_read != after->is_read;
	bool is_touched = before->ctime_ns != after->ctime_ns;
	bool is_changed = before->ino != after->ino || (is_touched && !is_flagged);
	enum err err = ERR_OK;

	if (before->is_dir && after->is_dir && before->ino == after->ino)
		return ERR_OK;
	if (before->is_dir != after->is_dir || (before->is_dir && after->is_dir)) {
		err = fn(ctx, CHANGE_REMOVED, before);
		return err ? err : fn(ctx, CHANGE_NEW, after);
	}
	if (is_changed)
		err = fn(ctx, CHANGE_CHANGED, after);
	if (!err && is_flagged)
		err = fn(ctx, after->is_read ? CHANGE_READ : CHANGE_UNREAD, after);
	return err;
}

enum err listing_compare(const struct listing *before, const struct listing *after, change_fn fn,
			 void *ctx)
{
	enum err err = ERR_OK;

	for (size_t i = 0, j = 0; !err && (i < before->n || j < after->n);) {
		int order = i == before->n  ? 1
			    : j == after->n ? -1
					    : compare_names(&before->lines[i], &after->lines[j]);
		if (order < 0)
			err = fn(ctx, CHANGE_REMOVED, &before->lines[i++]);
		else if (order > 0)
			err = fn(ctx, CHANGE_NEW, &after->lines[j++]);
		else
			err = compare_line(&before->lines[i++], &after->lines[j++], fn, ctx);
	}
	return err;
}

/* --- packed --- */

/* Before each name; the NUL of the name ends the line. */
struct head {
	uint64_t ino;
	int64_t ctime_ns;
	uint8_t is_dir, is_read;
};

enum err listing_pack(const struct listing *listing, struct buf *ret)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < listing->n; i++) {
		const struct line *line = &listing->lines[i];
		struct head head = { line->ino, line->ctime_ns, line->is_dir, line->is_read };
		err = buf_append(ret, &head, sizeof(head));
		if (!err)
			err = buf_append(ret, line->name, strlen(line->name) + 1);
	}
	return err;
}

enum err listing_unpack(const struct buf *packed, struct listing *ret)
{
	enum err err = ERR_OK;

	for (size_t at = 0; !err && at < packed->len;) {
		struct head head;
		if (packed->len - at <= sizeof(head))
			return ERR_DAMAGED;
		memcpy(&head, packed->bytes + at, sizeof(head));
		at += sizeof(head);
		size_t n = strnlen(packed->bytes + at, packed->len - at);
		if (n == packed->len - at)
			return ERR_DAMAGED;
		struct line line = { packed->bytes + at, head.ino, head.ctime_ns, head.is_dir,
				     head.is_read };
		err = listing_add(ret, &line);
		at += n + 1;
	}
	return err;
}

/* --- the shelf --- */

void shelf_release(struct shelf *shelf)
{
	const char *dir = shelf->spool.dir;

	spool_release(&shelf->spool);
	*shelf = (struct shelf){ .spool.dir = dir };
}

enum err shelf_put(struct shelf *shelf, const struct listing *listing, struct place *ret)
{
	AUTO(buf) struct buf packed = { 0 };
	struct place place = { .at = shelf->spool.len };
	enum err err = listing_pack(listing, &packed);

	place.n = packed.len;
	if (!err && place.n)
		err = spool_append(&shelf->spool, packed.bytes, packed.len);
	if (err)
		return err;
	shelf->live_bytes += place.n;
	*ret = place;
	return ERR_OK;
}

enum err shelf_load(const struct shelf *shelf, const struct place *place, struct listing *ret)
{
	AUTO(buf) struct buf packed = { 0 };
	AUTO(str) char *piece = malloc(PIECE_BYTES);
	enum err err = piece ? ERR_OK : ERR_NOMEM;

	for (uint64_t done = 0; !err && done < place->n;) {
		uint64_t left = place->n - done;
		size_t n = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
		err = spool_read(&shelf->spool, place->at + done, piece, n);
		if (!err)
			err = buf_append(&packed, piece, n);
		done += n;
	}
	return err ? err : listing_unpack(&packed, ret);
}

void shelf_drop(struct shelf *shelf, struct place *place)
{
	shelf->live_bytes -= place->n;
	*place = (struct place){ 0 };
}

bool shelf_is_wasteful(const struct shelf *shelf)
{
	return shelf->spool.len > WASTE_MIN_BYTES && shelf->spool.len / 2 > shelf->live_bytes;
}

enum err shelf_move(const struct shelf *from, struct shelf *to, struct place *place)
{
	AUTO(listing) struct listing listing = { 0 };
	enum err err = shelf_load(from, place, &listing);

	return err ? err : shelf_put(to, &listing, place);
}
