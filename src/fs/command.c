/* SPDX-License-Identifier: MIT */
#include "fs/command.h"

#include <string.h>

#include "fs/node.h"
#include "fs/ops.h"

struct parked {
	struct parked *next;
	struct fs *fs;
	fuse_req_t req;
	size_t n;
	uint64_t ticket;
	/* Before `is_taken` the operation still works on it: others only leave word. */
	bool is_taken, is_done, is_interrupted;
	enum err err; /* of the done callback */
};

void commands_init(struct commands *commands)
{
	lock_init(&commands->lock);
}

/* By then the mailbox has stopped, which ended every command. */
void commands_release(struct commands *commands)
{
	lock_destroy(&commands->lock);
}

static void link_locked(struct commands *commands, struct parked *parked) REQUIRES(&commands->lock)
{
	parked->next = commands->first;
	commands->first = parked;
}

static void unlink_locked(struct commands *commands, struct parked *parked)
	REQUIRES(&commands->lock)
{
	struct parked **link = &commands->first;

	while (*link != parked)
		link = &(*link)->next;
	*link = parked->next;
}

static struct parked *find_locked(struct commands *commands, fuse_req_t req)
	REQUIRES(&commands->lock)
{
	struct parked *parked = commands->first;

	while (parked && parked->req != req)
		parked = parked->next;
	return parked;
}

static void drop(struct parked *parked)
{
	struct commands *commands = &parked->fs->commands;

	lock_acquire(&commands->lock);
	unlink_locked(commands, parked);
	lock_drop(&commands->lock);
	free(parked);
}

/* Done: the answer waits behind the invalidations that the command caused. */
static void finish(struct parked *parked)
{
	struct notify *notify = parked->fs->notify;
	fuse_req_t req = parked->req;
	enum err err = parked->err;
	size_t n = parked->n;

	drop(parked);
	notify_put_answer(notify, req, err, n);
}

static void on_done(void *ctx, enum err err)
{
	struct parked *parked = ctx;
	struct commands *commands = &parked->fs->commands;

	lock_acquire(&commands->lock);
	parked->err = err;
	parked->is_done = true;
	bool is_taken = parked->is_taken;
	lock_drop(&commands->lock);
	if (is_taken)
		finish(parked);
}

/* The writer is gone, its command goes on. */
static void give_up(struct mailbox *mailbox, struct parked *parked, uint64_t ticket)
{
	if (!mailbox_forget_command(mailbox, ticket))
		return; /* done was first, and parked may be gone */
	fuse_req_t req = parked->req;
	drop(parked);
	fuse_reply_err(req, err_to_errno(ERR_INTERRUPTED));
}

/*
 * Called by libfuse, which may have looked up the request just before we answered it; it keeps
 * the request's memory until this returns, but not ours. So the request is looked for in the list.
 */
static void on_interrupt(fuse_req_t req, void *data)
{
	struct fs *fs = data;
	uint64_t ticket = 0;

	lock_acquire(&fs->commands.lock);
	struct parked *parked = find_locked(&fs->commands, req);
	bool is_waiting = parked && parked->is_taken && !parked->is_done;
	if (is_waiting)
		ticket = parked->ticket;
	else if (parked)
		parked->is_interrupted = true;
	lock_drop(&fs->commands.lock);
	if (is_waiting)
		give_up(fs->mailbox, parked, ticket);
}

/* The mailbox has it. What happened while it was handed over is made up for. */
static void park(struct parked *parked, uint64_t ticket)
{
	struct fs *fs = parked->fs;

	lock_acquire(&fs->commands.lock);
	parked->ticket = ticket;
	parked->is_taken = true;
	bool is_done = parked->is_done, is_interrupted = parked->is_interrupted;
	lock_drop(&fs->commands.lock);
	if (is_done)
		finish(parked);
	else if (is_interrupted)
		give_up(fs->mailbox, parked, ticket);
}

static void begin(fuse_req_t req, uint64_t dir, const char *line, size_t line_n, size_t n)
{
	struct fs *fs = fuse_req_userdata(req);
	struct parked *parked = calloc(1, sizeof(*parked));
	uint64_t ticket = 0;

	if (!parked) {
		node_reply_err(req, ERR_NOMEM);
		return;
	}
	*parked = (struct parked){ .fs = fs, .req = req, .n = n };
	lock_acquire(&fs->commands.lock);
	link_locked(&fs->commands, parked);
	lock_drop(&fs->commands.lock);
	fuse_req_interrupt_func(req, on_interrupt, fs);
	enum err err = mailbox_command(fs->mailbox, dir, line, line_n, on_done, parked, &ticket);
	if (!err) {
		park(parked, ticket);
		return;
	}
	drop(parked);
	node_reply_err(req, err);
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
