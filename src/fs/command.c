/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "fs/node.h"
#include "fs/ops.h"

/* Writes to a `.ctl`: each is a command, and waits for its end. */

enum { COMMAND_MAX_BYTES = 4096 };

/* Behind the invalidations that the command caused. */
static void answer(const struct parked *parked)
{
	notify_put_answer(parked->fs->notify, parked->req, parked->err, parked->n);
}

static void begin(fuse_req_t req, uint64_t dir, const char *line, size_t line_n, size_t n)
{
	struct fs *fs = fuse_req_userdata(req);
	uint64_t ticket = 0;
	struct parked *parked = park_begin(&(struct parked){
		.fs = fs, .req = req, .answer = answer, .forget = mailbox_forget_command, .n = n });

	if (!parked)
		return;
	enum err err = mailbox_command(fs->mailbox, dir, line, line_n, park_on_done, parked,
				       &ticket);
	park_end(parked, err, ticket);
}

/* One whole line; its newline may be missing. An appender writes behind the text that is there. */
static enum err check_line(const char *bytes, size_t *n, off_t offset, off_t end)
{
	if ((offset != 0 && offset != end) || *n == 0 || *n > COMMAND_MAX_BYTES)
		return ERR_INVALID;
	if (bytes[*n - 1] == '\n')
		--*n;
	return memchr(bytes, '\n', *n) || memchr(bytes, '\0', *n) ? ERR_INVALID : ERR_OK;
}

/* Which directory's `.ctl` it is, and the end of its text. */
static enum err find_dir(struct fs *fs, fuse_ino_t ino, uint64_t *ret, off_t *ret_end)
{
	if (!control_is_ino(ino))
		return ERR_READ_ONLY;
	struct control *control = controls_take(&fs->controls, ino);
	if (!control)
		return ERR_NOT_FOUND;
	*ret = control->dir;
	*ret_end = (off_t)control->text.len;
	enum err err = control->view == MAILBOX_VIEW_TEXT ? ERR_OK : ERR_INVALID;
	controls_give_back(&fs->controls, control);
	return err;
}

void op_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t n, off_t offset,
	      struct fuse_file_info *file)
{
	size_t line_n = n;
	uint64_t dir = 0;
	off_t end = 0;
	enum err err = find_dir(fuse_req_userdata(req), ino, &dir, &end);
	(void)file;

	if (!err)
		err = check_line(bytes, &line_n, offset, end);
	if (err)
		node_reply_err(req, err);
	else
		begin(req, dir, bytes, line_n, n);
}
