/* SPDX-License-Identifier: MIT */
#include "compose.h"

#include <string.h>

#include "content.h"
#include "item_xml.h"
#include "mime_out.h"

size_t compose_people(const xmlNode *element, struct person *ret, size_t max)
{
	size_t n = 0;

	for (const xmlNode *node = node_first(element); node && n < max; node = node_next(node)) {
		/* An Attendee or a Member has its Mailbox within. */
		const xmlNode *inner = node_child(node, "Mailbox");
		const xmlNode *mailbox = inner ? inner : node;
		const char *name = child_text(mailbox, "Name");
		ret[n++] = (struct person){ *name ? name : NULL,
					    child_text(mailbox, "EmailAddress") };
	}
	return n;
}

const char *item_category(const struct item *item, size_t i)
{
	if (item->category != CATEGORY_EDITED)
		return i < 2 ? category_names[item->category][i] : NULL;
	const struct edit *edit = edits_find(item->edits, "categories");
	const xmlNode *name = edit ? node_first(edit->value) : NULL;
	while (name && i-- > 0)
		name = node_next(name);
	return name ? node_text(name) : NULL;
}

static const xmlNode *value_of(const struct item *item, const char *key)
{
	const struct edit *edit = edits_find(item->edits, key);

	return edit ? edit->value : NULL;
}

/* The text of that Entry; NULL where there is none. */
static const char *entry(const struct item *item, const char *key, const char *which)
{
	const xmlNode *node = node_first(value_of(item, key));

	while (node && strcmp(node_attr(node, "Key"), which) != 0)
		node = node_next(node);
	return node ? node_text(node) : NULL;
}

static void describe_people(const struct item *item, struct props *ret)
{
	const char *key = item->kind == KIND_LIST ? "distributionlist:Members"
						  : "calendar:RequiredAttendees";

	if (edits_find(item->edits, key)) {
		ret->to = ret->people;
		ret->to_n = compose_people(value_of(item, key), ret->people, PROPS_PEOPLE / 2);
	}
	if (edits_find(item->edits, "calendar:OptionalAttendees")) {
		ret->cc = ret->people + PROPS_PEOPLE / 2;
		ret->cc_n = compose_people(value_of(item, "calendar:OptionalAttendees"),
					   ret->people + PROPS_PEOPLE / 2, PROPS_PEOPLE / 2);
	}
}

static void set_entry(const struct item *item, const char *key, const char *which, const char **ret)
{
	if (edits_find(item->edits, key))
		*ret = entry(item, key, which);
}

/* Exchange makes the display name, and the subject, of what there is. */
static void describe_contact(const struct item *item, struct props *ret)
{
	const xmlNode *display = value_of(item, "contacts:DisplayName");
	const xmlNode *file_as = value_of(item, "contacts:FileAs");

	set_entry(item, "contacts:EmailAddresses", "EmailAddress1", &ret->email);
	set_entry(item, "contacts:PhoneNumbers", "BusinessPhone", &ret->phone);
	set_entry(item, "contacts:PhoneNumbers", "MobilePhone", &ret->mobile);
	if (display)
		ret->subject = node_text(display);
	if (display || !item->composed || (ret->subject && *ret->subject))
		return;
	if (file_as)
		ret->subject = node_text(file_as);
	else
		ret->subject = props_printf(ret, "%s%s%s", ret->given ? ret->given : "",
					    ret->given && ret->surname ? " " : "",
					    ret->surname ? ret->surname : "");
}

static void describe_task(const struct item *item, struct props *ret)
{
	const struct edit *percent = edits_find(item->edits, "task:PercentComplete");
	bool completed = ret->status && strcmp(ret->status, "Completed") == 0;

	if (percent)
		ret->percent = percent->value ? atoi(node_text(percent->value)) : 0;
	if (!ret->status)
		ret->status = "NotStarted";
	/* To complete it in one way completes it in all. */
	if (edits_find(item->edits, "task:Status") && completed)
		ret->percent = 100;
	else if (percent && ret->percent == 100)
		ret->status = "Completed";
	if (ret->percent != 100)
		ret->completed = TIME_NONE;
	else if (ret->completed == TIME_NONE)
		ret->completed = item->modified;
}

static void describe_by_kind(const struct item *item, struct props *ret)
{
	const xmlNode *body = value_of(item, "item:Body");
	const xmlNode *sent = value_of(item, "x:0x39:SystemTime");
	int64_t time;

	if (body)
		ret->notes = node_text(body);
	if (sent && text_parse_time(child_text(sent, "Value"), &time))
		ret->sent = time;
	describe_people(item, ret);
	if (item->kind == KIND_CONTACT)
		describe_contact(item, ret);
	else if (item->kind == KIND_TASK)
		describe_task(item, ret);
}

