/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONTROL_PRIVATE_H
#define SERVER_CONTROL_PRIVATE_H

#include <jansson.h>

#include "server.h"

/*
 * control_private - what control.c and the operations of /test/ share.
 *
 * Each operation is a function that says false, after action_fail(), for what it
 * cannot do. It runs with the mailbox's lock held; control.c looks up what "folder",
 * "item" and "count" mean before, where its table says so.
 */

/* One POST: what it is about, and what comes of it. */
struct action {
	struct server *server;
	struct user *user;
	struct mailbox *box;
	const json_t *json;
	struct folder *folder; /* of the items, or meant itself */
	struct item **items;   /* owned; NULL when the folder itself is meant */
	size_t items_n;
	json_t *ids;
	char error[256];
};

PRINTF_LIKE(2, 3) bool action_fail(struct action *action, const char *fmt, ...);

/* The value of that key. NULL where absent. */
const char *action_text(const struct action *action, const char *key);
int64_t action_number(const struct action *action, const char *key, int64_t otherwise);
bool action_truth(const struct action *action, const char *key, bool otherwise);

/* A path or a FolderId. */
struct folder *action_find_folder(struct action *action, const char *where);
/* Reads folder, item and count. */
bool action_pick(struct action *action);
bool action_pick_oldest(struct action *action, size_t count);

void action_answer_item(struct action *action, const struct item *item);
bool action_answer_folder(struct action *action, const struct folder *folder);

/* control_items.c */
bool do_withhold(struct action *action);
/* Text, or base64 of it: a mail's first line has a colon, and base64 has none. */
struct content *action_read_mime(const char *mime);
/* The kind of items that have this class, or one that it goes on from; false for none. */
bool action_class_kind(const char *item_class, uint8_t *ret);
bool do_deliver(struct action *action);
bool do_delete(struct action *action);
bool do_flag(struct action *action);
bool do_move(struct action *action);

/* control_change.c */
bool do_change(struct action *action);
bool do_regress(struct action *action);

/* control_folders.c */
bool move_folder(struct action *action, struct folder *to);
bool do_deny(struct action *action);
bool do_misplace(struct action *action);
bool do_hide(struct action *action);
bool do_mkdir(struct action *action);
bool do_rename(struct action *action);

/* control_states.c */
bool do_expire(struct action *action);
bool do_forget(struct action *action);
bool do_failover(struct action *action);
bool do_password(struct action *action);
bool do_token(struct action *action);

/* control_watch.c */
bool do_drop(struct action *action);
bool do_emit(struct action *action);
bool do_missed(struct action *action);
bool do_notify(struct action *action);

/* control_rights.c */
bool do_grant(struct action *action);

/* control_fault.c */
bool do_fault(struct action *action);

#endif
