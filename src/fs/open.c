/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>

#include "fs/node.h"
#include "fs/ops.h"

/*
 * Opens, and reads of what is not here (content=ondemand).
 *
 * Opens are stateless where everything is here: the kernel asks once, and then never again. With
 * content=ondemand each is answered, for one that finds no content waits for it, parked (park.h);
 * and so does a read, since what an open file holds may be let go. What the kernel has of it stays
 * in its cache, as nothing else will ever stand under that inode (I2).
 */
enum { READ_TRIES = 8 }; /* what comes may be let go before it is read, by others that come */

static void want(const struct parked *what)
{
	uint64_t ticket = 0;
	struct parked *parked = park_begin(what);

	if (!parked)
		return;
	enum err err = mailbox_want(what->fs->mailbox, what->ino, park_on_done, parked, &ticket);
	park_end(parked, err, ticket);
}

void open_reply(fuse_req_t req, uint64_t ino, bool is_passed)
{
	struct fs *fs = fuse_req_userdata(req);
	const struct fuse_file_info file = { .fh = is_passed, .keep_cache = 1, .noflush = 1 };

	/* Interrupted: no RELEASE will come. */
	if (fuse_reply_open(req, &file) != 0 && is_passed)
		mailbox_drop_passed(fs->mailbox, ino);
}

/* Behind the news of its size. */
static void answer_open(const struct parked *parked)
{
	struct fs *fs = parked->fs;
	bool is_passed = !parked->err && mailbox_hold_passed(fs->mailbox, parked->ino);

	notify_put_open(fs->notify, parked->req, parked->err, parked->ino, is_passed);
}

static bool is_for_reading(const struct fuse_file_info *file)
{
	return (file->flags & O_ACCMODE) == O_RDONLY;
}

static void open_file(fuse_req_t req, uint64_t ino, const struct fuse_file_info *file)
{
	struct fs *fs = fuse_req_userdata(req);
	struct mailbox_node node = { 0 };
	enum err err = mailbox_load_node(fs->mailbox, ino, &node);

	if (!err && !is_for_reading(file))
		err = ERR_READ_ONLY;
	if (err) {
		node_reply_err(req, err);
	} else if (node.is_absent && mailbox_hold_passed(fs->mailbox, ino)) {
		open_reply(req, ino, true);
	} else if (node.is_absent) {
		want(&(struct parked){ .fs = fs,
				       .req = req,
				       .ino = ino,
				       .answer = answer_open,
				       .forget = mailbox_forget_want });
	} else {
		mailbox_note_use(fs->mailbox, ino);
		open_reply(req, ino, false);
	}
}

void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	struct fs *fs = fuse_req_userdata(req);

	if (!mailbox_is_ondemand(fs->mailbox))
		fuse_reply_err(req, ENOSYS);
	else if (control_is_ino(ino))
		open_reply(req, ino, false);
	else
		open_file(req, ino, file);
}

void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	struct fs *fs = fuse_req_userdata(req);

	if (file->fh)
		mailbox_drop_passed(fs->mailbox, ino);
	fuse_reply_err(req, 0);
}

void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	(void)ino, (void)file;
	fuse_reply_err(req, ENOSYS);
}

/* From the thread that brought it, so that it is still there. */
static void answer_read(const struct parked *parked)
{
	if (parked->err)
		fuse_reply_err(parked->req, err_to_errno(parked->err));
	else
		open_read(parked->req, parked->ino, parked->n, parked->offset, parked->tries + 1);
}

void open_read(fuse_req_t req, uint64_t ino, size_t n, off_t offset, int tries)
{
	AUTO(buf) struct buf content = { 0 };
	struct fs *fs = fuse_req_userdata(req);
	enum err err = mailbox_read(fs->mailbox, ino, (uint64_t)offset, n, &content);

	if (err == ERR_ABSENT && tries < READ_TRIES)
		want(&(struct parked){ .fs = fs,
				       .req = req,
				       .ino = ino,
				       .n = n,
				       .offset = offset,
				       .tries = tries,
				       .answer = answer_read,
				       .forget = mailbox_forget_want });
	else if (err)
		node_reply_err(req, err);
	else
		fuse_reply_buf(req, buf_str(&content), content.len);
}
