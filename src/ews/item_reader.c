/* SPDX-License-Identifier: MIT */
#include "ews/item_reader.h"

#include <string.h>

#include "base/text.h"
#include "ews/reply.h"
#include "ews/take.h"

enum {
	TEXT_MAX_BYTES = 64 * 1024,
	CATEGORIES_MAX_BYTES = 64 * 1024,
	FIELD_DEPTH = REPLY_DEPTH + 2, /* Items, Contact */

	PR_SENT_REPRESENTING_NAME = 0x0042,
	PR_DISPLAY_CC = 0x0e03,
	PR_DISPLAY_TO = 0x0e04,
	PR_MESSAGE_FLAGS = 0x0e07,
	PR_INTERNET_MESSAGE_ID = 0x1035,
	PR_FLAG_STATUS = 0x1090,
	PR_DISPLAY_NAME = 0x3001,
	PR_LAST_MODIFICATION_TIME = 0x3008,
	PR_SENT_REPRESENTING_SMTP = 0x5d02,
	PR_CHANGE_KEY = 0x65e2,
	PR_PREDECESSOR_CHANGE_LIST = 0x65e3,
};

static void forget_mailbox(struct item_reader *r)
{
	str_release(&r->name);
	str_release(&r->address);
	str_release(&r->routing);
}

void item_reader_reset(struct item_reader *r, const char *id, const char *spool_dir)
{
	item_release(&r->item);
	item_init(&r->item);
	spool_release(&r->mime);
	r->mime = (struct spool){ .dir = spool_dir };
	r->id = id;
	r->has_mime = false;
	r->fault = NULL;
	buf_clear(&r->from);
	buf_clear(&r->to);
	buf_clear(&r->cc);
	buf_clear(&r->categories);
	forget_mailbox(r);
	str_release(&r->sender_name);
	str_release(&r->sender_address);
	str_release(&r->attachment_id);
	str_release(&r->photo_id);
}

void item_reader_release(struct item_reader *r)
{
	item_reader_reset(r, NULL, NULL);
	item_release(&r->item);
	buf_release(&r->from);
	buf_release(&r->to);
	buf_release(&r->cc);
	buf_release(&r->categories);
	buf_release(&r->path);
}

/* One item's limits are its own matter (I8): the rest of the reply goes on. */
static enum err blame_item(struct item_reader *r, enum err err)
{
	if (err == ERR_INVALID)
		r->fault = "its MimeContent is not base64";
	else if (err == ERR_LIMIT)
		r->fault = "it is larger than we accept";
	return r->fault ? ERR_OK : err;
}

static enum err too_long(void *ctx, const struct sax *sax)
{
	(void)sax;
	return blame_item(ctx, ERR_LIMIT);
}

static enum err open_item(void *ctx, const struct sax *sax)
{
	struct item_reader *r = ctx;

	if (r->item.element)
		return ERR_STALE_REPLY; /* a second one */
	return text_copy(sax_name(sax), &r->item.element);
}

static enum err open_id(void *ctx, const struct sax *sax)
{
	struct item_reader *r = ctx;
	enum err err = sax_copy_attr(sax, "Id", ID_MAX_BYTES, &r->item.id);

	return err ? err : sax_copy_attr(sax, "ChangeKey", ID_MAX_BYTES, &r->item.change_key);
}

/* For elements that are nothing but an Id. */
static enum err open_other_id(void *ctx, const struct sax *sax)
{
	return sax_copy_attr(sax, "Id", ID_MAX_BYTES, (char **)((char *)ctx + sax_arg(sax)));
}

static enum err open_mime(void *ctx, const struct sax *sax)
{
	struct item_reader *r = ctx;
	(void)sax;

	mime_begin(&r->decoder);
	return ERR_OK;
}

static enum err take_mime(void *ctx, const char *bytes, size_t n)
{
	struct item_reader *r = ctx;

	if (!r->wants_mime || r->fault)
		return ERR_OK;
	return blame_item(r, mime_feed(&r->decoder, &r->mime, bytes, n));
}

static enum err close_mime(void *ctx, const struct sax *sax)
{
	struct item_reader *r = ctx;
	(void)sax;

	r->has_mime = r->wants_mime;
	if (!r->wants_mime || r->fault)
		return ERR_OK;
	return blame_item(r, mime_end(&r->decoder, &r->mime));
}

