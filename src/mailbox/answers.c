/* SPDX-License-Identifier: MIT */
#include "mailbox/internal.h"

/* What the kernel asks, answered from the cache by a reader of its own (I5). */

uint32_t mailbox_generation(const struct mailbox *mailbox)
{
	return mailbox->generation;
}

static struct mailbox_node node_of(const struct store_node *node)
{
	return (struct mailbox_node){
		.ino = node->ino,
		.is_dir = node->is_dir,
		.is_buried = node->is_buried,
		.is_absent = node->is_absent,
		.size = node->size,
		.mtime_ns = node->mtime_ns,
		.ctime_ns = node->ctime_ns,
		.parent = node->parent,
	};
}

enum err mailbox_lookup(struct mailbox *mailbox, uint64_t dir, const char *name,
			struct mailbox_node *ret)
{
	AUTO(reader) struct reader reader = { 0 };
	struct store_node node;

	enum err err = eras_take_reader(mailbox, dir, &reader);
	if (!err)
		err = store_find_entry(reader.store, dir, name, &node);
	if (!err)
		*ret = node_of(&node);
	return err;
}

enum err mailbox_load_node(struct mailbox *mailbox, uint64_t ino, struct mailbox_node *ret)
{
	AUTO(reader) struct reader reader = { 0 };
	struct store_node node;

	enum err err = eras_take_reader(mailbox, ino, &reader);
	if (!err)
		err = store_load_node(reader.store, ino, &node);
	if (!err)
		*ret = node_of(&node);
	return err;
}

struct lister {
	mailbox_entry_fn fn;
	void *ctx;
};

static bool hand_on(void *ctx, const struct store_entry *entry)
{
	const struct lister *lister = ctx;
	struct mailbox_node node = node_of(&entry->node);

	return lister->fn(lister->ctx, entry->offset, entry->name, &node);
}

enum err mailbox_list(struct mailbox *mailbox, uint64_t dir, uint64_t after, mailbox_entry_fn fn,
		      void *ctx)
{
	AUTO(reader) struct reader reader = { 0 };
	struct lister lister = { fn, ctx };

	enum err err = eras_take_reader(mailbox, dir, &reader);
	if (!err)
		err = store_each_entry(reader.store, dir, after, hand_on, &lister);
	return err;
}

enum err mailbox_read(struct mailbox *mailbox, uint64_t ino, uint64_t offset, size_t n,
		      struct buf *ret)
{
	AUTO(reader) struct reader reader = { 0 };

	enum err err = eras_take_reader(mailbox, ino, &reader);
	if (!err)
		err = store_read_content(reader.store, ino, offset, n, ret);
	if (err == ERR_ABSENT)
		err = sync_read_passed(mailbox->sync, ino, offset, n, ret);
	return err;
}

struct carrier {
	mailbox_piece_fn fn;
	void *ctx;
};

static bool carry_on(void *ctx, const struct store_piece *piece)
{
	const struct carrier *carrier = ctx;
	const struct mailbox_piece same = {
		.ino = piece->ino,
		.offset = piece->offset,
		.bytes = piece->bytes,
		.n = piece->n,
	};

	return carrier->fn(carrier->ctx, &same);
}

enum err mailbox_each_piece(struct mailbox *mailbox, uint64_t ino, mailbox_piece_fn fn, void *ctx)
{
	AUTO(reader) struct reader reader = { 0 };
	struct carrier carrier = { fn, ctx };

	enum err err = eras_take_reader(mailbox, ino, &reader);
	if (!err)
		err = store_each_piece(reader.store, ino, carry_on, &carrier);
	return err;
}

enum err mailbox_load_attrs(struct mailbox *mailbox, uint64_t ino, struct buf *set)
{
	AUTO(reader) struct reader reader = { 0 };

	enum err err = eras_take_reader(mailbox, ino, &reader);
	if (!err)
		err = store_load_attrs(reader.store, ino, set);
	return err;
}

enum err mailbox_load_totals(struct mailbox *mailbox, struct mailbox_totals *ret)
{
	AUTO(reader) struct reader reader = { 0 };
	struct store_tally tally = { 0 };

	enum err err = eras_take_reader(mailbox, ROOT_INO, &reader);
	if (!err)
		err = store_load_tally(reader.store, ROOT_INO, true, &tally);
	/* Tools ask for them before anything else: a damaged file has none. */
	if (!err || err == ERR_DAMAGED)
		*ret = (struct mailbox_totals){ .bytes = tally.bytes, .files_n = tally.items_n };
	return err == ERR_DAMAGED ? ERR_OK : err;
}

enum err above_load(struct store *store, uint64_t dir, struct above *ret)
{
	struct store_node node;
	enum err err = store_load_node(store, dir, &node);

	ret->n = 0;
	if (!err && !node.is_dir)
		err = ERR_NOT_DIR;
	while (!err && dir != ROOT_INO && node.parent != 0 && ret->n < ARRAY_LEN(ret->list)) {
		dir = ret->list[ret->n++] = node.parent;
		err = store_load_node(store, dir, &node);
	}
	return err;
}
