/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "compose.h"
#include "content.h"
#include "folder_xml.h"
#include "item_set.h"
#include "operations.h"
#include "synth.h"

#define HALF_HOUR_S 1800

/* What can be created, where it goes when no folder is named, and where else it may. */
static const struct creatable {
	const char *element;
	enum kind kind;
	const char *folder;
	const char
		*misplaced; /* the error for a folder of another kind; NULL: it may go anywhere */
} creatables[] = {
	{ "Message", KIND_MESSAGE, "drafts", NULL },
	{ "Item", KIND_MESSAGE, "drafts", NULL },
	{ "PostItem", KIND_POST, "inbox", "ErrorCannotCreatePostItemInNonMailFolder" },
	{ "CalendarItem", KIND_APPOINTMENT, "calendar",
	  "ErrorCannotCreateCalendarItemInNonCalendarFolder" },
	{ "Contact", KIND_CONTACT, "contacts", "ErrorCannotCreateContactInNonContactFolder" },
	{ "DistributionList", KIND_LIST, "contacts", "ErrorCannotCreateContactInNonContactFolder" },
	{ "Task", KIND_TASK, "tasks", "ErrorCannotCreateTaskInNonTaskFolder" },
};

/* One element of Items, on its way to become an item. */
struct creation {
	struct call *call;
	const xmlNode *element;
	const struct creatable *as;
	struct folder *folder;
	bool saved, sent;
	struct item item;
	char at[EDIT_KEY_SIZE]; /* the property that is to blame; "" for none */
};

static const struct creatable *find_creatable(const xmlNode *element)
{
	for (size_t i = 0; i < ARRAY_LEN(creatables); i++)
		if (node_is(element, creatables[i].element))
			return &creatables[i];
	return NULL;
}

static bool needs_disposition(enum kind kind)
{
	return kind == KIND_MESSAGE || kind == KIND_POST;
}

static const char *read_attributes(struct creation *creation)
{
	const xmlNode *op = creation->call->op;
	const char *disposition = node_attr(op, "MessageDisposition");

	if (needs_disposition(creation->as->kind) && !*disposition)
		return "ErrorMessageDispositionRequired";
	if (creation->as->kind == KIND_APPOINTMENT && !*node_attr(op, "SendMeetingInvitations"))
		return "ErrorSendMeetingInvitationsRequired";
	bool mail = creation->as->kind == KIND_MESSAGE;
	creation->sent = mail && strncmp(disposition, "Send", 4) == 0;
	creation->saved = !mail || strcmp(disposition, "SendOnly") != 0;
	return NULL;
}

static const char *find_folder(struct creation *creation)
{
	const xmlNode *asked = node_first(node_child(creation->call->op, "SavedItemFolderId"));
	const struct creatable *as = creation->as;
	const char *error = "ErrorFolderNotFound";

	if (asked)
		creation->folder = folder_asked(creation->call, asked, &error);
	else
		creation->folder = mailbox_distinguished(creation->call->box,
							 creation->sent ? "sentitems" : as->folder);
	if (!creation->folder)
		return strcmp(error, "ErrorItemNotFound") == 0 ? "ErrorFolderNotFound" : error;
	return as->misplaced && creation->folder->kind != kind_folder(as->kind) ? as->misplaced
										: NULL;
}

/* Every item that comes from a client is unsent, until PR_MESSAGE_FLAGS says otherwise. */
static const char *begin(struct creation *creation)
{
	struct mailbox *box = creation->call->box;
	const xmlNode *mime = node_child(creation->element, "MimeContent");
	enum kind kind = creation->as->kind;
	struct item seeded = synth_item(box, creation->folder, 1);
	const char *error = NULL;

	creation->item = (struct item){
		.folder = creation->folder,
		.kind = (uint8_t)kind,
		.seed = seeded.seed,
		.created = seeded.created,
		.received = seeded.created,
		.modified = seeded.created,
		.read = creation->sent || !needs_disposition(kind),
		.draft = kind == KIND_MESSAGE && !creation->sent,
		.own = true,
	};
	if (mime) {
		creation->item.content = set_read_mime(mime, kind, &error);
		if (error)
			return error;
		/* A mail may turn out to be an invitation or a report. */
		if (kind == KIND_MESSAGE)
			creation->item.kind = (uint8_t)content_kind(creation->item.content);
	} else if (kind_folder(kind) == FOLDER_MAIL) {
		creation->item.content = compose_mail(box, creation->item.created,
						      creation->item.seed);
	} else {
		creation->item.composed = true;
	}
	return NULL;
}

