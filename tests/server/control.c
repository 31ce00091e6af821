/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <stdio.h>
#include <string.h>

#include "control_private.h"
#include "truth.h"

static const struct {
	const char *name;
	bool (*run)(struct action *action);
	bool picks; /* works on what is there */
} actions[] = {
	{ "change", do_change, true },	    { "delete", do_delete, true },
	{ "deliver", do_deliver, false },   { "deny", do_deny, true },
	{ "drop", do_drop, false },	    { "emit", do_emit, false },
	{ "expire", do_expire, false },	    { "failover", do_failover, false },
	{ "fault", do_fault, false },	    { "flag", do_flag, true },
	{ "forget", do_forget, false },	    { "grant", do_grant, false },
	{ "hide", do_hide, true },	    { "missed", do_missed, false },
	{ "mkdir", do_mkdir, false },	    { "misplace", do_misplace, true },
	{ "move", do_move, true },	    { "notify", do_notify, false },
	{ "password", do_password, false }, { "regress", do_regress, true },
	{ "rename", do_rename, true },	    { "token", do_token, false },
	{ "withhold", do_withhold, true },
};

/* NULL where it is not clear whose mailbox is meant. */
static struct user *user_of(struct server *server, const char *name)
{
	if (!name)
		return server->users_n == 1 ? &server->users[0] : NULL;
	return server_user(server, name);
}

/* Hands over the JSON. */
static int reply(json_t *json, int status, struct buf *ret)
{
	char *dumped = json_dumps(json, JSON_COMPACT);
	enum err err = dumped ? buf_append_str(ret, dumped) : ERR_NOMEM;

	free(dumped);
	json_decref(json);
	return err ? 500 : status;
}

static int reply_error(const char *error, int status, struct buf *ret)
{
	return reply(json_pack("{s:s}", "error", error), status, ret);
}

static int run(struct action *action, size_t which, struct buf *ret)
{
	action->box = action->user->box;
	action->ids = json_array();
	lock_acquire(&action->box->lock);
	bool ok = (!actions[which].picks || action_pick(action)) && actions[which].run(action);
	lock_drop(&action->box->lock);
	free(action->items);
	if (ok)
		return reply(json_pack("{s:o}", "ids", action->ids), 200, ret);
	json_decref(action->ids);
	return reply_error(action->error, 400, ret);
}

/* `otherwise` is the user where none is named. */
static int perform(struct server *server, const char *name, const json_t *json,
		   struct user *otherwise, struct buf *ret)
{
	struct action action = { .server = server, .json = json };
	size_t which = 0;

	while (which < ARRAY_LEN(actions) && strcmp(actions[which].name, name) != 0)
		which++;
	if (which == ARRAY_LEN(actions))
		return reply_error("no such operation", 404, ret);
	const char *user = action_text(&action, "user");
	action.user = user || !otherwise ? user_of(server, user) : otherwise;
	if (!action.user && !user && actions[which].run == do_fault)
		action.user = server->users;
	return action.user ? run(&action, which, ret) : reply_error("no such user", 400, ret);
}

void control_script(struct server *server, struct user *user, const json_t *script)
{
	for (size_t i = 0; i < json_array_size(script); i++) {
		const json_t *step = json_array_get(script, i);
		AUTO(buf) struct buf reply = { 0 };
		const char *name = json_string_value(json_array_get(step, 0));
		int status = perform(server, name, json_array_get(step, 1), user, &reply);
		if (status != 200)
			fprintf(stderr, "ews-testd: %s between pages: %s\n", name, buf_str(&reply));
	}
}

static int post(struct server *server, const struct control_request *request, struct buf *ret)
{
	json_error_t error;
	json_t *json = json_loadb(request->body, request->body_n, JSON_REJECT_DUPLICATES, &error);
	int status = json_is_object(json)
			     ? perform(server, request->name, json, NULL, ret)
			     : reply_error("the body is not one JSON object", 400, ret);

	json_decref(json);
	return status;
}

static int report_faults(struct server *server, bool get, struct buf *ret)
{
	if (!get)
		faults_forget(&server->faults);
	return reply(json_pack("{s:o}", "faults", faults_report(&server->faults)), 200, ret);
}

static int count_requests(struct server *server, bool reset, struct buf *ret)
{
	json_t *json = json_object();

	lock_acquire(&server->lock);
	if (reset)
		server->counters_n = 0;
	for (size_t i = 0; i < server->counters_n; i++)
		json_object_set_new(json, server->counters[i].operation,
				    json_integer((json_int_t)server->counters[i].n));
	lock_drop(&server->lock);
	return reply(json, 200, ret);
}

int control_answer(struct server *server, const struct control_request *request, struct buf *ret)
{
	bool get = strcmp(request->method, "GET") == 0;

	if (strcmp(request->method, "POST") == 0)
		return post(server, request, ret);
	if (strcmp(request->name, "requests") == 0)
		return count_requests(server, !get, ret);
	if (strcmp(request->name, "faults") == 0)
		return report_faults(server, get, ret);
	if (strcmp(request->name, "mailbox") != 0 || !get)
		return reply_error("no such operation", 404, ret);
	struct user *user = user_of(server, request->user);
	if (!user)
		return reply_error("no such user", 400, ret);
	struct mailbox *box = user->box;
	bool with_mime = !request->mime || strcmp(request->mime, "0") != 0;
	lock_acquire(&box->lock);
	json_t *json = truth_of(box, with_mime);
	lock_drop(&box->lock);
	return reply(json, 200, ret);
}
