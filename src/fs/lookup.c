/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "fs/node.h"
#include "fs/ops.h"

enum { FORGET_BATCH = 256 };

/* A snapshot of its own for each lookup; the name is never cached, its attributes are. */
static void lookup_control(fuse_req_t req, uint64_t dir, enum mailbox_view view)
{
	struct fs *fs = fuse_req_userdata(req);
	struct fuse_entry_param entry = {
		.generation = mailbox_generation(fs->mailbox),
		.attr_timeout = NODE_TIMEOUT_S,
	};
	const struct control *control;
	enum err err = controls_make(&fs->controls, fs->mailbox, fs->push, dir, view, &control);

	if (err) {
		node_reply_err(req, err);
		return;
	}
	entry.ino = control->nodeid;
	control_stat(control, &fs->options, &entry.attr);
	if (fuse_reply_entry(req, &entry) != 0)
		controls_drop(&fs->controls, entry.ino); /* interrupted: no FORGET will come */
}

void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fuse_req_userdata(req);
	struct fuse_entry_param entry;
	struct mailbox_node node;
	enum mailbox_view view;

	if (strlen(name) > NAME_MAX) {
		fuse_reply_err(req, ENAMETOOLONG);
		return;
	}
	if (control_by_name(parent, name, &view)) {
		lookup_control(req, parent, view);
		return;
	}
	enum err err = mailbox_lookup(fs->mailbox, parent, name, &node);
	if (err) {
		node_reply_err(req, err);
		return;
	}
	node_entry(fs, &node, &entry);
	fuse_reply_entry(req, &entry);
}

static enum err load_stat(struct fs *fs, fuse_ino_t ino, struct stat *ret, double *ret_timeout_s)
{
	struct mailbox_node node;

	*ret_timeout_s = NODE_TIMEOUT_S;
	if (control_is_ino(ino)) {
		struct control *control = controls_take(&fs->controls, ino);
		if (!control)
			return ERR_NOT_FOUND;
		control_stat(control, &fs->options, ret);
		controls_give_back(&fs->controls, control);
		return ERR_OK;
	}
	enum err err = mailbox_load_node(fs->mailbox, ino, &node);
	if (err)
		return err;
	node_stat(fs, &node, ret);
	*ret_timeout_s = node_timeout_s(&node);
	return ERR_OK;
}

void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	struct stat attr;
	double timeout_s;
	enum err err = load_stat(fuse_req_userdata(req), ino, &attr, &timeout_s);
	(void)file;

	if (err)
		node_reply_err(req, err);
	else
		fuse_reply_attr(req, &attr, timeout_s);
}

/* Of all changes only the O_TRUNC of `echo command > .ctl` is taken. */
static enum err check_setattr(fuse_ino_t ino, const struct stat *attr, int to_set)
{
	const int changes = FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID;

	if (!control_is_ino(ino))
		return ERR_READ_ONLY;
	if (to_set & changes || !(to_set & FUSE_SET_ATTR_SIZE) || attr->st_size != 0)
		return ERR_PERM;
	return ERR_OK;
}

void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		struct fuse_file_info *file)
{
	struct stat after;
	double timeout_s;
	enum err err = check_setattr(ino, attr, to_set);
	(void)file;

	if (!err)
		err = load_stat(fuse_req_userdata(req), ino, &after, &timeout_s);
	if (err) {
		node_reply_err(req, err);
		return;
	}
	after.st_size = 0;
	after.st_blocks = 0;
	fuse_reply_attr(req, &after, timeout_s);
}

/* A hundred thousand may come at once: nothing here touches the disk. */
static void forget(struct fs *fs, const struct fuse_forget_data *forgets, size_t n)
{
	uint64_t inos[FORGET_BATCH];
	size_t inos_n = 0;

	for (size_t i = 0; i < n; i++) {
		if (control_is_ino(forgets[i].ino)) {
			controls_drop(&fs->controls, forgets[i].ino);
			continue;
		}
		inos[inos_n++] = forgets[i].ino;
		if (inos_n == FORGET_BATCH) {
			mailbox_forget(fs->mailbox, inos, inos_n);
			inos_n = 0;
		}
	}
	if (inos_n > 0)
		mailbox_forget(fs->mailbox, inos, inos_n);
}

void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups_n)
{
	const struct fuse_forget_data one = { .ino = ino, .nlookup = lookups_n };

	forget(fuse_req_userdata(req), &one, 1);
	fuse_reply_none(req);
}

void op_forget_multi(fuse_req_t req, size_t n, struct fuse_forget_data *forgets)
{
	forget(fuse_req_userdata(req), forgets, n);
	fuse_reply_none(req);
}
