/* SPDX-License-Identifier: MIT */
#include "item_xml.h"

#include <stddef.h>
#include <string.h>

#include "item_parts.h"

#define MAIL (KIND_BIT(KIND_MESSAGE) | KIND_BIT(KIND_REPORT) | MEETINGS)
#define MEETINGS (KIND_BIT(KIND_REQUEST) | KIND_BIT(KIND_RESPONSE) | KIND_BIT(KIND_CANCELLATION))
#define POST KIND_BIT(KIND_POST)
#define REQUEST KIND_BIT(KIND_REQUEST)
#define APPOINTMENT KIND_BIT(KIND_APPOINTMENT)
#define CONTACT KIND_BIT(KIND_CONTACT)
#define LIST KIND_BIT(KIND_LIST)
#define TASK KIND_BIT(KIND_TASK)
#define ANY (KIND_BIT(KIND_COUNT) - 1)

/* DEF: in Default and AllProperties. ALL: in AllProperties only. NOT: when asked for. */
enum from { DEF = SHAPE_DEFAULT, ALL = SHAPE_ALL, NOT };

typedef void (*part_fn)(struct xml *out, struct item_view *view);

/* How it is written: by a function, or from a member of struct props. */
struct field {
	const char *uri;
	uint32_t kinds;
	enum from from;
	part_fn part;
	const char *element; /* for what follows */
	enum { PART, TEXT, TIME, BOOL, FALSE, GIVEN } type;
	size_t offset;
};

/* clang-format off */
#define FN(uri, kinds, from, fn) { uri, kinds, from, .part = (fn) }
#define PROP(uri, kinds, from, element, type, member) \
	{ uri, kinds, from, NULL, element, type, offsetof(struct props, member) }
#define NO(uri, kinds, from, element) { uri, kinds, from, NULL, element, FALSE, 0 }
/* There only if a client has set it. */
#define SET(uri, kinds) { uri, kinds, ALL, NULL, NULL, GIVEN, 0 }
/* clang-format on */

