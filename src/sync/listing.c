/* SPDX-License-Identifier: MIT */
#include "sync/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAGES_MAX = 1000,
	DROPS_MAX = FOLDERS_MAX,
	IDLE_PAGES_MAX = 100, /* empty ones in a row that are not the last */
};

static const char *const named[LISTING_NAMED_N] = {
	"msgfolderroot", "inbox",    "sentitems", "drafts", "deleteditems", "outbox",
	"junkemail",	 "calendar", "contacts",  "tasks",  "notes",	    "journal",
};
enum { ROOT = 0, INBOX = 1 };

void listing_release(struct listing *listing)
{
	folder_release(&listing->root);
	for (size_t i = 0; i < LISTING_NAMED_N; i++)
		str_release(&listing->named_ids[i]);
	for (size_t i = 0; i < listing->n; i++)
		ews_hierarchy_release(&listing->pages[i]);
	free(listing->pages);
	folders_release(&listing->known);
	*listing = (struct listing){ 0 };
}

const char *listing_name_of(const struct listing *listing, const char *id)
{
	for (size_t i = INBOX; i < LISTING_NAMED_N; i++) {
		if (listing->named_ids[i] && strcmp(listing->named_ids[i], id) == 0)
			return named[i];
	}
	return NULL;
}

static bool has(const struct listing *listing, const char *id)
{
	for (size_t p = 0; id && p < listing->n; p++) {
		if (folders_find(&listing->pages[p].put, id))
			return true;
	}
	return false;
}

bool listing_knows_inbox(const struct listing *listing)
{
	return listing->named_ids[INBOX];
}

bool listing_has_inbox(const struct listing *listing)
{
	return has(listing, listing->named_ids[INBOX]);
}

static enum err add_page(struct listing *listing, struct ews_hierarchy *page)
{
	if (listing->n == listing->size) {
		size_t size = listing->size ? 2 * listing->size : 4;
		struct ews_hierarchy *pages = reallocarray(listing->pages, size, sizeof(*pages));
		if (!pages) {
			ews_hierarchy_release(page);
			return ERR_NOMEM;
		}
		listing->pages = pages;
		listing->size = size;
	}
	listing->pages[listing->n++] = *page;
	*page = (struct ews_hierarchy){ 0 };
	return ERR_OK;
}

/* --- the root --- */

struct question {
	struct sync *sync;
	struct listing *listing;
	struct ews_hierarchy tops;
};

/* The root does not come: another way, or none. */
static enum err note_closed(struct question *question, const struct ews_folder_reply *reply)
{
	struct listing *listing = question->listing;

	/* There may never be public folders: the next poll is soon enough to ask again. */
	bool may_wait = listing->tree != TREE_MAILBOX && reply->err == ERR_TRANSIENT;
	if (reply->err != ERR_DENIED && reply->err != ERR_NOT_FOUND && !may_wait)
		return reply->err;
	snprintf(listing->code, sizeof(listing->code), "%s", reply->code);
	listing->root_err = reply->err;
	listing->is_pieced = listing->tree == TREE_MAILBOX && question->sync->account->mailbox;
	return ERR_OK;
}

static enum err note_named(void *ctx, size_t index, const struct ews_folder_reply *reply)
{
	struct question *question = ctx;
	struct listing *listing = question->listing;

	if (index >= LISTING_NAMED_N)
		return ERR_PROTOCOL;
	if (index == ROOT && reply->err)
		return note_closed(question, reply);
	/* They are all there is of a listing in pieces: one that does not come would be gone. */
	if (listing->is_pieced && reply->err && reply->err != ERR_NOT_FOUND &&
	    reply->err != ERR_DENIED)
		return reply->err;
	if (reply->err || !reply->folder)
		return ERR_OK; /* not every mailbox has them all */
	str_release(&listing->named_ids[index]);
	enum err err = text_copy(reply->folder->id, &listing->named_ids[index]);
	if (!err && index == ROOT)
		return folder_copy(reply->folder, &listing->root);
	if (!err && listing->is_pieced) {
		AUTO(folder) struct folder top = { 0 };
		err = folder_copy(reply->folder, &top);
		if (!err)
			err = folders_take(&question->tops.put, &top);
	}
	return err;
}

static enum err check_root(struct sync *sync, struct question *question)
{
	struct listing *listing = question->listing;

	if (listing->root.id)
		return ERR_OK;
	if (question->tops.put.n > 0)
		return add_page(listing, &question->tops);
	if (!listing->root_err)
		return ERR_PROTOCOL;
	if (listing->is_pieced)
		gate_blame(sync, "no folder of %s is open to you: %s", sync->account->mailbox,
			   listing->code);
	else
		gate_blame(sync, "%s: %s", tree_info(listing->tree)->root, listing->code);
	return listing->root_err;
}

enum err listing_read_root(struct sync *sync, struct listing *listing)
{
	struct question question = { .sync = sync, .listing = listing };
	bool is_mailbox = listing->tree == TREE_MAILBOX;
	const char *const *ids = is_mailbox ? named : &tree_info(listing->tree)->root;
	enum err err;
	int tries = 0;

	do {
		ews_hierarchy_release(&question.tops); /* a question may be put again */
		listing->is_pieced = false;
		err = gate_enter(sync);
		if (!err)
			err = ews_get_folders(sync->ews, ids, is_mailbox ? LISTING_NAMED_N : 1,
					      note_named, &question);
	} while (gate_again(sync, err, &tries));
	if (!err)
		err = check_root(sync, &question);
	ews_hierarchy_release(&question.tops);
	return err;
}

/* --- SyncFolderHierarchy --- */

static enum err read_page(struct sync *sync, const struct listing *listing, const char *state,
			  struct ews_hierarchy *ret)
{
	enum err err;
	int tries = 0;

