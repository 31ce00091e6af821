/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"

/*
 * hierarchy - the folders, applied as a whole in one commit.
 *
 * Creates and Updates first, then Deletes, each of which takes the subtree with it as it
 * stands then: a folder moved out of it in the same answer stays. Parents may come after
 * children, so the tree is laid out when all are there. A listing from nothing keeps what
 * is known of each folder that it shows, and removes the others; one without the Inbox
 * is no listing.
 */
enum { PAGES_MAX = 1000, DROPS_MAX = FOLDERS_MAX };

static const char *const named[] = {
	"msgfolderroot", "inbox",    "sentitems", "drafts", "deleteditems", "outbox",
	"junkemail",	 "calendar", "contacts",  "tasks",  "notes",	    "journal",
};
enum { ROOT = 0, INBOX = 1, NAMED_N = ARRAY_LEN(named) };

struct listing {
	struct folder root;
	char *named_ids[NAMED_N]; /* NULL: the mailbox has none; of a listing from nothing */
	bool is_full;
	struct ews_hierarchy *pages;
	size_t n, size;
	struct folders known; /* as stored, before */
};

static void listing_release(struct listing *listing)
{
	folder_release(&listing->root);
	for (size_t i = 0; i < NAMED_N; i++)
		str_release(&listing->named_ids[i]);
	for (size_t i = 0; i < listing->n; i++)
		ews_hierarchy_release(&listing->pages[i]);
	free(listing->pages);
	folders_release(&listing->known);
	*listing = (struct listing){ 0 };
}

/* --- reading --- */

static enum err note_named(void *ctx, size_t index, const struct ews_folder_reply *reply)
{
	struct listing *listing = ctx;

	if (index >= NAMED_N)
		return ERR_PROTOCOL;
	if (index == ROOT && reply->err)
		return reply->err;
	if (reply->err || !reply->folder)
		return ERR_OK; /* not every mailbox has them all */
	str_release(&listing->named_ids[index]);
	enum err err = text_copy(reply->folder->id, &listing->named_ids[index]);
	if (!err && index == ROOT)
		err = folder_copy(reply->folder, &listing->root);
	return err;
}

static enum err read_named(struct sync *sync, struct listing *listing)
{
	enum err err;
	int tries = 0;

	do {
		err = gate_enter(sync);
		if (!err)
			err = ews_get_folders(sync->ews, named, NAMED_N, note_named, listing);
	} while (gate_again(sync, err, &tries));
	if (!err && !listing->root.id)
		err = ERR_PROTOCOL;
	return err;
}

static enum err read_page(struct sync *sync, const char *state, struct ews_hierarchy *ret)
{
	enum err err;
	int tries = 0;

	do {
		err = gate_enter(sync);
		if (!err)
			err = ews_sync_hierarchy(sync->ews, state, ret);
	} while (gate_again(sync, err, &tries));
	return err;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static enum err make_room(struct listing *listing)
{
	if (listing->n < listing->size)
		return ERR_OK;
	size_t size = listing->size ? 2 * listing->size : 4;
	struct ews_hierarchy *pages = reallocarray(listing->pages, size, sizeof(*pages));
	if (!pages)
		return ERR_NOMEM;
	listing->pages = pages;
	listing->size = size;
	return ERR_OK;
}

/* All pages from that state on. */
static enum err read_pages(struct sync *sync, const char *state, struct listing *listing)
{
	size_t puts_n = 0, drops_n = 0;
	bool last = false;
	enum err err = ERR_OK;

	while (!err && !last) {
		struct ews_hierarchy page = { 0 };
		err = make_room(listing);
		if (!err)
			err = read_page(sync, state, &page);
		if (err)
			break;
		listing->pages[listing->n++] = page;
		last = page.last;
		puts_n += page.put.n;
		drops_n += page.dropped_n;
		if (!page.state || (!last && is_same(state, page.state))) {
			gate_blame(sync, "the list of folders does not get on");
			err = ERR_PROTOCOL;
		} else if (puts_n > FOLDERS_MAX || drops_n > DROPS_MAX || listing->n > PAGES_MAX) {
			gate_blame(sync, "more folders than we accept");
			err = ERR_LIMIT;
		}
		state = page.state;
	}
	return err;
}

/* --- applying --- */

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct folder *)a)->id, ((const struct folder *)b)->id);
}

struct folder *folders_find_sorted(const struct folders *folders, const char *id)
{
	const struct folder key = { .id = (char *)id };

	return folders->n == 0 || !id
		       ? NULL
		       : bsearch(&key, folders->list, folders->n, sizeof(key), by_id);
}

enum err folders_load_sorted(struct store *store, struct folders *ret)
{
	enum err err = store_load_folders(store, ret);

	if (!err && ret->n > 0)
		qsort(ret->list, ret->n, sizeof(*ret->list), by_id);
	return err;
}

