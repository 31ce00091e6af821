/* SPDX-License-Identifier: MIT */
#include "model/folder.h"

#include <string.h>

#include "model/attr.h"

bool digest_equal(const struct digest *a, const struct digest *b)
{
	if (!a->known || !b->known || a->commit == TIME_NONE)
		return false;
	return a->total_n == b->total_n && a->unread_n == b->unread_n && a->child_n == b->child_n &&
	       a->commit == b->commit && a->deleted_n == b->deleted_n;
}

void folder_init(struct folder *folder)
{
	*folder = (struct folder){
		.digest = { .commit = TIME_NONE, .deleted_n = -1 },
		.last_sync = TIME_NONE,
	};
}

void folder_release(struct folder *folder)
{
	char **strings[] = { &folder->id,	    &folder->change_key,   &folder->parent_id,
			     &folder->display_name, &folder->folder_class, &folder->distinguished,
			     &folder->sync_state,   &folder->error,	   &folder->shown_as };

	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		str_release(strings[i]);
	*folder = (struct folder){ 0 };
}

enum err folders_take(struct folders *folders, struct folder *folder)
{
	if (folders->n >= FOLDERS_MAX)
		return ERR_LIMIT;
	if (folders->n == folders->size) {
		size_t size = folders->size ? 2 * folders->size : 16;
		struct folder *list = reallocarray(folders->list, size, sizeof(*list));
		if (!list)
			return ERR_NOMEM;
		folders->list = list;
		folders->size = size;
	}
	folders->list[folders->n++] = *folder;
	*folder = (struct folder){ 0 };
	return ERR_OK;
}

struct folder *folders_find(const struct folders *folders, const char *id)
{
	for (size_t i = 0; i < folders->n; i++) {
		if (folders->list[i].id && strcmp(folders->list[i].id, id) == 0)
			return &folders->list[i];
	}
	return NULL;
}

void folders_release(struct folders *folders)
{
	for (size_t i = 0; i < folders->n; i++)
		folder_release(&folders->list[i]);
	free(folders->list);
	*folders = (struct folders){ 0 };
}

static enum err print_counts(const struct digest *digest, struct buf *set)
{
	enum err err = attr_put_int(set, ATTR_TOTAL_COUNT, digest->total_n);

	if (!err)
		err = attr_put_int(set, ATTR_UNREAD_COUNT, digest->unread_n);
	if (!err)
		err = attr_put_int(set, ATTR_CHILD_COUNT, digest->child_n);
	return err;
}

enum err folder_print_attrs(const struct folder *folder, struct buf *set)
{
	enum err err = attr_put(set, ATTR_CHANGE_KEY, folder->change_key);

	if (!err)
		err = attr_put(set, ATTR_PARENT_FOLDER_ID, folder->parent_id);
	if (!err)
		err = attr_put(set, ATTR_FOLDER_ID, folder->id);
	if (!err)
		err = attr_put(set, ATTR_FOLDER_CLASS, folder->folder_class);
	if (!err)
		err = attr_put(set, ATTR_DISTINGUISHED, folder->distinguished);
	if (!err)
		err = attr_put(set, ATTR_DISPLAY_NAME, folder->display_name);
	if (!err && folder->digest.known)
		err = print_counts(&folder->digest, set);
	/* Where there is none of SyncFolderItems, it is a mark of our own. */
	if (!err && !tree_info(folder->tree)->is_searched)
		err = attr_put(set, ATTR_SYNC_STATE, folder->sync_state);
	if (!err)
		err = attr_put_time(set, ATTR_LAST_SYNC, folder->last_sync);
	return err;
}
