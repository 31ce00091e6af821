/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "ews/mime_decoder.h"
#include "test-ews.h"

/* --- pages, the hierarchy, folders --- */

static void test_a_page_tells_what_happened(void **state)
{
	/* clang-format off */
	static const char text[] = PAGE(
		"<t:Create><t:Message><t:ItemId Id=\"A\" ChangeKey=\"ka\"/>"
		"<t:DateTimeReceived>2024-01-30T10:15:12Z</t:DateTimeReceived><t:Size>1234</t:Size>"
		"<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0xe07\" PropertyType=\"Integer\"/>"
		"<t:Value>9</t:Value></t:ExtendedProperty>"
		"<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"12296\" PropertyType=\"SystemTime\"/>"
		"<t:Value>2024-01-30T10:15:13.5Z</t:Value></t:ExtendedProperty></t:Message></t:Create>"
		"<t:Update><t:CalendarItem><t:ItemId Id=\"B\" ChangeKey=\"kb\"/></t:CalendarItem></t:Update>"
		"<t:Update><t:Novelty><t:ItemId Id=\"C\"/></t:Novelty></t:Update>"
		"<t:Delete><t:ItemId Id=\"D\"/></t:Delete>"
		"<t:ReadFlagChange><t:ItemId Id=\"E\" ChangeKey=\"CQAAAA==\"/><t:IsRead>true</t:IsRead></t:ReadFlagChange>");
	/* clang-format on */
	(void)state;

	for (size_t cut = 1; cut < strlen(text); cut += cut < 40 ? 1 : 37) {
		const struct fake_reply reply = { text, strlen(text), 200 };
		AUTO(ews) struct ews *ews = open_ews(&reply, 1, cut);
		struct ews_page page = { 0 };
		check_ok(ews_sync_items(ews, "F", NULL, 512, &page));
		const struct ews_change *c = page.changes;
		assert_int_equal(page.n, 5);
		assert_true(page.last);
		assert_int_equal(c[0].kind, EWS_CREATE);
		assert_int_equal(c[0].item_kind, KIND_MESSAGE);
		assert_string_equal(c[0].change_key, "ka");
		assert_true(c[0].has_read && c[0].is_read && c[0].is_draft);
		assert_int_equal(c[0].received, 1706609712);
		assert_int_equal(c[0].modified, 1706609713);
		assert_int_equal(c[0].size, 1234);
		assert_int_equal(c[1].kind, EWS_UPDATE);
		assert_int_equal(c[1].item_kind, KIND_CALENDAR);
		assert_false(c[1].has_read);
		assert_true(c[1].received == TIME_NONE && c[1].modified == TIME_NONE);
		assert_int_equal(c[2].item_kind, KIND_SAFE);
		assert_null(c[2].change_key);
		assert_int_equal(c[3].kind, EWS_DELETE);
		assert_string_equal(c[3].id, "D");
		assert_int_equal(c[4].kind, EWS_READ_FLAG);
		assert_true(c[4].has_read && c[4].is_read);
		ews_page_release(&page);
	}
}

static void test_an_empty_state_is_never_a_result(void **state)
{
	static const struct {
		const char *reply;
		enum err err;
		const char *reason;
	} vectors[] = {
		{ RESPONSE("SyncFolderItems",
			   ERROR("SyncFolderItems", "ErrorInvalidSyncStateData",
				 "<m:SyncState/>"
				 "<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>")),
		  ERR_SYNC_RESET },
		{ RESPONSE("SyncFolderItems", OK("SyncFolderItems", "<m:SyncState/><m:Changes/>")),
		  ERR_PROTOCOL, "without a sync state" },
		{ RESPONSE("SyncFolderItems", OK("SyncFolderItems", "<m:Changes/>")), ERR_PROTOCOL,
		  "without a sync state" },
		{ RESPONSE("SyncFolderItems",
			   ERROR("SyncFolderItems", "ErrorSyncFolderNotFound", "")),
		  ERR_NOT_FOUND },
		{ RESPONSE("SyncFolderItems", ERROR("SyncFolderItems", "ErrorAccessDenied", "")),
		  ERR_DENIED },
		{ PAGE("<t:Delete/>"), ERR_PROTOCOL },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct fake_reply reply = { vectors[i].reply, strlen(vectors[i].reply), 200 };
		AUTO(ews) struct ews *ews = open_ews(&reply, 1, 100);
		struct ews_page page = { 0 };
		check_err(ews_sync_items(ews, "F", "old", 512, &page), vectors[i].err);
		assert_null(page.state);
		if (vectors[i].reason)
			assert_non_null(strstr(ews_reason(ews), vectors[i].reason));
	}
}

