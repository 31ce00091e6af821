/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>

#include "ews/ews.h"
#include "ews/soap.h"
#include "fake-http.h"

static void test_text_is_escaped_and_what_xml_forbids_is_replaced(void **state)
{
	static const struct {
		const char *in, *out;
	} vectors[] = {
		{ "plain", "plain" },
		{ "<a href=\"x\">&amp;'", "&lt;a href=&quot;x&quot;&gt;&amp;amp;'" },
		{ "a\r\n\tb", "a&#13;&#10;&#9;b" },
		{ "a\x01\x1f"
		  "b",
		  "a\xef\xbf\xbd\xef\xbf\xbd"
		  "b" },
		{ "Grüße \xf0\x9f\x98\x80", "Grüße \xf0\x9f\x98\x80" },
		{ "a\xff"
		  "b\xe2\x82",
		  "a\xef\xbf\xbd"
		  "b\xef\xbf\xbd" },
		{ "\xef\xbf\xbe", "\xef\xbf\xbd" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(buf) struct buf out = { 0 };
		check_ok(soap_escape(&out, vectors[i].in));
		assert_string_equal(buf_str(&out), vectors[i].out);
	}
}

/* --- our requests against the skeletons, which were validated against the schema --- */

static xmlNode *element_from(xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

static bool text_equal(xmlNode *a, xmlNode *b)
{
	AUTO(str) char *left = (char *)xmlNodeGetContent(a), *right = (char *)xmlNodeGetContent(b);

	return strcmp(left, right) == 0;
}

static bool attrs_equal(const xmlNode *a, const xmlNode *b)
{
	const xmlAttr *left = a->properties, *right = b->properties;

	for (; left && right; left = left->next, right = right->next)
		if (xmlStrcmp(left->name, right->name) != 0 ||
		    !text_equal((xmlNode *)left, (xmlNode *)right))
			return false;
	return !left && !right;
}

static bool nodes_equal(xmlNode *a, xmlNode *b)
{
	if (!a || !b || xmlStrcmp(a->name, b->name) != 0 ||
	    xmlStrcmp(a->ns->href, b->ns->href) != 0 || !attrs_equal(a, b)) {
		print_message("<%s> against <%s>\n", a ? (const char *)a->name : "nothing",
			      b ? (const char *)b->name : "nothing");
		return false;
	}
	xmlNode *left = element_from(a->children), *right = element_from(b->children);
	if (!left && !right)
		return text_equal(a, b);
	for (; left && right; left = element_from(left->next), right = element_from(right->next))
		if (!nodes_equal(left, right))
			return false;
	return !left && !right;
}

static void check_request(const char *skeleton)
{
	const char *shared = getenv("EWSFS_SHARED");
	char path[4096];

	snprintf(path, sizeof(path), "%s/ews/skeletons/%s", shared ? shared : EWSFS_SHARED_DEFAULT,
		 skeleton);
	if (access(path, R_OK) != 0) {
		print_message("no %s: set EWSFS_SHARED\n", path);
		skip();
	}
	xmlDoc *expected = xmlReadFile(path, NULL, 0);
	xmlDoc *request = xmlReadMemory(fake.request, (int)strlen(fake.request), "request", NULL,
					0);
	assert_non_null(expected);
	assert_non_null(request);
	if (!nodes_equal(xmlDocGetRootElement(request), xmlDocGetRootElement(expected)))
		fail_msg("%s against %s", fake.request, skeleton);
	xmlFreeDoc(expected);
	xmlFreeDoc(request);
}

static struct ews *open_ews(void)
{
	const struct account account = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	struct ews *ews = NULL;

	fake_put(NULL, 0, 1);
	check_ok(ews_open(&account, &ews, &reason));
	return ews;
}

static enum err no_item(void *ctx, size_t index, struct ews_item_reply *reply)
{
	(void)ctx, (void)index, (void)reply;
	return ERR_OK;
}

static void no_done(void *ctx, enum err err)
{
	(void)ctx, (void)err;
}

static void test_items_are_asked_for_as_the_skeletons_say(void **state)
{
	static const struct {
		enum item_kind kind;
		const char *skeleton;
	} vectors[] = {
		{ KIND_MESSAGE, "GetItem_kind_message.xml" },
		{ KIND_CALENDAR, "GetItem_kind_calendar.xml" },
		{ KIND_CONTACT, "GetItem_kind_contact.xml" },
		{ KIND_TASK, "GetItem_kind_task.xml" },
		{ KIND_SAFE, "GetItem_kind_safe.xml" },
	};
	static const struct ews_items_sink sink = { no_item, no_done };
	const char *const ids[] = { "AAMkAGI=" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(ews) struct ews *ews = open_ews();
		check_ok(ews_get_items(ews, vectors[i].kind, ids, 1, "/tmp", &sink, NULL));
		check_request(vectors[i].skeleton);
	}
}

static void test_pages_and_the_hierarchy_are_asked_for_as_the_skeletons_say(void **state)
{
	AUTO(ews) struct ews *ews = open_ews();
	struct ews_page page = { 0 };
	struct ews_hierarchy hierarchy = { 0 };
	(void)state;

	check_err(ews_sync_items(ews, "AAMkAGI=", "H4sI", 512, &page), ERR_CANCELLED);
	check_request("SyncFolderItems_page.xml");
	check_err(ews_sync_hierarchy(ews, "msgfolderroot", "STATE", &hierarchy), ERR_CANCELLED);
	check_request("SyncFolderHierarchy.xml");
}

static enum err no_folder(void *ctx, size_t index, const struct ews_folder_reply *reply)
{
	(void)ctx, (void)index, (void)reply;
	return ERR_OK;
}

static void test_a_first_sync_sends_no_state_and_folders_go_by_name_or_id(void **state)
{
	AUTO(ews) struct ews *ews = open_ews();
	struct ews_page page = { 0 };
	const char *const ids[] = { "inbox", "AAMkAGI=", "notaname", "Inbox" };
	(void)state;

	check_err(ews_sync_items(ews, "a\"<&>", NULL, 7, &page), ERR_CANCELLED);
	assert_null(strstr(fake.request, "SyncState"));
	assert_non_null(strstr(fake.request, "Id=\"a&quot;&lt;&amp;&gt;\""));
	assert_non_null(strstr(fake.request, "<m:MaxChangesReturned>7</m:MaxChangesReturned>"));
	check_err(ews_get_folders(ews, ids, ARRAY_LEN(ids), no_folder, NULL), ERR_CANCELLED);
	assert_non_null(strstr(
		fake.request,
		"<m:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/><t:FolderId Id=\"AAMkAGI=\"/>"
		"<t:FolderId Id=\"notaname\"/><t:FolderId Id=\"Inbox\"/></m:FolderIds>"));
}

static void test_somebody_elses_mailbox_is_named_and_whoever_acts_as_another_says_so(void **state)
{
	const struct account account = {
		.mailbox = (char *)"bob&co@corp.example",
		.impersonate = (char *)"eve@corp.example",
	};
	AUTO(buf) struct buf reason = { 0 };
	AUTO(ews) struct ews *ews = NULL;
	struct ews_hierarchy found = { 0 };
	uint64_t offset = 500;
	(void)state;

	fake_put(NULL, 0, 1);
	check_ok(ews_open(&account, &ews, &reason));
	check_err(ews_sync_hierarchy(ews, "msgfolderroot", NULL, &found), ERR_CANCELLED);
	assert_non_null(strstr(fake.request,
			       "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>"
			       "eve@corp.example</t:PrimarySmtpAddress></t:ConnectingSID>"
			       "</t:ExchangeImpersonation></s:Header>"));
	assert_non_null(strstr(fake.request,
			       "<t:DistinguishedFolderId Id=\"msgfolderroot\"><t:Mailbox>"
			       "<t:EmailAddress>bob&amp;co@corp.example</t:EmailAddress>"
			       "</t:Mailbox></t:DistinguishedFolderId>"));
	/* Public folders are nobody's. */
	check_err(ews_find_folders(ews, "publicfoldersroot", &offset, &found), ERR_CANCELLED);
	assert_non_null(strstr(fake.request, "<m:FindFolder Traversal=\"Shallow\">"));
	assert_non_null(strstr(fake.request, "Offset=\"500\""));
	assert_non_null(strstr(fake.request, "<m:ParentFolderIds><t:DistinguishedFolderId "
					     "Id=\"publicfoldersroot\"/></m:ParentFolderIds>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_escaped_and_what_xml_forbids_is_replaced),
		cmocka_unit_test(test_items_are_asked_for_as_the_skeletons_say),
		cmocka_unit_test(test_pages_and_the_hierarchy_are_asked_for_as_the_skeletons_say),
		cmocka_unit_test(test_a_first_sync_sends_no_state_and_folders_go_by_name_or_id),
		cmocka_unit_test(
			test_somebody_elses_mailbox_is_named_and_whoever_acts_as_another_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
