/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>
#include <string.h>

/*
 * digest - one GetFolder for all folders says which of them changed.
 *
 * What the hierarchy changes (name, parent, change key, number of subfolders) is compared with
 * what was *seen* when it was last in step, not with our tree: a server may count folders
 * that it does not show, and the comparison has to settle. It is kept in memory; what a mount
 * has not seen yet is taken from the store.
 */
void round_release(struct round *round)
{
	folders_release(&round->folders);
	free(round->visits);
	folder_release(&round->root);
	*round = (struct round){ 0 };
}

static int by_ino(const void *a, const void *b)
{
	uint64_t x = ((const struct folder *)a)->ino, y = ((const struct folder *)b)->ino;

	return (x > y) - (x < y);
}

/* Index in the list, or its length. */
static size_t find_ino(const struct folders *folders, uint64_t ino)
{
	const struct folder key = { .ino = ino };
	const struct folder *found = folders->n == 0 ? NULL
						     : bsearch(&key, folders->list, folders->n,
							       sizeof(key), by_ino);

	return found ? (size_t)(found - folders->list) : folders->n;
}

struct visit *round_find(const struct round *round, uint64_t ino)
{
	size_t i = find_ino(&round->folders, ino);

	return i < round->folders.n ? &round->visits[i] : NULL;
}

enum err round_load(struct sync *sync, struct round *round)
{
	AUTO(round) struct round fresh = { 0 };

	enum err err = store_load_folders(sync->store, &fresh.folders);
	if (err)
		return err;
	if (fresh.folders.n > 0)
		qsort(fresh.folders.list, fresh.folders.n, sizeof(*fresh.folders.list), by_ino);
	fresh.visits = calloc(fresh.folders.n + 1, sizeof(*fresh.visits));
	if (!fresh.visits)
		return ERR_NOMEM;
	for (size_t i = 0; i < fresh.folders.n; i++) {
		const struct visit *before = round_find(round, fresh.folders.list[i].ino);
		if (before)
			fresh.visits[i] = *before;
	}
	fresh.root = round->root;
	round->root = (struct folder){ 0 };
	struct round old = *round;
	*round = fresh;
	fresh = old;
	return ERR_OK;
}

enum err folder_copy(const struct folder *from, struct folder *ret)
{
	AUTO(folder) struct folder copy = { 0 };

	enum err err = text_copy(from->id, &copy.id);
	if (!err)
		err = text_copy(from->change_key, &copy.change_key);
	if (!err)
		err = text_copy(from->parent_id, &copy.parent_id);
	if (!err)
		err = text_copy(from->display_name, &copy.display_name);
	if (!err)
		err = text_copy(from->folder_class, &copy.folder_class);
	if (err)
		return err;
	copy.digest = from->digest;
	folder_release(ret);
	*ret = copy;
	copy = (struct folder){ 0 };
	return ERR_OK;
}

static uint64_t face_of(const struct folder *folder)
{
	uint64_t hash = text_hash(TEXT_HASH, folder->change_key);

	hash = text_hash(hash, folder->parent_id);
	return text_hash(hash, folder->display_name);
}

/* The folders of one request: indexes into the round. */
struct asked {
	struct round *round;
	size_t list[EWS_FOLDERS_MAX];
	const char *ids[EWS_FOLDERS_MAX];
	size_t n;
};

static enum err note_folder(void *ctx, size_t index, const struct ews_folder_reply *reply)
{
	struct asked *asked = ctx;

	if (index >= asked->n)
		return ERR_PROTOCOL;
	struct visit *visit = &asked->round->visits[asked->list[index]];
	visit->err = reply->err;
	visit->is_read = true;
	if (reply->err || !reply->folder)
		return ERR_OK;
	visit->digest = reply->folder->digest;
	visit->face = face_of(reply->folder);
	if (asked->round->folders.list[asked->list[index]].ino == ROOT_INO)
		return folder_copy(reply->folder, &asked->round->root);
	return ERR_OK;
}

static enum err ask(struct sync *sync, struct asked *asked)
{
	enum err err;
	int tries = 0;

	do {
		err = gate_enter(sync);
		if (!err)
			err = ews_get_folders(sync->ews, asked->ids, asked->n, note_folder, asked);
	} while (gate_again(sync, err, &tries));
	asked->n = 0;
	return err;
}

