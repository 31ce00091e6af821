/* SPDX-License-Identifier: MIT */
#ifndef SERVER_MAILBOX_H
#define SERVER_MAILBOX_H

#include <stdbool.h>

#include "base/lock.h"
#include "base/text.h"
#include "ids.h"
#include "like.h"

/*
 * mailbox - folders and items in memory, and what changed in which order.
 *
 * One counter per mailbox numbers every change, whether of an item, of a read
 * flag or of a folder ("seq" below). It also makes the change keys, as it does
 * in a real store; a read flag takes a number and leaves the change key alone.
 * A folder keeps its items in the order of their ids, which is the order in
 * which they arrived there, and a log of what changed since the mailbox was
 * loaded: asking for the changes since N costs what changed, not what is there.
 * What is deleted stays behind as a tombstone for the log to point at.
 *
 * An item made from a seed is this struct and nothing more: its properties and
 * its bytes are computed when somebody asks (synth.h). `content` is set for
 * what was loaded or given (content.h). What a client made of properties alone is
 * `composed`: its edits are all there is (edits.h, compose.h).
 *
 * Moving an item makes a new one, with a new id, and a tombstone. Moving or
 * renaming a folder keeps its id. PR_LOCAL_COMMIT_TIME_MAX counts whole seconds,
 * so commit_time moves by at least one with each change of the content, ahead of
 * the clock if need be: a change is never invisible in a folder's digest.
 *
 * Threads: the caller holds `lock` for every call that takes a mailbox, folder
 * or item. Memory that runs out ends the process: this is a test tool.
 */
enum kind {
	KIND_MESSAGE,
	KIND_REPORT,
	KIND_POST,
	KIND_REQUEST,
	KIND_RESPONSE,
	KIND_CANCELLATION,
	KIND_SHARING, /* of these two only what every item has can be asked */
	KIND_OTHER,
	KIND_APPOINTMENT,
	KIND_CONTACT,
	KIND_LIST,
	KIND_TASK,
	KIND_COUNT
};

/* What each kind is on the wire. kinds.c. */
struct kind_info {
	const char *element;	/* "t:Message" */
	const char *item_class; /* "IPM.Note" */
	uint32_t key_type;	/* first field of the ChangeKey */
};
const struct kind_info *kind_info(enum kind kind);
#define KIND_BIT(kind) (1u << (kind))

/* PR_FLAG_STATUS. */
enum flag_status { FLAG_NONE, FLAG_COMPLETE, FLAG_FLAGGED };

/* Whether an item's own list of predecessors covers its change key. Until its next change. */
enum pcl_state { PCL_WHOLE, PCL_LACKS_KEY, PCL_BELOW_KEY, PCL_GARBLED };

/* What was set over that of the content or seed. */
enum importance { IMPORTANCE_OWN, IMPORTANCE_LOW, IMPORTANCE_NORMAL, IMPORTANCE_HIGH };

/* A change key's counter, and an enum pcl_state. */
struct version {
	uint64_t key;
	uint8_t pcl;
};

struct item {
	struct folder *folder;
	struct content *content; /* owned; NULL: made from the seed */
	char *subject;		 /* owned; overrides content and seed where set */
	char *item_class;	 /* likewise */
	struct edits *edits;	 /* owned; what clients have set; NULL: nothing */
	struct version *past;	 /* owned; those before this one that GetItem has given away */
	size_t past_n;
	uint64_t mid;	   /* the counter in its id */
	uint64_t key;	   /* the counter in its change key */
	uint64_t born_seq; /* when it came to this folder */
	uint64_t content_seq, flag_seq;
	uint64_t gone_seq; /* 0 while it lives */
	uint64_t seed;
	int64_t created, received, modified;
	uint32_t size;	   /* about how many bytes its MIME has */
	uint16_t revision; /* of the bytes made from the seed */
	uint8_t kind, flag, category;
	uint8_t importance; /* an enum importance */
	uint8_t pcl;	    /* an enum pcl_state */
	bool read, draft;
	bool own; /* written by the mailbox's owner */
	bool composed;
	bool withheld; /* from the changes of its folder, though it counts */
	bool given;    /* this version was given away by GetItem */
};
/* In place of a number from category_names: the names are among the edits. */
#define CATEGORY_EDITED 255

enum folder_kind { FOLDER_MAIL, FOLDER_CALENDAR, FOLDER_CONTACTS, FOLDER_TASKS, FOLDER_KIND_COUNT };

struct folder_kind_info {
	const char *element;	  /* "t:CalendarFolder" */
	const char *folder_class; /* "IPF.Appointment" */
	uint32_t key_type;
};
const struct folder_kind_info *folder_kind_info(enum folder_kind kind);

/* Sync states older than these are refused, or taken for none. */
struct epochs {
	uint64_t refused, forgotten;
};

struct log_entry {
	uint64_t seq;
	struct item *item; /* changed at seq, and perhaps again later */
};

