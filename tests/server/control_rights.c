/* SPDX-License-Identifier: MIT */
#include "control_private.h"
#include "whose.h"

bool do_grant(struct action *action)
{
	const char *to = action_text(action, "to"), *where = action_text(action, "folder");
	const struct folder *top = where && *where ? action_find_folder(action, where) : NULL;

	if (!to || !server_user(action->server, to))
		return action_fail(action, "no such user");
	if (where && *where && !top)
		return action_fail(action, "no such folder: %.100s", where);
	if (action_truth(action, "granted", true))
		grant_add(action->box, to, top);
	else
		grant_drop(action->box, to);
	return true;
}
