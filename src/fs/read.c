/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include "fs/node.h"
#include "fs/ops.h"

enum { STATFS_BLOCK_BYTES = 4096 };

static void read_control(fuse_req_t req, fuse_ino_t ino, size_t size, uint64_t offset)
{
	struct fs *fs = fuse_req_userdata(req);
	struct control *control = controls_take(&fs->controls, ino);

	if (!control) {
		node_reply_err(req, ERR_NOT_FOUND);
		return;
	}
	size_t len = control->text.len;
	size_t from = offset < len ? (size_t)offset : len;
	fuse_reply_buf(req, buf_str(&control->text) + from, size < len - from ? size : len - from);
	controls_give_back(&fs->controls, control);
}

void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
	struct fs *fs = fuse_req_userdata(req);
	(void)file;

	if (control_is_ino(ino)) {
		read_control(req, ino, size, (uint64_t)offset);
		return;
	}
	/* First, so that the files behind it are loaded meanwhile; with content=ondemand they are
	 * not here. */
	if (offset == 0 && !mailbox_is_ondemand(fs->mailbox))
		push_note_read(fs->push, ino);
	open_read(req, ino, size, offset, 0);
}

void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fuse_req_userdata(req);
	struct mailbox_totals totals;
	enum err err = mailbox_load_totals(fs->mailbox, &totals);
	(void)ino;

	if (err) {
		node_reply_err(req, err);
		return;
	}
	const struct statvfs answer = {
		.f_bsize = STATFS_BLOCK_BYTES,
		.f_frsize = STATFS_BLOCK_BYTES,
		.f_blocks = (totals.bytes + STATFS_BLOCK_BYTES - 1) / STATFS_BLOCK_BYTES,
		.f_files = totals.files_n,
		.f_namemax = NAME_MAX,
	};
	fuse_reply_statfs(req, &answer);
}