/* Only the first listing asks which folder is which. */
static const char *distinguished_of(const struct listing *listing, const struct folder *folder)
{
	for (size_t i = 1; i < NAMED_N; i++) {
		if (listing->named_ids[i] && strcmp(listing->named_ids[i], folder->id) == 0)
			return named[i];
	}
	const struct folder *known = folders_find_sorted(&listing->known, folder->id);
	return known ? known->distinguished : NULL;
}

static enum err put_one(struct txn *txn, const struct listing *listing, struct folder *folder)
{
	const char *name = distinguished_of(listing, folder);
	enum err err = ERR_OK;

	if (!is_same(name, folder->distinguished)) {
		str_release(&folder->distinguished);
		err = text_copy(name, &folder->distinguished);
	}
	return err ? err : store_put_folder(txn, folder);
}

static enum err put_all(struct txn *txn, struct listing *listing)
{
	struct folder *root = &listing->root;
	enum err err = store_put_value(txn, VALUE_ROOT_ID, root->id);

	str_release(&root->distinguished);
	if (!err)
		err = text_copy(named[ROOT], &root->distinguished);
	if (!err)
		err = store_put_folder(txn, root);
	for (size_t p = 0; !err && p < listing->n; p++) {
		struct folders *put = &listing->pages[p].put;
		for (size_t i = 0; !err && i < put->n; i++) {
			if (strcmp(put->list[i].id, root->id) != 0)
				err = put_one(txn, listing, &put->list[i]);
		}
	}
	return err;
}

/* A page that put a folder. */
struct put_ref {
	const char *id;
	size_t page;
};

static int by_ref(const void *a, const void *b)
{
	const struct put_ref *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	return order ? order : (x->page > y->page) - (x->page < y->page);
}

/* Every put of the listing, sorted. */
static enum err load_refs(const struct listing *listing, struct put_ref **ret, size_t *ret_n)
{
	size_t n = 0;

	for (size_t p = 0; p < listing->n; p++)
		n += listing->pages[p].put.n;
	struct put_ref *refs = calloc(n + 1, sizeof(*refs));
	if (!refs)
		return ERR_NOMEM;
	n = 0;
	for (size_t p = 0; p < listing->n; p++) {
		for (size_t i = 0; i < listing->pages[p].put.n; i++)
			refs[n++] = (struct put_ref){ listing->pages[p].put.list[i].id, p };
	}
	qsort(refs, n, sizeof(*refs), by_ref);
	*ret = refs;
	*ret_n = n;
	return ERR_OK;
}

