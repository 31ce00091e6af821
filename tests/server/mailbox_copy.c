/* SPDX-License-Identifier: MIT */
#include "content.h"
#include "edits.h"

struct item *item_copy(struct mailbox *box, const struct item *item, struct folder *to)
{
	struct item copy = *item;

	copy.content = content_copy(item->content);
	copy.subject = must_copy(item->subject);
	copy.item_class = must_copy(item->item_class);
	copy.edits = edits_copy(item->edits);
	return folder_add_copy(box, to, &copy, item);
}

struct folder *folder_copy(struct mailbox *box, const struct folder *folder, struct folder *to)
{
	struct folder *copy = mailbox_mkdir_copy(box, to, folder);
	size_t folders_n = box->folders_n;

	copy->hidden = folder->hidden;
	for (size_t i = 0; i < folder->items_n; i++)
		item_copy(box, folder->items[i], copy);
	/* Those that come from here on are the copies. */
	for (size_t i = 0; i < folders_n; i++)
		if (box->folders[i]->parent == folder && !box->folders[i]->gone_seq &&
		    box->folders[i] != copy)
			folder_copy(box, box->folders[i], copy);
	return copy;
}