struct folder {
	struct mailbox *box;
	struct folder *parent; /* NULL for the root only */
	char *name;
	const char *distinguished; /* static; NULL for most */
	uint64_t fid;
	uint64_t born_seq;
	uint64_t change_seq; /* its own last change; also the counter in its change key */
	uint64_t gone_seq;   /* 0 while it lives */
	struct epochs states;
	enum folder_kind kind;
	bool hidden;
	bool denied;	       /* nobody may look into it */
	uint64_t shown_parent; /* what it says that its parent is; 0: the truth */
	bool gone_with_parent; /* vanished below a folder that was deleted */

	struct item **items; /* ascending by mid */
	size_t items_n, items_size;
	struct log_entry *log; /* ascending by seq */
	size_t log_n, log_size;
	size_t unread_n;
	int64_t commit_time;
	uint32_t deleted_n;

	struct item **by_received; /* newest first, as of sorted_seq */
	uint64_t sorted_seq;
};

struct mailbox {
	/* Guards all of this, but for what never changes: name, address, identity. */
	struct lock lock;
	char *name;    /* the login */
	char *address; /* and its SMTP address */
	struct identity identity;
	const struct like *like; /* NULL until all is loaded */
	struct folder **folders; /* ascending by fid, the deleted ones too; the first is the root */
	size_t folders_n, folders_size;
	struct epochs states; /* those of the hierarchy */
	uint64_t seq;
	uint64_t next_id;
	uint64_t loaded_seq; /* everything up to here stood when loading ended */
	uint64_t seed;
	bool synthetic;
	uint64_t delivered_n; /* items made since then, for their seeds */
	struct watch *watch;  /* NULL until somebody subscribes (watch.h) */
	struct grant *grants; /* owned: what others may see (whose.h) */
	size_t grants_n;
};

struct mailbox *mailbox_new(const char *name);
void mailbox_release(struct mailbox **box);
/* Another seed makes other ids: before anyone has seen one. */
void mailbox_set_seed(struct mailbox *box, uint64_t seed);
/* From here on changes are logged. */
void mailbox_loaded(struct mailbox *box);

/* All NULL where there is none; deleted ones are not found. */
struct folder *mailbox_folder(struct mailbox *box, uint64_t fid);
struct folder *mailbox_distinguished(struct mailbox *box, const char *name);
/* "Inbox/Sub" below the top; a display name may itself contain a slash. */
struct folder *mailbox_path(struct mailbox *box, const char *path);
struct folder *folder_child(struct mailbox *box, const struct folder *parent, const char *name);
struct item *folder_item(const struct folder *folder, uint64_t mid);
/* The place of mid among the items, or where it would stand. */
size_t folder_find(const struct folder *folder, uint64_t mid);

size_t folder_children_n(const struct mailbox *box, const struct folder *folder);
bool folder_is_below(const struct folder *folder, const struct folder *above);
/* Items of one kind make a folder of one kind. */
enum folder_kind kind_folder(enum kind kind);

/* Makes an empty one; the name must be free there. */
struct folder *mailbox_mkdir(struct mailbox *box, struct folder *parent, const char *name,
			     enum folder_kind kind);
/* An empty one of the name and kind of that one. */
struct folder *mailbox_mkdir_copy(struct mailbox *box, struct folder *parent,
				  const struct folder *of);
/* As mkdir -p does, each new one of that kind. */
struct folder *mailbox_mkdir_path(struct mailbox *box, const char *path, enum folder_kind kind);
/* After a caller's change of name, parent or hidden. */
void folder_changed(struct mailbox *box, struct folder *folder);
/* Into another parent. */
void folder_move(struct mailbox *box, struct folder *folder, struct folder *to);
/* With all below it. */
void folder_delete(struct mailbox *box, struct folder *folder);

/* Takes over what *it owns; ids, keys and seqs are assigned here. */
struct item *folder_add(struct mailbox *box, struct folder *folder, const struct item *it);
/* The same for a copy of that one. */
struct item *folder_add_copy(struct mailbox *box, struct folder *folder, const struct item *it,
			     const struct item *of);
/* After a caller's change of content or properties. */
void item_changed(struct mailbox *box, struct item *item);
void item_set_read(struct mailbox *box, struct item *item, bool read);
void item_delete(struct mailbox *box, struct item *item);
/* Returns it as it is in its new folder. */
struct item *item_move(struct mailbox *box, struct item *item, struct folder *to);

/* mailbox_copy.c: with an id of its own, and with all below it. */
struct item *item_copy(struct mailbox *box, const struct item *item, struct folder *to);
struct folder *folder_copy(struct mailbox *box, const struct folder *folder, struct folder *to);
/* For an item that is in no folder yet. */
void item_discard(struct item *item);

/* The first entry of the log after seq. */
size_t folder_log_after(const struct folder *folder, uint64_t seq);
/* The seq at which it last changed in any way. */
uint64_t item_last_seq(const struct item *item);
/* Its items by DateTimeReceived, newest first; valid until something changes. */
struct item *const *folder_sorted(struct mailbox *box, struct folder *folder);

void *must_alloc(void *memory, size_t size);
char *must_copy(const char *s);

#endif
