/* SPDX-License-Identifier: MIT */
#include "item_set.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "compose.h"
#include "content.h"
#include "mime_out.h"

#define PEOPLE_MAX 500

static bool is_mail(enum kind kind)
{
	return kind_folder(kind) == FOLDER_MAIL;
}

static bool is(const struct set *set, const char *key)
{
	return strcmp(set->key, key) == 0;
}

static const char *value_text(const struct set *set)
{
	return set->value ? node_text(set->value) : "";
}

/* --- bytes --- */

/* A mail made from a seed gets bytes of its own, which can be changed. */
static void materialise(struct item *item)
{
	AUTO(buf) struct buf mime = { 0 };
	struct props props;

	if (item->content || item->composed || !is_mail(item->kind))
		return;
	item_describe(item, &props);
	if (item_mime(item, &props, &mime))
		abort();
	item->content = content_new(&mime);
}

void item_measure(struct item *item)
{
	AUTO(buf) struct buf mime = { 0 };
	struct props props;

	if (item->content) {
		item->size = (uint32_t)content_size(item->content);
	} else if (item->composed) {
		item_describe(item, &props);
		if (!item_mime(item, &props, &mime))
			item->size = (uint32_t)mime.len;
	}
}

/* --- each property its way --- */

static void keep(struct item *item, const struct set *set)
{
	edits_put(&item->edits, set->key, set->value);
}

static void set_flag(struct item *item, const struct set *set)
{
	const char *status = child_text(set->value, "FlagStatus");

	item->flag = strcmp(status, "Flagged") == 0    ? FLAG_FLAGGED
		     : strcmp(status, "Complete") == 0 ? FLAG_COMPLETE
						       : FLAG_NONE;
}

static int64_t tag_number(const struct set *set)
{
	return set->value ? strtoll(child_text(set->value, "Value"), NULL, 10) : 0;
}

static void set_flag_tag(struct item *item, const struct set *set)
{
	int64_t status = tag_number(set);

	item->flag = status == 1 ? FLAG_COMPLETE : status == 2 ? FLAG_FLAGGED : FLAG_NONE;
}

/* PR_MESSAGE_FLAGS, which only CreateItem may set: unsent or not, read or not. */
static void set_message_flags(struct item *item, const struct set *set)
{
	item->draft = (tag_number(set) & 8) != 0;
	item->read = (tag_number(set) & 1) != 0;
}

static void set_received(struct item *item, const struct set *set)
{
	int64_t time;

	if (text_parse_time(child_text(set->value, "Value"), &time))
		item->received = time;
}

static void set_categories(struct item *item, const struct set *set)
{
	item->category = set->value ? CATEGORY_EDITED : 0;
	edits_put(&item->edits, "categories", set->value);
}

static void set_class(struct item *item, const struct set *set)
{
	free(item->item_class);
	item->item_class = must_copy(value_text(set));
}

static void set_mime(struct item *item, const struct set *set)
{
	static const char *const of_bytes[] = { "item:Subject", "item:Body", "calendar:Start",
						"calendar:End", "calendar:Location" };
	const char *error;

	content_release(&item->content);
	item->content = set_read_mime(set->value, item->kind, &error);
	item->composed = false;
	for (size_t i = 0; i < ARRAY_LEN(of_bytes); i++)
		edits_drop(item->edits, of_bytes[i]);
	free(item->subject);
	item->subject = NULL;
	item->importance = IMPORTANCE_OWN;
}

static void set_importance(struct item *item, const struct set *set)
{
	const char *value = value_text(set);

	item->importance = strcmp(value, "High") == 0  ? IMPORTANCE_HIGH
			   : strcmp(value, "Low") == 0 ? IMPORTANCE_LOW
						       : IMPORTANCE_NORMAL;
	if (is_mail(item->kind)) {
		AUTO(str) char *line = NULL;
		materialise(item);
		if (asprintf(&line, "Importance: %s\r\n", value) < 0)
			abort();
		/* The usual one is not worth a header. */
		bool usual = item->importance == IMPORTANCE_NORMAL;
		content_set_line(&item->content, "Importance", usual ? "" : line);
	}
}

static void set_body(struct item *item, const struct set *set)
{
	AUTO(buf) struct buf line = { 0 };
	struct mime_out out = { .buf = &line };
	const char *name = item->kind == KIND_CONTACT ? "NOTE" : "DESCRIPTION";

	if (is_mail(item->kind)) {
		materialise(item);
		content_set_body(&item->content, value_text(set),
				 strcmp(node_attr(set->value, "BodyType"), "HTML") == 0);
		return;
	}
	keep(item, set);
	if (!item->content)
		return;
	out_property(&out, name, set->value ? value_text(set) : NULL);
	content_set_line(&item->content, name, buf_str(&line));
}

