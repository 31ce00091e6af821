/* SPDX-License-Identifier: MIT */
#include "sync/listing.h"

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
	const char *name = listing_name_of(listing, folder->id);
	const struct folder *known = folders_find_sorted(&listing->known, folder->id);

	return name || !known ? name : known->distinguished;
}

static enum err put_named(struct txn *txn, const struct listing *listing, struct folder *folder,
			  const char *name)
{
	enum err err = ERR_OK;

	folder->tree = listing->tree;
	if (!folder->distinguished || !name || strcmp(name, folder->distinguished) != 0) {
		str_release(&folder->distinguished);
		err = text_copy(name, &folder->distinguished);
	}
	return err ? err : store_put_folder(txn, folder);
}

static enum err put_root(struct txn *txn, struct listing *listing)
{
	struct folder *root = &listing->root;
	enum err err = trees_put_value(txn, listing->tree, VALUE_ROOT_ID,
				       root->id ? root->id : TREE_NOTHING);

	if (err || !root->id)
		return err;
	root->is_hidden = false; /* whatever it is elsewhere, the user wants it here */
	return put_named(txn, listing, root, tree_info(listing->tree)->root);
}

static enum err put_all(struct txn *txn, struct listing *listing)
{
	const char *root_id = listing->root.id ? listing->root.id : "";
	enum err err = put_root(txn, listing);

