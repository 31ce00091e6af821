/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sync/engine.h"

/*
 * hints - the folders that events name, listed without a digest.
 *
 * The first event starts a listing at once, and so does what arrives during it. Then they come at
 * growing distances, so that a storm costs a handful of them; quiet starts over. A few events, as
 * of single messages one after the other, are no storm and wait but a moment; unless they come
 * faster than they are fetched, as then no run would end.
 */
enum { QUIET_MS = 10 * 1000, HIERARCHY_MS = 30 * 1000, FEW_EVENTS = 10, MOMENT_MS = 100 };

static const int pauses_ms[] = { 0, 250, 500, 1000, 2000, 3000 };

/* 0: not known. */
static uint64_t find_ino(const struct sync *sync, const char *id)
{
	const struct folders *folders = &sync->last_round.folders;

	for (size_t i = 0; id && i < folders->n; i++) {
		if (strcmp(folders->list[i].id, id) == 0)
			return folders->list[i].ino;
	}
	return 0;
}

/* True when the folder is known. */
static bool mark(struct sync *sync, const char *id)
{
	struct hints *hints = &sync->hints;
	uint64_t ino = find_ino(sync, id);

	if (ino == 0)
		return false;
	for (size_t i = 0; i < hints->n; i++) {
		if (hints->inos[i] == ino)
			return true;
	}
	if (hints->n < HINTS_MAX)
		hints->inos[hints->n++] = ino;
	else
		hints->is_blind = true;
	return true;
}

/* Every item that comes or goes changes its folder, but seldom the name of it. */
static void note_modified(struct sync *sync, const struct ews_event *event, int64_t now)
{
	struct hints *hints = &sync->hints;
	int64_t from_ms = hints->hierarchy_at_ms + HIERARCHY_MS;

	if (mark(sync, event->folder_id) && hints->hierarchy_ms == 0)
		hints->hierarchy_ms = from_ms > now ? from_ms : now;
}

/* A new one is not known, but where it is. */
static bool is_of_ours(const struct sync *sync, const struct ews_event *event)
{
	return find_ino(sync, event->folder_id) || find_ino(sync, event->parent_id) ||
	       find_ino(sync, event->old_parent_id);
}

void hints_note(struct sync *sync, const struct ews_event *event)
{
	struct hints *hints = &sync->hints;
	int64_t now = clock_boot_ms();

	if (now - hints->heard_ms > QUIET_MS)
		hints->step = hints->not_before_ms = hints->events_n = 0;
	hints->heard_ms = now;
	hints->events_n++;
	if (event->folder_id && event->is_modified) {
		note_modified(sync, event, now);
	} else if (event->folder_id) {
		hints->is_hierarchy_dirty |= is_of_ours(sync, event);
	} else {
		mark(sync, event->parent_id);
		mark(sync, event->old_parent_id);
	}
}

void hints_note_blind(struct sync *sync)
{
	sync->hints.is_blind = true;
}

static bool is_storm(const struct hints *hints)
{
	return hints->events_n > FEW_EVENTS || hints->is_blind;
}

int64_t hints_due_ms(const struct sync *sync)
{
	const struct hints *hints = &sync->hints;
	int64_t due_ms = hints->hierarchy_ms, from_ms = hints->not_before_ms;

	if (!sync->watch.is_ready) /* what failed is tried again in its own time, and whole */
		return INT64_MAX;
	if (!is_storm(hints) && from_ms > hints->listed_ms + MOMENT_MS)
		from_ms = hints->listed_ms + MOMENT_MS;
	if (hints->n > 0 || hints->is_hierarchy_dirty || hints->is_blind)
		return from_ms;
	if (due_ms == 0)
		return INT64_MAX;
	return due_ms > from_ms ? due_ms : from_ms;
}

/* What was told until now is about to be listed. */
static void take(struct hints *hints)
{
	hints->was_storm = is_storm(hints);
	hints->n = 0;
	hints->is_hierarchy_dirty = false;
}

void hints_forget(struct sync *sync)
{
	take(&sync->hints);
	sync->hints.is_blind = false;
	sync->hints.hierarchy_ms = 0;
	sync->hints.hierarchy_at_ms = clock_boot_ms();
}

void hints_pause(struct sync *sync)
{
	struct hints *hints = &sync->hints;

	hints->listed_ms = clock_boot_ms();
	hints->not_before_ms = hints->listed_ms + pauses_ms[hints->step];
	if (hints->step == 0 || (hints->was_storm && hints->step + 1 < ARRAY_LEN(pauses_ms)))
		hints->step++;
}

/* An error of the folder alone: the digest of all will tell, and knows what to do about it. */
static enum err pull(struct sync *sync, const struct folder *folder)
{
	struct visit visit = { .digest = folder->digest };

	/* One that failed is tried again in its own time. */
	if (folder->error || !pull_is_wanted(folder))
		return ERR_OK;
	enum err err = pull_folder(sync, folder, &visit);
	if (!err || gate_ends_run(err))
		return err;
	hints_note_blind(sync);
	return ERR_OK;
}

static enum err pull_named(struct sync *sync, const uint64_t *inos, size_t n)
{
	const struct folders *folders = &sync->last_round.folders;
	enum err err = ERR_OK;

	for (size_t i = 0; i < n; i++) {
		for (size_t f = 0; !err && f < folders->n; f++) {
			if (folders->list[f].ino == inos[i])
				err = pull(sync, &folders->list[f]);
		}
	}
	return err;
}

/* The hierarchy, and the items of those that came with it. */
static enum err update_hierarchy(struct sync *sync)
{
	struct round *round = &sync->last_round;

	sync->hints.hierarchy_at_ms = clock_boot_ms();
	enum err err = hierarchy_update(sync, &round->root, TREE_BIT(TREE_MAILBOX));
	if (!err)
		err = round_load(sync, round);
	for (size_t i = 0; !err && i < round->folders.n; i++) {
		const struct folder *folder = &round->folders.list[i];
		if (folder->shown_in && !folder->sync_state)
			err = pull(sync, folder);
	}
	return err;
}

enum err hints_list(struct sync *sync)
{
	const struct hints taken = sync->hints;
	bool is_late = taken.hierarchy_ms > 0 && clock_boot_ms() >= taken.hierarchy_ms;

	take(&sync->hints);
	if (taken.is_hierarchy_dirty || is_late)
		sync->hints.hierarchy_ms = 0;
	enum err err = round_load(sync, &sync->last_round);
	if (!err && taken.is_hierarchy_dirty)
		err = update_hierarchy(sync);
	if (!err)
		err = pull_named(sync, taken.inos, taken.n);
	/* New mail goes first. */
	if (!err && !taken.is_hierarchy_dirty && is_late)
		err = update_hierarchy(sync);
	if (err)
		hints_note_blind(sync);
	return err;
}
