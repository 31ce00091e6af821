/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "control_private.h"

#define MESSAGES_MOST 100000

/* What a code is where none is given. */
static const char *usual_code(enum fault_kind kind)
{
	switch (kind) {
	case FAULT_BUSY: return "ErrorServerBusy";
	case FAULT_STOPPED: return "ErrorMailboxStoreUnavailable";
	case FAULT_UNCONVERTIBLE: return "ErrorMimeContentConversionFailed";
	default: return "ErrorInternalServerTransientError";
	}
}

/* "401", "503" and their like are their own names. */
static bool read_kind(struct action *action, struct fault *ret)
{
	const char *name = action_text(action, "kind");

	if (!name)
		return action_fail(action, "no kind is given");
	ret->kind = fault_kind_from(name);
	ret->status = action_number(action, "status", 503);
	if (ret->kind == FAULT_KIND_COUNT && text_parse_int(name, 300, 599, &ret->status))
		ret->kind = FAULT_STATUS;
	if (ret->kind == FAULT_KIND_COUNT)
		return action_fail(action, "no such kind of fault: %.100s", name);
	if (ret->status < 300 || ret->status > 599)
		return action_fail(action, "status is out of range");
	if (ret->kind == FAULT_SECOND && !action->server->plain)
		return action_fail(action, "a second response cannot be had with TLS");
	return true;
}

static bool read_form(struct action *action, struct fault *ret)
{
	static const char *const forms[] = { "fault", "message", "inner" };
	const char *name = action_text(action, "form");
	size_t form = 0;

	if (!name)
		name = ret->kind == FAULT_BUSY ? "fault" : "message";
	while (form < ARRAY_LEN(forms) && strcmp(forms[form], name) != 0)
		form++;
	ret->form = (enum fault_form)form;
	return form < ARRAY_LEN(forms) || action_fail(action, "no such form: %.100s", name);
}

static bool read_numbers(struct action *action, struct fault *ret)
{
	bool page = ret->kind == FAULT_BETWEEN_PAGES || ret->kind == FAULT_ERROR;
	bool of_bytes = ret->kind == FAULT_RESET;

	ret->ms = action_number(action, "ms", ret->kind == FAULT_DELAY ? 1000 : 0);
	ret->bytes = action_number(action, "bytes", of_bytes ? 0 : -1);
	ret->rate = action_number(action, "rate", 1000);
	ret->seed = action_number(action, "seed", 1);
	ret->back_off = action_number(action, "back_off", -1);
	ret->retry_after = action_number(action, "retry_after", -1);
	ret->at = action_number(action, "at", 0);
	ret->first = action_number(action, "n", page ? 0 : 1);
	return (ret->ms >= 0 && ret->ms <= 3600000 && ret->bytes >= -1 && ret->rate > 0 &&
		ret->rate < 1000000000 && ret->at >= 0 && ret->first >= 0 &&
		ret->first <= MESSAGES_MOST) ||
	       action_fail(action, "a number is out of range");
}

static bool are_texts(const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (!json_is_string(json_array_get(array, i)))
			return false;
	return json_is_array(array);
}

static bool is_script(const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *step = json_array_get(array, i);
		if (!json_is_string(json_array_get(step, 0)) ||
		    !json_is_object(json_array_get(step, 1)))
			return false;
	}
	return json_is_array(array);
}

/* How often, and to whom. */
static bool read_target(struct action *action, struct fault *ret)
{
	const char *where = action_text(action, "folder");
	const char *operation = action_text(action, "op");
	bool lasting = ret->kind == FAULT_UNCONVERTIBLE && ret->items;
	int64_t count = action_number(action, "count", lasting ? 0 : 1);
	int64_t skip = action_number(action, "skip", 0);
	struct folder *folder = where ? action_find_folder(action, where) : NULL;

	if (where && !folder)
		return action_fail(action, "no such folder: %.100s", where);
	if (where && !action_text(action, "user") && action->server->users_n > 1)
		return action_fail(action, "whose folder is not said");
	if (count < 0 || skip < 0)
		return action_fail(action, "a number is out of range");
	if (!operation)
		operation = ret->kind == FAULT_BETWEEN_PAGES   ? "SyncFolderItems"
			    : ret->kind == FAULT_UNCONVERTIBLE ? "GetItem"
							       : "*";
	snprintf(ret->operation, sizeof(ret->operation), "%s", operation);
	ret->fid = folder ? folder->fid : 0;
	if (folder || action_text(action, "user"))
		ret->user = action->user;
	ret->left = (uint64_t)count;
	ret->forever = count == 0;
	ret->skip = (uint64_t)skip;
	return true;
}

static bool read_lists(struct action *action, struct fault *ret)
{
	json_t *items = json_object_get(action->json, "items");
	json_t *script = json_object_get(action->json, "then");

	if (items && !are_texts(items))
		return action_fail(action, "items is not a list of ids");
	if (ret->kind == FAULT_BETWEEN_PAGES && !is_script(script))
		return action_fail(action, "then is not a list of [OP, {...}]");
	ret->items = items ? json_deep_copy(items) : NULL;
	ret->script = script ? json_deep_copy(script) : NULL;
	return true;
}

static bool read_fault(struct action *action, struct fault *ret)
{
	const char *code = action_text(action, "code"), *place = action_text(action, "location");

	if (!read_kind(action, ret) || !read_form(action, ret) || !read_numbers(action, ret))
		return false;
	snprintf(ret->code, sizeof(ret->code), "%s", code ? code : usual_code(ret->kind));
	snprintf(ret->place, sizeof(ret->place), "%s", place ? place : "");
	ret->done = action_truth(action, "done", false);
	ret->raw = action_truth(action, "raw", false);
	ret->rotate = action_truth(action, "rotate", false);
	return read_lists(action, ret) && read_target(action, ret);
}

bool do_fault(struct action *action)
{
	const char *kind = action_text(action, "kind");
	struct fault fault = { 0 };

	if (kind && strcmp(kind, "clear") == 0) {
		faults_clear(&action->server->faults, action_text(action, "op"));
		return true;
	}
	if (!read_fault(action, &fault)) {
		json_decref(fault.items);
		json_decref(fault.script);
		return false;
	}
	char number[24];
	snprintf(number, sizeof(number), "%llu",
		 (unsigned long long)faults_add(&action->server->faults, &fault));
	json_array_append_new(action->ids, json_string(number));
	return true;
}
