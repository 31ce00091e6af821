/* SPDX-License-Identifier: MIT */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "model/account.h"
#include "model/attr.h"
#include "model/content.h"
#include "model/folder.h"
#include "model/item.h"
#include "model/xid.h"

/*
 * store - what we know of the mailbox, on disk, in one SQLite file.
 *
 * The store never talks to the network and never invents facts: every row is
 * something the server said, or work that follows from it.
 *
 * Threads: one struct store, one thread at a time. STORE_WRITER is the sync side's and there is
 * one of it for a file; STORE_READER connections are read-only, as many as there are threads.
 * STORE_KEEPER is a reader that holds the file as a writer does, so that nobody else takes it.
 * They share the file through WAL: readers see the last commit and never wait for the
 * writer. No reader keeps a transaction open between calls, so the WAL stays small.
 *
 * Strings are UTF-8; those passed in are copied, those lent by a callback die when it
 * returns. Times of items are seconds, times of inodes nanoseconds since 1970, UTC.
 *
 * Identities: `ino` is an inode (folders and items alike, never reused; 1 is the root), `row` an
 * item's row (never reused), `id` a server's id. An item's row lives as long as the server has the
 * item; its ino changes with its bytes (invariant I2).
 */
struct store;

enum store_mode { STORE_WRITER, STORE_READER, STORE_KEEPER };

/*
 * Opens; the writer creates and migrates as needed and holds an advisory lock on the
 * file, so a second writer is ERR_BUSY. The writer refuses (ERR_INVALID, see *reason) a file with
 * wider rights than 0600, another owner, a newer schema, or on NFS, CIFS or FUSE; a file that is
 * no database, or is damaged where opening shows it, is ERR_DAMAGED. On failure *ret is
 * untouched and *reason, when given, holds one line.
 */
MUST_CHECK enum err store_open(const char *path, enum store_mode mode, struct store **ret,
			       struct buf *reason);
void store_release(struct store **store);
/* The last failure, in one line. */
const char *store_reason(const struct store *store);
/* True when damage was met, by any connection to the file and in this process or before it: what
 * can be read is good, the rest is ERR_DAMAGED, and the file should be made anew. Any thread. */
bool store_is_damaged(const struct store *store);
/* True once when this connection has met damage since the last call. */
bool store_take_damage(struct store *store);
/* Another file stands in its place. */
void store_forget_damage(const char *path);
/* Gives a file that was cut short the length that its header states: what is left of it can be
 * read then. */
void store_pad(const char *path);
/* The directory of the file: where large bodies spill to. Lives as long as the store. */
const char *store_dir(const struct store *store);

/* --- what the kernel must hear --- */

enum store_change_kind {
	STORE_ENTRY_ADDED,   /* parent, name, ino */
	STORE_ENTRY_SWAPPED, /* parent, name, ino: another inode under the same name */
	STORE_ENTRY_REMOVED, /* parent, name, ino: of the inode that was there */
	STORE_ATTR_CHANGED,  /* ino: attributes only, pages stay */
	STORE_DIR_CHANGED,   /* ino: its listing, after the entries of it */
	STORE_BURIED,	     /* ino: deleted or replaced; it answers on as a grave */
};

struct store_change {
	enum store_change_kind kind;
	uint64_t parent, ino;
	const char *name; /* NULL for the last three */
};

/* Called for each change right after the commit that made it, children before their
 * directory, in the thread that commits, with no lock and no transaction. The writer's only. */
typedef void (*store_change_fn)(void *ctx, const struct store_change *change);
void store_set_listener(struct store *store, store_change_fn fn, void *ctx);

/* --- transactions of the writer --- */

/*
 * Zero-initialise, begin, then either commit or let it go out of scope: an
 * uncommitted transaction rolls back. Keep it short; never hold one across a wait
 * for the network. Every function below that takes a txn must be inside one.
 */
struct txn {
	struct store *store;
};
MUST_CHECK enum err txn_begin(struct txn *txn, struct store *store);
MUST_CHECK enum err txn_commit(struct txn *txn);
void txn_release(struct txn *txn);

/* --- the mailbox as a whole --- */

