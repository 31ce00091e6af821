/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "folder_xml.h"
#include "soap.h"

static const char *const names[FAULT_KIND_COUNT] = {
	[FAULT_STATUS] = "status",	 [FAULT_BUSY] = "busy",
	[FAULT_ERROR] = "error",	 [FAULT_DELAY] = "delay",
	[FAULT_HANG] = "hang",		 [FAULT_BETWEEN_PAGES] = "between_pages",
	[FAULT_STOPPED] = "stopped",	 [FAULT_UNCONVERTIBLE] = "unconvertible",
	[FAULT_WRONG_ID] = "wrongid",	 [FAULT_DUPLICATE] = "duplicate",
	[FAULT_REORDER] = "reorder",	 [FAULT_PHANTOM] = "phantom",
	[FAULT_NOT_LAST] = "notlast",	 [FAULT_ILLEGAL] = "illegal",
	[FAULT_MALFORMED] = "malformed", [FAULT_TRUNCATED] = "truncated",
	[FAULT_RESET] = "reset",	 [FAULT_DRIP] = "drip",
	[FAULT_SECOND] = "second",
};

const char *fault_kind_name(enum fault_kind kind)
{
	return names[kind];
}

enum fault_kind fault_kind_from(const char *name)
{
	int kind = 0;

	while (kind < FAULT_KIND_COUNT && strcmp(names[kind], name) != 0)
		kind++;
	return kind;
}

void faults_init(struct faults *faults)
{
	*faults = (struct faults){ 0 };
	lock_init(&faults->lock);
	cond_init(&faults->cond);
}

static void release_all(struct fault *all)
{
	while (all) {
		struct fault *fault = all;
		all = fault->next;
		json_decref(fault->items);
		json_decref(fault->script);
		free(fault);
	}
}

void faults_release(struct faults *faults)
{
	release_all(faults->all);
	release_all(faults->forgotten);
	cond_destroy(&faults->cond);
	lock_destroy(&faults->lock);
}

void faults_stop(struct faults *faults)
{
	lock_acquire(&faults->lock);
	faults->stopping = true;
	cond_wake_all(&faults->cond);
	lock_drop(&faults->lock);
}

uint64_t faults_add(struct faults *faults, const struct fault *fault)
{
	struct fault *added = must_alloc(NULL, sizeof(*added)), **end = &faults->all;

	*added = *fault;
	lock_acquire(&faults->lock);
	while (*end)
		end = &(*end)->next;
	*end = added;
	uint64_t number = added->number = ++faults->made;
	lock_drop(&faults->lock);
	return number;
}

static void clear(struct faults *faults, const char *operation)
{
	for (struct fault *fault = faults->all; fault; fault = fault->next)
		if (!operation || strcmp(fault->operation, operation) == 0) {
			fault->left = 0;
			fault->forever = false;
		}
	faults->cleared++;
	cond_wake_all(&faults->cond);
}

void faults_clear(struct faults *faults, const char *operation)
{
	lock_acquire(&faults->lock);
	clear(faults, operation);
	lock_drop(&faults->lock);
}

json_t *faults_report(struct faults *faults)
{
	json_t *all = json_array();

	lock_acquire(&faults->lock);
	for (const struct fault *fault = faults->all; fault; fault = fault->next)
		json_array_append_new(
			all, json_pack("{s:I, s:s, s:s, s:s?, s:I, s:I, s:I, s:b}", "id",
				       (json_int_t)fault->number, "kind", names[fault->kind], "op",
				       fault->operation, "user",
				       fault->user ? fault->user->name : NULL, "fired",
				       (json_int_t)fault->fired, "left", (json_int_t)fault->left,
				       "skip", (json_int_t)fault->skip, "forever", fault->forever));
	lock_drop(&faults->lock);
	return all;
}

void faults_forget(struct faults *faults)
{
	struct fault **end = &faults->all;

	lock_acquire(&faults->lock);
	clear(faults, NULL);
	while (*end)
		end = &(*end)->next;
	*end = faults->forgotten;
	faults->forgotten = faults->all;
	faults->all = NULL;
	lock_drop(&faults->lock);
}

bool faults_wait(struct faults *faults, int64_t ms)
{
	int64_t end = clock_boot_ms() + ms;

	lock_acquire(&faults->lock);
	uint64_t cleared = faults->cleared;
	bool more = true;
	while (more && !faults->stopping && faults->cleared == cleared) {
		if (ms < 0)
			cond_wait(&faults->cond, &faults->lock);
		else
			more = clock_boot_ms() < end &&
			       cond_wait_ms(&faults->cond, &faults->lock,
					    clock_real_ms(end - clock_boot_ms()));
	}
	bool undisturbed = !faults->stopping && faults->cleared == cleared;
	lock_drop(&faults->lock);
	return undisturbed;
}

const struct fault *strikes_find(const struct strikes *strikes, enum fault_kind kind)
{
	for (size_t i = 0; i < strikes->n; i++)
		if (strikes->all[i]->kind == kind)
			return strikes->all[i];
	return NULL;
}

/* The folder that a request is about; 0 where it is about none, or about many. */
static uint64_t folder_of(struct call *call)
{
	static const char *const parents[] = { "SyncFolderId", "FolderIds", "ParentFolderIds",
					       "ParentFolderId", "ToFolderId" };
	const char *error;
	const xmlNode *id = NULL;

	for (size_t i = 0; i < ARRAY_LEN(parents) && !id; i++)
		id = node_first(node_child(call->op, parents[i]));
	if (!id)
		return 0;
	lock_acquire(&call->box->lock);
	const struct folder *folder = folder_asked(call, id, &error);
	uint64_t fid = folder ? folder->fid : 0;
	lock_drop(&call->box->lock);
	call->fault = NULL;
	return fid;
}

static bool asks_for(const struct call *call, const json_t *ids)
{
	const xmlNode *node = node_first(node_child(call->op, "ItemIds"));

	for (; node; node = node_next(node))
		for (size_t i = 0; i < json_array_size(ids); i++)
			if (strcmp(json_string_value(json_array_get(ids, i)),
				   node_attr(node, "Id")) == 0)
				return true;
	return false;
}

static bool is_meant(const struct fault *fault, const struct call *call, uint64_t fid)
{
	return (strcmp(fault->operation, "*") == 0 || node_is(call->op, fault->operation)) &&
	       (!fault->user || fault->user == call->user) && (!fault->fid || fault->fid == fid) &&
	       (!fault->items || asks_for(call, fault->items));
}

void faults_strike(struct faults *faults, struct call *call)
{
	struct strikes *strikes = &call->strikes;
	uint64_t fid = folder_of(call);
	bool counted = false;

	lock_acquire(&faults->lock);
	for (struct fault *fault = faults->all; fault; fault = fault->next) {
		bool pending = fault->forever || (fault->left > 0 && !counted);
		if (!pending || strikes->n == FAULTS_AT_ONCE || !is_meant(fault, call, fid))
			continue;
		if (fault->skip > 0) {
			fault->skip--;
			continue;
		}
		counted = counted || !fault->forever;
		fault->left -= !fault->forever;
		fault->fired++;
		strikes->all[strikes->n++] = fault;
	}
	lock_drop(&faults->lock);
}
