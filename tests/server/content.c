/* SPDX-License-Identifier: MIT */
#include "content_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mime_in.h"

void people_add(struct people *people, const char *name, const char *address)
{
	if (people->n == people->size) {
		people->size = people->size ? people->size * 2 : 4;
		people->all = must_alloc(people->all, people->size * sizeof(*people->all));
	}
	people->all[people->n++] = (struct person){ must_copy(name), must_copy(address) };
}

static void take_person(void *ctx, const char *name, const char *address)
{
	people_add(ctx, name, address);
}

static void people_release(struct people *people)
{
	for (size_t i = 0; i < people->n; i++) {
		free((char *)(uintptr_t)people->all[i].name);
		free((char *)(uintptr_t)people->all[i].address);
	}
	free(people->all);
	*people = (struct people){ 0 };
}

/* The header, decoded; NULL where there is none. The first of its lines counts. */
static char *header(const struct content *content, const char *name)
{
	AUTO(buf) struct buf raw = { 0 };
	AUTO(buf) struct buf text = { 0 };
	char *ret = NULL;

	if (!mime_header(buf_str(&content->mime), content->mime.len, name, &raw) ||
	    mime_decode_words(raw.bytes, &text) || buf_give(&text, &ret))
		return NULL;
	return ret;
}

static void header_people(const struct content *content, const char *name, struct people *ret)
{
	AUTO(buf) struct buf raw = { 0 };

	if (mime_header(buf_str(&content->mime), content->mime.len, name, &raw))
		mime_each_person(raw.bytes, take_person, ret);
}

/* The last Received header but one knows best when it came, Date when it was sent. */
static int64_t header_date(const struct content *content)
{
	AUTO(str) char *date = header(content, "Date");
	AUTO(str) char *received = header(content, "Received");
	const char *semicolon = received ? strrchr(received, ';') : NULL;
	int64_t time;

	if (date && mime_parse_date(date, &time))
		return time;
	return semicolon && mime_parse_date(semicolon + 1, &time) ? time : TIME_NONE;
}

/* --- what kind of thing it is --- */

static bool note_part(void *ctx, const struct mime_part *part)
{
	struct content *content = ctx;

	content->attachments = content->attachments || part->attachment;
	if (strcmp(part->type, "message/delivery-status") == 0)
		content->kind = KIND_REPORT;
	if (strcmp(part->type, "message/disposition-notification") == 0) {
		content->kind = KIND_REPORT;
		content->item_class = "REPORT.IPM.Note.IPNRN";
	}
	if (strcmp(part->type, "text/calendar") != 0 || part->attachment || content->lines.len)
		return false;
	if (strcasecmp(part->method, "REQUEST") == 0)
		content->kind = KIND_REQUEST;
	else if (strcasecmp(part->method, "REPLY") == 0)
		content->kind = KIND_RESPONSE;
	else if (strcasecmp(part->method, "CANCEL") == 0)
		content->kind = KIND_CANCELLATION;
	return mime_part_bytes(part, &content->lines) != ERR_OK;
}

/* The outermost type alone decides. */
static const char *signed_class(const struct content *content)
{
	AUTO(str) char *type = header(content, "Content-Type");

	if (type && strncasecmp(type, "multipart/signed", 16) == 0)
		return "IPM.Note.SMIME.MultipartSigned";
	return type && strcasestr(type, "application/pkcs7-mime") == type ? "IPM.Note.SMIME" : NULL;
}

static void read_mail(struct content *content)
{
	AUTO(str) char *unsent = header(content, "X-Unsent");

	content->subject = header(content, "Subject");
	content->message_id = header(content, "Message-ID");
	content->in_reply_to = header(content, "In-Reply-To");
	content->references = header(content, "References");
	content->importance = header(content, "Importance");
	content->sensitivity = header(content, "Sensitivity");
	header_people(content, "From", &content->from);
	header_people(content, "To", &content->to);
	header_people(content, "Cc", &content->cc);
	content->draft = unsent && strcmp(unsent, "1") == 0;
	content->date = header_date(content);
	content->item_class = signed_class(content);
	mime_each_part(buf_str(&content->mime), content->mime.len, note_part, content);
	if (content->lines.len)
		content_read_calendar(content);
}

static bool begins(const struct content *content, const char *with)
{
	return strncasecmp(buf_str(&content->mime), with, strlen(with)) == 0;
}

struct content *content_new(struct buf *mime)
{
	struct content *content = must_alloc(NULL, sizeof(*content));