/* Small facts: "hierarchy_state", "last_update", ... A NULL value drops the key. ERR_NOT_FOUND
 * when the key is not there. */
MUST_CHECK enum err store_put_value(struct txn *txn, const char *key, const char *value);
MUST_CHECK enum err store_load_value(struct store *store, const char *key, char **ret);
/* The inodes of a new file are numbered from there on, so that they are none of another's: the
 * numbers of a file lie in [first, first + STORE_INO_SPAN), but for the root's. */
#define STORE_INO_SPAN (UINT64_C(1) << 36)
MUST_CHECK enum err store_put_first_ino(struct txn *txn, uint64_t first);
uint64_t store_first_ino(const struct store *store);
/* 32 random bits made with the file: the generation of every inode. */
uint32_t store_generation(const struct store *store);
/*
 * Binds a new file to a mailbox ("user@host ..."), or checks that it is bound to
 * that one: ERR_OTHER_OWNER if not, and *reason names both. Also notes the mtime rule; where it
 * differs from the one in force, every item's mtime is set anew.
 */
MUST_CHECK enum err store_claim(struct store *store, const char *mailbox, enum mtime_rule rule,
				struct buf *reason);

/* --- answers for the kernel side (reader or writer) --- */

struct store_node {
	uint64_t ino;
	bool is_dir;
	bool is_buried; /* nlink 0 */
	bool is_absent; /* a file whose content is not here: its size may be an estimate */
	uint64_t size;	/* of files, exact */
	int64_t mtime_ns, ctime_ns;
	uint64_t parent; /* of directories: for ".."; 1 for the root; 0 for files */
};

MUST_CHECK enum err store_find_entry(struct store *store, uint64_t dir, const char *name,
				     struct store_node *ret);
MUST_CHECK enum err store_load_node(struct store *store, uint64_t ino, struct store_node *ret);

struct store_entry {
	uint64_t offset; /* entry id: where a listing goes on after this one; above 2 */
	const char *name;
	struct store_node node;
};
/* Entries of a directory with offset > after, in that order, until fn returns false. fn must not
 * call the store. */
typedef bool (*store_entry_fn)(void *ctx, const struct store_entry *entry);
MUST_CHECK enum err store_each_entry(struct store *store, uint64_t dir, uint64_t after,
				     store_entry_fn fn, void *ctx);

/* Appends what a file holds from offset, at most n bytes; fewer at its end. The cost does not
 * depend on the offset. An inode whose content is missing (quarantined) is ERR_BAD_ITEM, one that
 * is absent ERR_ABSENT. */
MUST_CHECK enum err store_read_content(struct store *store, uint64_t ino, uint64_t offset, size_t n,
				       struct buf *ret);

/* A part of a file, in order; the bytes are borrowed for the call. */
struct store_piece {
	uint64_t ino, offset;
	const void *bytes;
	size_t n;
};
/* What lies in the files behind that one, in the order in which its directory lists them, until fn
 * returns false. It ends without a word at what is damaged, and at a directory. */
typedef bool (*store_piece_fn)(void *ctx, const struct store_piece *piece);
MUST_CHECK enum err store_each_piece(struct store *store, uint64_t ino, store_piece_fn fn,
				     void *ctx);

/* All attributes of an inode, packed; those of a grave are the ones it had. */
MUST_CHECK enum err store_load_attrs(struct store *store, uint64_t ino, struct buf *set);

struct store_tally {
	uint64_t items_n; /* with a file in the tree */
	uint64_t unread_n;
	uint64_t bytes;		/* of files in the tree */
	uint64_t pending_n;	/* known and not yet local */
	uint64_t pending_bytes; /* as the server states them */
	uint64_t quarantined_n, regressed_n, uncovered_n, unknown_n;
	uint64_t known_n;  /* every id the server has told of: for the audit of its counts */
	int64_t last_sync; /* oldest of the folders' last successful syncs; TIME_NONE: never */
};
/* Of one folder, or of all that are below it too. Costs a row a folder, not an item. */
MUST_CHECK enum err store_load_tally(struct store *store, uint64_t dir, bool tree,
				     struct store_tally *ret);