/* I9: everything a server controls is bounded. */
static void test_a_page_without_end_is_refused(void **state)
{
	static const char change[] = "<t:Delete><t:ItemId Id=\"D\"/></t:Delete>";
	static const size_t counts[] = { 8 * EWS_PAGE_MAX, 8 * EWS_PAGE_MAX + 1 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		AUTO(buf) struct buf text = { 0 };
		const char *whole = PAGE("@"), *at = strchr(whole, '@');
		struct ews_page page = { 0 };
		check_ok(buf_append(&text, whole, (size_t)(at - whole)));
		for (size_t n = 0; n < counts[i]; n++)
			check_ok(buf_append_str(&text, change));
		check_ok(buf_append_str(&text, at + 1));
		const struct fake_reply reply = { text.bytes, text.len, 200 };
		AUTO(ews) struct ews *ews = open_ews(&reply, 1, 10000);
		check_err(ews_sync_items(ews, "F", NULL, 512, &page), i == 0 ? ERR_OK : ERR_LIMIT);
		ews_page_release(&page);
	}
}

static void test_the_hierarchy_lists_folders_and_what_went(void **state)
{
	/* clang-format off */
	static const char text[] = RESPONSE("SyncFolderHierarchy", OK("SyncFolderHierarchy",
		"<m:SyncState>H4sI</m:SyncState><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange><m:Changes>"
		"<t:Create><t:Folder><t:FolderId Id=\"A\" ChangeKey=\"ka\"/><t:ParentFolderId Id=\"R\" ChangeKey=\"AQAAAA==\"/>"
		"<t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>a&amp;b&#x1;</t:DisplayName></t:Folder></t:Create>"
		"<t:Update><t:CalendarFolder><t:FolderId Id=\"B\"/><t:DisplayName>Hidden</t:DisplayName><t:ExtendedProperty>"
		"<t:ExtendedFieldURI PropertyTag=\"0x10f4\" PropertyType=\"Boolean\"/><t:Value>true</t:Value></t:ExtendedProperty>"
		"</t:CalendarFolder></t:Update>"
		"<t:Create><t:SearchFolder><t:FolderId Id=\"S\"/></t:SearchFolder></t:Create>"
		"<t:Delete><t:FolderId Id=\"C\"/></t:Delete></m:Changes>"));
	/* clang-format on */
	(void)state;

	for (size_t cut = 1; cut < strlen(text); cut += cut < 40 ? 1 : 37) {
		const struct fake_reply reply = { text, strlen(text), 200 };
		AUTO(ews) struct ews *ews = open_ews(&reply, 1, cut);
		struct ews_hierarchy h = { 0 };
		check_ok(ews_sync_hierarchy(ews, "msgfolderroot", NULL, &h));
		assert_int_equal(h.put.n, 2);
		assert_string_equal(h.put.list[0].display_name, "a&b\xef\xbf\xbd");
		assert_string_equal(h.put.list[0].parent_id, "R");
		assert_string_equal(h.put.list[0].folder_class, "IPF.Note");
		assert_false(h.put.list[0].is_hidden);
		assert_false(h.put.list[0].digest.known);
		assert_true(h.put.list[1].is_hidden);
		assert_null(h.put.list[1].parent_id);
		assert_int_equal(h.dropped_n, 1);
		assert_string_equal(h.dropped[0], "C");
		assert_true(h.last);
		ews_hierarchy_release(&h);
	}
}

static enum err check_folder(void *ctx, size_t index, const struct ews_folder_reply *reply)
{
	size_t *seen = ctx;
	const struct folder *f = reply->folder;

