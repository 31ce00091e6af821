/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/listing.h"
#include "ctl/report.h"
#include "ctl/terminal.h"
#include "ctl/tree.h"
#include "ctl/xattr.h"

/*
 * ewsctl watch: one line a change, in a directory and below.
 *
 * inotify does not see what the server changes, so this looks: once a second at the mount's
 * last-change, and only when that moved at the directories. A directory is listed again when its
 * times moved (something came, went or was replaced) or its sync state did (a flag changed, which
 * moves the item's ctime only). A version that is fetched after its page shows later, so a
 * directory is looked at again until the mount is idle.
 */

enum { POLL_MS = 1000, SETTLE_S = 2 };

struct dir {
	struct dir *next; /* below comes after above */
	char *path;	  /* from the top: "" or "/Inbox" */
	int64_t mtime_ns, ctime_ns;
	char *sync_state;
	struct place place;
	bool is_restless; /* changed, and the mount was not idle yet */
};

struct watch {
	struct call *call;
	const char *shown; /* the top as it was given */
	char *real;	   /* and where it is */
	struct dir *dirs;
	struct shelf shelf;
	bool is_quiet; /* the first look is no news */
	dev_t dev;
};

static void dir_release(struct dir **dir)
{
	if (*dir) {
		str_release(&(*dir)->path);
		str_release(&(*dir)->sync_state);
	}
	free(*dir);
	*dir = NULL;
}

static void watch_release(struct watch *watch)
{
	while (watch->dirs) {
		struct dir *first = watch->dirs;
		watch->dirs = first->next;
		dir_release(&first);
	}
	shelf_release(&watch->shelf);
	str_release(&watch->real);
}

/* --- one directory --- */

static int64_t ns_of(const struct timespec *time)
{
	return time->tv_sec * NS_PER_S + time->tv_nsec;
}

struct look {
	const char *path;
	struct listing *listing;
};

/* What vanishes between the listing and here is told at the next look. */
static enum err on_entry(void *ctx, const char *name, bool is_dir)
{
	AUTO(buf) struct buf path = { 0 }, flag = { 0 };
	const struct look *look = ctx;
	struct stat st;
	enum err err = buf_printf(&path, "%s/%s", look->path, name);

	if (!err && stat(path.bytes, &st) != 0)
		return errno == ENOENT ? ERR_OK : err_from_errno(errno);
	if (!err && !is_dir)
		err = xattr_load_if_any(path.bytes, ATTR_IS_READ, &flag);
	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	const struct line line = { (char *)name, st.st_ino, ns_of(&st.st_ctim), is_dir,
				   strcmp(buf_str(&flag), "true") == 0 };
	return listing_add(look->listing, &line);
}

static enum err print_change(const struct watch *watch, const char *what, const char *dir,
			     const struct line *line)
{
	AUTO(buf) struct buf text = { 0 };
	enum err err = watch->is_quiet ? ERR_OK
				       : text_print_time(&text, clock_wall_ns() / NS_PER_S);

	if (watch->is_quiet)
		return ERR_OK;
	if (!err)
		err = buf_printf(&text, "  %-8s %s%s/%s%s\n", what, watch->shown, dir, line->name,
				 line->is_dir ? "/" : "");
	return err ? err : ctl_print(&text);
}

struct story {
	struct watch *watch;
	struct dir *dir;
};

static bool is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static enum err on_gone(void *ctx, enum change change, const struct line *line)
{
	const struct story *story = ctx;

	return line->is_dir
		       ? ERR_OK
		       : print_change(story->watch, change_text(change), story->dir->path, line);
}

static const struct listing nothing;

/* A directory went: so did all its items, and those of the directories below it. */
static enum err drop_dirs(struct watch *watch, const char *top)
{
	enum err err = ERR_OK;

	for (struct dir **at = &watch->dirs; !err && *at;) {
		AUTO(listing) struct listing before = { 0 };
		AUTO(dir) struct dir *dir = NULL;
		if (!is_below((*at)->path, top)) {
			at = &(*at)->next;
			continue;
		}
		dir = *at;
		*at = dir->next;
		struct story story = { watch, dir };
		err = shelf_load(&watch->shelf, &dir->place, &before);
		shelf_drop(&watch->shelf, &dir->place);
		if (!err)
			err = listing_compare(&before, &nothing, on_gone, &story);
	}
	return err;
}

/* It is looked at in the same round, since it comes after the one that is being looked at. */
static enum err add_dir(struct watch *watch, struct dir *after, const char *above, const char *name)
{
	AUTO(dir) struct dir *dir = calloc(1, sizeof(*dir));
	AUTO(buf) struct buf path = { 0 };
	enum err err = dir ? ERR_OK : ERR_NOMEM;

	if (!err)
		err = buf_printf(&path, "%s%s%s", above, *name ? "/" : "", name);
	if (!err)
		err = buf_give(&path, &dir->path);
	if (err)
		return err;
	struct dir **at = after ? &after->next : &watch->dirs;
	dir->next = *at;
	*at = give(dir);
	return ERR_OK;
}

static enum err on_change(void *ctx, enum change change, const struct line *line)
{
	const struct story *story = ctx;
	AUTO(buf) struct buf path = { 0 };
	enum err err = ERR_OK;

	if (line->is_dir && change == CHANGE_REMOVED) {
		err = buf_printf(&path, "%s/%s", story->dir->path, line->name);
		if (!err)
			err = drop_dirs(story->watch, path.bytes);
	}
	if (!err)
		err = print_change(story->watch, change_text(change), story->dir->path, line);
	if (!err && line->is_dir && change == CHANGE_NEW)
		err = add_dir(story->watch, story->dir, story->dir->path, line->name);
	return err;
}