/* --- folders --- */

/* Every folder of the store, with ino and place. */
MUST_CHECK enum err store_load_folders(struct store *store, struct folders *ret);
/* One, by inode; ERR_NOT_FOUND. */
MUST_CHECK enum err store_load_folder(struct store *store, uint64_t ino, struct folder *ret);
/* Upsert by id: names, class, parent id, change key, counts of the digest for the attributes.
 * Sync state, stored digest, last sync and error of a known one stay. Gives it an ino when
 * it has none and writes that into *folder. The root (its id is value "root_id") gets 1. */
MUST_CHECK enum err store_put_folder(struct txn *txn, struct folder *folder);
/* Shows it in `shown_in` as `shown_as` (0 and NULL: nowhere). Entries, mtimes and
 * changes follow only where something differs. */
MUST_CHECK enum err store_place_folder(struct txn *txn, const struct folder *folder);
/* Removes the folder, its items and their entries; its inodes become graves. Not its
 * subfolders. */
MUST_CHECK enum err store_drop_folder(struct txn *txn, uint64_t ino);
/* Its files go, and it forgets how far its sync had come. Of its items only the rows stay, with
 * what was seen of their keys: listed again, they are as new. */
MUST_CHECK enum err store_clear_folder(struct txn *txn, uint64_t ino);
/* The sync state of SyncFolderItems; NULL forgets it. */
MUST_CHECK enum err store_put_folder_state(struct txn *txn, uint64_t ino, const char *state);
/* After a complete sync: the digest read before it, the time of it, no error. */
MUST_CHECK enum err store_put_folder_synced(struct txn *txn, uint64_t ino,
					    const struct digest *digest, int64_t now);
/* Why it does not get on; NULL when it does again. */
MUST_CHECK enum err store_put_folder_error(struct txn *txn, uint64_t ino, const char *error);
/* What the server counts, for the attributes. */
MUST_CHECK enum err store_put_folder_counts(struct txn *txn, uint64_t ino,
					    const struct digest *digest);

/* --- items, from a page of changes --- */

/* On disk. */
enum item_state {
	ITEM_PENDING = 0,     /* announced, not local yet */
	ITEM_LOCAL = 1,	      /* its content is here */
	ITEM_QUARANTINED = 2, /* the server cannot deliver it: a file whose reads fail */
	ITEM_GHOST = 3,	      /* announced, but GetItem says it does not exist */
	ITEM_EXCLUDED = 4,    /* known, and not to be mirrored: outside of since= */
	ITEM_LEFT = 5,	      /* was known, in a folder that is no longer mirrored */
};

struct item_row {
	int64_t row;
	uint64_t folder; /* ino */
	uint64_t ino;	 /* 0: no file yet */
	enum item_kind kind;
	enum item_state state;
	char *change_key; /* of the content held, or of the verdict; NULL: none */
	enum verdict verdict;
	bool has_read, is_read; /* has_read: the server said */
	int64_t modified;
	bool is_queued; /* waits to be fetched */
};
void item_row_release(struct item_row *row);

/* ERR_NOT_FOUND when the id is unknown. */
MUST_CHECK enum err store_find_item(struct store *store, const char *id, struct item_row *ret);

/* Items of a folder that are unread and have no file: a tally leaves them out. Walks the folder. */
MUST_CHECK enum err store_count_unseen(struct store *store, uint64_t folder, uint64_t *ret);

/* Items of a folder with row > after, in that order, until fn returns false. fn must not call the
 * store. */
typedef bool (*store_item_fn)(void *ctx, int64_t row, const char *id);
MUST_CHECK enum err store_each_item(struct store *store, uint64_t folder, int64_t after,
				    store_item_fn fn, void *ctx);

/* What a page says of an item. */
struct item_head {
	const char *id;
	enum item_kind kind;
	bool has_read, is_read;
	int64_t received, modified; /* TIME_NONE: not said */
	uint64_t size;		    /* 0: not said; capped at what a file can have */
};
/* Upsert of the row and of read flag, size and times, whatever the change key; a known
 * row of another folder moves here. Does not queue. ctime follows; mtime comes with content. */
