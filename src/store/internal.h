/* SPDX-License-Identifier: MIT */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "base/clock.h"
#include "base/siphash.h"
#include "base/spool.h"
#include "store/set.h"
#include "store/sql.h"
#include "store/store.h"

/*
 * internal - what the files of the store share.
 *
 * Lowest first: pages (their sums) - sql (statements) - tally (the counts) - txn (commits and the
 * news of them) - pack - content, held (what of it is local), attrs - tree (inodes, entries,
 * graves) - record (an item's row) with its high and its place in the queue - folder, item,
 * arrive, exclude.
 */
#define SCHEMA_VERSION 1
#define SCHEMA_APPLICATION 0x45575331	/* "EWS1", in the header of the file */
#define CONTENT_MAX ((uint64_t)1 << 35) /* bytes of a file */

enum inode_flag {
	INODE_DIR = 1,
	INODE_BURIED = 2,
	INODE_HOLLOW = 4, /* a file whose content the server could not deliver */
	INODE_ABSENT = 8, /* a file whose content is not here: held.c */
};

/* What is numbered, and no number given twice; the last ones are values of the mailbox. And one
 * that is kept in the same way: the bytes of contents that count against the limit. */
enum number {
	NUMBER_ENTRY,
	NUMBER_INO,
	NUMBER_ROW,
	NUMBER_USE,
	NUMBER_HELD_BYTES,
	NUMBER_COUNT,
};
extern const char *const number_keys[NUMBER_COUNT];
/* It fell behind the tables: ERR_DAMAGED. */
enum err number_fail(struct store *store, enum number number);

/* In the order of the columns of tally. */
enum count {
	COUNT_KNOWN,
	COUNT_ITEMS,
	COUNT_UNREAD,
	COUNT_BYTES,
	COUNT_PENDING,
	COUNT_PENDING_BYTES,
	COUNT_QUARANTINED,
	COUNT_REGRESSED,
	COUNT_UNCOVERED,
	COUNT_UNKNOWN,
	COUNT_QUEUED,
	COUNT_COUNT,
};
struct counts {
	uint64_t folder;
	int64_t n[COUNT_COUNT];
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *stmts[SQL_COUNT];
	enum store_mode mode;
	char *path, *dir;
	char reason[512];
	uint32_t generation;
	uint64_t first_ino;
	uint8_t secret[SIPHASH_SECRET_BYTES]; /* of keys that names and ids are found by */
	bool has_met_damage;

	/* The rest is the writer's. */
	int lock_fd_plus_1;
	enum mtime_rule rule;
	bool is_ondemand;
	uint64_t limit;		     /* of content, in bytes */
	uint64_t last[NUMBER_COUNT]; /* the highest ever given */
	size_t leaf_left; /* of the page where content goes on, by content.c's reckoning */
	/* Rows of the queue that somebody works on, and those of them queued anew meanwhile. */
	struct set taken, again;

	store_change_fn listener;
	void *listener_ctx;
	/* Of the open transaction. */
	bool in_txn;
	enum err txn_err; /* the first failure: what half succeeded must not commit */
	struct spool news;
	struct set dirs;	  /* whose listing changed */
	struct counts counts[16]; /* what is to be added to the tallies: tally.c */
	size_t counts_n;
	uint64_t last_at_begin[NUMBER_COUNT];
	struct set taken_at_begin, again_at_begin;
};

