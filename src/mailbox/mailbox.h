/* SPDX-License-Identifier: MIT */
#ifndef MAILBOX_MAILBOX_H
#define MAILBOX_MAILBOX_H

#include "model/account.h"
#include "model/attr.h"

/*
 * mailbox - the one door that the kernel side knows: answers from the cache, commands, status.
 *
 * Answers never wait for the network nor for a command that runs (I5): each comes from a
 * read-only connection of its own, taken from a pool for the length of the call.
 * Everything may be called from any thread, unless said otherwise.
 */
struct mailbox;

/*
 * Opens the cache of the account (making it and its directory when they are not there) and the
 * engine over it; nothing is sent. `*reason` gets the one line for the user on failure.
 */
MUST_CHECK enum err mailbox_open(const struct account *account, struct mailbox **ret,
				 struct buf *reason);
void mailbox_release(struct mailbox **mailbox);

/* Without a usable cache: logs in and lists the folders, before anything is mounted. With one:
 * nothing. */
MUST_CHECK enum err mailbox_prepare(struct mailbox *mailbox, struct buf *reason);

/* --- news for the kernel --- */

enum mailbox_change_kind {
	MAILBOX_ENTRY_ADDED,
	MAILBOX_ENTRY_SWAPPED,
	MAILBOX_ENTRY_REMOVED,
	MAILBOX_ATTR_CHANGED,
	MAILBOX_DIR_CHANGED,
};

struct mailbox_change {
	enum mailbox_change_kind kind;
	uint64_t parent, ino;
	const char *name; /* of entries; borrowed */
};
/* From the sync thread, no lock held; children before their directory. May block a little. */
typedef void (*mailbox_change_fn)(void *ctx, const struct mailbox_change *change);

/* Starts the engine. Threads begin here: after the fork. */
MUST_CHECK enum err mailbox_start(struct mailbox *mailbox, mailbox_change_fn fn, void *ctx);
/* Returns soon. Commands that wait end with ERR_CANCELLED. */
void mailbox_stop(struct mailbox *mailbox);

/* --- answers --- */

struct mailbox_node {
	uint64_t ino;
	bool is_dir, is_buried;
	bool is_absent; /* its content is not here: mailbox_want() */
	uint64_t size;
	int64_t mtime_ns, ctime_ns;
	uint64_t parent;
};

uint32_t mailbox_generation(const struct mailbox *mailbox);
MUST_CHECK enum err mailbox_lookup(struct mailbox *mailbox, uint64_t dir, const char *name,
				   struct mailbox_node *ret);
MUST_CHECK enum err mailbox_load_node(struct mailbox *mailbox, uint64_t ino,
				      struct mailbox_node *ret);
/* Entries after that offset until fn returns false; offsets are above 2. fn must not call
 * the mailbox. */
typedef bool (*mailbox_entry_fn)(void *ctx, uint64_t offset, const char *name,
				 const struct mailbox_node *node);
MUST_CHECK enum err mailbox_list(struct mailbox *mailbox, uint64_t dir, uint64_t after,
				 mailbox_entry_fn fn, void *ctx);
/* Appends at most n bytes; fewer at the end. ERR_BAD_ITEM: the server could not deliver it.
 * ERR_ABSENT: see mailbox_want(). */
MUST_CHECK enum err mailbox_read(struct mailbox *mailbox, uint64_t ino, uint64_t offset, size_t n,
				 struct buf *ret);
/* A part of a file; the bytes are borrowed for the call. */
struct mailbox_piece {
	uint64_t ino, offset;
	const void *bytes;
	size_t n;
};
/* What lies in the files behind that one, in the order of the listing, until fn returns false. fn
 * must not call the mailbox. */
typedef bool (*mailbox_piece_fn)(void *ctx, const struct mailbox_piece *piece);
MUST_CHECK enum err mailbox_each_piece(struct mailbox *mailbox, uint64_t ino, mailbox_piece_fn fn,
				       void *ctx);
MUST_CHECK enum err mailbox_load_attrs(struct mailbox *mailbox, uint64_t ino, struct buf *set);

struct mailbox_totals {
	uint64_t bytes, files_n;
};
MUST_CHECK enum err mailbox_load_totals(struct mailbox *mailbox, struct mailbox_totals *ret);

/* The kernel holds these inodes no longer. */
void mailbox_forget(struct mailbox *mailbox, const uint64_t *inos, size_t n);

/* --- status and commands: what the control files show and take --- */

enum mailbox_view { MAILBOX_VIEW_TEXT, MAILBOX_VIEW_JSON, MAILBOX_VIEW_METRICS };
/* The text of `.ctl`, `.ctl.json` or `.ctl.metrics` of a directory. */
MUST_CHECK enum err mailbox_print_status(struct mailbox *mailbox, uint64_t dir,
					 enum mailbox_view view, struct buf *ret);

/*
 * Runs one command line ("update", "resync tree nowait") for a directory. ERR_OK: it was taken,
 * and done is called exactly once, possibly before this returns: from another thread when it has
 * ended, with "nowait", "cancel" and "online" from this one; so hold no lock here. An error: it
 * was not taken, and done is not called; ERR_INVALID for an unknown command, ERR_BUSY when one
 * runs there, ERR_OFFLINE after "offline", ERR_THROTTLED with "nowait" while the server wants us
 * to wait. *ret_ticket names it until done was called; it is written before that.
 */
typedef void (*mailbox_done_fn)(void *ctx, enum err err);
MUST_CHECK enum err mailbox_command(struct mailbox *mailbox, uint64_t dir, const char *line,
				    size_t n, mailbox_done_fn done, void *ctx,
				    uint64_t *ret_ticket);
/* The writer was interrupted; the command goes on, done is not called. False: too late, done was
 * called or is being called. */
bool mailbox_forget_command(struct mailbox *mailbox, uint64_t ticket);

/* --- content=ondemand: files whose content comes when somebody wants it --- */

bool mailbox_is_ondemand(const struct mailbox *mailbox);
/* As mailbox_command(): done is called once, when the content is here or does not come, from
 * another thread; while it runs the content stays. ERR_STALE: the inode holds another version than
 * the server has by now, or none. */
MUST_CHECK enum err mailbox_want(struct mailbox *mailbox, uint64_t ino, mailbox_done_fn done,
				 void *ctx, uint64_t *ret_ticket);
/* Who wanted it was interrupted; as mailbox_forget_command(). */
bool mailbox_forget_want(struct mailbox *mailbox, uint64_t ticket);
/* A content larger than the limit is not kept: as sync_hold_passed(), after done was called with
 * ERR_OK, and while it runs. */
bool mailbox_hold_passed(struct mailbox *mailbox, uint64_t ino);
void mailbox_drop_passed(struct mailbox *mailbox, uint64_t ino);
/* Somebody opened a file whose content is here: it is among the last to go. */
void mailbox_note_use(struct mailbox *mailbox, uint64_t ino);

#endif