MUST_CHECK enum err store_put_head(struct txn *txn, uint64_t folder, const struct item_head *head,
				   int64_t *ret_row);
/* The flag alone; an unknown id is no error. */
MUST_CHECK enum err store_put_read_flag(struct txn *txn, const char *id, bool is_read);
/* The item is gone: entry removed, inode buried, queue cleared. An unknown id is no error. */
MUST_CHECK enum err store_drop_item(struct txn *txn, const char *id);

/*
 * The item is outside of since=: it stays known, so that its Delete and the counts are right, and
 * its file and its job go. `change_key`: the version that the server has; NULL: not said. What
 * still comes for it is dropped; store_queue_fetch() brings it back.
 */
MUST_CHECK enum err store_put_excluded(struct txn *txn, int64_t row, const char *change_key);
/*
 * Brings the edge of since= to bear on some of the mail with row > *after, the first time 0: what
 * was received before it is excluded, what is excluded and was not is queued. INT64_MIN: nothing
 * is outside. *ret_more is false when there is no more.
 */
MUST_CHECK enum err store_age_items(struct txn *txn, int64_t edge, int64_t *after, bool *ret_more);

/* --- the fetch queue --- */

/* Lower goes first; the last is for what is held in that very version. */
enum fetch_priority { FETCH_DELTA = 0, FETCH_FIRST_SYNC = 1, FETCH_REFETCH = 2 };

/* Queues, or queues anew with the better of both priorities and no delay. `change_key` is the
 * page's; it only names the version that is wanted. */
MUST_CHECK enum err store_queue_fetch(struct txn *txn, int64_t row, const char *change_key,
				      enum fetch_priority priority);

/* What store_put_head() and store_queue_fetch() together make of an id that is not known. */
MUST_CHECK enum err store_add_item(struct txn *txn, uint64_t folder, const struct item_head *head,
				   const char *change_key, enum fetch_priority priority,
				   int64_t *ret_row);

/* Nobody wants them any more. */
MUST_CHECK enum err store_drop_refetches(struct txn *txn);
/* Their size, as the server states it. Costs a row an item. */
MUST_CHECK enum err store_sum_refetches(struct store *store, uint64_t *ret_bytes);

struct fetch_job {
	int64_t row;
	char *id;
	uint64_t size;	  /* as the server states it */
	int64_t received; /* as a page told; TIME_NONE: it did not */
	int tries;
};
void fetch_job_release(struct fetch_job *job);

struct fetch_batch {
	struct fetch_job *jobs; /* of one folder and one kind */
	size_t n;
	enum item_kind kind;
	uint64_t folder;
};
void fetch_batch_release(struct fetch_batch *batch);

/*
 * Takes the next batch out of those due at now_ms (boot clock of this run): best priority, then
 * newest received; at most max_n jobs and, unless it is one alone, max_bytes. Jobs that failed
 * before (tries > 0) go alone. What is taken is not given again until store_return_batch() or
 * until its row leaves the queue; this lives in memory, so a restart forgets it. So are delays: a
 * restart makes every job due. ERR_NOT_FOUND when nothing is due.
 */
MUST_CHECK enum err store_take_batch(struct store *store, int64_t now_ms, size_t max_n,
				     uint64_t max_bytes, struct fetch_batch *ret);
/* Gives back the jobs of a batch that are still in the queue; idempotent. */
MUST_CHECK enum err store_return_batch(struct store *store, const struct fetch_batch *batch);
/* When the next delayed job is due; INT64_MAX when none waits. `*ret_n`: jobs in the queue. */
MUST_CHECK enum err store_load_queue(struct store *store, int64_t *ret_due_ms, uint64_t *ret_n);
/* True when items of the folder wait to be fetched before then, or are. */
MUST_CHECK enum err store_is_folder_due(struct store *store, uint64_t folder, int64_t until_ms,
					bool *ret);

/*
 * What the keys of a version say in the light of all that was seen of the item before: before its
 * content is put. *ret_is_news: this version had not been judged so yet. ERR_NOT_FOUND.
 */
MUST_CHECK enum err store_judge(struct store *store, int64_t row, const struct item *item,
				enum verdict *ret, bool *ret_is_news);
