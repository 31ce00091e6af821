/* SPDX-License-Identifier: MIT */
#include "ews/shapes.h"

/* clang-format off */
static const char shared[] =
	SOAP_FIELD("item:ParentFolderId")
	SOAP_FIELD("item:ItemClass")
	SOAP_FIELD("item:Subject")
	SOAP_FIELD("item:Sensitivity")
	SOAP_FIELD("item:DateTimeReceived")
	SOAP_FIELD("item:Size")
	SOAP_FIELD("item:Categories")
	SOAP_FIELD("item:Importance")
	SOAP_FIELD("item:DateTimeSent")
	SOAP_FIELD("item:DateTimeCreated")
	SOAP_FIELD("item:HasAttachments");

/* Unknown to the schema of 2007. */
static const char since_2010[] =
	SOAP_FIELD("item:ConversationId");

static const char *const own_fields[KIND_COUNT] = {
	[KIND_MESSAGE] =
		SOAP_FIELD("message:From")
		SOAP_FIELD("message:ToRecipients")
		SOAP_FIELD("message:CcRecipients"),
	[KIND_CALENDAR] =
		SOAP_FIELD("calendar:Start")
		SOAP_FIELD("calendar:Organizer")
		SOAP_FIELD("calendar:RequiredAttendees")
		SOAP_FIELD("calendar:OptionalAttendees"),
	[KIND_CONTACT] =
		SOAP_FIELD("item:Body"),
	[KIND_TASK] =
		SOAP_FIELD("item:Body")
		SOAP_FIELD("task:Recurrence"),
	[KIND_SAFE] = "",
};

static const char shared_mapi[] =
	SOAP_MAPI("0x0e07", "Integer")
	SOAP_MAPI("0x1090", "Integer")
	SOAP_MAPI("0x3008", "SystemTime")
	SOAP_MAPI("0x1035", "String")
	SOAP_MAPI("0x65e2", "Binary")
	SOAP_MAPI("0x65e3", "Binary");

static const char *const own_mapi[KIND_COUNT] = {
	[KIND_MESSAGE] = "",
	[KIND_CALENDAR] = "",
	[KIND_CONTACT] =
		SOAP_MAPI("0x3001", "String"),
	[KIND_TASK] = "",
	[KIND_SAFE] =
		SOAP_MAPI("0x0042", "String")
		SOAP_MAPI("0x5d02", "String")
		SOAP_MAPI("0x0e04", "String")
		SOAP_MAPI("0x0e03", "String"),
};
/* clang-format on */

bool shape_has_mime(enum item_kind kind)
{
	return kind != KIND_CONTACT && kind != KIND_TASK;
}

static const char *base_shape(enum item_kind kind, bool wants_mime)
{
	if (!shape_has_mime(kind))
		return "<t:BaseShape>AllProperties</t:BaseShape><t:BodyType>Text</t:BodyType>";
	return wants_mime ? "<t:BaseShape>IdOnly</t:BaseShape>"
			    "<t:IncludeMimeContent>true</t:IncludeMimeContent>"
			  : "<t:BaseShape>IdOnly</t:BaseShape>";
}

enum err shape_write(enum item_kind kind, enum version version, bool wants_mime, struct buf *to)
{

	return buf_printf(
		to,
		"<m:ItemShape>%s<t:AdditionalProperties>%s%s%s%s%s</t:AdditionalProperties>"
		"</m:ItemShape>",
		base_shape(kind, wants_mime), shared, version < VERSION_2007_SP1 ? since_2010 : "",
		own_fields[kind], shared_mapi, own_mapi[kind]);
}