static void write_header(struct mime_out *out, const struct set *set, const char *name)
{
	struct person *people = must_alloc(NULL, PEOPLE_MAX * sizeof(*people));

	if (node_first(set->value))
		out_people_header(out, name, people,
				  compose_people(set->value, people, PEOPLE_MAX));
	else if (is(set, "item:Sensitivity") && strcmp(value_text(set), "Confidential") == 0)
		out_header(out, name, "Company-Confidential");
	else if (set->value && !(is(set, "item:Sensitivity") && !strcmp(value_text(set), "Normal")))
		out_header(out, name, value_text(set));
	free(people);
}

/* What stands in a header, or in a line of an event or card. */
static const struct {
	const char *key, *header, *line;
} lines[] = {
	{ "item:Subject", "Subject", "SUMMARY" },
	{ "item:Sensitivity", "Sensitivity", NULL },
	{ "item:InReplyTo", "In-Reply-To", NULL },
	{ "message:References", "References", NULL },
	{ "message:InternetMessageId", "Message-ID", NULL },
	{ "message:From", "From", NULL },
	{ "message:ToRecipients", "To", NULL },
	{ "message:CcRecipients", "Cc", NULL },
	{ "calendar:Location", NULL, "LOCATION" },
	{ "calendar:UID", NULL, "UID" },
	{ "calendar:Start", NULL, "DTSTART" },
	{ "calendar:End", NULL, "DTEND" },
	{ "contacts:DisplayName", NULL, "FN" },
	{ "contacts:CompanyName", NULL, "ORG" },
	{ "contacts:JobTitle", NULL, "TITLE" },
};

static void set_line(struct item *item, const struct set *set, const char *name)
{
	AUTO(buf) struct buf line = { 0 };
	struct mime_out out = { .buf = &line };
	int64_t time;

	if (strncmp(name, "DT", 2) == 0 && text_parse_time(value_text(set), &time))
		out_property_time(&out, name, time);
	else if (set->value)
		out_property(&out, name, value_text(set));
	content_set_line(&item->content, name, buf_str(&line));
}

/* Of a mail the bytes are all; of the rest they follow. */
static void set_text(struct item *item, const struct set *set)
{
	AUTO(buf) struct buf line = { 0 };
	struct mime_out out = { .buf = &line };
	size_t i = 0;

	while (i < ARRAY_LEN(lines) && !is(set, lines[i].key))
		i++;
	if (is(set, "item:Subject")) {
		free(item->subject);
		item->subject = NULL;
	}
	const char *name = i == ARRAY_LEN(lines) ? NULL
			   : is_mail(item->kind) ? lines[i].header
						 : lines[i].line;
	if (name && is_mail(item->kind)) {
		materialise(item);
		write_header(&out, set, name);
		content_set_line(&item->content, name, buf_str(&line));
		return;
	}
	keep(item, set);
	if (name && item->content)
		set_line(item, set, name);
}

static const struct {
	const char *key;
	void (*set)(struct item *item, const struct set *set);
} setters[] = {
	{ "item:Flag", set_flag },
	{ "x:0x1090:Integer", set_flag_tag },
	{ "x:0xe07:Integer", set_message_flags },
	{ "x:0xe06:SystemTime", set_received },
	{ "item:Categories", set_categories },
	{ "item:ItemClass", set_class },
	{ "item:MimeContent", set_mime },
	{ "item:Importance", set_importance },
	{ "item:Body", set_body },
};

/* The value with what was there before it. */
static xmlNode *appended(const struct set *set, const struct item *item)
{
	xmlNode *whole = set_current(item, set->key);

	if (!whole)
		return xmlCopyNode((xmlNode *)(uintptr_t)set->value, 1);
	if (is(set, "item:Body"))
		xmlNodeAddContent(whole, (const xmlChar *)value_text(set));
	for (const xmlNode *node = node_first(set->value); node; node = node_next(node))
		xmlAddChild(whole, xmlCopyNode((xmlNode *)(uintptr_t)node, 1));
	return whole;
}

static void apply_plain(const struct set *set, struct item *item)
{
	for (size_t i = 0; i < ARRAY_LEN(setters); i++)
		if (is(set, setters[i].key)) {
			setters[i].set(item, set);
			return;
		}
	set_text(item, set);
}

void set_apply(const struct set *set, struct item *item, struct set_result *result)
{
	struct set plain = *set;
	xmlNode *made = NULL;

	if (is(set, "message:IsRead")) {
		result->has_read = true;
		result->read = text_is_true(value_text(set));
		return;
	}
	if (set->how == SET_APPENDED)
		plain.value = made = appended(set, item);
	else if (*set->index)
		plain.value = made = set_indexed(set, item);
	apply_plain(&plain, item);
	xmlFreeNode(made);
	item_measure(item);
	result->changed = true;
}
