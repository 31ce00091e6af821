/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "control_private.h"
#include "stream.h"

#define EVENTS_MOST 10000000
#define BUFFER_MOST ((int64_t)64 << 20)
#define DAY_MS INT64_C(86400000)

/* --- drop, missed --- */

static void answer_subscription(struct action *action, const struct subscription *subscription)
{
	char id[SUBSCRIPTION_ID_SIZE];

	subscription_print(action->box, subscription, id);
	json_array_append_new(action->ids, json_string(id));
}

bool do_drop(struct action *action)
{
	static const char *const hows[] = { "error", "close", "reset" };
	struct watch *watch = watch_of(action->box);
	const char *name = action_text(action, "how"), *code = action_text(action, "code");
	size_t how = 0;

	while (name && how < ARRAY_LEN(hows) && strcmp(hows[how], name) != 0)
		how++;
	if (how == ARRAY_LEN(hows))
		return action_fail(action, "no such end: %.100s", name);
	while (watch->all) {
		answer_subscription(action, watch->all);
		watch_drop(watch, watch->all);
	}
	for (struct stream *stream = watch->streams; stream; stream = stream->next) {
		stream->end = how == 0 ? stream->end : how == 1 ? STREAM_CLOSES : STREAM_BREAKS;
		snprintf(stream->lost, sizeof(stream->lost), "%s", code ? code : "");
	}
	watch_wake(watch);
	return true;
}

bool do_missed(struct action *action)
{
	struct watch *watch = watch_of(action->box);

	for (struct subscription *at = watch->all; at; at = at->next) {
		at->told = at->lost = watch->events.last;
		at->missed = true;
		answer_subscription(action, at);
	}
	watch_wake(watch);
	return true;
}

/* --- emit --- */

static bool read_event(struct action *action, struct event *ret)
{
	const char *name = action_text(action, "event"), *where = action_text(action, "folder");
	enum event_kind kind = event_kind_from(name ? name : "ModifiedEvent");
	const struct folder *folder = action_find_folder(action, where ? where : "Inbox");
	bool unknown = action_truth(action, "unknown", false);

	if (kind == EVENT_KIND_COUNT)
		return action_fail(action, "no such event: %.100s", name);
	if (!folder)
		return action_fail(action, "no such folder: %.100s", where ? where : "Inbox");
	*ret = (struct event){
		.kind = (uint8_t)kind,
		.key_type = 9,
		/* Ids that nobody has or ever will. */
		.id = action->box->next_id++,
		.parent = unknown ? action->box->next_id++ : folder->fid,
		.unread = -1,
	};
	if (kind == EVENT_MOVED || kind == EVENT_COPIED) {
		ret->old_id = action->box->next_id++;
		ret->old_parent = ret->parent;
	}
	if (!action_truth(action, "of_folder", false))
		return true;
	ret->is_folder = true;
	ret->key_type = 1;
	if (!unknown) {
		ret->id = folder->fid;
		ret->parent = folder->parent ? folder->parent->fid : folder->fid;
	}
	return true;
}

bool do_emit(struct action *action)
{
	int64_t count = action_number(action, "count", 1);
	struct event event;

	if (count < 1 || count > EVENTS_MOST)
		return action_fail(action, "count is out of range");
	if (!read_event(action, &event))
		return false;
	while (count-- > 0)
		events_put(action->box, &event);
	return true;
}

/* --- notify --- */

static const struct {
	const char *name;
	size_t offset;
	int64_t least, most;
} numbers[] = {
	{ "heartbeat_ms", offsetof(struct ways, heartbeat_ms), -1, DAY_MS },
	{ "stream_ms", offsetof(struct ways, stream_ms), 0, DAY_MS },
	{ "expire_ms", offsetof(struct ways, expire_ms), 0, DAY_MS },
	{ "delay_ms", offsetof(struct ways, delay_ms), 0, DAY_MS },
	{ "limit", offsetof(struct ways, limit), 0, 100000 },
	{ "connections", offsetof(struct ways, connections), 0, 1000 },
	{ "backlog", offsetof(struct ways, backlog), 0, EVENTS_KEPT - 1 },
	{ "buffer", offsetof(struct ways, buffer), 0, BUFFER_MOST },
};

static const struct {
	const char *name;
	size_t offset;
} truths[] = {
	{ "silent", offsetof(struct ways, silent) },
	{ "suppress", offsetof(struct ways, suppress) },
	{ "duplicate", offsetof(struct ways, duplicate) },
	{ "reorder", offsetof(struct ways, reorder) },
	{ "affinity", offsetof(struct ways, affinity) },
};

static bool read_numbers(struct action *action, struct ways *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		int64_t *value = (int64_t *)(void *)((char *)ret + numbers[i].offset);
		*value = action_number(action, numbers[i].name, *value);
		if (*value < numbers[i].least || *value > numbers[i].most)
			return action_fail(action, "%s is out of range", numbers[i].name);
	}
	return true;
}

static void read_code(const struct action *action, const char *name, char *ret, size_t size)
{
	const char *code = action_text(action, name);

	if (code)
		snprintf(ret, size, "%s", code);
}

bool do_notify(struct action *action)
{
	struct watch *watch = watch_of(action->box);
	struct ways ways = watch->ways;

	if (action_truth(action, "reset", false))
		ways = (struct ways){ 0 };
	if (!read_numbers(action, &ways))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(truths); i++) {
		bool *value = (bool *)((char *)&ways + truths[i].offset);
		*value = action_truth(action, truths[i].name, *value);
	}
	read_code(action, "streaming", ways.streaming, sizeof(ways.streaming));
	read_code(action, "pull", ways.pull, sizeof(ways.pull));
	watch->ways = ways;
	watch_wake(watch);
	return true;
}
