/* SPDX-License-Identifier: MIT */
#include "test-content.h"

/* --- lines --- */

static void test_text_is_escaped_and_cannot_leave_its_line(void **state)
{
	static const struct {
		const char *text, *line;
	} vectors[] = {
		{ "a,b;c\\d", "NOTE:a\\,b\\;c\\\\d\r\n" },
		{ "a\nb\r\nc\rd", "NOTE:a\\nb\\nc\\nd\r\n" },
		{ "x\r\nEND:VCARD", "NOTE:x\\nEND:VCARD\r\n" },
		{ "a\x01\x7F\tb: \"c\"", "NOTE:a\tb: \"c\"\r\n" },
		{ "a\xFFz", "NOTE:a\uFFFDz\r\n" },
		{ "", "" },
		{ NULL, "" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(buf) struct buf out = { 0 };
		check_ok(contentline_put(&out, "NOTE", vectors[i].text));
		assert_string_equal(buf_str(&out), vectors[i].line);
	}
}

static void test_a_raw_value_cannot_leave_its_line(void **state)
{
	AUTO(buf) struct buf out = { 0 };
	(void)state;

	check_ok(contentline_put_raw(&out, "URL", "http://x/\r\nEND:VCARD"));
	assert_string_equal(out.bytes, "URL:http://x/END:VCARD\r\n");
}

/* "NOTE:" and 70 are 75 octets; the next code point begins a new line, whole. */
static void test_lines_are_folded_at_75_octets_between_code_points(void **state)
{
	static const char s70[] =
		"0123456789012345678901234567890123456789012345678901234567890123456789";
	AUTO(buf) struct buf full = { 0 }, over = { 0 }, wide = { 0 }, text = { 0 }, out = { 0 };
	(void)state;

	check_ok(contentline_put(&full, "NOTE", s70));
	assert_int_equal(full.len, 77);
	check_ok(buf_printf(&text, "%sx", s70));
	check_ok(contentline_put(&over, "NOTE", text.bytes));
	assert_string_equal(over.bytes + 75, "\r\n x\r\n");
	buf_clear(&text);
	check_ok(buf_printf(&text, "%.69sé%s123é", s70, s70));
	check_ok(contentline_put(&wide, "NOTE", text.bytes));
	assert_memory_equal(wide.bytes + 74, "\r\n é0123456789", 15);
	assert_string_equal(wide.bytes + 74 + 3 + 2 + 70, "12\r\n 3é\r\n");
	buf_clear(&text);
	for (int i = 0; i < 5000; i++)
		check_ok(buf_append_str(&text, "€"));
	check_ok(contentline_put(&out, "NOTE", text.bytes));
	for (const char *line = out.bytes; *line; line = strchr(line, '\n') + 1)
		assert_true(strchr(line, '\r') - line <= 75);
}

static void test_a_day_is_the_midnight_it_is_nearest_to(void **state)
{
	static const struct {
		const char *text, *day;
	} vectors[] = {
		{ "1980-06-04T00:00:00Z", "19800604" },
		{ "1980-06-03T22:00:00Z", "19800604" }, /* midnight in Berlin, summer */
		{ "1980-06-03T12:00:00Z", "19800604" }, /* in Auckland */
		{ "1980-06-04T11:00:00Z", "19800604" }, /* in Samoa */
		{ "1980-06-04T11:59:00Z", "19800604" }, /* as Exchange Online stores birthdays */
		{ "1980-06-04T00:00:00-05:00", "19800604" },
		{ "2025-07-02Z", "20250702" },
		{ "2025-07-02-05:00", "20250702" },
		{ "2025-07-02", "20250702" },
		{ "2025-07", NULL },
		{ "soon", NULL },
		{ "", NULL },
	};
	char day[9];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		assert_int_equal(contentline_parse_day(vectors[i].text, day),
				 vectors[i].day != NULL);
		if (vectors[i].day)
			assert_string_equal(day, vectors[i].day);
	}
}

/* --- vCard --- */

