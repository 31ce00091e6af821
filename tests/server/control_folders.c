/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "control_private.h"

static bool is_free(struct action *action, const struct folder *parent, const char *name)
{
	return !folder_child(action->box, parent, name) ||
	       action_fail(action, "there is a folder of that name: %.100s", name);
}

bool move_folder(struct action *action, struct folder *to)
{
	struct folder *folder = action->folder;

	if (folder->distinguished)
		return action_fail(action, "%s is a distinguished folder", folder->name);
	if (folder_is_below(to, folder))
		return action_fail(action, "a folder cannot go below itself");
	if (!is_free(action, to, folder->name))
		return false;
	folder_move(action->box, folder, to);
	return action_answer_folder(action, folder);
}

static enum folder_kind class_folder(const char *folder_class)
{
	for (int kind = 0; folder_class && kind < FOLDER_KIND_COUNT; kind++)
		if (strcasecmp(folder_kind_info(kind)->folder_class, folder_class) == 0)
			return kind;
	return FOLDER_MAIL;
}

/* An id that no folder has or ever will. */
static void orphan(struct mailbox *box, struct folder *folder)
{
	folder->shown_parent = box->next_id++;
}

bool do_mkdir(struct action *action)
{
	const char *where = action_text(action, "folder"), *name = action_text(action, "name");
	enum folder_kind kind = class_folder(action_text(action, "class"));
	uint64_t fid, mid;

	if (!where && !name)
		return action_fail(action, "neither folder nor name is given");
	if (!name && action_find_folder(action, where))
		return action_fail(action, "there is a folder of that name: %.100s", where);
	struct folder *folder = action_find_folder(action, where ? where : "");
	if (!folder && id_parse(&action->box->identity, where, &fid, &mid) == ID_FOLDER)
		return action_fail(action, "no such folder: %.100s", where);
	if (!folder)
		folder = mailbox_mkdir_path(action->box, where, kind);
	if (name && !is_free(action, folder, name))
		return false;
	if (name)
		folder = mailbox_mkdir(action->box, folder, name, kind);
	if (action_truth(action, "orphan", false))
		orphan(action->box, folder);
	return action_answer_folder(action, folder);
}

bool do_rename(struct action *action)
{
	struct folder *folder = action->folder;
	const char *name = action_text(action, "name");

	if (!name || action->items)
		return action_fail(action, "rename wants a folder and a name");
	if (folder->distinguished)
		return action_fail(action, "%s is a distinguished folder", folder->name);
	if (strcasecmp(name, folder->name) != 0 && !is_free(action, folder->parent, name))
		return false;
	free(folder->name);
	folder->name = must_copy(name);
	folder_changed(action->box, folder);
	return action_answer_folder(action, folder);
}

bool do_hide(struct action *action)
{
	if (action->items)
		return action_fail(action, "only folders can be hidden");
	action->folder->hidden = action_truth(action, "hidden", true);
	folder_changed(action->box, action->folder);
	return action_answer_folder(action, action->folder);
}

bool do_deny(struct action *action)
{
	if (action->items)
		return action_fail(action, "only folders can be denied");
	action->folder->denied = action_truth(action, "denied", true);
	return action_answer_folder(action, action->folder);
}

bool do_misplace(struct action *action)
{
	const char *under = action_text(action, "under");
	const struct folder *parent = under ? action_find_folder(action, under) : NULL;

	if (action->items)
		return action_fail(action, "only folders can be misplaced");
	if (under && !parent)
		return action_fail(action, "no such folder: %.100s", under);
	orphan(action->box, action->folder);
	if (parent)
		action->folder->shown_parent = parent->fid;
	if (action_truth(action, "back", false))
		action->folder->shown_parent = 0;
	folder_changed(action->box, action->folder);
	return action_answer_folder(action, action->folder);
}
