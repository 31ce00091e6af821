/* SPDX-License-Identifier: MIT */
#include "mailbox/internal.h"

#include <string.h>

/* One command line: its name, and after it "tree" and "nowait" in any order. */

enum { LINE_MAX_BYTES = 255 };

struct order {
	enum sync_command command;
	bool tree, nowait;
};

/* The commands. Adding one is adding a line. */
static const struct {
	const char *name;
	enum sync_command command;
	bool only_in_root;
	bool sends; /* so it has to wait while the server wants us to */
} commands[] = {
	{ "update", SYNC_UPDATE, false, true },	 { "resync", SYNC_RESYNC, false, true },
	{ "clear", SYNC_CLEAR, false, true },	 { "verify", SYNC_VERIFY, false, true },
	{ "cancel", SYNC_CANCEL, false, false }, { "offline", SYNC_OFFLINE, true, false },
	{ "online", SYNC_ONLINE, true, false },
};

static bool take_name(struct order *order, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, word) != 0)
			continue;
		order->command = commands[i].command;
		return true;
	}
	return false;
}

static bool take_word(struct order *order, const char *word, bool first)
{
	bool *flag = NULL;

	if (first)
		return take_name(order, word);
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

static enum err load_above(struct mailbox *mailbox, uint64_t dir, struct above *ret)
{
	AUTO(reader) struct reader reader = { 0 };

	enum err err = eras_take_newest(mailbox, &reader);
	return err ? err : above_load(reader.store, dir, ret);
}

/* It may be sent now. */
static enum err check_throttle(struct mailbox *mailbox, enum sync_command command)
{
	struct sync_status status;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (commands[i].command == command && !commands[i].sends)
			return ERR_OK;
	}
	sync_load_status(mailbox->sync, &status);
	return status.throttled_until != TIME_NONE ? ERR_THROTTLED : ERR_OK;
}

static enum err run_nowait(struct mailbox *mailbox, const struct sync_order *order,
			   mailbox_done_fn done, void *ctx, uint64_t *ret_ticket)
{
	enum err err = check_throttle(mailbox, order->command);

	if (!err)
		err = sync_run(mailbox->sync, order, NULL, NULL, ret_ticket);
	if (!err)
		done(ctx, ERR_OK);
	return err;
}

static bool is_misplaced(enum sync_command command, uint64_t dir)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (commands[i].command == command)
			return commands[i].only_in_root && dir != ROOT_INO;
	}
	return true;
}

enum err mailbox_command(struct mailbox *mailbox, uint64_t dir, const char *line, size_t n,
			 mailbox_done_fn done, void *ctx, uint64_t *ret_ticket)
{
	struct above above;
	struct order order;

	if (!parse(line, n, &order) || is_misplaced(order.command, dir))
		return ERR_INVALID;
	/* Of a file that the engine has left: what it does now is for the whole. */
	if (eras_is_left(mailbox, dir))
		dir = ROOT_INO;
	enum err err = load_above(mailbox, dir, &above);
	if (err)
		return err;
	const struct sync_order given = {
		.command = order.command,
		.dir = dir,
		.tree = order.tree || dir == ROOT_INO,
		.above = above.list,
		.above_n = above.n,
	};
	if (order.nowait)
		return run_nowait(mailbox, &given, done, ctx, ret_ticket);
	return sync_run(mailbox->sync, &given, done, ctx, ret_ticket);
}

bool mailbox_forget_command(struct mailbox *mailbox, uint64_t ticket)
{
	return sync_forget(mailbox->sync, ticket);
}