/* In the order of the schema: the item's own, then those of each kind in turn. */
static const struct field fields[] = {
	FN("item:MimeContent", ANY, NOT, part_mime),
	FN("item:ItemId", ANY, NOT, part_id),
	FN("item:ParentFolderId", ANY, ALL, part_parent),
	PROP("item:ItemClass", ANY, ALL, "t:ItemClass", TEXT, item_class),
	PROP("item:Subject", ANY, DEF, "t:Subject", TEXT, subject),
	PROP("item:Sensitivity", ANY, DEF, "t:Sensitivity", TEXT, sensitivity),
	FN("item:Body", ANY, DEF, part_body),
	FN("item:Attachments", ANY, ALL, part_attachments),
	FN("item:DateTimeReceived", ANY, ALL, part_received),
	FN("item:Size", ANY, DEF, part_size),
	FN("item:Categories", ANY, ALL, part_categories),
	PROP("item:Importance", ANY, ALL, "t:Importance", TEXT, importance),
	PROP("item:InReplyTo", ANY, ALL, "t:InReplyTo", TEXT, in_reply_to),
	NO("item:IsSubmitted", ANY, ALL, "t:IsSubmitted"),
	FN("item:IsDraft", ANY, ALL, part_draft),
	NO("item:IsFromMe", ANY, ALL, "t:IsFromMe"),
	NO("item:IsResend", ANY, ALL, "t:IsResend"),
	NO("item:IsUnmodified", ANY, ALL, "t:IsUnmodified"),
	FN("item:InternetMessageHeaders", MAIL, NOT, part_headers),
	PROP("item:DateTimeSent", ANY, DEF, "t:DateTimeSent", TIME, sent),
	FN("item:DateTimeCreated", ANY, DEF, part_created),
	SET("item:ReminderDueBy", ANY),
	NO("item:ReminderIsSet", ANY, ALL, "t:ReminderIsSet"),
	SET("item:ReminderNextTime", ANY),
	SET("item:ReminderMinutesBeforeStart", ANY),
	FN("item:DisplayCc", ANY, ALL, part_display_cc),
	FN("item:DisplayTo", ANY, ALL, part_display_to),
	PROP("item:HasAttachments", ANY, DEF, "t:HasAttachments", BOOL, has_attachments),
	FN(NULL, ANY, NOT, item_write_tags),
	FN("item:Culture", ANY, ALL, part_culture),
	FN("item:EffectiveRights", ANY, ALL, part_rights),
	FN("item:LastModifiedName", ANY, ALL, part_modified_name),
	FN("item:LastModifiedTime", ANY, ALL, part_modified),
	NO("item:IsAssociated", ANY, ALL, "t:IsAssociated"),
	FN("item:ConversationId", ANY, ALL, part_conversation),
	FN("item:Flag", MAIL | POST, ALL, part_flag),
	FN("item:InstanceKey", ANY, NOT, part_instance_key),
	FN("item:TextBody", ANY, NOT, part_text_body),

	FN("message:Sender", MAIL, ALL, part_sender),
	FN("message:ToRecipients", MAIL, ALL, part_to),
	FN("message:CcRecipients", MAIL, ALL, part_cc),
	SET("message:BccRecipients", MAIL),
	NO("message:IsReadReceiptRequested", MAIL, DEF, "t:IsReadReceiptRequested"),
	NO("message:IsDeliveryReceiptRequested", MAIL, ALL, "t:IsDeliveryReceiptRequested"),
	FN("message:ConversationIndex", MAIL | POST, ALL, part_conversation_index),
	PROP("message:ConversationTopic", MAIL | POST, ALL, "t:ConversationTopic", TEXT, subject),
	FN("message:From", MAIL | POST, DEF, part_from),
	PROP("message:InternetMessageId", MAIL | POST, ALL, "t:InternetMessageId", TEXT,
	     message_id),
	FN("message:IsRead", MAIL | POST, DEF, part_read),
	FN("postitem:PostedTime", POST, ALL, part_posted),
	NO("message:IsResponseRequested", MAIL, ALL, "t:IsResponseRequested"),
	PROP("message:References", MAIL | POST, ALL, "t:References", TEXT, references),
	SET("message:ReplyTo", MAIL),
	FN("message:Sender", POST, ALL, part_sender),

	NO("meeting:IsDelegated", MEETINGS, ALL, "t:IsDelegated"),
	NO("meeting:IsOutOfDate", MEETINGS, DEF, "t:IsOutOfDate"),
	NO("meeting:HasBeenProcessed", MEETINGS, DEF, "t:HasBeenProcessed"),
	FN("meeting:ResponseType", MEETINGS, ALL, part_response_type),
	PROP("calendar:UID", MEETINGS | APPOINTMENT, ALL, "t:UID", TEXT, uid),
	FN("calendar:DateTimeStamp", MEETINGS | APPOINTMENT, ALL, part_stamp),
	FN("meetingRequest:MeetingRequestType", REQUEST, ALL, part_request_type),
	FN("meetingRequest:IntendedFreeBusyStatus", REQUEST, ALL, part_intended_status),
	PROP("calendar:Start", REQUEST | APPOINTMENT, DEF, "t:Start", TIME, start),
	PROP("calendar:End", REQUEST | APPOINTMENT, DEF, "t:End", TIME, end),
	PROP("calendar:IsAllDayEvent", REQUEST | APPOINTMENT, ALL, "t:IsAllDayEvent", BOOL,
	     all_day),
	FN("calendar:LegacyFreeBusyStatus", REQUEST | APPOINTMENT, DEF, part_busy),
	PROP("calendar:Location", REQUEST | APPOINTMENT, DEF, "t:Location", TEXT, location),
	SET("calendar:When", APPOINTMENT),
	FN("calendar:IsMeeting", REQUEST | APPOINTMENT, ALL, part_is_meeting),
	NO("calendar:IsCancelled", REQUEST | APPOINTMENT, ALL, "t:IsCancelled"),
	PROP("calendar:IsRecurring", REQUEST, ALL, "t:IsRecurring", BOOL, recurring),
	NO("calendar:IsRecurring", APPOINTMENT, DEF, "t:IsRecurring"), /* of occurrences only */
	NO("calendar:MeetingRequestWasSent", REQUEST | APPOINTMENT, ALL, "t:MeetingRequestWasSent"),
	NO("calendar:IsResponseRequested", APPOINTMENT, ALL, "t:IsResponseRequested"),
	FN("calendar:CalendarItemType", REQUEST | APPOINTMENT, DEF, part_calendar_type),
	FN("calendar:MyResponseType", REQUEST | APPOINTMENT, ALL, part_my_response),
	FN("calendar:Organizer", REQUEST | APPOINTMENT, DEF, part_organizer),
	FN("calendar:RequiredAttendees", REQUEST | APPOINTMENT, ALL, part_required),
	FN("calendar:OptionalAttendees", REQUEST | APPOINTMENT, ALL, part_optional),
	SET("calendar:Resources", APPOINTMENT),
	FN("calendar:Duration", REQUEST | APPOINTMENT, ALL, part_duration),
	FN("calendar:TimeZone", REQUEST | APPOINTMENT, ALL, part_time_zone),
	FN("calendar:AppointmentSequenceNumber", REQUEST | APPOINTMENT, ALL, part_sequence),
	FN("calendar:AppointmentState", REQUEST | APPOINTMENT, ALL, part_state),
	FN("calendar:Recurrence", REQUEST | APPOINTMENT, ALL, part_recurrence),
	SET("calendar:MeetingTimeZone", APPOINTMENT),
	SET("calendar:StartTimeZone", APPOINTMENT),
	SET("calendar:EndTimeZone", APPOINTMENT),
	SET("calendar:ConferenceType", APPOINTMENT),
	SET("calendar:AllowNewTimeProposal", APPOINTMENT),
	NO("calendar:IsOnlineMeeting", REQUEST | APPOINTMENT, ALL, "t:IsOnlineMeeting"),
	SET("calendar:MeetingWorkspaceUrl", APPOINTMENT),
	SET("calendar:NetShowUrl", APPOINTMENT),

	PROP("contacts:DisplayName", LIST, DEF, "t:DisplayName", TEXT, subject),
	FN("contacts:FileAs", CONTACT | LIST, DEF, part_file_as),
	SET("contacts:FileAsMapping", CONTACT),
	PROP("contacts:DisplayName", CONTACT, DEF, "t:DisplayName", TEXT, subject),
	PROP("contacts:GivenName", CONTACT, ALL, "t:GivenName", TEXT, given),
	SET("contacts:Initials", CONTACT),
	SET("contacts:MiddleName", CONTACT),
	SET("contacts:Nickname", CONTACT),
	FN("contacts:CompleteName", CONTACT, ALL, part_complete_name),
	PROP("contacts:CompanyName", CONTACT, DEF, "t:CompanyName", TEXT, company),
	FN("contacts:EmailAddresses", CONTACT, DEF, part_email_addresses),
	FN("contacts:PhysicalAddresses", CONTACT, ALL, part_addresses),
	FN("contacts:PhoneNumbers", CONTACT, DEF, part_phones),
	SET("contacts:AssistantName", CONTACT),
	PROP("contacts:Birthday", CONTACT, ALL, "t:Birthday", TIME, birthday),
	SET("contacts:BusinessHomePage", CONTACT),
	SET("contacts:Children", CONTACT),
	SET("contacts:Companies", CONTACT),
	SET("contacts:Department", CONTACT),
	SET("contacts:Generation", CONTACT),
	SET("contacts:ImAddresses", CONTACT),
	PROP("contacts:JobTitle", CONTACT, DEF, "t:JobTitle", TEXT, job),
	SET("contacts:Manager", CONTACT),
	SET("contacts:Mileage", CONTACT),
	SET("contacts:OfficeLocation", CONTACT),
	SET("contacts:PostalAddressIndex", CONTACT),
	SET("contacts:Profession", CONTACT),
	SET("contacts:SpouseName", CONTACT),
	PROP("contacts:Surname", CONTACT, ALL, "t:Surname", TEXT, surname),
	SET("contacts:WeddingAnniversary", CONTACT),
	FN("distributionlist:Members", LIST, ALL, part_members),

	SET("task:ActualWork", TASK),
	SET("task:BillingInformation", TASK),
	SET("task:Companies", TASK),
	PROP("task:CompleteDate", TASK, ALL, "t:CompleteDate", TIME, completed),
	SET("task:Contacts", TASK),
	PROP("task:DueDate", TASK, DEF, "t:DueDate", TIME, due),
	FN("task:IsComplete", TASK, ALL, part_is_complete),
	PROP("task:IsRecurring", TASK, ALL, "t:IsRecurring", BOOL, recurring),
	SET("task:Mileage", TASK),
	FN("task:Owner", TASK, ALL, part_owner),
	FN("task:PercentComplete", TASK, DEF, part_percent),
	FN("task:Recurrence", TASK, ALL, part_task_recurrence),
	PROP("task:StartDate", TASK, DEF, "t:StartDate", TIME, begin),
	PROP("task:Status", TASK, DEF, "t:Status", TEXT, status),
	SET("task:StatusDescription", TASK),
	SET("task:TotalWork", TASK),
};

