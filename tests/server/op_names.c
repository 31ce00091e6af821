/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "item_parts.h"
#include "operations.h"

/* Clients use these two to probe: is the login right, which version answers. */

static bool is_meant(const struct user *user, const char *entry)
{
	if (strncasecmp(entry, "smtp:", 5) == 0)
		entry += 5;
	return strncasecmp(user->box->address, entry, strlen(entry)) == 0 ||
	       strncasecmp(user->name, entry, strlen(entry)) == 0;
}

static void write_resolution(struct xml *out, const struct user *user, bool with_contact)
{
	xml_raw(out, "<t:Resolution><t:Mailbox>");
	xml_element(out, "t:Name", user->name);
	xml_element(out, "t:EmailAddress", user->box->address);
	xml_raw(out, "<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType>"
		     "</t:Mailbox>");
	if (with_contact) {
		xml_open(out, "t:Contact");
		xml_element(out, "t:DisplayName", user->name);
		xml_raw(out, "<t:ContactSource>ActiveDirectory</t:ContactSource></t:Contact>");
	}
	xml_raw(out, "</t:Resolution>");
}

void op_resolve_names(struct call *call)
{
	const struct server *server = call->server;
	const char *entry = child_text(call->op, "UnresolvedEntry");
	bool with_contact = strcmp(node_attr(call->op, "ReturnFullContactData"), "true") == 0;
	size_t n = 0;

	for (size_t i = 0; i < server->users_n; i++)
		n += is_meant(&server->users[i], entry);
	reply_begin(call, "ResolveNames");
	if (n == 0) {
		message_error(call, "ResolveNames", "ErrorNameResolutionNoResults");
		reply_end(call, "ResolveNames");
		return;
	}
	message_begin(call, "ResolveNames");
	xml_rawf(call->out,
		 "<m:ResolutionSet TotalItemsInView=\"%zu\" IncludesLastItemInRange=\"true\">", n);
	for (size_t i = 0; i < server->users_n; i++)
		if (is_meant(&server->users[i], entry))
			write_resolution(call->out, &server->users[i], with_contact);
	xml_close(call->out, "m:ResolutionSet");
	message_end(call, "ResolveNames");
	reply_end(call, "ResolveNames");
}

/* --- ConvertId --- */

static enum err parse_hex(const char *text, struct buf *ret)
{
	enum err err = strlen(text) % 2 ? ERR_INVALID : ERR_OK;

	for (; !err && *text; text += 2) {
		unsigned byte;
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return ERR_INVALID;
		sscanf(text, "%2x", &byte);
		err = buf_append_char(ret, (char)byte);
	}
	return err;
}

static enum id_kind parse_id(const struct call *call, const xmlNode *id, uint64_t *ret_fid,
			     uint64_t *ret_mid)
{
	const struct identity *identity = &call->box->identity;
	const char *text = node_attr(id, "Id"), *format = node_attr(id, "Format");
	AUTO(buf) struct buf entry = { 0 };
	enum err err = ERR_INVALID;

	if (strcmp(format, "EwsId") == 0)
		return id_parse(identity, text, ret_fid, ret_mid);
	if (strcmp(format, "EntryId") == 0)
		err = text_parse_base64(&entry, text, strlen(text));
	else if (strcmp(format, "HexEntryId") == 0)
		err = parse_hex(text, &entry);
	return err ? ID_MALFORMED
		   : id_parse_entry(identity, buf_str(&entry), entry.len, ret_fid, ret_mid);
}

/* False for a format that nobody has asked for yet. */
static bool print_id(const struct call *call, uint64_t fid, uint64_t mid, struct xml *ret)
{
	const struct identity *identity = &call->box->identity;
	const char *format = node_attr(call->op, "DestinationFormat");
	uint8_t entry[ENTRY_ID_BYTES];
	size_t n = id_entry(identity, fid, mid, entry);
	char id[ITEM_ID_SIZE];

	if (strcmp(format, "EwsId") == 0) {
		if (mid)
			id_print_item(identity, fid, mid, id);
		else
			id_print_folder(identity, fid, id);
		xml_raw(ret, id);
	} else if (strcmp(format, "EntryId") == 0) {
		xml_base64(ret, entry, n);
	} else if (strcmp(format, "HexEntryId") == 0) {
		for (size_t i = 0; i < n; i++)
			xml_rawf(ret, "%02X", entry[i]);
	} else {
		return false;
	}
	return true;
}

/* Whatever Mailbox is named: the reply names the caller's, and clients find it out by that. */
static void convert(struct call *call, const xmlNode *id)
{
	AUTO(xml) struct xml text = { 0 };
	uint64_t fid, mid;
	enum id_kind kind = parse_id(call, id, &fid, &mid);

	if (kind != ID_ITEM && kind != ID_FOLDER) {
		message_error(call, "ConvertId", "ErrorInvalidIdMalformed");
	} else if (!print_id(call, fid, mid, &text)) {
		message_error(call, "ConvertId", "ErrorInvalidOperation");
	} else {
		message_begin(call, "ConvertId");
		xml_rawf(call->out,
			 "<m:AlternateId xsi:type=\"t:AlternateIdType\" Format=\"%s\" Id=\"%s\" "
			 "Mailbox=\"",
			 node_attr(call->op, "DestinationFormat"), buf_str(&text.buf));
		xml_text(call->out, call->box->address);
		xml_raw(call->out, "\"/>");
		message_end(call, "ConvertId");
	}
}

void op_convert_id(struct call *call)
{
	const xmlNode *id = node_first(node_child(call->op, "SourceIds"));

	reply_begin(call, "ConvertId");
	for (; id; id = node_next(id))
		convert(call, id);
	reply_end(call, "ConvertId");
}