/* True when a page from that one on puts it. */
static bool is_put_from(const struct put_ref *refs, size_t n, size_t page, const char *id)
{
	const struct put_ref key = { id, page };
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_ref(&refs[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && strcmp(refs[low].id, id) == 0;
}

/* What goes, by index into the folders, before its subtrees are counted in. A folder that a
 * later page put again is back. */
static void mark_dropped(const struct listing *listing, const struct put_ref *refs, size_t refs_n,
			 const struct folders *folders, bool *goes)
{
	for (size_t p = 0; p < listing->n; p++) {
		for (size_t i = 0; i < listing->pages[p].dropped_n; i++) {
			const char *id = listing->pages[p].dropped[i];
			const struct folder *folder = folders_find_sorted(folders, id);
			if (folder && !is_put_from(refs, refs_n, p + 1, id))
				goes[folder - folders->list] = true;
		}
	}
}

/* What a listing from nothing does not show. */
static void mark_unlisted(const struct put_ref *refs, size_t refs_n, const struct folders *folders,
			  bool *goes)
{
	for (size_t i = 0; i < folders->n; i++)
		goes[i] = !is_put_from(refs, refs_n, 0, folders->list[i].id);
}

enum { FATE_OPEN, FATE_STAYS, FATE_GOES };

/*
 * Walks up from a folder until the fate of one is known, and hands it to all on the way. Each
 * folder is walked over once; a cycle ends at a folder of the walk itself.
 */
static void trace_fate(const struct folders *folders, size_t start, char *fates, size_t *path)
{
	size_t n = 0;
	const struct folder *at = &folders->list[start];
	char fate = FATE_STAYS;

	while (at && fates[at - folders->list] == FATE_OPEN) {
		fates[at - folders->list] = FATE_STAYS;
		path[n++] = (size_t)(at - folders->list);
		at = folders_find_sorted(folders, at->parent_id);
	}
	if (at)
		fate = fates[at - folders->list];
	while (n > 0)
		fates[path[--n]] = fate;
}

/* Those below what goes, go too. */
enum err folders_mark_subtrees(const struct folders *folders, bool *goes)
{
	char *fates = calloc(folders->n + 1, sizeof(*fates));
	size_t *path = calloc(folders->n + 1, sizeof(*path));
	enum err err = fates && path ? ERR_OK : ERR_NOMEM;

	for (size_t i = 0; !err && i < folders->n; i++)
		fates[i] = goes[i] ? FATE_GOES : FATE_OPEN;
	for (size_t i = 0; !err && i < folders->n; i++)
		trace_fate(folders, i, fates, path);
	for (size_t i = 0; !err && i < folders->n; i++)
		goes[i] = fates[i] == FATE_GOES;
	free(fates);
	free(path);
	return err;
}

/* Drops what goes from the store and from the list. */
static enum err drop_marked(struct txn *txn, struct folders *folders, const bool *goes)
{
	enum err err = ERR_OK;
	size_t kept_n = 0;

	for (size_t i = 0; i < folders->n; i++) {
		if (!goes[i]) {
			folders->list[kept_n++] = folders->list[i];
			continue;
		}
		if (!err)
			err = store_drop_folder(txn, folders->list[i].ino);
		if (!err)
			err = result_drop_all(txn, folders->list[i].ino);
		folder_release(&folders->list[i]);
	}
	folders->n = kept_n;
	return err;
}

static enum err mark_gone(const struct listing *listing, const struct folders *folders, bool *goes)
{
	const struct folder *root = folders_find_sorted(folders, listing->root.id);
	struct put_ref *refs = NULL;
	size_t n = 0;

	enum err err = load_refs(listing, &refs, &n);
	if (!err && listing->is_full)
		mark_unlisted(refs, n, folders, goes);
	else if (!err)
		mark_dropped(listing, refs, n, folders, goes);
	free(refs);
	if (root)
		goes[root - folders->list] = false;
	/* A listing from nothing names each folder itself. */
	return err || listing->is_full ? err : folders_mark_subtrees(folders, goes);
}

static enum err drop_gone(struct txn *txn, const struct listing *listing, struct folders *folders)
{
	bool *goes = calloc(folders->n + 1, sizeof(*goes));

	if (!goes)
		return ERR_NOMEM;
	enum err err = mark_gone(listing, folders, goes);
	if (!err)
		err = drop_marked(txn, folders, goes);
	free(goes);
	return err;
}

static enum err apply(struct sync *sync, struct listing *listing)
{
	AUTO(folders) struct folders folders = { 0 };
	AUTO(txn) struct txn txn = { 0 };
	const char *state = listing->pages[listing->n - 1].state;

	FAULT("hierarchy.listed");
	enum err err = folders_load_sorted(sync->store, &listing->known);
	if (!err)
		err = txn_begin(&txn, sync->store);
	if (!err)
		err = put_all(&txn, listing);
	if (!err)
		err = folders_load_sorted(sync->store, &folders);
	if (!err)
		err = drop_gone(&txn, listing, &folders);
	FAULT("hierarchy.apply");
	if (!err)
		err = scope_place(sync, &txn, &folders, listing->root.id);
	if (!err)
		err = store_put_value(&txn, VALUE_HIERARCHY_STATE, state);
	if (!err)
		err = txn_commit(&txn);
	if (!err)
		log_debug("%s: %zu folders", sync->account->url, folders.n);
	return err;
}

/* --- both ways --- */

static bool has_inbox(const struct listing *listing)
{
	const char *id = listing->named_ids[INBOX];

	for (size_t p = 0; id && p < listing->n; p++) {
		if (folders_find(&listing->pages[p].put, id))
			return true;
	}
	return false;
}

/* A root of another id is another mailbox behind the same name: nothing here belongs to it. */
static enum err check_root(struct sync *sync, const struct listing *listing)
{
	AUTO(str) char *root_id = NULL;

	enum err err = store_load_value(sync->store, VALUE_ROOT_ID, &root_id);
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	if (!err && strcmp(root_id, listing->root.id) != 0) {
		gate_blame(sync, "another mailbox answers than the one cached in %s: remove it",
			   sync->account->cache);
		err = ERR_OTHER_OWNER;
	}
	return err;
}

enum err hierarchy_list(struct sync *sync)
{
	AUTO(listing) struct listing listing = { .is_full = true };

	enum err err = read_named(sync, &listing);
	if (!err)
		err = check_root(sync, &listing);
	if (!err)
		err = read_pages(sync, NULL, &listing);
	if (!err && !has_inbox(&listing)) {
		gate_blame(sync, "the server lists folders without the Inbox");
		err = ERR_PROTOCOL;
	}
	return err ? err : apply(sync, &listing);
}

enum err hierarchy_update(struct sync *sync, const struct folder *root)
{
	AUTO(listing) struct listing listing = { 0 };
	AUTO(str) char *state = NULL;

	enum err err = store_load_value(sync->store, VALUE_HIERARCHY_STATE, &state);
	if (err == ERR_NOT_FOUND || !root->id)
		return hierarchy_list(sync);
	if (!err)
		err = folder_copy(root, &listing.root);
	if (!err)
		err = read_pages(sync, state, &listing);
	if (err == ERR_SYNC_RESET) {
		log_info("%s: the state of the folders expired, listing them afresh",
			 sync->account->url);
		return hierarchy_list(sync);
	}
	return err ? err : apply(sync, &listing);
}