	assert_int_equal(index, (*seen)++);
	if (index == 1) {
		check_err(reply->err, ERR_NOT_FOUND);
		assert_string_equal(reply->code, "ErrorFolderNotFound");
		assert_null(f);
		return ERR_OK;
	}
	check_ok(reply->err);
	assert_string_equal(f->id, "A");
	if (index == 2) {
		assert_false(f->digest.known);
		assert_null(f->distinguished);
		return ERR_OK;
	}
	assert_string_equal(f->distinguished, "inbox");
	assert_true(f->digest.known);
	assert_int_equal(f->digest.total_n, 5);
	assert_int_equal(f->digest.unread_n, 2);
	assert_int_equal(f->digest.child_n, 1);
	assert_int_equal(f->digest.deleted_n, 3);
	/* Two commits in one second are two. */
	assert_true(f->digest.commit % 10000000 == 2500000);
	return ERR_OK;
}

static void test_a_folder_comes_with_its_digest(void **state)
{
	/* clang-format off */
	static const char text[] = RESPONSE("GetFolder",
		OK("GetFolder", "<m:Folders><t:Folder><t:FolderId Id=\"A\"/><t:TotalCount>5</t:TotalCount>"
		   "<t:ChildFolderCount>1</t:ChildFolderCount>"
		   "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x670B\"/><t:Value>3</t:Value></t:ExtendedProperty>"
		   "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x3603\"/><t:Value>2</t:Value></t:ExtendedProperty>"
		   "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x670a\"/><t:Value>2026-11-21T20:35:20.25Z</t:Value>"
		   "</t:ExtendedProperty></t:Folder></m:Folders>")
		ERROR("GetFolder", "ErrorFolderNotFound", "<m:Folders/>")
		OK("GetFolder", "<m:Folders><t:ContactsFolder><t:FolderId Id=\"A\"/></t:ContactsFolder></m:Folders>"));
	/* clang-format on */
	const struct fake_reply replies[] = { { text, strlen(text), 200 },
					      { text, strlen(text), 200 } };
	AUTO(ews) struct ews *ews = open_ews(replies, 2, 50);
	const char *const ids[] = { "inbox", "outbox", "A" }, *const others[] = { "inbox", "outbox",
										  "B" };
	size_t seen = 0;
	(void)state;

	check_ok(ews_get_folders(ews, ids, 3, check_folder, &seen));
	assert_int_equal(seen, 3);
	seen = 0;
	check_err(ews_get_folders(ews, others, 3, check_folder, &seen), ERR_STALE_REPLY);
	check_err(ews_get_folders(ews, ids, EWS_FOLDERS_MAX + 1, check_folder, &seen), ERR_INVALID);
}

/* --- items --- */

#define PROPERTY(tag, value) \
	"<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"" tag \
	"\" PropertyType=\"x\"/><t:Value>" value "</t:Value></t:ExtendedProperty>"
#define MAILBOX(name, address, routing) \
	"<t:Mailbox><t:Name>" name "</t:Name><t:EmailAddress>" address \
	"</t:EmailAddress><t:RoutingType>" routing "</t:RoutingType></t:Mailbox>"

static enum err take_item(void *ctx, size_t index, struct ews_item_reply *reply)
{
	assert_int_equal(index, 0);
	check_ok(reply->err);
	*(struct item *)ctx = *reply->item;
	*reply->item = (struct item){ 0 };
	return ERR_OK;
}

static void no_done(void *ctx, enum err err)
{
	(void)ctx;
	check_ok(err);
}

static void read_item(const char *text, enum item_kind kind, struct item *ret)
{
	static const struct ews_items_sink taking = { take_item, no_done };
	const struct fake_reply reply = { text, strlen(text), 200 };
	AUTO(ews) struct ews *ews = open_ews(&reply, 1, 333);
	const char *const ids[] = { "A" };

	check_ok(ews_get_items(ews, kind, ids, 1, "/tmp", &taking, ret));
	check_ok(ews_wait(ews, 0));
}

