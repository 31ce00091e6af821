/* SPDX-License-Identifier: MIT */
#include "whose.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "watch.h"

#define ARCHIVE "#archive"
#define PUBLIC "#public"

bool whose_is_pseudo(const char *user)
{
	return strchr(user, '#') != NULL;
}

bool whose_is_public(const struct mailbox *box)
{
	return strcmp(box->name, PUBLIC) == 0;
}

/* --- making them --- */

/* The two folders above all others, and nothing else. */
static void strip(struct mailbox *box, const char *root, const char *top)
{
	for (size_t i = 2; i < box->folders_n; i++)
		folder_delete(box, box->folders[i]);
	box->folders[0]->distinguished = root;
	box->folders[1]->distinguished = top;
}

static void print_archive(const char *user, char *ret, size_t size)
{
	snprintf(ret, size, "%s" ARCHIVE, user);
}

bool whose_add_archive(struct server *server, const char *user)
{
	char name[256];

	print_archive(user, name, sizeof(name));
	if (!server_user(server, user) || server_user(server, name))
		return false;
	strip(server_add_user(server, name)->box, "archiveroot", "archivemsgfolderroot");
	return true;
}

bool whose_add_recoverable(struct server *server, const char *user)
{
	static const char *const names[][2] = {
		{ "recoverableitemsdeletions", "Deletions" },
		{ "recoverableitemsversions", "Versions" },
		{ "recoverableitemspurges", "Purges" },
	};
	struct user *owner = server_user(server, user);

	if (!owner || mailbox_distinguished(owner->box, "recoverableitemsroot"))
		return false;
	struct mailbox *box = owner->box;
	struct folder *top = mailbox_mkdir(box, box->folders[0], "Recoverable Items", FOLDER_MAIL);
	top->distinguished = "recoverableitemsroot";
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		mailbox_mkdir(box, top, names[i][1], FOLDER_MAIL)->distinguished = names[i][0];
	return true;
}

void whose_add_public(struct server *server)
{
	struct folder *top = server_add_user(server, PUBLIC)->box->folders[1];

	strip(top->box, "root", "publicfoldersroot");
	free(top->name);
	top->name = must_copy("IPM_SUBTREE");
}

/* --- rights --- */

void grant_add(struct mailbox *box, const char *to, const struct folder *top)
{
	box->grants = must_alloc(box->grants, (box->grants_n + 1) * sizeof(*box->grants));
	box->grants[box->grants_n++] = (struct grant){ must_copy(to), top };
}

void grant_drop(struct mailbox *box, const char *to)
{
	size_t kept_n = 0;

	for (size_t i = 0; i < box->grants_n; i++) {
		if (strcasecmp(box->grants[i].to, to) == 0)
			free(box->grants[i].to);
		else
			box->grants[kept_n++] = box->grants[i];
	}
	box->grants_n = kept_n;
}

void grants_release(struct mailbox *box)
{
	for (size_t i = 0; i < box->grants_n; i++)
		free(box->grants[i].to);
	free(box->grants);
}

bool whose_grant(struct server *server, const char *owner, const char *to, const char *folder)
{
	struct user *user = server_user(server, owner);
	const struct folder *top = NULL;

	if (user && folder && *folder)
		top = mailbox_path(user->box, folder);
	if (!user || (folder && *folder && !top))
		return false;
	grant_add(user->box, to, top);
	return true;
}

static bool is_own(const struct call *call, const struct mailbox *box)
{
	char archive[256];

	print_archive(call->user->name, archive, sizeof(archive));
	return box == call->user->box || whose_is_public(box) ||
	       strcasecmp(box->name, archive) == 0;
}

bool whose_may(const struct call *call, const struct folder *folder)
{
	const struct mailbox *box = folder->box;

	if (is_own(call, box))
		return true;
	for (size_t i = 0; i < box->grants_n; i++) {
		const struct grant *grant = &box->grants[i];
		const struct folder *top = grant->top ? grant->top : box->folders[1];
		if (strcasecmp(grant->to, call->user->name) == 0 && folder_is_below(folder, top))
			return true;
	}
	return false;
}

/* --- which one is meant --- */

static struct mailbox *archive_of(const struct call *call, const struct user *user)
{
	char name[256];

	print_archive(user->name, name, sizeof(name));
	const struct user *archive = server_user(call->server, name);
	return archive ? archive->box : NULL;
}

struct mailbox *whose_distinguished(const struct call *call, const xmlNode *node,
				    const char **ret_error)
{
	const char *id = node_attr(node, "Id");
	const char *whose = child_text(node_child(node, "Mailbox"), "EmailAddress");
	const struct user *user = *whose ? server_address(call->server, whose) : call->user;
	bool is_public = strcmp(id, "publicfoldersroot") == 0;
	struct mailbox *box = user ? user->box : NULL;

	*ret_error = "ErrorNonExistentMailbox";
	if (is_public) {
		user = server_user(call->server, PUBLIC);
		box = user ? user->box : NULL;
		*ret_error = "ErrorNoPublicFolderServerAvailable";
	} else if (user && strncmp(id, "archive", 7) == 0 && id[7]) {
		box = archive_of(call, user);
		*ret_error = call->server->like->bare_ids ? "ErrorFolderNotFound"
							  : "ErrorArchiveMailboxNotEnabled";
	}
	return box;
}

static bool is_of(const struct mailbox *box, const char *id)
{
	uint64_t fid, mid;
	enum id_kind kind = id_parse(&box->identity, id, &fid, &mid);

	return kind == ID_FOLDER || kind == ID_ITEM;
}

/* A subscription is its owner's, and nobody else's. */
static bool has_subscription(const struct call *call, struct mailbox *box, const char *id)
{
	const char *error;
	bool may = is_own(call, box);

	lock_acquire(&box->lock);
	for (size_t i = 0; i < box->grants_n; i++)
		may |= strcasecmp(box->grants[i].to, call->user->name) == 0;
	bool has = may && box->watch && watch_find(box, id, server_failovers(call->server), &error);
	lock_drop(&box->lock);
	return has;
}

/* NULL: the node names none. */
static struct mailbox *named_by(const struct call *call, const xmlNode *node)
{
	const char *error, *id = node_attr(node, "Id"), *text = node_text(node);
	bool is_subscription = node_is(node, "SubscriptionId");

	if (node_is(node, "DistinguishedFolderId"))
		return whose_distinguished(call, node, &error);
	if ((!*id && !is_subscription) || is_of(call->user->box, id))
		return *id ? call->user->box : NULL;
	for (size_t i = 0; i < call->server->users_n; i++) {
		struct mailbox *box = call->server->users[i].box;
		if (is_subscription ? has_subscription(call, box, text) : is_of(box, id))
			return box;
	}
	return NULL;
}

static struct mailbox *find_named(const struct call *call, const xmlNode *node)
{
	struct mailbox *box = named_by(call, node);

	for (const xmlNode *child = node_first(node); !box && child; child = node_next(child))
		box = find_named(call, child);
	return box;
}

struct mailbox *whose_box(const struct call *call)
{
	struct mailbox *box = find_named(call, call->op);

	return box ? box : call->user->box;
}