/*
 * Which kinds a FieldURI may be asked of, by its prefix. Within one kind of folder
 * Exchange puts up with the properties of the neighbours (a meeting request's of a
 * message) and leaves them out.
 */
static const struct {
	const char *prefix;
	uint32_t kinds;
} prefixes[] = {
	{ "item:", ANY },
	{ "message:", MAIL | POST },
	{ "meeting:", MAIL | POST | APPOINTMENT },
	{ "meetingRequest:", MAIL | POST | APPOINTMENT },
	{ "calendar:", MAIL | POST | APPOINTMENT },
	{ "contacts:", CONTACT | LIST },
	{ "distributionlist:", CONTACT | LIST },
	{ "task:", TASK },
	{ "postitem:", MAIL | POST },
	{ "conversation:", 0 },
};

_Static_assert(ARRAY_LEN(fields) <= SHAPE_FIELDS, "a shape has too few places");

/* Of an entry that is asked for by its key all its like are shown. */
static const char *whole_of(const char *uri)
{
	static const char *const wholes[][2] = {
		{ "contacts:EmailAddress", "contacts:EmailAddresses" },
		{ "contacts:ImAddress", "contacts:ImAddresses" },
		{ "contacts:PhoneNumber", "contacts:PhoneNumbers" },
		{ "contacts:PhysicalAddress", "contacts:PhysicalAddresses" },
	};
	size_t colon = strcspn(uri, ":"), n = colon + (uri[colon] == ':');

	n += strcspn(uri + n, ":");
	for (size_t i = 0; i < ARRAY_LEN(wholes); i++)
		if (strlen(wholes[i][0]) == n && strncmp(wholes[i][0], uri, n) == 0)
			return wholes[i][1];
	return uri;
}

