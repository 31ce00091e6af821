/* SPDX-License-Identifier: MIT */
#include "model/item.h"

#include <string.h>
#include <strings.h>

#include "model/utf8.h"

enum item_kind item_kind_of_element(const char *name)
{
	static const struct {
		const char *name;
		enum item_kind kind;
	} elements[] = {
		{ "Message", KIND_MESSAGE },
		{ "MeetingMessage", KIND_MESSAGE },
		{ "MeetingRequest", KIND_MESSAGE },
		{ "MeetingResponse", KIND_MESSAGE },
		{ "MeetingCancellation", KIND_MESSAGE },
		{ "PostItem", KIND_MESSAGE },
		{ "CalendarItem", KIND_CALENDAR },
		{ "Contact", KIND_CONTACT },
		{ "DistributionList", KIND_CONTACT },
		{ "Task", KIND_TASK },
	};

	for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
		if (strcmp(elements[i].name, name) == 0)
			return elements[i].kind;
	}
	return KIND_SAFE;
}

const char *item_extension(const char *item_class)
{
	static const struct {
		const char *prefix, *extension;
	} classes[] = {
		{ "IPM.Appointment", "ics" },
		{ "IPM.Contact", "vcf" },
		{ "IPM.DistList", "vcf" },
		{ "IPM.Task", "ics" },
	};

	for (size_t i = 0; item_class && i < ARRAY_LEN(classes); i++) {
		/* Exchange keeps the case of a class and does not distinguish it. */
		if (strncasecmp(item_class, classes[i].prefix, strlen(classes[i].prefix)) == 0)
			return classes[i].extension;
	}
	return "eml";
}

bool item_is_appointment(const struct item *item)
{
	static const char prefix[] = "IPM.Appointment";

	return item->item_class && strncasecmp(item->item_class, prefix, strlen(prefix)) == 0;
}

void item_init(struct item *item)
{
	*item = (struct item){
		.received = TIME_NONE,
		.sent = TIME_NONE,
		.created = TIME_NONE,
		.modified = TIME_NONE,
		.start = TIME_NONE,
	};
}

void item_release(struct item *item)
{
	char **strings[] = { &item->element,	  &item->id,	      &item->change_key,
			     &item->parent_id,	  &item->item_class,  &item->subject,
			     &item->display_name, &item->from,	      &item->to,
			     &item->cc,		  &item->message_id,  &item->conversation_id,
			     &item->importance,	  &item->sensitivity, &item->categories };

	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		str_release(strings[i]);
	buf_release(&item->mapi_change_key);
	buf_release(&item->predecessors);
	fields_release(&item->fields);
	*item = (struct item){ 0 };
}

/* --- addresses --- */

/* RFC 5321 4.5.3.1.3: a path of 256 with its angle brackets. */
#define ADDRESS_MAX 254
#define ADDRESS_NAME_MAX 128
#define CLOSING ", " UTF8_ELLIPSIS

static bool is_ex_address(const char *s)
{
	return strncasecmp(s, "EX:", 3) == 0 || strncasecmp(s, "/o=", 3) == 0;
}

static bool is_smtp_address(const char *address, const char *routing)
{
	if (!address || is_ex_address(address) || strlen(address) > ADDRESS_MAX)
		return false;
	return routing && *routing ? strcasecmp(routing, "SMTP") == 0
				   : strchr(address, '@') != NULL;
}

static bool is_closed(const struct buf *list)
{
	size_t n = strlen(CLOSING);

	return list->len >= n && memcmp(list->bytes + list->len - n, CLOSING, n) == 0;
}

static enum err print_address(const char *name, const char *address, const char *routing,
			      struct buf *ret)
{
	AUTO(buf) struct buf mailbox = { 0 };
	enum err err = ERR_OK;

	if (name && !is_ex_address(name))
		err = utf8_append_line(ret, name, strlen(name), ADDRESS_NAME_MAX);
	if (!err && is_smtp_address(address, routing))
		err = utf8_append_line(&mailbox, address, strlen(address), ADDRESS_MAX);
	if (err || mailbox.len == 0)
		return err;
	/* Servers give a bare address its own text as a name. */
	if (strcasecmp(buf_str(ret), mailbox.bytes) == 0)
		buf_clear(ret);
	return ret->len == 0 ? buf_append(ret, mailbox.bytes, mailbox.len)
			     : buf_printf(ret, " <%s>", mailbox.bytes);
}

enum err item_add_address(struct buf *list, const char *name, const char *address,
			  const char *routing)
{
	AUTO(buf) struct buf one = { 0 };
	enum err err = print_address(name, address, routing, &one);

	if (err || one.len == 0 || is_closed(list))
		return err;
	if (list->len == 0)
		return buf_append(list, one.bytes, one.len);
	if (list->len + strlen(", ") + one.len + strlen(CLOSING) >= ITEM_ADDRESSES_MAX)
		return buf_append_str(list, CLOSING);
	return buf_printf(list, ", %s", one.bytes);
}