static const char *set_all(struct creation *creation)
{
	struct set_result result = { 0 };
	struct set set;

	for (const xmlNode *node = node_first(creation->element); node; node = node_next(node)) {
		if (node_is(node, "MimeContent"))
			continue;
		set_from_element(node, creation->item.kind, &set);
		const char *error = set_check(&set, &creation->item, true);
		if (error) {
			memcpy(creation->at, set.key, sizeof(set.key));
			return error;
		}
		set_apply(&set, &creation->item, &result);
	}
	if (result.has_read)
		creation->item.read = result.read;
	return NULL;
}

static void put_time(struct item *item, const char *key, const char *element, int64_t time)
{
	AUTO(buf) struct buf text = { 0 };
	xmlNode *node = xmlNewNode(NULL, (const xmlChar *)element);

	if (text_print_time(&text, time))
		abort();
	xmlNodeAddContent(node, (const xmlChar *)text.bytes);
	edits_put(&item->edits, key, node);
	xmlFreeNode(node);
}

/* An appointment has a time, and an identity that other calendars know it by. */
static const char *finish_appointment(struct item *item)
{
	struct props props;

	item_describe(item, &props);
	if (props.start == TIME_NONE) {
		props.start = (item->created / HALF_HOUR_S + 1) * HALF_HOUR_S;
		put_time(item, "calendar:Start", "Start", props.start);
	}
	if (props.end == TIME_NONE) {
		props.end = props.start + HALF_HOUR_S;
		put_time(item, "calendar:End", "End", props.end);
	}
	if (!props.uid || !*props.uid) {
		AUTO(str) char *uid = NULL;
		xmlNode *node = xmlNewNode(NULL, (const xmlChar *)"UID");
		if (asprintf(&uid, "040000008200E00074C5B7101A82E008%016llX",
			     (unsigned long long)item->seed) < 0)
			abort();
		xmlNodeAddContent(node, (const xmlChar *)uid);
		edits_put(&item->edits, "calendar:UID", node);
		xmlFreeNode(node);
	}
	return props.end < props.start ? "ErrorCalendarEndDateIsEarlierThanStartDate" : NULL;
}

static const char *create(struct creation *creation)
{
	if (!creation->as)
		return "ErrorInvalidItemForOperationCreateItem";
	const char *error = read_attributes(creation);
	if (!error)
		error = find_folder(creation);
	if (!error)
		error = begin(creation);
	if (!error)
		error = set_all(creation);
	if (!error && creation->item.kind == KIND_APPOINTMENT)
		error = finish_appointment(&creation->item);
	if (!error)
		item_measure(&creation->item);
	return error;
}

/* What is sent has no id in the reply, even where a copy is kept. */
static void answer(struct creation *creation)
{
	struct call *call = creation->call;
	const struct item *item = NULL;

	if (creation->saved)
		item = folder_add(call->box, creation->folder, &creation->item);
	else
		item_discard(&creation->item);
	message_begin(call, "CreateItem");
	xml_open(call->out, "m:Items");
	if (item && !creation->sent)
		item_write_bare(call->out, item);
	xml_close(call->out, "m:Items");
	message_end(call, "CreateItem");
}

void op_create_item(struct call *call)
{
	reply_begin(call, "CreateItem");
	const xmlNode *element = node_first(node_child(call->op, "Items"));
	for (; element; element = node_next(element)) {
		struct creation creation = {
			.call = call,
			.element = element,
			.as = find_creatable(element),
		};
		const char *error = create(&creation);
		if (!error) {
			answer(&creation);
			continue;
		}
		item_discard(&creation.item);
		message_error_at(call, "CreateItem", error, creation.at);
		xml_raw(call->out, "<m:Items/>");
		message_end(call, "CreateItem");
	}
	reply_end(call, "CreateItem");
}
