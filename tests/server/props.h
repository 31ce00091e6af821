/* SPDX-License-Identifier: MIT */
#ifndef SERVER_PROPS_H
#define SERVER_PROPS_H

#include "mailbox.h"

/*
 * props - what an item says about itself, wherever that comes from: a seed
 * (synth.h) or bytes that were loaded (content.h).
 *
 * A props is filled once and read; its strings are static, the item's, or lie in
 * its own `text`. So it lives no longer than the mailbox's lock is held, and is
 * not to be copied. Text that is absent is NULL, a time TIME_NONE.
 */
struct person {
	const char *name, *address;
};

#define PROPS_PEOPLE 12
#define PROPS_TEXT_BYTES 8192

struct props {
	const char *item_class, *subject, *message_id, *in_reply_to, *references;
	const char *importance, *sensitivity; /* never NULL */
	const char *notes;		      /* the body, of what is not a mail */
	struct person from;
	const struct person *to, *cc; /* attendees and members of a list, too */
	size_t to_n, cc_n;
	int64_t sent;
	bool has_attachments;
	/* appointments and meeting messages */
	const char *uid, *location;
	int64_t start, end;
	bool all_day, recurring;
	/* contacts and lists; subject is their display name */
	const char *given, *surname, *company, *job, *email, *phone, *mobile, *street, *city,
		*postal, *country;
	int64_t birthday;
	/* tasks */
	const char *status;
	int64_t begin, due, completed;
	int percent;

	struct person people[PROPS_PEOPLE];
	char text[PROPS_TEXT_BYTES];
	size_t text_n;
};

/* What it would say of attachments, without describing all of it. */
bool item_has_attachments(const struct item *item);
void item_describe(const struct item *item, struct props *ret);
/* Its MIME, appended. `props` as item_describe() gave it. */
MUST_CHECK enum err item_mime(const struct item *item, const struct props *props, struct buf *ret);

/* A copy of the text in props, cut where it does not fit. */
const char *props_keep(struct props *props, const char *s);
const char *props_printf(struct props *props, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "" for 0; what item.category stands for, one or two names. */
#define CATEGORIES 6
extern const char *const category_names[CATEGORIES][2];

#endif
