/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "fs/node.h"
#include "fs/ops.h"

/*
 * An offset is the id of the entry before it; it stays while the content behind a name is
 * swapped, so a slow reader meets each name once. 1 and 2 are `.` and `..`.
 * Control files are never listed, so that `grep -r`, rsync and tar do not meet them.
 */
enum { OFFSET_DOT = 1, OFFSET_DOT_DOT = 2 };

struct listing {
	fuse_req_t req;
	char *bytes;
	size_t size, len;
};

/* False when it does not fit. */
static bool add(struct listing *l, const char *name, const struct fuse_entry_param *entry,
		uint64_t offset)
{
	size_t room = l->size - l->len;
	size_t n = fuse_add_direntry_plus(l->req, l->bytes + l->len, room, name, entry,
					  (off_t)offset);

	if (n > room)
		return false;
	l->len += n;
	return true;
}

static bool add_node(void *ctx, uint64_t offset, const char *name, const struct mailbox_node *node)
{
	struct listing *l = ctx;
	struct fuse_entry_param entry;

	node_entry(fuse_req_userdata(l->req), node, &entry);
	return add(l, name, &entry, offset);
}

/* Nodeid 0: the kernel takes no reference on these two. */
static bool add_dot(struct listing *l, const char *name, uint64_t ino, uint64_t offset)
{
	const struct fuse_entry_param entry = {
		.attr = { .st_ino = ino, .st_mode = S_IFDIR },
	};

	return add(l, name, &entry, offset);
}

static enum err list(struct listing *l, uint64_t dir, uint64_t after)
{
	struct fs *fs = fuse_req_userdata(l->req);
	struct mailbox_node node;

	if (after < OFFSET_DOT_DOT) {
		enum err err = mailbox_load_node(fs->mailbox, dir, &node);
		if (err)
			return err;
		if (after < OFFSET_DOT && !add_dot(l, ".", dir, OFFSET_DOT))
			return ERR_OK;
		if (!add_dot(l, "..", dir == FUSE_ROOT_ID ? dir : node.parent, OFFSET_DOT_DOT))
			return ERR_OK;
		after = OFFSET_DOT_DOT;
	}
	return mailbox_list(fs->mailbox, dir, after, add_node, l);
}

void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *file)
{
	AUTO(str) char *bytes = malloc(size);
	struct listing listing = { .req = req, .bytes = bytes, .size = size };
	enum err err = bytes ? list(&listing, ino, (uint64_t)offset) : ERR_NOMEM;
	(void)file;

	if (err)
		node_reply_err(req, err);
	else
		fuse_reply_buf(req, bytes, listing.len);
}