static void test_a_mail_comes_with_all_its_properties(void **state)
{
	/* clang-format off */
	static const char text[] = RESPONSE("GetItem", ITEM("A", MIME("YQ==")
		"<t:ParentFolderId Id=\"P\" ChangeKey=\"AQAAAA==\"/><t:ItemClass>IPM.Note</t:ItemClass><t:Subject>S&#x1F;</t:Subject>"
		"<t:Sensitivity>Private</t:Sensitivity><t:DateTimeReceived>2024-01-30T10:15:12Z</t:DateTimeReceived>"
		"<t:Size>77</t:Size><t:Categories><t:String>Red</t:String><t:String>Blue</t:String></t:Categories>"
		"<t:Importance>High</t:Importance><t:DateTimeSent>2024-01-30T10:15:11Z</t:DateTimeSent>"
		"<t:DateTimeCreated>2024-01-30T10:15:13Z</t:DateTimeCreated><t:HasAttachments>true</t:HasAttachments>"
		"<t:ConversationId Id=\"C\"/>"
		"<t:ToRecipients>" MAILBOX("Ana", "ana@corp.example", "SMTP") MAILBOX("Ex", "/o=x", "EX") "</t:ToRecipients>"
		"<t:CcRecipients>" MAILBOX("", "cc@corp.example", "SMTP") "</t:CcRecipients>"
		"<t:From>" MAILBOX("Bo", "bo@corp.example", "SMTP") "</t:From>"
		PROPERTY("0x0e07", "1") PROPERTY("4240", "2") PROPERTY("0x3008", "2024-01-30T10:15:14Z")
		PROPERTY("0x1035", "&lt;id@x&gt;") PROPERTY("0x65E2", "AQID") PROPERTY("0x65e3", "BAU=")
		PROPERTY("0x9999", "other")));
	/* clang-format on */
	struct item item = { 0 };
	(void)state;

	read_item(text, KIND_MESSAGE, &item);
	assert_int_equal(item.kind, KIND_MESSAGE);
	assert_string_equal(item.element, "Message");
	assert_string_equal(item.parent_id, "P");
	assert_string_equal(item.change_key, "kA");
	assert_string_equal(item.item_class, "IPM.Note");
	assert_string_equal(item.subject, "S\xef\xbf\xbd");
	assert_string_equal(item.sensitivity, "Private");
	assert_string_equal(item.importance, "High");
	assert_string_equal(item.categories, "Red\nBlue");
	assert_string_equal(item.conversation_id, "C");
	assert_string_equal(item.from, "Bo <bo@corp.example>");
	assert_string_equal(item.to, "Ana <ana@corp.example>, Ex");
	assert_string_equal(item.cc, "cc@corp.example");
	assert_string_equal(item.message_id, "<id@x>");
	assert_int_equal(item.received, 1706609712);
	assert_int_equal(item.sent, 1706609711);
	assert_int_equal(item.created, 1706609713);
	assert_int_equal(item.modified, 1706609714);
	assert_true(item.start == TIME_NONE);
	assert_int_equal(item.size, 77);
	assert_true(item.has_attachments && item.has_message_flags);
	assert_int_equal(item.message_flags, 1);
	assert_int_equal(item.flag_status, 2);
	assert_int_equal(item.mapi_change_key.len, 3);
	assert_int_equal(item.predecessors.len, 2);
	assert_int_equal(item.fields.n, 0);
	item_release(&item);
}

static void test_appointments_and_unknown_items_say_who_too(void **state)
{
	/* clang-format off */
	static const char calendar[] = RESPONSE("GetItem", OK("GetItem", "<m:Items><t:CalendarItem>" MIME("YQ==")
		"<t:ItemId Id=\"A\"/><t:Start>2024-01-30T10:15:12Z</t:Start>"
		"<t:Organizer>" MAILBOX("Bo", "bo@corp.example", "SMTP") "</t:Organizer>"
		"<t:RequiredAttendees><t:Attendee>" MAILBOX("Ana", "ana@corp.example", "SMTP") "</t:Attendee></t:RequiredAttendees>"
		"<t:OptionalAttendees><t:Attendee>" MAILBOX("Cy", "cy@corp.example", "SMTP") "</t:Attendee></t:OptionalAttendees>"
		"</t:CalendarItem></m:Items>"));
	static const char safe[] = RESPONSE("GetItem", ITEM("A", MIME("YQ==") PROPERTY("0x5d02", "bo@corp.example")
		PROPERTY("0x0042", "Bo") PROPERTY("0xe04", "Ana; Cy") PROPERTY("0xe03", "Di")));
	/* clang-format on */
	struct item item = { 0 };
	(void)state;

	read_item(calendar, KIND_CALENDAR, &item);
	assert_string_equal(item.from, "Bo <bo@corp.example>");
	assert_string_equal(item.to, "Ana <ana@corp.example>");
	assert_string_equal(item.cc, "Cy <cy@corp.example>");
	assert_int_equal(item.start, 1706609712);
	item_release(&item);
	read_item(safe, KIND_SAFE, &item);
	assert_string_equal(item.from, "Bo <bo@corp.example>");
	assert_string_equal(item.to, "Ana, Cy");
	assert_string_equal(item.cc, "Di");
	item_release(&item);
}