/* Other trees are other mailboxes, which may be on other machines: no request asks two of them. */
static enum err read_tree(struct sync *sync, struct round *round, enum tree tree)
{
	struct asked asked = { .round = round };
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < round->folders.n; i++) {
		if (round->visits[i].is_read || round->folders.list[i].tree != tree)
			continue;
		asked.list[asked.n] = i;
		asked.ids[asked.n++] = round->folders.list[i].id;
		if (asked.n == EWS_FOLDERS_MAX)
			err = ask(sync, &asked);
	}
	if (!err && asked.n > 0)
		err = ask(sync, &asked);
	return err;
}

enum err digest_read(struct sync *sync, struct round *round)
{
	enum err err = ERR_OK;

	for (enum tree tree = 0; !err && tree < TREE_COUNT; tree++) {
		err = read_tree(sync, round, tree);
		/* Its folders stay as they are, and those of the others do not wait. */
		if (tree != TREE_MAILBOX)
			err = trees_note_result(sync, tree, &sync->digests_failed, err);
	}
	return err;
}

static int compare_str(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The parents of all folders, sorted. */
static enum err load_parents(const struct round *round, const char ***ret)
{
	const char **parents = calloc(round->folders.n + 1, sizeof(*parents));

	if (!parents)
		return ERR_NOMEM;
	for (size_t i = 0; i < round->folders.n; i++) {
		const char *id = round->folders.list[i].parent_id;
		parents[i] = id ? id : "";
	}
	qsort(parents, round->folders.n, sizeof(*parents), compare_str);
	*ret = parents;
	return ERR_OK;
}

static int64_t count_children(const char *const *parents, size_t n, const char *id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(parents[middle], id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	size_t i = low;
	while (i < n && strcmp(parents[i], id) == 0)
		i++;
	return (int64_t)(i - low);
}

static int by_sight(const void *a, const void *b)
{
	uint64_t x = ((const struct sight *)a)->ino, y = ((const struct sight *)b)->ino;

	return (x > y) - (x < y);
}

static const struct sight *find_sight(const struct sync *sync, uint64_t ino)
{
	const struct sight key = { .ino = ino };

	return sync->sights_n == 0
		       ? NULL
		       : bsearch(&key, sync->sights, sync->sights_n, sizeof(key), by_sight);
}

/* What was seen of the folder, or what the store says where this mount saw nothing yet. */
static struct sight load_sight(const struct sync *sync, const struct folder *folder,
			       const char *const *parents, size_t parents_n)
{
	const struct sight *seen = find_sight(sync, folder->ino);
	struct sight sight = { .ino = folder->ino };

	if (seen)
		return *seen;
	sight.face = face_of(folder);
	sight.child_n = folder->digest.known ? folder->digest.child_n
					     : count_children(parents, parents_n, folder->id);
	return sight;
}

enum err digest_find_dirty_trees(struct sync *sync, const struct round *round, unsigned *ret)
{
	const char **parents = NULL;
	unsigned dirty = round->folders.n == 0 ? TREE_BIT(TREE_MAILBOX) : 0;

	enum err err = load_parents(round, &parents);
	for (size_t i = 0; !err && i < round->folders.n; i++) {
		const struct visit *visit = &round->visits[i];
		unsigned bit = TREE_BIT(round->folders.list[i].tree);
		if (visit->is_settled || !visit->is_read || dirty & bit)
			continue;
		if (visit->err) {
			dirty |= visit->err == ERR_NOT_FOUND ? bit : 0;
			continue;
		}
		struct sight sight = load_sight(sync, &round->folders.list[i], parents,
						round->folders.n);
		if (visit->face != sight.face || visit->digest.child_n != sight.child_n)
			dirty |= bit;
	}
	free(parents);
	if (!err)
		*ret = dirty;
	return err;
}

enum err digest_remember(struct sync *sync, const struct round *round)
{
	struct sight *sights = calloc(round->folders.n + 1, sizeof(*sights));
	size_t n = 0;

	if (!sights)
		return ERR_NOMEM;
	for (size_t i = 0; i < round->folders.n; i++) {
		const struct visit *visit = &round->visits[i];
		if (!visit->is_read || visit->err)
			continue;
		sights[n++] = (struct sight){ round->folders.list[i].ino, visit->face,
					      visit->digest.child_n };
	}
	free(sync->sights);
	sync->sights = sights;
	sync->sights_n = n;
	return ERR_OK;
}
