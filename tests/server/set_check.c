/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "content.h"
#include "item_set.h"

/* What a request asks to set, and whether it may. */

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

/* --- reading a request --- */

void set_from_path(const xmlNode *path, struct set *ret)
{
	static const char *const wholes[][2] = {
		{ "contacts:EmailAddress", "contacts:EmailAddresses" },
		{ "contacts:PhoneNumber", "contacts:PhoneNumbers" },
		{ "contacts:ImAddress", "contacts:ImAddresses" },
		{ "contacts:PhysicalAddress", "contacts:PhysicalAddresses" },
	};

	edit_key(path, ret->key);
	if (!node_is(path, "IndexedFieldURI"))
		return;
	snprintf(ret->index, sizeof(ret->index), "%s", node_attr(path, "FieldIndex"));
	char *member = strchr(strchr(ret->key, ':') ? strchr(ret->key, ':') + 1 : ret->key, ':');
	if (member) {
		snprintf(ret->member, sizeof(ret->member), "%s", member + 1);
		*member = '\0';
	}
	for (size_t i = 0; i < ARRAY_LEN(wholes); i++)
		if (is(ret, wholes[i][0])) {
			snprintf(ret->key, sizeof(ret->key), "%s", wholes[i][1]);
			return;
		}
}

void set_from_element(const xmlNode *element, enum kind kind, struct set *ret)
{
	const char *name = (const char *)element->name;
	const char *uri = item_element_uri(kind, name);

	*ret = (struct set){ .value = element };
	if (node_is(element, "ExtendedProperty"))
		edit_key(node_child(element, "ExtendedFieldURI"), ret->key);
	else
		snprintf(ret->key, sizeof(ret->key), "%s", uri ? uri : name);
}

/* --- what may be set --- */

static const char *const read_only[] = {
	"item:ItemId",
	"item:ParentFolderId",
	"item:DateTimeReceived",
	"item:Size",
	"item:IsSubmitted",
	"item:IsDraft",
	"item:IsFromMe",
	"item:IsResend",
	"item:IsUnmodified",
	"item:InternetMessageHeaders",
	"item:DateTimeSent",
	"item:DateTimeCreated",
	"item:DisplayCc",
	"item:DisplayTo",
	"item:HasAttachments",
	"item:EffectiveRights",
	"item:LastModifiedName",
	"item:LastModifiedTime",
	"item:IsAssociated",
	"item:ConversationId",
	"item:InstanceKey",
	"item:TextBody",
	"message:ConversationIndex",
	"message:ConversationTopic",
	"postitem:PostedTime",
	"meeting:IsDelegated",
	"meeting:IsOutOfDate",
	"meeting:HasBeenProcessed",
	"meeting:ResponseType",
	"calendar:DateTimeStamp",
	"calendar:IsMeeting",
	"calendar:IsCancelled",
	"calendar:IsRecurring",
	"calendar:MeetingRequestWasSent",
	"calendar:CalendarItemType",
	"calendar:MyResponseType",
	"calendar:Organizer",
	"calendar:Duration",
	"calendar:TimeZone",
	"calendar:AppointmentSequenceNumber",
	"calendar:AppointmentState",
	"contacts:CompleteName",
	"task:IsComplete",
	"task:IsRecurring",
	"x:0xe08:Integer",
	"x:0x3008:SystemTime",
	"x:0x65e2:Binary",
	"x:0x65e3:Binary",
};

static bool is_read_only(const struct set *set, bool creating)
{
	for (size_t i = 0; i < ARRAY_LEN(read_only); i++)
		if (is(set, read_only[i]))
			return true;
	return !creating && (is(set, "x:0xe07:Integer") || is(set, "message:InternetMessageId"));
}

/* What an item cannot be without. */
static bool is_needed(const struct set *set)
{
	static const char *const needed[] = { "item:ItemClass",	     "item:MimeContent",
					      "message:IsRead",	     "calendar:Start",
					      "calendar:End",	     "item:Importance",
					      "item:Sensitivity",    "item:Culture",
					      "task:PercentComplete" };

	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (is(set, needed[i]))
			return true;
	return false;
}

static bool can_append(const struct set *set)
{
	static const char *const lists[] = { "item:Body",
					     "item:Categories",
					     "message:ToRecipients",
					     "message:CcRecipients",
					     "message:BccRecipients",
					     "message:ReplyTo",
					     "calendar:RequiredAttendees",
					     "calendar:OptionalAttendees",
					     "calendar:Resources" };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (is(set, lists[i]))
			return true;
	return false;
}

/* An item stays what it is: its class may only get longer. */
static bool fits_class(const struct set *set, const struct item *item)
{
	const char *root = kind_info(item->kind)->item_class, *wanted = value_text(set);
	size_t n = strlen(root);

	return strncasecmp(wanted, root, n) == 0 && (!wanted[n] || wanted[n] == '.');
}

static const char *check_value(const struct set *set, const struct item *item)
{
	const char *error = NULL;
	int64_t time;

	if (is(set, "item:ItemClass") && !fits_class(set, item))
		return "ErrorObjectTypeChanged";
	if ((is(set, "calendar:Start") || is(set, "calendar:End")) &&
	    !text_parse_time(value_text(set), &time))
		return "ErrorInvalidPropertySet";
	if (is(set, "item:MimeContent")) {
		struct content *content = set_read_mime(set->value, item->kind, &error);
		content_release(&content);
	}
	return error;
}

const char *set_check(const struct set *set, const struct item *item, bool creating)
{
	bool extended = strncmp(set->key, "x:", 2) == 0;

	if (!extended && !strchr(set->key, ':'))
		return "ErrorInvalidPropertySet";
	if (!extended && strncmp(set->key, "item:", 5) != 0 &&
	    !item_has_field(item->kind, set->key))
		return "ErrorInvalidPropertyRequest";
	if (set->how == SET_DELETED)
		return is_read_only(set, creating) || is_needed(set) ? "ErrorInvalidPropertyDelete"
								     : NULL;
	if (set->how == SET_APPENDED && !can_append(set))
		return "ErrorInvalidPropertyAppend";
	if (is_read_only(set, creating))
		return "ErrorInvalidPropertySet";
	return check_value(set, item);
}

/* --- bytes --- */

struct content *set_read_mime(const xmlNode *value, enum kind kind, const char **ret_error)
{
	AUTO(buf) struct buf bytes = { 0 };
	const char *text = node_text(value);
	struct content *content;

	if (!is_mail(kind) && kind != KIND_APPOINTMENT) {
		*ret_error = "ErrorUnsupportedMimeConversion";
		return NULL;
	}
	if (text_parse_base64(&bytes, text, strlen(text))) {
		*ret_error = "ErrorMimeContentInvalidBase64String";
		return NULL;
	}
	if (!bytes.len || strlen(bytes.bytes) != bytes.len) {
		*ret_error = "ErrorMimeContentInvalid";
		return NULL;
	}
	content = content_new(&bytes);
	bool calendar = content_kind(content) == KIND_APPOINTMENT;
	if (calendar == (kind == KIND_APPOINTMENT) && content_kind(content) != KIND_CONTACT &&
	    (!calendar || content_has_event(content)))
		return content;
	content_release(&content);
	*ret_error = "ErrorMimeContentConversionFailed";
	return NULL;
}
