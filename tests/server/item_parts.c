/* SPDX-License-Identifier: MIT */
#include "item_parts.h"

#include <stdio.h>
#include <string.h>

#include "compose.h"
#include "folder_xml.h"
#include "mime_in.h"

void part_mime(struct xml *out, struct item_view *view)
{
	AUTO(buf) struct buf mime = { 0 };

	if (!out->err)
		out->err = item_mime(view->item, view_props(view), &mime);
	if (view->item->folder->box->like->mime_varies && view->item->kind < KIND_APPOINTMENT)
		like_vary_mime(&mime);
	xml_raw(out, "<t:MimeContent CharacterSet=\"UTF-8\">");
	xml_base64(out, mime.bytes, mime.len);
	xml_close(out, "t:MimeContent");
}

void part_id(struct xml *out, struct item_view *view)
{
	item_write_id(out, view->item);
}

void part_parent(struct xml *out, struct item_view *view)
{
	folder_write_parent_id(out, view->item->folder);
}

/* The first text of the wanted kind in the MIME, else the other kind. */
static void write_body(struct xml *out, struct item_view *view, const char *element, bool html)
{
	AUTO(buf) struct buf mime = { 0 };
	AUTO(buf) struct buf text = { 0 };
	bool is_html = false;

	if (view_props(view)->notes) {
		xml_rawf(out, "<%s BodyType=\"Text\">", element);
		xml_text(out, view_props(view)->notes);
		xml_close(out, element);
		return;
	}
	if (!out->err)
		out->err = item_mime(view->item, view_props(view), &mime);
	if (!out->err)
		out->err = mime_text_body(buf_str(&mime), mime.len, html, &text, &is_html);
	xml_rawf(out, "<%s BodyType=\"%s\">", element, is_html ? "HTML" : "Text");
	xml_text(out, buf_str(&text));
	xml_close(out, element);
}

void part_body(struct xml *out, struct item_view *view)
{
	write_body(out, view, "t:Body", !view->shape->text_body);
}

void part_text_body(struct xml *out, struct item_view *view)
{
	write_body(out, view, "t:TextBody", false);
}

void part_received(struct xml *out, struct item_view *view)
{
	xml_element_time(out, "t:DateTimeReceived", view->item->received);
}

void part_size(struct xml *out, struct item_view *view)
{
	xml_element_int(out, "t:Size", view->item->size);
}

void part_categories(struct xml *out, struct item_view *view)
{
	const char *name = item_category(view->item, 0);

	if (!name)
		return;
	xml_open(out, "t:Categories");
	for (size_t i = 1; name; name = item_category(view->item, i++))
		xml_element(out, "t:String", name);
	xml_close(out, "t:Categories");
}

void part_draft(struct xml *out, struct item_view *view)
{
	xml_element_bool(out, "t:IsDraft", view->item->draft);
}

static void write_header(void *ctx, const char *name, const char *value)
{
	struct xml *out = ctx;

	xml_raw(out, "<t:InternetMessageHeader HeaderName=\"");
	xml_text(out, name);
	xml_raw(out, "\">");
	xml_text(out, value);
	xml_close(out, "t:InternetMessageHeader");
}

void part_headers(struct xml *out, struct item_view *view)
{
	AUTO(buf) struct buf mime = { 0 };

	if (!out->err)
		out->err = item_mime(view->item, view_props(view), &mime);
	xml_open(out, "t:InternetMessageHeaders");
	mime_each_header(buf_str(&mime), mime.len, write_header, out);
	xml_close(out, "t:InternetMessageHeaders");
}

void part_created(struct xml *out, struct item_view *view)
{
	xml_element_time(out, "t:DateTimeCreated", view->item->created);
}

enum err people_print(struct buf *buf, const struct person *people, size_t n)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++) {
		if (i)
			err = buf_append_str(buf, "; ");
		if (!err)
			err = buf_append_str(buf,
					     people[i].name ? people[i].name : people[i].address);
	}
	return err;
}

static void display(struct xml *out, const char *element, const struct person *people, size_t n)
{
	AUTO(buf) struct buf names = { 0 };

	if (!out->err)
		out->err = people_print(&names, people, n);
	xml_element(out, element, buf_str(&names));
}

void part_display_cc(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	display(out, "t:DisplayCc", props->cc, props->cc_n);
}

