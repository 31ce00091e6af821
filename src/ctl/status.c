/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/progress.h"
#include "ctl/terminal.h"

/* ewsctl status: of one directory, or of every mount that can be read. */

enum { WATCH = 1 << 0, JSON = 1 << 1, POLL_MS = 1000, BAR_MAX = 40, BAR_MIN = 10, BAR_ROOM = 56 };

struct view {
	struct call *call;
	const char *dir; /* NULL: all mounts */
	unsigned flags;
	bool is_screen;
	unsigned found_n;
	struct meter meter; /* of dir; several mounts have none */
	struct buf *text;
	char *last_line; /* what was said last where there is no screen */
};

static unsigned bar_width(const struct view *view)
{
	unsigned columns = view->is_screen ? screen_width(STDOUT_FILENO) : BAR_MAX + BAR_ROOM;

	if (columns > BAR_MAX + BAR_ROOM)
		return BAR_MAX;
	return columns < BAR_MIN + BAR_ROOM ? BAR_MIN : columns - BAR_ROOM;
}

/* One object a line; it names the directory, since several may be asked for. */
static enum err print_json(struct view *view, const char *dir, const struct report *report)
{
	json_t *object = json_pack("{s:s}", "dir", dir);

	if (!object || json_object_update(object, report->object) != 0) {
		json_decref(object);
		return ERR_NOMEM;
	}
	char *line = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(object);
	enum err err = line ? buf_printf(view->text, "%s\n", line) : ERR_NOMEM;
	free(line);
	return err;
}

static enum err print_line(struct view *view, const char *dir, const struct report *report,
			   const struct progress *progress)
{
	enum err err = buf_printf(view->text, "%s: ", dir);

	if (!err)
		err = status_print_line(view->text, report, progress);
	return err ? err : buf_append_char(view->text, '\n');
}

static enum err print_one(struct view *view, const char *dir)
{
	AUTO(report) struct report report = { 0 };
	enum err err = report_load(dir, &report, view->call->reason);

	if (err)
		return err;
	view->found_n++;
	struct progress progress = progress_of(&report, view->dir ? &view->meter : NULL,
					       clock_boot_ms());
	if (view->flags & JSON)
		return print_json(view, dir, &report);
	if ((view->flags & WATCH) && !view->is_screen)
		return print_line(view, dir, &report, &progress);
	return status_print(view->text, dir, &report, &progress, bar_width(view));
}

/* Other users' mounts, and those that end just now, are passed over. */
static enum err on_mount(void *ctx, const char *path)
{
	struct view *view = ctx;
	enum err err = print_one(view, path);

	return err == ERR_NOMEM ? err : ERR_OK;
}

static enum err gather(struct view *view)
{
	buf_clear(view->text);
	view->found_n = 0;
	if (view->dir)
		return print_one(view, view->dir);
	enum err err = mounts_each(on_mount, view);
	if (!err && view->found_n == 0)
		err = buf_refuse(
			view->call->reason, ERR_NOT_FOUND,
			"no mount of ewsfs is up that you can read: mount one, or give a DIR");
	return err;
}

/* Where there is no screen, only what is new is said. */
static enum err show(struct view *view, struct screen *screen)
{
	if (view->is_screen) {
		screen_draw(screen, buf_str(view->text));
		return ERR_OK;
	}
	if (view->last_line && strcmp(view->last_line, buf_str(view->text)) == 0)
		return ERR_OK;
	str_release(&view->last_line);
	enum err err = text_copy(buf_str(view->text), &view->last_line);
	return err ? err : ctl_print(view->text);
}

static enum err watch(struct view *view)
{
	struct screen screen = { .fd = STDOUT_FILENO };
	unsigned shown_n = 0;
	enum err err;

	terminal_catch();
	do {
		err = gather(view);
		if (!err)
			err = show(view, &screen);
		shown_n += !err;
	} while (!err && !terminal_wait(POLL_MS));
	str_release(&view->last_line);
	/* It was unmounted: an end like any other. */
	return err == ERR_NOT_FOUND && shown_n > 0 ? ERR_OK : err;
}

enum err ctl_status(struct call *call)
{
	static const char *const names[] = { "watch", "json" };
	AUTO(buf) struct buf text = { 0 };
	struct view view = { .call = call, .text = &text };
	enum err err = ctl_parse(call, "wj", names, 0, 1, &view.flags);

	if (err)
		return err;
	view.dir = call->argv[optind];
	view.is_screen = screen_is_one(STDOUT_FILENO) && !(view.flags & JSON);
	if (view.flags & WATCH)
		return watch(&view);
	err = gather(&view);
	return err ? err : ctl_print(&text);
}