bool item_want(struct shape *shape, const char *uri)
{
	bool known = false;

	uri = whole_of(uri);
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		if (strncmp(uri, prefixes[i].prefix, strlen(prefixes[i].prefix)) != 0)
			continue;
		known = true;
		shape->kinds_refused |= ANY & ~prefixes[i].kinds;
	}
	for (size_t i = 0; known && i < ARRAY_LEN(fields); i++)
		if (fields[i].uri && strcmp(fields[i].uri, uri) == 0)
			shape->wanted[i] = true;
	return known;
}

/*
 * A calendar item that is asked for message:IsRead is refused. Yet exchangelib's
 * fetch() asks every item for the fields of every kind, and Exchange serves it: who
 * leaves no kind that could have them all gets what there is.
 */
bool item_refuses(const struct item *item, const struct shape *shape)
{
	return shape->kinds_refused != ANY && shape->kinds_refused & KIND_BIT(item->kind);
}

const struct props *view_props(struct item_view *view)
{
	if (!view->described)
		item_describe(view->item, &view->props);
	view->described = true;
	return &view->props;
}

/* --- what clients have set --- */

static const struct field *field_of(enum kind kind, const char *uri)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (fields[i].uri && fields[i].kinds & KIND_BIT(kind) &&
		    strcmp(fields[i].uri, uri) == 0)
			return &fields[i];
	return NULL;
}

bool item_has_field(enum kind kind, const char *uri)
{
	return field_of(kind, uri) != NULL;
}

const char *item_element_uri(enum kind kind, const char *element)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const char *colon = fields[i].uri ? strchr(fields[i].uri, ':') : NULL;
		if (colon && fields[i].kinds & KIND_BIT(kind) && strcmp(colon + 1, element) == 0)
			return fields[i].uri;
	}
	return NULL;
}

