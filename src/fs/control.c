/* SPDX-License-Identifier: MIT */
#include "fs/control.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fs/node.h"

/* The control files. Adding one is adding a line. */
static const struct {
	const char *name;
	enum mailbox_view view;
	bool only_in_root;
} files[] = {
	{ ".ctl", MAILBOX_VIEW_TEXT, false },
	{ ".ctl.json", MAILBOX_VIEW_JSON, false },
	{ ".ctl.metrics", MAILBOX_VIEW_METRICS, true },
};

bool control_is_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (strcmp(files[i].name, name) == 0)
			return true;
	return false;
}

bool control_by_name(uint64_t dir, const char *name, enum mailbox_view *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (strcmp(files[i].name, name) != 0)
			continue;
		*ret = files[i].view;
		return dir == FUSE_ROOT_ID || !files[i].only_in_root;
	}
	return false;
}

void control_stat(const struct control *control, const struct fs_options *options, struct stat *ret)
{
	const struct timespec made = {
		.tv_sec = control->made_ns / NS_PER_S,
		.tv_nsec = control->made_ns % NS_PER_S,
	};

	*ret = (struct stat){
		/* The same each time, and of no folder, item or nodeid. */
		.st_ino = CONTROL_BIT | CONTROL_BIT >> 1 | control->dir << 2 | control->view,
		.st_mode = node_mode(options, S_IFREG, 0600),
		.st_nlink = 1,
		.st_uid = options->uid,
		.st_gid = options->gid,
		.st_size = (off_t)control->text.len,
		.st_blocks = (blkcnt_t)((control->text.len + 511) / 512),
		.st_blksize = 4096,
		.st_atim = made,
		.st_mtim = made,
		.st_ctim = made,
	};
}

static void control_free(struct control *control)
{
	buf_release(&control->text);
	free(control);
}

void controls_init(struct controls *controls)
{
	lock_init(&controls->lock);
}

void controls_release(struct controls *controls)
{
	for (size_t i = 0; i < CONTROL_BUCKETS; i++) {
		while (controls->buckets[i]) {
			struct control *control = controls->buckets[i];
			controls->buckets[i] = control->next;
			control_free(control);
		}
	}
	lock_destroy(&controls->lock);
}

/* The link that leads to it, or would. */
static struct control **find_locked(struct controls *controls, uint64_t nodeid)
	REQUIRES(&controls->lock)
{
	struct control **link = &controls->buckets[nodeid % CONTROL_BUCKETS];

	while (*link && (*link)->nodeid != nodeid)
		link = &(*link)->next;
	return link;
}

static enum err insert(struct controls *controls, struct control *control)
{
	enum err err = ERR_NOMEM;

	lock_acquire(&controls->lock);
	if (controls->n < CONTROLS_MAX) {
		control->nodeid = CONTROL_BIT | ++controls->last;
		controls->n++;
		*find_locked(controls, control->nodeid) = control;
		err = ERR_OK;
	}
	lock_drop(&controls->lock);
	return err;
}

enum err controls_make(struct controls *controls, struct mailbox *mailbox, const struct push *push,
		       uint64_t dir, enum mailbox_view view, const struct control **ret)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return ERR_NOMEM;
	control->refs_n = 1;
	control->dir = dir;
	control->view = view;
	control->made_ns = clock_wall_ns();
	enum err err = mailbox_print_status(mailbox, dir, view, &control->text);
	if (!err && view == MAILBOX_VIEW_METRICS)
		err = push_print_metrics(push, &control->text);
	if (!err)
		err = insert(controls, control);
	if (err)
		control_free(control);
	else
		*ret = control;
	return err;
}

struct control *controls_take(struct controls *controls, uint64_t nodeid)
{
	lock_acquire(&controls->lock);
	struct control *control = *find_locked(controls, nodeid);
	if (control)
		control->refs_n++;
	lock_drop(&controls->lock);
	return control;
}

void controls_give_back(struct controls *controls, struct control *control)
{
	lock_acquire(&controls->lock);
	bool is_last = --control->refs_n == 0;
	lock_drop(&controls->lock);
	if (is_last)
		control_free(control);
}

void controls_drop(struct controls *controls, uint64_t nodeid)
{
	lock_acquire(&controls->lock);
	struct control **link = find_locked(controls, nodeid);
	struct control *control = *link;
	if (control) {
		*link = control->next;
		controls->n--;
	}
	lock_drop(&controls->lock);
	if (control)
		controls_give_back(controls, control);
}
