/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONTENT_PRIVATE_H
#define SERVER_CONTENT_PRIVATE_H

#include "content.h"

/* content_private - what content.c (mail) and content_lines.c (iCalendar, vCard) share. */
struct people {
	struct person *all;
	size_t n, size;
};

/* Texts are owned; NULL is absent. */
struct content {
	struct buf mime;
	enum kind kind;
	const char *item_class; /* static; NULL: the usual one of its kind */
	bool draft, attachments;
	int64_t date;
	char *subject, *message_id, *in_reply_to, *references, *importance, *sensitivity;
	struct people from, to, cc;
	struct buf lines; /* the calendar in the mail, or all of a calendar or card */
	char *notes;	  /* its DESCRIPTION or NOTE */
	char *uid, *location;
	int64_t start, end;
	bool all_day, recurring;
	char *given, *surname, *company, *job, *email, *phone, *mobile;
	char *street, *city, *postal, *country;
	int64_t birthday;
};

/* Copies both; either may be NULL. */
void people_add(struct people *people, const char *name, const char *address);

/* Reads content->lines, which it unfolds. */
void content_read_calendar(struct content *content);
void content_read_card(struct content *content);

#endif