/* Keeps the line for store_reason() and hands err back. */
enum err store_fail(struct store *store, enum err err, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Remembers beyond this process that the file is damaged. */
void damage_note(struct store *store);

/* --- pages.c --- */

#define PAGE_BYTES 4096
#define PAGE_SUM_BYTES 8 /* at its end: what SQLite calls reserved */
/* The name of the VFS that keeps the sums. */
const char *pages_vfs(void);
bool page_is_sound(const void *page, int64_t at);
/* Tells damage from what was written; no defence against forgers. */
uint64_t sum_bytes(const void *bytes, size_t n, uint64_t seed);

/* NFS, SMB or FUSE, by statfs(2). */
bool store_is_remote(long fs_type);

/* --- tally.c --- */

/* Of the open transaction; sign -1 takes it away. */
MUST_CHECK enum err tally_add(struct store *store, const struct counts *counts, int sign);
/* Writes what was added so far: before the commit, and before a tally is read. */
MUST_CHECK enum err tally_flush(struct store *store);

/* --- txn.c: each is told to the listener after the commit --- */

MUST_CHECK enum err news_entry(struct store *store, enum store_change_kind kind, uint64_t parent,
			       const char *name, uint64_t ino);
MUST_CHECK enum err news_inode(struct store *store, enum store_change_kind kind, uint64_t ino);

/* --- tree.c --- */

MUST_CHECK enum err inode_add(struct store *store, const struct store_node *node,
			      enum inode_flag flags, int64_t owner, uint64_t *ret);
/* Who has that name; ERR_NOT_FOUND. */
MUST_CHECK enum err entry_find(struct store *store, uint64_t parent, const char *name,
			       uint64_t *ret_id, uint64_t *ret_ino);
MUST_CHECK enum err entry_load_name(struct store *store, uint64_t parent, uint64_t id,
				    struct buf *ret);
MUST_CHECK enum err entry_add(struct store *store, uint64_t parent, const char *name, uint64_t ino,
			      uint64_t *ret_id);
MUST_CHECK enum err entry_swap(struct store *store, uint64_t parent, uint64_t id, uint64_t ino);
MUST_CHECK enum err entry_drop(struct store *store, uint64_t parent, uint64_t id);
/* The row of the item whose file that is; ERR_NOT_FOUND for directories and graves. */
MUST_CHECK enum err inode_find_item(struct store *store, uint64_t ino, int64_t *ret_row);
/* Turns an inode into a grave, with the attributes it has now: so before its row changes. */
MUST_CHECK enum err inode_bury(struct store *store, uint64_t ino);

/* --- content.c --- */

MUST_CHECK enum err content_put(struct store *store, uint64_t ino, const struct spool *content);
MUST_CHECK enum err content_drop(struct store *store, uint64_t ino);
MUST_CHECK enum err content_equal(struct store *store, uint64_t ino, const struct spool *content,
				  bool *ret);

/* What its chunks' sums come to, of a content that is here or of one that could be. */
MUST_CHECK enum err content_load_sum(struct store *store, uint64_t ino, int64_t *ret);
MUST_CHECK enum err content_sum(const struct spool *content, int64_t *ret);

/* --- held.c: contents with content=ondemand --- */

/* The content of an inode that is absent has come. */
MUST_CHECK enum err held_fill(struct store *store, uint64_t ino, const struct spool *content);
/* A content that was just put counts against the limit. */
MUST_CHECK enum err held_note(struct store *store, uint64_t ino, uint64_t size);
/* A content that has come and is not to stay: what to know it by. */
MUST_CHECK enum err held_note_passed(struct store *store, uint64_t ino,
				     const struct spool *content);
/* What that inode, which is absent, was: *ret_known false: nobody ever saw it. */
MUST_CHECK enum err held_equal(struct store *store, uint64_t ino, const struct spool *content,
			       bool *ret_known, bool *ret_equal);
/* True when so much more stays below the limit. */
bool held_has_room(const struct store *store, uint64_t size);
/* The inode goes. */
MUST_CHECK enum err held_drop(struct store *store, uint64_t ino);

/* --- pack.c: sets of attributes as the table holds them --- */

MUST_CHECK enum err pack_attrs(const struct buf *set, struct buf *ret);
/* Appends; ERR_DAMAGED. */
MUST_CHECK enum err unpack_attrs(const void *bytes, size_t n, struct buf *set);

/* --- attrs.c --- */

MUST_CHECK enum err attrs_put(struct store *store, uint64_t ino, const struct buf *set);
/* Appends what the row holds. */
void col_attrs(struct query *q, int i, struct buf *set);

/* --- record.c: one row of item, whole --- */

struct record {
	int64_t row;
	uint64_t folder, ino, entry;
	enum item_kind kind;
	enum item_state state;
	enum verdict verdict;
	int is_read; /* -1: not said */
	bool by_received;
	uint64_t size, file_size;
	int64_t received, modified;
	char *change_key, *error;
	bool is_queued, is_hollow, is_absent;
	struct counts counted; /* what the tally has of it */
};
void record_release(struct record *record);
/* All three: ERR_NOT_FOUND. */
MUST_CHECK enum err record_load(struct store *store, int64_t row, struct record *ret);
MUST_CHECK enum err record_find(struct store *store, const char *id, struct record *ret);
/* Any of the folder. */
MUST_CHECK enum err record_next(struct store *store, uint64_t folder, struct record *ret);
/* Any of the folder with a row above that and not ITEM_LEFT. */
MUST_CHECK enum err record_next_mirrored(struct store *store, uint64_t folder, int64_t after,
					 struct record *ret);
/* All of it but the state of its job: one that is no longer is_queued leaves the queue. */
MUST_CHECK enum err record_save(struct store *store, struct record *record);
/* What it adds to the tally of its folder. */
struct counts record_counts(const struct record *record);
/* Keeps the tally: for who changed the row by another statement. */
MUST_CHECK enum err record_recount(struct store *store, struct record *record);
/* A size as a server states it, within what a file can have: so that no sum of them overflows. */
uint64_t record_stated_size(uint64_t size);
/* A flag the server told of: true when that is news. */
bool record_set_read(struct record *record, bool is_read);
/* One line of it; it may be a server's words. */
MUST_CHECK enum err record_set_error(struct record *record, const char *error);
int64_t record_mtime_ns(const struct store *store, const struct record *record);
/* What LastModifiedTime makes of ctime. */
int64_t record_ctime_ns(const struct store *store, const struct record *record);
/* Sets the times of its inode; a changed flag moves ctime in any case. */
MUST_CHECK enum err record_stamp(struct store *store, const struct record *record,
				 bool has_new_flag);
/* The same without mtime, which moves with the content that it belongs to: copying tools
 * would take the old bytes for the new ones otherwise. */
MUST_CHECK enum err record_stamp_ctime(struct store *store, const struct record *record,
				       bool has_new_flag);
/* Its file leaves the tree and becomes a grave. */
MUST_CHECK enum err record_unlink(struct store *store, struct record *record);
/* Its file and its job go and its row stays, in that state. */
MUST_CHECK enum err record_leave(struct store *store, struct record *record, enum item_state state);
MUST_CHECK enum err record_drop(struct store *store, struct record *record);
/* The name is another's: the item stays known, without the name. */
MUST_CHECK enum err record_clash(struct store *store, struct record *record);

/* --- high.c: what was seen of an item's keys --- */

/* Takes note of a version. is_kept: it becomes the one held, else only its keys are known. To be
 * called while the record and the attributes still are those of the version before. */
MUST_CHECK enum err high_note(struct store *store, const struct record *record,
			      const struct item *item, bool is_kept);
/* The file goes and the item stays: keeps what its attributes had. */
MUST_CHECK enum err high_keep(struct store *store, const struct record *record);
MUST_CHECK enum err high_drop(struct store *store, int64_t row);

/* --- folder.c --- */

/* With the counts of the server in its digest, for the attributes. */
MUST_CHECK enum err folder_load_counted(struct store *store, uint64_t ino, struct folder *ret);

/* --- queue.c --- */

/* The record, once saved, leaves the queue, unless it was queued anew for another version
 * meanwhile. */
MUST_CHECK enum err queue_done(struct store *store, struct record *record, const char *change_key);
/* The same where the version came by another way than the queue. */
MUST_CHECK enum err queue_done_beside(struct store *store, struct record *record,
				      const char *change_key);
void queue_drop(struct store *store, struct record *record);
/* The change key that is wanted, NULL when nobody said. */
MUST_CHECK enum err queue_load_wanted(struct store *store, int64_t row, char **ret);
MUST_CHECK enum err queue_retry(struct store *store, int64_t row, int64_t not_before_ms);

#endif