static void test_a_contact_is_a_vcard_of_its_properties(void **state)
{
	struct item item;
	(void)state;

	init(&item, "IPM.Contact");
	item.display_name = strdup("Dr. Ana B. Example");
	item.categories = strdup("Friends\nA,B");
	put(&item, "Body", "Line 1\r\nLine 2");
	put(&item, "FileAs", "Example, Ana");
	put(&item, "CompleteName/Title", "Dr.");
	put(&item, "CompleteName/FirstName", "Ana");
	put(&item, "CompleteName/MiddleName", "B.");
	put(&item, "CompleteName/LastName", "Example; Muster");
	put(&item, "CompleteName/Nickname", "Anni");
	put(&item, "CompanyName", "Corp");
	put(&item, "EmailAddresses/Entry[EmailAddress2]", "SMTP:ana@home.example");
	put(&item, "EmailAddresses/Entry[EmailAddress1]", "ana@corp.example");
	put(&item, "EmailAddresses/Entry[EmailAddress3]", "/o=corp/cn=ana");
	put(&item, "PhysicalAddresses/Entry[Business]/Street", "Street 1\r\nYard");
	put(&item, "PhysicalAddresses/Entry[Business]/City", "Town");
	put(&item, "PhysicalAddresses/Entry[Business]/CountryOrRegion", "Land");
	put(&item, "PhysicalAddresses/Entry[Home]/PostalCode", "12345");
	put(&item, "PhoneNumbers/Entry[MobilePhone]", "+49 123");
	put(&item, "PhoneNumbers/Entry[BusinessPhone]", "+49 456");
	put(&item, "Birthday", "1980-06-03T22:00:00Z");
	put(&item, "BusinessHomePage", "https://corp.example/a,b;c");
	put(&item, "Department", "R&D");
	put(&item, "JobTitle", "Engineer");
	put(&item, "Manager", "Bob");
	put(&item, "SpouseName", "Carl");
	check_lines(vcard_print, &item,
		    VCARD "FN:Dr. Ana B. Example\r\n"
			  "N:Example\\; Muster;Ana;B.;Dr.;\r\n"
			  "NICKNAME:Anni\r\n"
			  "ORG:Corp;R&D\r\n"
			  "TITLE:Engineer\r\n"
			  "EMAIL;PREF=1:ana@corp.example\r\n"
			  "EMAIL;PREF=2:ana@home.example\r\n"
			  "TEL;TYPE=work,voice:+49 456\r\n"
			  "TEL;TYPE=cell:+49 123\r\n"
			  "ADR;TYPE=work:;;Street 1\\nYard;Town;;;Land\r\n"
			  "ADR;TYPE=home:;;;;;12345;\r\n"
			  "URL:https://corp.example/a,b;c\r\n"
			  "BDAY:19800604\r\n"
			  "RELATED;VALUE=text;TYPE=spouse:Carl\r\n"
			  "X-EWS-MANAGER:Bob\r\n"
			  "X-EWS-FILE-AS:Example\\, Ana\r\n"
			  "CATEGORIES:Friends,A\\,B\r\n"
			  "NOTE:Line 1\\nLine 2\r\n" VCARD_END);
}

static void test_everything_a_contact_may_hold_is_in_the_card(void **state)
{
	struct item item;
	(void)state;

	init(&item, "IPM.Contact");
	put(&item, "FileAs", "a");
	put(&item, "Initials", "A.B.");
	put(&item, "CompleteName/YomiFirstName", "アナ");
	put(&item, "PhoneticLastName", "b");
	put(&item, "PhysicalAddresses/Entry[Home]/City", "H");
	put(&item, "PhysicalAddresses/Entry[Other]/City", "O");
	put(&item, "PostalAddressIndex", "Home");
	put(&item, "PhoneNumbers/Entry[CompanyMainPhone]", "1");
	put(&item, "ImAddresses/Entry[ImAddress1]", "sip:ana@corp.example");
	put(&item, "ImAddresses/Entry[ImAddress2]", "ana b@corp.example");
	put(&item, "ImAddresses/Entry[ImAddress3]", "Skype: ana");
	put(&item, "Birthday", "1604-06-04T00:00:00Z");
	put(&item, "WeddingAnniversary", "1601-01-01T00:00:00Z");
	put(&item, "Children/String", "Carl, Jr.");
	put(&item, "Children/String", "Dora");
	put(&item, "Companies/String", "X;Y");
	put(&item, "Mileage", "7");
	put(&item, "Photo", "\r\n iVBORw0K\r\nGgo=");
	check_lines(vcard_print, &item,
		    VCARD "FN:a\r\nX-PHONETIC-FIRST-NAME:アナ\r\nX-PHONETIC-LAST-NAME:b\r\n"
			  "TEL;TYPE=work,voice;X-EWS-KEY=CompanyMainPhone:1\r\n"
			  "IMPP;PREF=1:sip:ana@corp.example\r\n"
			  "IMPP;PREF=2:im:ana%20b@corp.example\r\n"
			  "IMPP;PREF=3:im:Skype%3A%20ana\r\n"
			  "ADR;PREF=1;TYPE=home:;;;H;;;\r\nADR:;;;O;;;\r\n"
			  "BDAY:--0604\r\n"
			  "RELATED;VALUE=text;TYPE=child:Carl\\, Jr.\r\n"
			  "RELATED;VALUE=text;TYPE=child:Dora\r\n"
			  "X-EWS-FILE-AS:a\r\nX-EWS-INITIALS:A.B.\r\nX-EWS-MILEAGE:7\r\n"
			  "X-EWS-COMPANY:X\\;Y\r\n"
			  "PHOTO:data:image/png;base64,iVBORw0KGgo=\r\n" VCARD_END);
}