/*
 * The content of an item has come. Where the item has no file yet: a new inode under
 * name. Where the bytes differ from those held: a new inode under the (maybe new) name, the
 * old one buried. Where they are equal: attributes, name and ctime only (I2). Removes the job from
 * the queue, unless another version was queued after the job was taken; state ITEM_LOCAL. Where
 * something else has the name, the item is ITEM_QUARANTINED ("name clash") and keeps the file it
 * had, if any. The change key stored is the item's own; a 4-byte stub never replaces a full
 * key. A row that is gone meanwhile is no error: nothing happens.
 * `content` NULL: names and attributes alone have come (content=ondemand), see below.
 */
MUST_CHECK enum err store_put_content(struct txn *txn, int64_t row, const struct item *item,
				      const char *name, enum verdict verdict,
				      const struct spool *content);
/*
 * The server cannot deliver the item. With older content that stays, and the attributes say
 * so; without, a file of the stated size (at least 1) appears under `name` whose reads
 * fail. `item` holds what is known of it (id at least). The job stays queued, tries + 1, not before
 * not_before_ms.
 */
MUST_CHECK enum err store_put_quarantine(struct txn *txn, int64_t row, const struct item *item,
					 const char *name, const char *reason,
					 int64_t not_before_ms);
/* The item does not exist, though a page announced it. Old content stays until its Delete comes;
 * a file without content goes. */
MUST_CHECK enum err store_put_ghost(struct txn *txn, int64_t row);
/* Back to the queue: tries + 1, not before not_before_ms. */
MUST_CHECK enum err store_put_retry(struct txn *txn, int64_t row, int64_t not_before_ms);

/* --- content=ondemand --- */

/*
 * A file is there before its content, which comes when somebody opens it and goes again. Such a
 * file is absent. Its inode stands for one content all the same (I2): the first to come, which sets
 * its size, and whatever comes after that was let go is compared with a sum of it: other bytes are
 * another inode, as is another version of what was seen once. One that nobody ever saw takes what
 * comes. Graves count like the others and may lose their content, which then is gone for good.
 */

/* How contents are kept from now on, in transactions of its own, after store_claim(). From a mirror
 * on, all that is here counts; to a mirror, what is absent leaves the tree and is queued. */
MUST_CHECK enum err store_set_content(struct store *store, enum content_mode mode, uint64_t limit);
/* Lets go some contents, those first that were not used for longest, until so many bytes more stay
 * below the limit; *ret_more: not yet. ERR_TOO_LARGE: they never do. */
MUST_CHECK enum err store_make_room(struct txn *txn, uint64_t bytes, bool *ret_more);
/* Somebody used these, in that order. */
MUST_CHECK enum err store_note_uses(struct txn *txn, const uint64_t *inos, size_t n);
/* Lets go what the item has; nothing where it is not here. */
MUST_CHECK enum err store_let_go(struct txn *txn, uint64_t ino);
/* What to ask for to have that file: a batch of one that is in no queue. ERR_STALE: it has become
 * another, or a grave. */
MUST_CHECK enum err store_load_wanted(struct store *store, uint64_t ino, struct fetch_batch *ret);
/* As store_put_content(), for one of these. */
MUST_CHECK enum err store_put_wanted(struct txn *txn, int64_t row, const struct item *item,
				     const char *name, enum verdict verdict,
				     const struct spool *content);
/* The bytes of contents that count against the limit, as of the last commit. */
MUST_CHECK enum err store_load_held_bytes(struct store *store, uint64_t *ret);

/* --- graves --- */

/* Purges the inode if it is a grave: content, attributes, inode. */
MUST_CHECK enum err store_purge_grave(struct txn *txn, uint64_t ino);
/* At most max inos of graves buried before then, oldest first. */
MUST_CHECK enum err store_load_graves(struct store *store, int64_t buried_before_ns, size_t max,
				      uint64_t *inos, size_t *ret_n);
/* Gives free pages back to the filesystem, a little (1 MiB) at a time. */
MUST_CHECK enum err store_shrink(struct store *store);

#endif