	do {
		err = gate_enter(sync);
		if (!err)
			err = ews_sync_hierarchy(sync->ews, tree_info(listing->tree)->root, state,
						 ret);
	} while (gate_again(sync, err, &tries));
	return err;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static enum err refuse_size(struct sync *sync)
{
	gate_blame(sync, "more folders than we accept");
	return ERR_LIMIT;
}

static enum err refuse_stall(struct sync *sync)
{
	gate_blame(sync, "the list of folders does not get on");
	return ERR_PROTOCOL;
}

enum err listing_read_pages(struct sync *sync, const char *state, struct listing *listing)
{
	size_t puts_n = 0, drops_n = 0;
	bool last = false;
	enum err err = ERR_OK;

	while (!err && !last) {
		struct ews_hierarchy read = { 0 };
		err = read_page(sync, listing, state, &read);
		if (!err)
			err = add_page(listing, &read);
		if (err)
			break;
		const struct ews_hierarchy *page = &listing->pages[listing->n - 1];
		last = page->last;
		puts_n += page->put.n;
		drops_n += page->dropped_n;
		if (!page->state || (!last && is_same(state, page->state)))
			err = refuse_stall(sync);
		else if (puts_n > FOLDERS_MAX || drops_n > DROPS_MAX || listing->n > PAGES_MAX)
			err = refuse_size(sync);
		state = page->state;
	}
	return err;
}

/* --- FindFolder --- */

static enum err find_some(struct sync *sync, const char *parent_id, uint64_t *offset,
			  struct ews_hierarchy *ret)
{
	enum err err;
	int tries = 0;

	do {
		err = gate_enter(sync);
		if (!err)
			err = ews_find_folders(sync->ews, parent_id, offset, ret);
	} while (gate_again(sync, err, &tries));
	return err;
}

/* Whatever a server calls the parent, it is there that they were found. */
static enum err adopt(struct ews_hierarchy *page, const char *parent_id)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < page->put.n; i++) {
		struct folder *folder = &page->put.list[i];
		if (is_same(folder->parent_id, parent_id))
			continue;
		str_release(&folder->parent_id);
		err = text_copy(parent_id, &folder->parent_id);
	}
	return err;
}

/* A search under way. Folders that a server shows in a circle are asked for once. */
struct search {
	struct sync *sync;
	struct listing *listing;
	size_t found_n;
	uint64_t *asked; /* hashes of ids */
	size_t asked_n;
};

static enum err note_asked(struct search *search, const char *id, bool *ret_again)
{
	uint64_t hash = text_hash(TEXT_HASH, id);

	*ret_again = false;
	for (size_t i = 0; i < search->asked_n && !*ret_again; i++)
		*ret_again = search->asked[i] == hash;
	if (*ret_again)
		return ERR_OK;
	if (search->asked_n % 256 == 0) {
		uint64_t *list = reallocarray(search->asked, search->asked_n + 256, sizeof(*list));
		if (!list)
			return ERR_NOMEM;
		search->asked = list;
	}
	search->asked[search->asked_n++] = hash;
	return ERR_OK;
}

/* Adds the pages of those right below it. */
static enum err find_below(struct search *search, const char *parent_id)
{
	uint64_t offset = 0;
	bool last = false;
	int idle_n = 0;
	enum err err = note_asked(search, parent_id, &last);

	while (!err && !last) {
		struct ews_hierarchy page = { 0 };
		err = find_some(search->sync, parent_id, &offset, &page);
		last = page.last;
		search->found_n += page.put.n;
		if (!err)
			err = adopt(&page, parent_id);
		if (!err && search->found_n > FOLDERS_MAX)
			err = refuse_size(search->sync);
		idle_n = page.put.n > 0 ? 0 : idle_n + 1;
		if (!err && idle_n > IDLE_PAGES_MAX)
			err = refuse_stall(search->sync);
		if (!err)
			err = add_page(search->listing, &page);
		ews_hierarchy_release(&page);
	}
	return err;
}

/* It is closed to us: what was below it counts as listed, and is searched in its turn. */
static enum err keep_below(struct search *search, const char *parent_id)
{
	const struct listing *listing = search->listing;
	AUTO(folders) struct folders known = { 0 };
	struct ews_hierarchy page = { 0 };

	enum err err = store_load_folders(search->sync->store, &known);
	for (size_t i = 0; !err && i < known.n; i++) {
		struct folder *folder = &known.list[i];
		if (folder->tree == listing->tree && is_same(folder->parent_id, parent_id) &&
		    !has(listing, folder->id))
			err = folders_take(&page.put, folder);
	}
	if (!err && page.put.n > 0)
		err = add_page(search->listing, &page);
	ews_hierarchy_release(&page);
	return err;
}

static bool has_children(const struct folder *folder)
{
	return !folder->digest.known || folder->digest.child_n > 0;
}

enum err listing_search(struct sync *sync, struct listing *listing)
{
	struct search search = { .sync = sync, .listing = listing };
	enum err err = ERR_OK;

	if (listing->root.id && has_children(&listing->root))
		err = find_below(&search, listing->root.id);
	/* What is found is searched in its turn. The pages may move, what they list does not. */
	for (size_t p = 0; !err && p < listing->n; p++) {
		const struct folders found = listing->pages[p].put;
		for (size_t i = 0; !err && i < found.n; i++) {
			if (!has_children(&found.list[i]))
				continue;
			err = find_below(&search, found.list[i].id);
			if (err == ERR_DENIED)
				err = keep_below(&search, found.list[i].id);
			else if (err == ERR_NOT_FOUND)
				err = ERR_OK; /* gone meanwhile */
		}
	}
	free(search.asked);
	return err;
}