void part_display_to(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	display(out, "t:DisplayTo", props->to, props->to_n);
}

void part_culture(struct xml *out, struct item_view *view)
{
	(void)view;
	xml_element(out, "t:Culture", "en-US");
}

void part_rights(struct xml *out, struct item_view *view)
{
	(void)view;
	xml_raw(out, "<t:EffectiveRights><t:CreateAssociated>false</t:CreateAssociated>"
		     "<t:CreateContents>false</t:CreateContents>"
		     "<t:CreateHierarchy>false</t:CreateHierarchy><t:Delete>true</t:Delete>"
		     "<t:Modify>true</t:Modify><t:Read>true</t:Read></t:EffectiveRights>");
}

void part_modified_name(struct xml *out, struct item_view *view)
{
	xml_element(out, "t:LastModifiedName", view->item->folder->box->name);
}

void part_modified(struct xml *out, struct item_view *view)
{
	xml_element_time(out, "t:LastModifiedTime", view->item->modified);
}

/* One conversation for each message: made of its seed, so that a move keeps it. */
void part_conversation(struct xml *out, struct item_view *view)
{
	uint8_t bytes[4 + 36 + 3 + 16] = { 0, 4, 36, 0 };
	const struct identity *identity = &view->item->folder->box->identity;

	memcpy(bytes + 4, identity->moniker, MONIKER_CHARS);
	bytes[41] = 16;
	memcpy(bytes + 43, &view->item->seed, 8);
	memcpy(bytes + 51, &view->item->created, 8);
	xml_raw(out, "<t:ConversationId Id=\"");
	xml_base64(out, bytes, sizeof(bytes));
	xml_raw(out, "\"/>");
}

void part_flag(struct xml *out, struct item_view *view)
{
	static const char *const states[] = { "NotFlagged", "Complete", "Flagged" };

	xml_rawf(out, "<t:Flag><t:FlagStatus>%s</t:FlagStatus></t:Flag>", states[view->item->flag]);
}

void part_instance_key(struct xml *out, struct item_view *view)
{
	xml_open(out, "t:InstanceKey");
	xml_base64(out, &view->item->mid, sizeof(view->item->mid));
	xml_close(out, "t:InstanceKey");
}

void mailbox_write(struct xml *out, const struct person *person)
{
	xml_open(out, "t:Mailbox");
	xml_element(out, "t:Name", person->name ? person->name : person->address);
	if (person->address && *person->address) {
		xml_element(out, "t:EmailAddress", person->address);
		xml_element(out, "t:RoutingType", "SMTP");
	}
	xml_element(out, "t:MailboxType", "OneOff");
	xml_close(out, "t:Mailbox");
}

static void one(struct xml *out, const char *element, const struct person *person)
{
	if (!person->name && !person->address)
		return;
	xml_open(out, element);
	mailbox_write(out, person);
	xml_close(out, element);
}

static void many(struct xml *out, const char *element, const struct person *people, size_t n)
{
	if (!n)
		return;
	xml_open(out, element);
	for (size_t i = 0; i < n; i++)
		mailbox_write(out, &people[i]);
	xml_close(out, element);
}

void part_sender(struct xml *out, struct item_view *view)
{
	one(out, "t:Sender", &view_props(view)->from);
}

void part_from(struct xml *out, struct item_view *view)
{
	one(out, "t:From", &view_props(view)->from);
}

void part_to(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	many(out, "t:ToRecipients", props->to, props->to_n);
}

void part_cc(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	many(out, "t:CcRecipients", props->cc, props->cc_n);
}

/* 22 bytes: a 1, the time, and a GUID. */
void part_conversation_index(struct xml *out, struct item_view *view)
{
	uint8_t bytes[22] = { 1 };

	memcpy(bytes + 6, &view->item->seed, 8);
	memcpy(bytes + 14, &view->item->created, 8);
	xml_open(out, "t:ConversationIndex");
	xml_base64(out, bytes, sizeof(bytes));
	xml_close(out, "t:ConversationIndex");
}

void part_read(struct xml *out, struct item_view *view)
{
	xml_element_bool(out, "t:IsRead", view->item->read);
}

void part_posted(struct xml *out, struct item_view *view)
{
	xml_element_time(out, "t:PostedTime", view->item->received);
}