static enum err take_category(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct item_reader *r = ctx;
	(void)sax;

	if (n + 1 > CATEGORIES_MAX_BYTES - r->categories.len)
		return too_long(ctx, sax);
	enum err err = r->categories.len > 0 ? buf_append_char(&r->categories, '\n') : ERR_OK;
	return err ? err : buf_append(&r->categories, text, n);
}

static enum err open_mailbox(void *ctx, const struct sax *sax)
{
	(void)sax;
	forget_mailbox(ctx);
	return ERR_OK;
}

static enum err close_mailbox(void *ctx, const struct sax *sax)
{
	struct item_reader *r = ctx;
	struct buf *list = (struct buf *)((char *)r + sax_arg(sax));

	return item_add_address(list, r->name, r->address, r->routing);
}

static enum err take_base64(struct buf *to, const char *text, size_t n)
{
	buf_clear(to);
	enum err err = text_parse_base64(to, text, n);
	/* A key that cannot be read is as good as none. */
	return err == ERR_INVALID ? ERR_OK : err;
}

static enum err replace(char **to, const char *text)
{
	str_release(to);
	return text_copy(text, to);
}

/* "Ana; Berta": names without addresses. */
static enum err take_names(struct buf *to, const char *text)
{
	enum err err = ERR_OK;

	while (!err && *text) {
		size_t n = strcspn(text, ";");
		AUTO(str) char *name = strndup(text, n);
		if (!name)
			return ERR_NOMEM;
		err = item_add_address(to, name, NULL, NULL);
		text += n + strspn(text + n, "; ");
	}
	return err;
}

static enum err take_property(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct item_reader *r = ctx;
	int64_t flags;
	(void)sax;

	switch (r->property.tag) {
	case PR_MESSAGE_FLAGS:
		r->item.has_message_flags = text_parse_int(text, INT32_MIN, UINT32_MAX, &flags);
		if (r->item.has_message_flags)
			r->item.message_flags = (uint32_t)flags;
		return ERR_OK;
	case PR_FLAG_STATUS:
		text_parse_int(text, INT32_MIN, INT32_MAX, &r->item.flag_status);
		return ERR_OK;
	case PR_LAST_MODIFICATION_TIME: text_parse_time(text, &r->item.modified); return ERR_OK;
	case PR_CHANGE_KEY: return take_base64(&r->item.mapi_change_key, text, n);
	case PR_PREDECESSOR_CHANGE_LIST: return take_base64(&r->item.predecessors, text, n);
	case PR_INTERNET_MESSAGE_ID: return replace(&r->item.message_id, text);
	case PR_DISPLAY_NAME: return replace(&r->item.display_name, text);
	case PR_SENT_REPRESENTING_NAME: return replace(&r->sender_name, text);
	case PR_SENT_REPRESENTING_SMTP: return replace(&r->sender_address, text);
	case PR_DISPLAY_TO: return take_names(&r->to, text);
	case PR_DISPLAY_CC: return take_names(&r->cc, text);
	default: return ERR_OK;
	}
}

static enum err take_field(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct item_reader *r = ctx;

	buf_clear(&r->path);
	enum err err = sax_print_path(sax, FIELD_DEPTH, &r->path);
	if (!err)
		err = fields_put(&r->item.fields, buf_str(&r->path), text, n);
	return blame_item(r, err);
}

static enum err open_attachment(void *ctx, const struct sax *sax)
{
	struct item_reader *r = ctx;
	(void)sax;

	str_release(&r->attachment_id);
	return ERR_OK;
}

static enum err note_photo(struct item_reader *r)
{
	return r->attachment_id ? replace(&r->photo_id, r->attachment_id) : ERR_OK;
}

static enum err take_is_photo(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	(void)sax, (void)n;
	return parse_bool(text) ? note_photo(ctx) : ERR_OK;
}

/* What Outlook calls it. Older servers do not say IsContactPhoto. */
static enum err take_attachment_name(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct item_reader *r = ctx;
	(void)sax, (void)n;

	return strcmp(text, "ContactPicture.jpg") == 0 && !r->photo_id ? note_photo(r) : ERR_OK;
}

static enum err give_list(struct buf *from, char **to)
{
	return from->len > 0 ? buf_give(from, to) : ERR_OK;
}

