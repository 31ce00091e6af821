/* SPDX-License-Identifier: MIT */
#ifndef MODEL_ITEM_H
#define MODEL_ITEM_H

#include "base/buf.h"
#include "base/text.h"
#include "model/fields.h"

/*
 * item - what GetItem said of one item. Plain values: strings are owned by the
 * struct, NULL when the server did not send them; times may be TIME_NONE.
 */

/* Items are asked for by kind, since each kind has properties that are an error on
 * the others. The element in a page of changes tells the kind. Numbers are on disk. */
enum item_kind {
	KIND_MESSAGE = 0,  /* Message, meeting messages, PostItem */
	KIND_CALENDAR = 1, /* CalendarItem */
	KIND_CONTACT = 2,  /* Contact, DistributionList */
	KIND_TASK = 3,	   /* Task */
	KIND_SAFE = 4,	   /* anything else: item: properties and MAPI ones only */
	KIND_COUNT,
};

/* Local name of the element ("MeetingRequest"). */
enum item_kind item_kind_of_element(const char *name);

/* How a file of that item class ends: "eml", "ics" or "vcf"; decided by the class
 * alone, never by the element. A NULL class is mail. */
const char *item_extension(const char *item_class);
struct item;
/* An item of class IPM.Appointment*, which is an .ics as a task is. */
bool item_is_appointment(const struct item *item);

/* PR_MESSAGE_FLAGS, 0x0E07 */
#define MSGFLAG_READ 0x0001
#define MSGFLAG_UNSENT 0x0008

struct item {
	enum item_kind kind;
	char *element; /* local name: tells a DistributionList from a Contact */
	char *id, *change_key, *parent_id;
	char *item_class, *subject, *display_name;
	char *from, *to, *cc; /* "Name <address>, ...", ready for the attributes */
	char *message_id, *conversation_id;
	char *importance, *sensitivity;
	char *categories; /* one a line */
	int64_t received, sent, created, modified, start;
	uint64_t size; /* as the server stores it; 0: not said */
	uint32_t message_flags;
	int64_t flag_status; /* PR_FLAG_STATUS 0x1090: absent 0, 1 complete, 2 flagged */
	bool has_message_flags, has_attachments;
	struct buf mapi_change_key, predecessors; /* 0x65E2, 0x65E3; empty when absent */
	struct fields fields;			  /* contacts and tasks: everything else */
};

/* A zeroed item whose times are TIME_NONE. */
void item_init(struct item *item);
void item_release(struct item *item);

static inline bool item_is_draft(const struct item *item)
{
	return item->message_flags & MSGFLAG_UNSENT;
}

/*
 * The attributes that change only with the content, packed (model/attr.h). Left
 * to the store, which knows better: ITEM_ID, CHANGE_KEY, PARENT_FOLDER_ID, IS_READ,
 * MODIFIED, SIZE, SYNC, ERROR. Values are cut where INTERFACE.md says.
 */
MUST_CHECK enum err item_print_attrs(const struct item *item, struct buf *set);

#define ITEM_ADDRESSES_MAX 1024

/*
 * One address for `from`, `to`, `cc`: "Name <address>", "address", or the name
 * alone when the routing type is not SMTP. Appends ", " first when the list is not
 * empty. A list that would reach ITEM_ADDRESSES_MAX is closed with ", …" and takes no
 * more. A name is one line of at most 128 bytes; an address of more than 254 is none;
 * a name that repeats the address is left out.
 */
MUST_CHECK enum err item_add_address(struct buf *list, const char *name, const char *address,
				     const char *routing);

#endif