static void test_contacts_come_with_every_other_property(void **state)
{
	/* clang-format off */
	static const char text[] = RESPONSE("GetItem", OK("GetItem", "<m:Items><t:Contact><t:ItemId Id=\"A\" ChangeKey=\"k\"/>"
		"<t:Subject>Ana</t:Subject><t:Body BodyType=\"Text\">a note</t:Body>" PROPERTY("0x3001", "Ana B")
		"<t:CompleteName><t:FirstName>Ana</t:FirstName></t:CompleteName><t:EmailAddresses>"
		"<t:Entry Key=\"EmailAddress1\">ana@corp.example</t:Entry></t:EmailAddresses><t:PhysicalAddresses>"
		"<t:Entry Key=\"Business\"><t:City>Graz</t:City></t:Entry></t:PhysicalAddresses></t:Contact></m:Items>"));
	/* clang-format on */
	struct item item = { 0 };
	(void)state;

	read_item(text, KIND_CONTACT, &item);
	assert_string_equal(item.element, "Contact");
	assert_string_equal(item.subject, "Ana");
	assert_string_equal(item.display_name, "Ana B");
	assert_int_equal(item.fields.n, 4);
	assert_string_equal(fields_get(&item.fields, "Body"), "a note");
	assert_string_equal(fields_get(&item.fields, "CompleteName/FirstName"), "Ana");
	assert_string_equal(fields_get(&item.fields, "EmailAddresses/Entry[EmailAddress1]"),
			    "ana@corp.example");
	assert_string_equal(fields_get(&item.fields, "PhysicalAddresses/Entry[Business]/City"),
			    "Graz");
	item_release(&item);
}

/* I8, I9: its limits are its own matter. */
static void test_an_item_with_too_many_properties_leaves_the_others_alone(void **state)
{
	AUTO(buf) struct buf text = { 0 };
	static const char whole[] = RESPONSE(
		"GetItem",
		OK("GetItem", "<m:Items><t:Contact><t:ItemId Id=\"A\"/>@</t:Contact></m:Items>")
			OK("GetItem",
			   "<m:Items><t:Contact><t:ItemId Id=\"B\"/></t:Contact></m:Items>"));
	const char *at = strchr(whole, '@');
	AUTO(outcome) struct outcome o = { 0 };
	(void)state;

	check_ok(buf_append(&text, whole, (size_t)(at - whole)));
	for (int i = 0; i <= FIELDS_MAX; i++)
		check_ok(buf_append_str(&text, "<t:Initials>x</t:Initials>"));
	check_ok(buf_append_str(&text, at + 1));
	const struct fake_reply reply = { text.bytes, text.len, 200 };
	AUTO(ews) struct ews *ews = open_ews(&reply, 1, 5000);
	get_items(ews, KIND_CONTACT, "A B", &o);
	check_ok(o.err);
	assert_string_equal(buf_str(&o.log),
			    "0:server cannot deliver the item:A::it is larger than we accept;"
			    "1:success:B::;");
}

static enum err refuse_item(void *ctx, size_t index, struct ews_item_reply *reply)
{
	(void)ctx, (void)index, (void)reply;
	return ERR_STORE;
}