	for (size_t p = 0; !err && p < listing->n; p++) {
		struct folders *put = &listing->pages[p].put;
		for (size_t i = 0; !err && i < put->n; i++) {
			struct folder *folder = &put->list[i];
			if (strcmp(folder->id, root_id) != 0)
				err = put_named(txn, listing, folder,
						distinguished_of(listing, folder));
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
 * later page put again is back; one that is in another tree now was moved. */
static void mark_dropped(const struct listing *listing, const struct put_ref *refs, size_t refs_n,
			 const struct folders *folders, bool *goes)
{
	for (size_t p = 0; p < listing->n; p++) {
		for (size_t i = 0; i < listing->pages[p].dropped_n; i++) {
			const char *id = listing->pages[p].dropped[i];
			const struct folder *folder = folders_find_sorted(folders, id);
			if (folder && folder->tree == listing->tree &&
			    !is_put_from(refs, refs_n, p + 1, id))
				goes[folder - folders->list] = true;
		}
	}
}

/* What a listing from nothing does not show of its tree. */
static void mark_unlisted(const struct listing *listing, const struct put_ref *refs, size_t refs_n,
			  const struct folders *folders, bool *goes)
{
	for (size_t i = 0; i < folders->n; i++)
		goes[i] = folders->list[i].tree == listing->tree &&
			  !is_put_from(refs, refs_n, 0, folders->list[i].id);
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

enum err folders_drop_marked(struct txn *txn, struct folders *folders, const bool *goes)
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
		mark_unlisted(listing, refs, n, folders, goes);
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
		err = folders_drop_marked(txn, folders, goes);
	free(goes);
	return err;
}

static enum err apply(struct sync *sync, struct listing *listing)
{
	AUTO(folders) struct folders folders = { 0 };
	AUTO(txn) struct txn txn = { 0 };
	const char *state = listing->n > 0 ? listing->pages[listing->n - 1].state : NULL;

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
		err = scope_place(sync, &txn, &folders);
	if (!err)
		err = trees_put_value(&txn, listing->tree, VALUE_HIERARCHY_STATE,
				      state ? state : TREE_NOTHING);
	if (!err)
		err = txn_commit(&txn);
	if (!err)
		log_debug("%s: %zu folders", sync->account->url, folders.n);
	return err;
}

/* --- both ways --- */

/* A root of another id is another mailbox behind the same name: nothing here belongs to it. */
static enum err check_mailbox(struct sync *sync, const struct listing *listing)
{
	AUTO(str) char *root_id = NULL;

	enum err err = store_load_value(sync->store, VALUE_ROOT_ID, &root_id);
	if (err == ERR_NOT_FOUND || (!err && strcmp(root_id, TREE_NOTHING) == 0))
		return ERR_OK;
	if (!err && listing->is_pieced) {
		gate_blame(sync, "the top folder is closed to you now: %s", listing->code);
		err = ERR_DENIED;
	} else if (!err && strcmp(root_id, listing->root.id) != 0) {
		gate_blame(sync, "another mailbox answers than the one cached in %s: remove it",
			   sync->account->cache);
		err = ERR_OTHER_OWNER;
	}
	return err;
}

/* Somebody else's may be closed to us: then it has not told its id either. */
static enum err check_inbox(struct sync *sync, const struct listing *listing)
{
	bool is_closed = sync->account->mailbox && !listing_knows_inbox(listing);

	if (is_closed || listing_has_inbox(listing))
		return ERR_OK;
	gate_blame(sync, "the server lists folders without the Inbox");
	return ERR_PROTOCOL;
}

static enum err list_tree(struct sync *sync, enum tree tree)
{
	AUTO(listing) struct listing listing = { .tree = tree, .is_full = true };
	bool is_mailbox = tree == TREE_MAILBOX;

	enum err err = listing_read_root(sync, &listing);
	if (!err && is_mailbox)
		err = check_mailbox(sync, &listing);
	if (err)
		return err;
	if (listing.is_pieced || tree_info(tree)->is_searched)
		err = listing_search(sync, &listing);
	else
		err = listing_read_pages(sync, NULL, &listing);
	if (!err && is_mailbox)
		err = check_inbox(sync, &listing);
	return err ? err : apply(sync, &listing);
}

/* As we know it. */
static enum err load_root(struct sync *sync, enum tree tree, struct folder *ret)
{
	AUTO(folders) struct folders folders = { 0 };
	AUTO(str) char *id = NULL;

	enum err err = trees_load_value(sync->store, tree, VALUE_ROOT_ID, &id);
	if (!err)
		err = store_load_folders(sync->store, &folders);
	const struct folder *root = err ? NULL : folders_find(&folders, id);
	return err || !root ? err : folder_copy(root, ret);
}

/* `root`: as the server says now; NULL: nobody asked. */
static enum err update_tree(struct sync *sync, enum tree tree, const struct folder *root)
{
	AUTO(listing) struct listing listing = { .tree = tree };
	AUTO(str) char *state = NULL;

	enum err err = trees_load_value(sync->store, tree, VALUE_HIERARCHY_STATE, &state);
	if (err && err != ERR_NOT_FOUND)
		return err;
	if (!err && root && root->id)
		err = folder_copy(root, &listing.root);
	else if (!err && !root)
		err = load_root(sync, tree, &listing.root);
	if (err && err != ERR_NOT_FOUND)
		return err;
	if (err || !listing.root.id || strcmp(state, TREE_NOTHING) == 0)
		return list_tree(sync, tree);
	err = listing_read_pages(sync, state, &listing);
	if (err == ERR_SYNC_RESET) {
		log_info("%s: the state of the folders expired, listing them afresh",
			 sync->account->url);
		return list_tree(sync, tree);
	}
	return err ? err : apply(sync, &listing);
}

enum err hierarchy_list(struct sync *sync, unsigned trees)
{
	enum err err = trees & TREE_BIT(TREE_MAILBOX) ? list_tree(sync, TREE_MAILBOX) : ERR_OK;

	trees &= tree_wanted(sync->account);
	for (enum tree tree = TREE_MAILBOX + 1; !err && tree < TREE_COUNT; tree++) {
		if (trees & TREE_BIT(tree))
			err = trees_note_result(sync, tree, &sync->trees_failed,
						list_tree(sync, tree));
	}
	return err;
}

enum err hierarchy_update(struct sync *sync, const struct folder *root, unsigned trees)
{
	enum err err = trees & TREE_BIT(TREE_MAILBOX) ? update_tree(sync, TREE_MAILBOX, root)
						      : ERR_OK;

	trees &= tree_wanted(sync->account);
	for (enum tree tree = TREE_MAILBOX + 1; !err && tree < TREE_COUNT; tree++) {
		if (trees & TREE_BIT(tree))
			err = trees_note_result(sync, tree, &sync->trees_failed,
						update_tree(sync, tree, NULL));
	}
	return err;
}
