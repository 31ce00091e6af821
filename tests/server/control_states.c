/* SPDX-License-Identifier: MIT */
#include "control_private.h"

/* The epochs that are meant: a folder's, those of the hierarchy, or all of them. */
static bool each_epochs(struct action *action, void (*fn)(struct epochs *epochs, uint64_t seq))
{
	const char *where = action_text(action, "folder");
	struct mailbox *box = action->box;
	struct folder *folder = where ? action_find_folder(action, where) : NULL;
	bool hierarchy = action_truth(action, "hierarchy", false);

	if (where && !folder)
		return action_fail(action, "no such folder: %.100s", where);
	/* A state issued from here on knows of this number. */
	box->seq++;
	if (folder)
		fn(&folder->states, box->seq);
	if (hierarchy || !folder)
		fn(&box->states, box->seq);
	for (size_t i = 0; i < box->folders_n && !folder && !hierarchy; i++)
		fn(&box->folders[i]->states, box->seq);
	return !folder || action_answer_folder(action, folder);
}

static void refuse(struct epochs *epochs, uint64_t seq)
{
	epochs->refused = seq;
}

static void forget(struct epochs *epochs, uint64_t seq)
{
	epochs->forgotten = seq;
}

bool do_expire(struct action *action)
{
	return each_epochs(action, refuse);
}

bool do_forget(struct action *action)
{
	return each_epochs(action, forget);
}

bool do_failover(struct action *action)
{
	lock_acquire(&action->server->lock);
	action->server->failovers++;
	lock_drop(&action->server->lock);
	return true;
}

bool do_token(struct action *action)
{
	const char *token = action_text(action, "token");

	if (token && !*token)
		return action_fail(action, "the token is empty");
	server_set_token(action->server, action->user, token, action_number(action, "seconds", -1));
	return true;
}

bool do_password(struct action *action)
{
	const char *password = action_text(action, "password");

	if (!password || !*password)
		return action_fail(action, "no password is given");
	lock_acquire(&action->server->lock);
	free(action->user->password);
	action->user->password = must_copy(password);
	lock_drop(&action->server->lock);
	return true;
}