void compose_describe(const struct item *item, struct props *ret)
{
	const struct mailbox *box = item->folder->box;
	const struct edit *edit;

	if (item->composed && (item->kind == KIND_APPOINTMENT || item->kind == KIND_TASK))
		ret->from = (struct person){ box->name, box->address };
	for (size_t i = 0; (edit = edits_at(item->edits, i)) != NULL; i++)
		item_describe_edit(item, edit, ret);
	describe_by_kind(item, ret);
	ret->subject = ret->subject ? ret->subject : "";
	ret->sensitivity = ret->sensitivity ? ret->sensitivity : "Normal";
}

/* --- bytes --- */

struct content *compose_mail(const struct mailbox *box, int64_t now, uint64_t seed)
{
	AUTO(buf) struct buf bytes = { 0 };
	struct mime_out out = { .buf = &bytes };
	struct person owner = { box->name, box->address };

	out_people_header(&out, "From", &owner, 1);
	out_date_header(&out, "Date: ", now);
	outf(&out, "Message-ID: <%016llx@%s>\r\n", (unsigned long long)seed, "mail.example.com");
	out_str(&out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n\r\n");
	if (out.err)
		abort();
	return content_new(&bytes);
}

static void out_attendees(struct mime_out *out, const char *role, const struct person *people,
			  size_t n)
{
	for (size_t i = 0; i < n; i++)
		outf(out, "ATTENDEE;ROLE=%s-PARTICIPANT;CN=\"%.200s\":\r\n mailto:%.200s\r\n", role,
		     people[i].name ? people[i].name : people[i].address, people[i].address);
}

static void calendar(struct mime_out *out, const struct item *item, const struct props *props)
{
	void (*out_time)(struct mime_out *, const char *,
			 int64_t) = props->all_day ? out_property_date : out_property_time;

	out_str(out,
		"BEGIN:VCALENDAR\r\nPRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN\r\n"
		"VERSION:2.0\r\nBEGIN:VEVENT\r\n");
	if (props->to_n)
		outf(out, "ORGANIZER;CN=\"%.200s\":mailto:%.200s\r\n", props->from.name,
		     props->from.address);
	out_attendees(out, "REQ", props->to, props->to_n);
	out_attendees(out, "OPT", props->cc, props->cc_n);
	out_property(out, "UID", props->uid);
	out_property(out, "SUMMARY", props->subject);
	out_property(out, "LOCATION", props->location);
	out_property(out, "DESCRIPTION", props->notes);
	out_time(out, props->all_day ? "DTSTART;VALUE=DATE" : "DTSTART", props->start);
	out_time(out, props->all_day ? "DTEND;VALUE=DATE" : "DTEND", props->end);
	out_property_time(out, "DTSTAMP", item->created);
	outf(out, "SEQUENCE:%u\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", item->revision);
}

static void card(struct mime_out *out, const struct item *item, const struct props *props)
{
	out_str(out, "BEGIN:VCARD\r\nVERSION:3.0\r\n");
	out_property(out, "FN", props->subject);
	outf(out, "N:%.400s;%.400s;;;\r\n", props->surname ? props->surname : "",
	     props->given ? props->given : "");
	out_property(out, "ORG", props->company);
	out_property(out, "TITLE", props->job);
	out_property(out, "EMAIL", props->email);
	out_property(out, "TEL;TYPE=work", props->phone);
	out_property(out, "TEL;TYPE=cell", props->mobile);
	out_property(out, "NOTE", props->notes);
	outf(out, "X-REVISION:%u\r\nEND:VCARD\r\n", item->revision);
}

/* Of a task or a list, which have no format of their own. */
static void mail(struct mime_out *out, const struct item *item, const struct props *props)
{
	const char *notes = props->notes ? props->notes : "";

	out_people_header(out, "From", &props->from, props->from.address != NULL);
	out_header(out, "Subject", props->subject);
	out_date_header(out, "Date: ", item->created);
	outf(out, "X-Revision: %u\r\nMIME-Version: 1.0\r\n", item->revision);
	out_str(out, "Content-Type: text/plain; charset=\"utf-8\"\r\n"
		     "Content-Transfer-Encoding: base64\r\n\r\n");
	out_base64_lines(out, (const uint8_t *)notes, strlen(notes));
}

enum err compose_mime(const struct item *item, const struct props *props, struct buf *ret)
{
	struct mime_out out = { .buf = ret };

	if (item->kind == KIND_APPOINTMENT)
		calendar(&out, item, props);
	else if (item->kind == KIND_CONTACT)
		card(&out, item, props);
	else
		mail(&out, item, props);
	return out.err;
}