enum err item_reader_finish(struct item_reader *r)
{
	if (r->item.element && (!r->item.id || strcmp(r->item.id, r->id) != 0))
		return ERR_STALE_REPLY;
	if (!r->item.element)
		r->fault = "the server sent no item";
	else if (!r->fault && r->wants_mime && r->mime.len == 0)
		r->fault = r->has_mime ? "its MimeContent is empty"
				       : "the server sent no MimeContent";
	enum err err = ERR_OK;
	if (r->from.len == 0 && (r->sender_name || r->sender_address))
		err = item_add_address(&r->from, r->sender_name, r->sender_address, "SMTP");
	if (!err)
		err = give_list(&r->from, &r->item.from);
	if (!err)
		err = give_list(&r->to, &r->item.to);
	if (!err)
		err = give_list(&r->cc, &r->item.cc);
	return err ? err : give_list(&r->categories, &r->item.categories);
}

#define ITEM "m:Items/*"
#define ATTACHMENT ITEM "/t:Attachments/t:FileAttachment"
#define AT(member) offsetof(struct item_reader, member)

/* clang-format off */
#define TEXT(path, member) \
	{ ITEM path, .text = take_string, .cap = TEXT_MAX_BYTES, .over = too_long, .arg = AT(member) }
#define WORD(path, take, member) \
	{ ITEM path, .text = take, .cap = WORD_MAX_BYTES, .over = take_nothing, .arg = AT(member) }
#define NAME(path, member) \
	{ ITEM path, .text = take_string, .cap = TEXT_MAX_BYTES, .over = take_nothing, .arg = AT(member) }
#define MAILBOX(path, list) \
	{ ITEM path, .open = open_mailbox, .close = close_mailbox, .arg = AT(list) }, \
	NAME(path "/t:Name", name), \
	NAME(path "/t:EmailAddress", address), \
	NAME(path "/t:RoutingType", routing)

#define ITEM_RULES \
	{ ITEM,                            .open = open_item }, \
	{ ITEM "/t:MimeContent",           .open = open_mime, .piece = take_mime, .close = close_mime }, \
	{ ITEM "/t:ItemId",                .open = open_id }, \
	{ ITEM "/t:ParentFolderId",        .open = open_other_id, .arg = AT(item.parent_id) }, \
	{ ITEM "/t:ConversationId",        .open = open_other_id, .arg = AT(item.conversation_id) }, \
	TEXT("/t:ItemClass",               item.item_class), \
	TEXT("/t:Subject",                 item.subject), \
	TEXT("/t:Sensitivity",             item.sensitivity), \
	TEXT("/t:Importance",              item.importance), \
	WORD("/t:DateTimeReceived",        take_time, item.received), \
	WORD("/t:DateTimeSent",            take_time, item.sent), \
	WORD("/t:DateTimeCreated",         take_time, item.created), \
	WORD("/t:Start",                   take_time, item.start), \
	WORD("/t:Size",                    take_count, item.size), \
	WORD("/t:HasAttachments",          take_bool, item.has_attachments), \
	{ ITEM "/t:Categories/t:String",   .text = take_category, .cap = CATEGORIES_MAX_BYTES, .over = too_long }, \
	MAILBOX("/t:From/t:Mailbox",                          from), \
	MAILBOX("/t:ToRecipients/t:Mailbox",                  to), \
	MAILBOX("/t:CcRecipients/t:Mailbox",                  cc), \
	MAILBOX("/t:Organizer/t:Mailbox",                     from), \
	MAILBOX("/t:RequiredAttendees/t:Attendee/t:Mailbox",  to), \
	MAILBOX("/t:OptionalAttendees/t:Attendee/t:Mailbox",  cc), \
	PROPERTY_RULES(ITEM, take_property, TEXT_MAX_BYTES, take_nothing)

const struct sax_rule item_rules[] = {
	ITEM_RULES,
	{ 0 }
};

const struct sax_rule item_rules_with_fields[] = {
	ITEM_RULES,
	{ ATTACHMENT,                      .open = open_attachment },
	{ ATTACHMENT "/t:AttachmentId",    .open = open_other_id, .arg = AT(attachment_id) },
	{ ATTACHMENT "/t:Name",            .text = take_attachment_name, .cap = WORD_MAX_BYTES, .over = take_nothing },
	{ ATTACHMENT "/t:IsContactPhoto",  .text = take_is_photo, .cap = WORD_MAX_BYTES, .over = take_nothing },
	{ ITEM "/**", .text = take_field, .cap = FIELDS_BYTES_MAX, .over = too_long },
	{ 0 }
};
/* clang-format on */
