/* SPDX-License-Identifier: MIT */
#include "mailbox/internal.h"

#include <string.h>

/* One command line: "update", and after it "tree" and "nowait" in any order. */

enum { LINE_MAX_BYTES = 255 };

struct order {
	enum sync_command command;
	bool tree, nowait;
};

static bool take_word(struct order *order, const char *word, bool first)
{
	bool *flag = NULL;

	if (first) {
		order->command = SYNC_UPDATE;
		return strcmp(word, "update") == 0;
	}
	if (strcmp(word, "tree") == 0)
		flag = &order->tree;
	else if (strcmp(word, "nowait") == 0)
		flag = &order->nowait;
	if (!flag || *flag)
		return false;
	*flag = true;
	return true;
}

static bool parse(const char *line, size_t n, struct order *ret)
{
	char text[LINE_MAX_BYTES + 1], *rest = NULL;
	struct order order = { 0 };

	if (n > LINE_MAX_BYTES || memchr(line, '\0', n))
		return false;
	memcpy(text, line, n);
	text[n] = '\0';
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	if (strpbrk(text, "\n\r"))
		return false;
	char *word = strtok_r(text, " \t", &rest);
	bool first = true;
	if (!word)
		return false;
	for (; word; word = strtok_r(NULL, " \t", &rest)) {
		if (!take_word(&order, word, first))
			return false;
		first = false;
	}
	*ret = order;
	return true;
}

static enum err check_dir(struct mailbox *mailbox, uint64_t dir)
{
	struct mailbox_node node;

	enum err err = mailbox_load_node(mailbox, dir, &node);
	if (!err && !node.is_dir)
		err = ERR_NOT_DIR;
	return err;
}

static enum err run_nowait(struct mailbox *mailbox, uint64_t dir, const struct order *order,
			   mailbox_done_fn done, void *ctx, uint64_t *ret_ticket)
{
	struct sync_status status;

	sync_load_status(mailbox->sync, &status);
	if (status.throttled_until != TIME_NONE)
		return ERR_THROTTLED;
	enum err err = sync_run(mailbox->sync, order->command, dir, order->tree, NULL, NULL,
				ret_ticket);
	if (!err)
		done(ctx, ERR_OK);
	return err;
}

enum err mailbox_command(struct mailbox *mailbox, uint64_t dir, const char *line, size_t n,
			 mailbox_done_fn done, void *ctx, uint64_t *ret_ticket)
{
	struct order order;

	if (!parse(line, n, &order))
		return ERR_INVALID;
	enum err err = check_dir(mailbox, dir);
	if (err)
		return err;
	if (order.nowait)
		return run_nowait(mailbox, dir, &order, done, ctx, ret_ticket);
	return sync_run(mailbox->sync, order.command, dir, order.tree, done, ctx, ret_ticket);
}

bool mailbox_forget_command(struct mailbox *mailbox, uint64_t ticket)
{
	return sync_forget(mailbox->sync, ticket);
}