	*content = (struct content){
		.mime = *mime,
		.date = TIME_NONE,
		.start = TIME_NONE,
		.end = TIME_NONE,
		.birthday = TIME_NONE,
	};
	*mime = (struct buf){ 0 };
	bool calendar = begins(content, "BEGIN:VCALENDAR"), card = begins(content, "BEGIN:VCARD");
	if (!calendar && !card) {
		read_mail(content);
		return content;
	}
	content->kind = card ? KIND_CONTACT : KIND_APPOINTMENT;
	if (buf_append(&content->lines, content->mime.bytes, content->mime.len))
		abort();
	(card ? content_read_card : content_read_calendar)(content);
	return content;
}

void content_release(struct content **content)
{
	struct content *c = *content;

	if (!c)
		return;
	char *texts[] = {
		c->subject,	c->message_id, c->in_reply_to, c->references, c->importance,
		c->sensitivity, c->notes,      c->uid,	       c->location,   c->given,
		c->surname,	c->company,    c->job,	       c->email,      c->phone,
		c->mobile,	c->street,     c->city,	       c->postal,     c->country,
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		free(texts[i]);
	people_release(&c->from);
	people_release(&c->to);
	people_release(&c->cc);
	buf_release(&c->lines);
	buf_release(&c->mime);
	free(c);
	*content = NULL;
}

enum kind content_kind(const struct content *content)
{
	return content->kind;
}

int64_t content_date(const struct content *content)
{
	return content->date;
}

bool content_is_draft(const struct content *content)
{
	return content->draft;
}

bool content_has_attachments(const struct content *content)
{
	return content->attachments;
}

size_t content_size(const struct content *content)
{
	return content->mime.len;
}

/* One of the three that EWS knows; anything else is the usual. */
static const char *importance(const struct content *content)
{
	const char *said = content->importance ? content->importance : "";

	if (strncasecmp(said, "high", 4) == 0)
		return "High";
	return strncasecmp(said, "low", 3) == 0 ? "Low" : "Normal";
}

static const char *sensitivity(const struct content *content)
{
	static const char *const known[][2] = { { "personal", "Personal" },
						{ "private", "Private" },
						{ "company-confidential", "Confidential" } };

	for (size_t i = 0; content->sensitivity && i < ARRAY_LEN(known); i++)
		if (strcasecmp(content->sensitivity, known[i][0]) == 0)
			return known[i][1];
	return "Normal";
}

void content_describe(const struct content *content, struct props *ret)
{
	ret->subject = content->subject ? content->subject : "";
	ret->message_id = content->message_id;
	ret->in_reply_to = content->in_reply_to;
	ret->references = content->references;
	ret->importance = importance(content);
	ret->sensitivity = sensitivity(content);
	if (content->from.n)
		ret->from = content->from.all[0];
	ret->to = content->to.all;
	ret->to_n = content->to.n;
	ret->cc = content->cc.all;
	ret->cc_n = content->cc.n;
	if (content->date != TIME_NONE)
		ret->sent = content->date;
	ret->has_attachments = content->attachments;
	if (content->item_class)
		ret->item_class = content->item_class;
	ret->notes = content->notes;
	ret->uid = content->uid;
	ret->location = content->location;
	ret->start = content->start;
	ret->end = content->end;
	ret->all_day = content->all_day;
	ret->recurring = content->recurring;
	ret->given = content->given;
	ret->surname = content->surname;
	ret->company = content->company;
	ret->job = content->job;
	ret->email = content->email;
	ret->phone = content->phone;
	ret->mobile = content->mobile;
	ret->street = content->street;
	ret->city = content->city;
	ret->postal = content->postal;
	ret->country = content->country;
	ret->birthday = content->birthday;
}

enum err content_mime(const struct content *content, struct buf *ret)
{
	return buf_append(ret, buf_str(&content->mime), content->mime.len);
}

/* Where a line may be added: at the end of a mail, within the last event or card. */
static size_t place_to_alter(const struct content *content)
{
	const char *end = content->kind == KIND_CONTACT ? "END:VCARD" : "END:VEVENT", *last = NULL;

	if (content->kind != KIND_CONTACT && content->kind != KIND_APPOINTMENT)
		return content->mime.len;
	for (const char *at = buf_str(&content->mime); (at = strstr(at, end)) != NULL; at++)
		last = at;
	return last ? (size_t)(last - content->mime.bytes) : content->mime.len;
}

void content_alter(struct content *content, unsigned revision)
{
	AUTO(buf) struct buf altered = { 0 };
	const char *bytes = buf_str(&content->mime);
	size_t at = place_to_alter(content);

	if (buf_append(&altered, bytes, at) ||
	    buf_printf(&altered, "X-REVISION:%u\r\n", revision) ||
	    buf_append(&altered, bytes + at, content->mime.len - at))
		abort();
	buf_release(&content->mime);
	content->mime = altered;
	altered = (struct buf){ 0 };
}