/* The new listing takes its place on the shelf before it is told: a line said twice is worse
 * than the end of the watch. */
static enum err relist(struct watch *watch, struct dir *dir, const char *path)
{
	AUTO(listing) struct listing before = { 0 }, after = { 0 };
	struct look look = { path, &after };
	struct story story = { watch, dir };
	enum err err = shelf_load(&watch->shelf, &dir->place, &before);

	if (!err)
		err = dir_each(path, on_entry, &look);
	if (err)
		return err;
	listing_sort(&after);
	shelf_drop(&watch->shelf, &dir->place);
	err = shelf_put(&watch->shelf, &after, &dir->place);
	return err ? err : listing_compare(&before, &after, on_change, &story);
}

/* Takes what the directory shows of itself now; *ret: something moved since the last time. */
static enum err take_marks(struct dir *dir, const char *path, const struct stat *st, bool *ret)
{
	AUTO(buf) struct buf state = { 0 };
	int64_t mtime_ns = ns_of(&st->st_mtim), ctime_ns = ns_of(&st->st_ctim);
	enum err err = xattr_load_if_any(path, ATTR_SYNC_STATE, &state);

	if (err)
		return err;
	*ret = !dir->sync_state || mtime_ns != dir->mtime_ns || ctime_ns != dir->ctime_ns ||
	       strcmp(dir->sync_state, buf_str(&state)) != 0;
	dir->mtime_ns = mtime_ns;
	dir->ctime_ns = ctime_ns;
	str_release(&dir->sync_state);
	return buf_give(&state, &dir->sync_state);
}

static enum err look_at(struct watch *watch, struct dir *dir, bool is_idle)
{
	AUTO(buf) struct buf path = { 0 };
	bool is_moved = false;
	struct stat st;
	enum err err = buf_printf(&path, "%s%s", watch->real, dir->path);

	if (!err && stat(path.bytes, &st) != 0)
		err = err_from_errno(errno);
	/* What lay below the mount came to light: it was unmounted. */
	if (!err && st.st_dev != watch->dev)
		err = ERR_NOT_FOUND;
	if (!err)
		err = take_marks(dir, path.bytes, &st, &is_moved);
	if (!err && (is_moved || dir->is_restless))
		err = relist(watch, dir, path.bytes);
	if (!err)
		dir->is_restless = (is_moved || dir->is_restless) && !is_idle;
	/* The listing above it will tell; the top itself is the caller's. */
	return err == ERR_NOT_FOUND && *dir->path ? ERR_OK : err;
}

/* --- all of them --- */

static enum err tidy(struct watch *watch)
{
	AUTO(shelf) struct shelf fresh = { .spool.dir = watch->shelf.spool.dir };
	enum err err = ERR_OK;

	if (!shelf_is_wasteful(&watch->shelf))
		return ERR_OK;
	for (struct dir *dir = watch->dirs; !err && dir; dir = dir->next)
		err = shelf_move(&watch->shelf, &fresh, &dir->place);
	if (err)
		return err;
	struct shelf old = watch->shelf;
	watch->shelf = fresh;
	fresh = old;
	return ERR_OK;
}

static enum err look(struct watch *watch, bool is_idle)
{
	enum err err = ERR_OK;

	for (struct dir *dir = watch->dirs; !err && dir && !terminal_is_ended(); dir = dir->next)
		err = look_at(watch, dir, is_idle);
	return err ? err : tidy(watch);
}

static bool has_restless(const struct watch *watch)
{
	const struct dir *dir = watch->dirs;

	while (dir && !dir->is_restless)
		dir = dir->next;
	return dir;
}

/* last-change counts in seconds: what follows within the same one is seen by looking again. */
static enum err follow(struct watch *watch)
{
	int64_t look_until_ms = 0;
	AUTO(str) char *last = NULL;
	enum err err = ERR_OK;

	while (!err && !terminal_wait(POLL_MS)) {
		AUTO(report) struct report report = { 0 };
		err = report_load(watch->real, &report, watch->call->reason);
		if (err)
			break;
		const char *change = report_text(&report, "last-change");
		bool is_idle = strcmp(report_text(&report, "state"), "idle") == 0;
		int64_t now_ms = clock_boot_ms();
		if (!last || strcmp(last, change) != 0)
			look_until_ms = now_ms + SETTLE_S * INT64_C(1000);
		str_release(&last);
		err = text_copy(change, &last);
		if (!err && (now_ms <= look_until_ms || has_restless(watch)))
			err = look(watch, is_idle);
	}
	return err;
}

/* The working directory may lie in the mount, which would keep it from being unmounted. */
static enum err begin(struct watch *watch)
{
	AUTO(report) struct report report = { 0 };
	struct stat st;
	enum err err = report_load(watch->shown, &report, watch->call->reason);

	if (err)
		return err;
	watch->real = realpath(watch->shown, NULL);
	if (!watch->real || stat(watch->real, &st) != 0 || chdir("/") != 0)
		return report_explain(watch->shown, errno, watch->call->reason);
	watch->dev = st.st_dev;
	watch->is_quiet = true;
	err = add_dir(watch, NULL, "", "");
	if (!err)
		err = look(watch, false);
	watch->is_quiet = false;
	return err;
}

enum err ctl_watch(struct call *call)
{
	const char *tmp = getenv("TMPDIR");
	AUTO(watch) struct watch watch = { .call = call, .shelf.spool.dir = tmp ? tmp : "/tmp" };
	unsigned flags;
	enum err err = ctl_parse(call, "", NULL, 1, 1, &flags);

	if (err)
		return err;
	watch.shown = call->argv[optind];
	terminal_catch();
	err = begin(&watch);
	if (err)
		return err;
	err = follow(&watch);
	/* Unmounted: the end that a watch comes to. */
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}