/* A member of props takes what was set; a deleted text is absent, as in all of props. */
void item_describe_edit(const struct item *item, const struct edit *edit, struct props *ret)
{
	const struct field *field = field_of(item->kind, edit->key);
	const char *value = edit->value ? node_text(edit->value) : NULL;
	int64_t time = TIME_NONE;

	if (!field || field->part || field->type == FALSE || field->type == GIVEN)
		return;
	void *member = (char *)ret + field->offset;
	if (field->type == TEXT)
		*(const char **)member = value;
	else if (field->type == BOOL)
		*(bool *)member = value && text_is_true(value);
	else
		*(int64_t *)member = value && text_parse_time(value, &time) ? time : TIME_NONE;
}

/* True for what is written as the client sent it; members of props have it already. */
static bool write_edit(struct xml *out, const struct item_view *view, const struct field *field)
{
	bool of_props = !field->part && field->type != FALSE && field->type != GIVEN;
	bool is_own = of_props || field->part == part_attachments;
	const struct edit *edit = field->uri && !is_own ? edits_find(view->item->edits, field->uri)
							: NULL;

	if (edit && edit->value)
		xml_node(out, edit->value);
	return edit || field->type == GIVEN;
}

static void write_field(struct xml *out, struct item_view *view, const struct field *field)
{
	if (write_edit(out, view, field))
		return;
	if (field->part) {
		field->part(out, view);
		return;
	}
	if (field->type == FALSE) {
		xml_element(out, field->element, "false");
		return;
	}
	const void *member = (const char *)view_props(view) + field->offset;
	switch (field->type) {
	case TEXT: xml_element(out, field->element, *(const char *const *)member); break;
	case TIME: xml_element_time(out, field->element, *(const int64_t *)member); break;
	case BOOL: xml_element_bool(out, field->element, *(const bool *)member); break;
	default: break;
	}
}

void item_write_id(struct xml *out, const struct item *item)
{
	const struct identity *identity = &item->folder->box->identity;
	char id[ITEM_ID_SIZE], key[CHANGE_KEY_SIZE];

	id_print_item(identity, item->folder->fid, item->mid, id);
	key_print(identity, kind_info(item->kind)->key_type, item->key, key);
	xml_raw(out, "<t:ItemId Id=\"");
	xml_raw(out, id);
	xml_raw(out, "\" ChangeKey=\"");
	xml_raw(out, key);
	xml_raw(out, "\"/>");
}

void item_write_bare_id(struct xml *out, const struct item *item)
{
	char id[ITEM_ID_SIZE];

	id_print_item(&item->folder->box->identity, item->folder->fid, item->mid, id);
	xml_rawf(out, "<t:ItemId Id=\"%s\"/>", id);
}

static bool is_withheld(const struct field *field, const struct shape *shape)
{
	if (field->part == part_mime || field->part == part_body || field->part == part_text_body ||
	    field->part == part_headers)
		return shape->no_bodies;
	return shape->no_recipients &&
	       (field->part == part_to || field->part == part_cc || field->part == part_required ||
		field->part == part_optional);
}

/* The id and the extended properties are in every shape; bytes are asked for by an element. */
static bool is_wanted(const struct field *field, size_t i, const struct shape *shape)
{
	if (field->part == part_id || field->part == item_write_tags)
		return true;
	if (is_withheld(field, shape))
		return false;
	if (field->part == part_mime && shape->mime)
		return true;
	return shape->wanted[i] || (enum from)shape->base >= field->from;
}

void item_write_bare(struct xml *out, const struct item *item)
{
	static const struct shape bare = { .base = SHAPE_ID_ONLY };

	item_write(out, item, &bare);
}

void item_write(struct xml *out, const struct item *item, const struct shape *shape)
{
	const char *element = kind_info(item->kind)->element;
	struct item_view view;

	view.item = item;
	view.shape = shape;
	view.described = false;
	xml_open(out, element);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (fields[i].kinds & KIND_BIT(item->kind) && is_wanted(&fields[i], i, shape))
			write_field(out, &view, &fields[i]);
	xml_close(out, element);
}
