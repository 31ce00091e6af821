/* SPDX-License-Identifier: MIT */
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

/* Only what needs no conversion; the error names the address, as clients use it to find it out. */
void op_convert_id(struct call *call)
{
	const char *format = node_attr(call->op, "DestinationFormat");
	const xmlNode *id = node_first(node_child(call->op, "SourceIds"));
	uint64_t fid, mid;

	reply_begin(call, "ConvertId");
	for (; id; id = node_next(id)) {
		const char *text = node_attr(id, "Id");
		enum id_kind kind = id_parse(&call->box->identity, text, &fid, &mid);
		if ((kind != ID_ITEM && kind != ID_FOLDER) || strcmp(format, "EwsId") != 0 ||
		    strcmp(node_attr(id, "Format"), "EwsId") != 0) {
			message_error(call, "ConvertId", "ErrorInvalidIdMalformed");
			continue;
		}
		message_begin(call, "ConvertId");
		xml_rawf(call->out,
			 "<m:AlternateId xsi:type=\"t:AlternateIdType\" Format=\"EwsId\" Id=\"%s\" "
			 "Mailbox=\"",
			 text);
		xml_text(call->out, call->box->address);
		xml_raw(call->out, "\"/>");
		message_end(call, "ConvertId");
	}
	reply_end(call, "ConvertId");
}