/* Servers differ in the order of what they send. */
static void test_the_order_in_which_properties_come_changes_nothing(void **state)
{
	static const char *const fields[][2] = {
		{ "GivenName", "Ana" },
		{ "Surname", "B" },
		{ "EmailAddresses/Entry[EmailAddress1]", "a@x" },
		{ "EmailAddresses/Entry[EmailAddress2]", "b@x" },
		{ "PhoneNumbers/Entry[HomePhone]", "1" },
		{ "PhysicalAddresses/Entry[Home]/City", "H" },
		{ "PhysicalAddresses/Entry[Home]/Street", "S" },
		{ "Body", "n" },
		{ "Birthday", "1980-06-04T00:00:00Z" },
		{ "Subject", "s" },
		{ "DueDate", "2024-01-02T00:00:00Z" },
		{ "StartDate", "2024-01-01T00:00:00Z" },
		{ "Owner", "o" },
		{ "Recurrence/DailyRecurrence/Interval", "2" },
		{ "Recurrence/NoEndRecurrence/StartDate", "2024-01-01Z" },
	};
	AUTO(buf) struct buf cards = { 0 }, todos = { 0 };
	(void)state;

	for (size_t first = 0; first < ARRAY_LEN(fields); first++) {
		AUTO(buf) struct buf card = { 0 }, todo = { 0 };
		struct item item;
		init(&item, "IPM.Contact");
		for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
			size_t at = (first + i * 7) % ARRAY_LEN(fields);
			put(&item, fields[at][0], fields[at][1]);
		}
		check_ok(vcard_print(&item, first ? &card : &cards));
		check_ok(print_todo(&item, first ? &todo : &todos));
		if (first) {
			assert_string_equal(card.bytes, cards.bytes);
			assert_string_equal(todo.bytes, todos.bytes);
		}
		item_release(&item);
	}
}

static void test_a_contact_of_nothing_still_has_a_name(void **state)
{
	struct item item;
	(void)state;

	init(&item, "IPM.Contact");
	check_lines(vcard_print, &item, VCARD "FN:(no name)\r\n" VCARD_END);
	init(&item, "IPM.Contact");
	item.subject = strdup("Subject");
	check_lines(vcard_print, &item, VCARD "FN:Subject\r\n" VCARD_END);
	init(&item, "IPM.Contact");
	item.subject = strdup("Subject");
	put(&item, "CompanyName", "Corp");
	check_lines(vcard_print, &item, VCARD "FN:Corp\r\nORG:Corp\r\n" VCARD_END);
}

static void test_a_list_is_a_group_with_its_members(void **state)
{
	struct item item;
	(void)state;

	init(&item, "IPM.DistList");
	item.display_name = strdup("Team");
	put(&item, "Members/Member[AAA/=]/Mailbox/Name", "Ana \"^\"\x01\n");
	put(&item, "Members/Member[AAA/=]/Mailbox/EmailAddress", "ana@corp.example");
	put(&item, "Members/Member[AAA/=]/Mailbox/RoutingType", "SMTP");
	put(&item, "Members/Member[AAA/=]/Status", "Normal");
	put(&item, "Members/Member[BBB]/Mailbox/EmailAddress", "o'neil#?%\r\n@corp.example");
	put(&item, "Members/Member/Mailbox/EmailAddress", "a@x");
	put(&item, "Members/Member/Mailbox/EmailAddress", "b@x");
	put(&item, "Members/Member/Mailbox/Name", "Inside");
	put(&item, "Members/Member/Mailbox/EmailAddress", "/o=corp/cn=inside");
	check_lines(vcard_print, &item,
		    VCARD "KIND:group\r\nFN:Team\r\n"
			  "MEMBER;X-EWS-NAME=\"Ana ^'^^^'^n\":mailto:ana@corp.example\r\n"
			  "MEMBER:mailto:o'neil%23%3F%25%0D%0A@corp.example\r\n"
			  "MEMBER:mailto:a@x\r\nMEMBER:mailto:b@x\r\n"
			  "X-EWS-MEMBER:Inside\r\n" VCARD_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_escaped_and_cannot_leave_its_line),
		cmocka_unit_test(test_a_raw_value_cannot_leave_its_line),
		cmocka_unit_test(test_lines_are_folded_at_75_octets_between_code_points),
		cmocka_unit_test(test_a_day_is_the_midnight_it_is_nearest_to),
		cmocka_unit_test(test_a_contact_is_a_vcard_of_its_properties),
		cmocka_unit_test(test_everything_a_contact_may_hold_is_in_the_card),
		cmocka_unit_test(test_the_order_in_which_properties_come_changes_nothing),
		cmocka_unit_test(test_a_contact_of_nothing_still_has_a_name),
		cmocka_unit_test(test_a_list_is_a_group_with_its_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
