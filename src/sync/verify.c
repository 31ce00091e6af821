/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>
#include <string.h>

/*
 * verify - a folder as the server lists it from nothing, compared with the store.
 *
 * Neither the listing nor its state is stored. An item costs 16 bytes while it lasts: who it
 * is and how it compared, in the order in which it was told; where an id comes twice, the
 * later counts. Ids are kept of those at fault only, and of not too many of them.
 */
enum verified { SAME, CHANGED, MISSING, GONE };
enum { VERIFIED_BITS = 2 };
#define UNKNOWN_BIT (UINT64_C(1) << 63)

struct mark {
	uint64_t who;  /* row; of an unknown item a hash of its id, with UNKNOWN_BIT */
	uint64_t what; /* position in the listing, and enum verified in the lowest bits */
};

struct marks {
	struct mark *list;
	size_t n, size;
};

static void marks_release(struct marks *marks)
{
	free(marks->list);
	*marks = (struct marks){ 0 };
}

struct verify {
	struct sync *sync;
	const struct folder *folder;
	struct comparison *comparison;
	struct marks marks;
	enum err err;
};

static enum err add_mark(struct marks *marks, uint64_t who, enum verified what)
{
	if (marks->n == marks->size) {
		size_t size = marks->size ? 2 * marks->size : 1024;
		struct mark *list = reallocarray(marks->list, size, sizeof(*list));
		if (!list)
			return ERR_NOMEM;
		marks->list = list;
		marks->size = size;
	}
	marks->list[marks->n] = (struct mark){ who, marks->n << VERIFIED_BITS | what };
	marks->n++;
	return ERR_OK;
}

static enum verified judge(const struct item_row *row, const struct ews_change *change)
{
	switch (page_compare(row, change)) {
	case DIFFERENCE_NONE: return SAME;
	case DIFFERENCE_CHANGED: return CHANGED;
	case DIFFERENCE_ABSENT: break;
	}
	return MISSING;
}

/* What the keys of what we hold say. */
static enum err note_verdict(struct comparison *comparison, const struct item_row *row,
			     const char *id)
{
	if (row->state != ITEM_LOCAL)
		return ERR_OK;
	if (row->verdict == VERDICT_REGRESSED) {
		comparison->regressed_n++;
		return comparison_add_item(comparison, "regressed", id);
	}
	if (row->verdict == VERDICT_UNCOVERED) {
		comparison->uncovered_n++;
		return comparison_add_item(comparison, "uncovered", id);
	}
	return ERR_OK;
}

static enum err note_change(struct verify *verify, const struct ews_change *change)
{
	AUTO(item_row) struct item_row row = { 0 };
	struct comparison *comparison = verify->comparison;

	if (change->kind == EWS_READ_FLAG)
		return ERR_OK;
	enum err err = store_find_item(verify->sync->store, change->id, &row);
	if (err && err != ERR_NOT_FOUND)
		return err;
	/* Elsewhere in the store is not here. */
	bool known = !err && row.folder == verify->folder->ino;
	uint64_t who = known ? (uint64_t)row.row : text_hash(TEXT_HASH, change->id) | UNKNOWN_BIT;
	if (change->kind == EWS_DELETE)
		return add_mark(&verify->marks, who, GONE);
	enum verified what = judge(known ? &row : NULL, change);
	err = add_mark(&verify->marks, who, what);
	if (!err && what != SAME)
		err = comparison_add_item(comparison, what == CHANGED ? "changed" : "missing",
					  change->id);
	return err || !known ? err : note_verdict(comparison, &row, change->id);
}

static enum err note_page(void *ctx, const struct ews_page *page, bool last)
{
	struct verify *verify = ctx;
	enum err err = ERR_OK;
	(void)last;

	for (size_t i = 0; !err && i < page->n; i++)
		err = note_change(verify, &page->changes[i]);
	return err;
}

static int by_mark(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->who != y->who)
		return x->who < y->who ? -1 : 1;
	return (x->what > y->what) - (x->what < y->what);
}

static int by_who(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return (x->who > y->who) - (x->who < y->who);
}

/* The last word on each, and how many there are of each kind. */
static void count_marks(struct marks *marks, struct comparison *comparison)
{
	uint64_t *const counts[] = { [SAME] = &comparison->kept_n,
				     [CHANGED] = &comparison->changed_n,
				     [MISSING] = &comparison->missing_n };
	size_t n = 0;

	if (marks->n > 0)
		qsort(marks->list, marks->n, sizeof(*marks->list), by_mark);
	for (size_t i = 0; i < marks->n; i++) {
		enum verified what = (enum verified)(marks->list[i].what &
						     ((1 << VERIFIED_BITS) - 1));
		if (i + 1 < marks->n && marks->list[i + 1].who == marks->list[i].who)
			continue;
		if (what == GONE)
			continue;
		++*counts[what];
		marks->list[n++] = marks->list[i];
	}
	marks->n = n;
}

static bool note_row(void *ctx, int64_t row, const char *id)
{
	struct verify *verify = ctx;
	const struct mark key = { .who = (uint64_t)row };

	if (verify->marks.n > 0 &&
	    bsearch(&key, verify->marks.list, verify->marks.n, sizeof(key), by_who))
		return true;
	verify->comparison->extra_n++;
	verify->err = comparison_add_item(verify->comparison, "extra", id);
	return !verify->err;
}

enum err verify_folder(struct sync *sync, const struct folder *folder,
		       struct comparison *comparison)
{
	AUTO(pull) struct pull pull = { .sync = sync, .folder = folder };
	struct verify verify = { .sync = sync, .folder = folder, .comparison = comparison };

	status_note_folder(sync, folder->ino);
	status_note_work(sync, SYNC_STATE_VERIFYING);
	enum err err = pull_each_page(&pull, note_page, &verify);
	if (!err) {
		count_marks(&verify.marks, comparison);
		err = store_each_item(sync->store, folder->ino, 0, note_row, &verify);
	}
	if (!err)
		err = verify.err;
	marks_release(&verify.marks);
	status_note_folder(sync, 0);
	return err;
}