static void test_an_error_of_the_sink_ends_the_request(void **state)
{
	/* clang-format off */
	static const char text[] = RESPONSE("GetItem", MAIL("A") MAIL("B"));
	/* clang-format on */
	static const struct ews_items_sink refusing = { refuse_item, note_done };
	const struct fake_reply reply = { text, strlen(text), 200 };
	AUTO(ews) struct ews *ews = open_ews(&reply, 1, 100);
	const char *const ids[] = { "A", "B" };
	struct outcome o = { 0 };
	(void)state;

	check_ok(ews_get_items(ews, KIND_MESSAGE, ids, 2, "/tmp", &refusing, &o));
	check_ok(ews_wait(ews, 0));
	check_err(o.err, ERR_STORE);
	assert_string_equal(ews_reason(ews), err_text(ERR_STORE));
}

static long resident_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static enum err note_length(void *ctx, size_t index, struct ews_item_reply *reply)
{
	(void)index;
	check_ok(reply->err);
	*(uint64_t *)ctx = reply->mime->len;
	return ERR_OK;
}

/* I9. The reply is made while it is read, so that only we can take memory for it. */
static void test_a_message_of_any_size_passes_through_little_memory(void **state)
{
	static const char whole[] = RESPONSE("GetItem", ITEM("A", MIME("@")));
	static const struct ews_items_sink measuring = { note_length, no_done };
	enum { LINES = 57 * 64, TIMES = 1050, GROWTH_MAX_KIB = 20 * 1024 };
	const char *at = strchr(whole, '@');
	AUTO(ews) struct ews *ews = open_ews(NULL, 0, 1);
	AUTO(buf) struct buf block = { 0 };
	const char *const ids[] = { "A" };
	uint64_t len = 0;
	(void)state;

	for (int i = 0; i < LINES; i++)
		check_ok(buf_append_str(&block, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2"
						"xtbm9wcXJzdHV2d3h5ejAx\r\n"));
	check_ok(ews_get_items(ews, KIND_MESSAGE, ids, 1, "/tmp", &measuring, &len));
	long before = resident_kib();
	check_ok(fake.handler->data(fake.ctx, whole, (size_t)(at - whole)));
	for (int i = 0; i < TIMES; i++)
		check_ok(fake.handler->data(fake.ctx, block.bytes, block.len));
	check_ok(fake.handler->data(fake.ctx, at + 1, strlen(at + 1)));
	assert_true(fake.handler->is_settled(fake.ctx));
	const struct http_handler *handler = fake.handler;
	const struct http_result fine = { .status = 200, .retry_after_ms = -1, .reason = "" };
	fake.handler = NULL;
	handler->done(fake.ctx, &fine);
	assert_true(resident_kib() - before < GROWTH_MAX_KIB);
	assert_int_equal(len, (uint64_t)LINES * TIMES * 54);
}

static void test_base64_is_bounded_at_its_limit(void **state)
{
	struct mime_decoder *decoder = calloc(1, sizeof(*decoder));
	struct spool at_limit = { .dir = "/tmp", .len = MIME_MAX_BYTES - 3 };
	struct spool beyond = { .dir = "/tmp", .len = MIME_MAX_BYTES - 2 };
	(void)state;

	mime_begin(decoder);
	check_ok(mime_feed(decoder, &at_limit, "YWJj", 4));
	check_ok(mime_end(decoder, &at_limit));
	mime_begin(decoder);
	check_ok(mime_feed(decoder, &beyond, "YWJj", 4));
	check_err(mime_end(decoder, &beyond), ERR_LIMIT);
	spool_release(&at_limit);
	spool_release(&beyond);
	free(decoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_tells_what_happened),
		cmocka_unit_test(test_an_empty_state_is_never_a_result),
		cmocka_unit_test(test_a_page_without_end_is_refused),
		cmocka_unit_test(test_the_hierarchy_lists_folders_and_what_went),
		cmocka_unit_test(test_a_folder_comes_with_its_digest),
		cmocka_unit_test(test_a_mail_comes_with_all_its_properties),
		cmocka_unit_test(test_appointments_and_unknown_items_say_who_too),
		cmocka_unit_test(test_contacts_come_with_every_other_property),
		cmocka_unit_test(test_an_item_with_too_many_properties_leaves_the_others_alone),
		cmocka_unit_test(test_an_error_of_the_sink_ends_the_request),
		cmocka_unit_test(test_a_message_of_any_size_passes_through_little_memory),
		cmocka_unit_test(test_base64_is_bounded_at_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
