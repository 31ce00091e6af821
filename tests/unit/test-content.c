/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "model/content.h"
#include "model/contentline.h"

static void put(struct item *item, const char *path, const char *text)
{
	check_ok(fields_put(&item->fields, path, text, strlen(text)));
}

static void init(struct item *item, const char *item_class)
{
	item_init(item);
	item->id = strdup("AAMkAGI=");
	item->item_class = strdup(item_class);
	item->modified = 1706609712;
}

static void fill(struct spool *spool, const char *text)
{
	spool->dir = "/tmp";
	check_ok(spool_append(spool, text, strlen(text)));
}

static void check_content(const struct item *item, const char *mime, const char *expected)
{
	AUTO(spool) struct spool spool = { 0 };
	char content[4096] = "";

	fill(&spool, mime);
	check_ok(content_make(item, &spool));
	assert_true(spool.len < sizeof(content));
	check_ok(spool_read(&spool, 0, content, spool.len));
	assert_string_equal(content, expected);
}

static void check_lines(enum err (*print)(const struct item *item, struct buf *ret),
			struct item *item, const char *expected)
{
	AUTO(buf) struct buf once = { 0 }, twice = { 0 };

	check_ok(print(item, &once));
	check_ok(print(item, &twice));
	assert_string_equal(once.bytes, expected);
	assert_string_equal(twice.bytes, expected);
	item_release(item);
}

#define VCARD \
	"BEGIN:VCARD\r\nVERSION:4.0\r\nPRODID:-//ewsfs//EN\r\n" \
	"UID:urn:uuid:d4bf5810-ec20-85cc-aee8-ac45e5aad510\r\n"
#define VCARD_END "REV:20240130T101512Z\r\nEND:VCARD\r\n"
#define VTODO \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//ewsfs//EN\r\nBEGIN:VTODO\r\n" \
	"UID:d4bf5810-ec20-85cc-aee8-ac45e5aad510\r\nDTSTAMP:20240130T101512Z\r\n"
#define VTODO_MODIFIED "LAST-MODIFIED:20240130T101512Z\r\n"
#define VTODO_END "END:VTODO\r\nEND:VCALENDAR\r\n"

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
	put(&item, "Members/Member[AAA/=]/Mailbox/Name", "Ana");
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
			  "MEMBER:mailto:ana@corp.example\r\n"
			  "MEMBER:mailto:o'neil%23%3F%25%0D%0A@corp.example\r\n"
			  "MEMBER:mailto:a@x\r\nMEMBER:mailto:b@x\r\n"
			  "X-EWS-MEMBER:Inside\r\n" VCARD_END);
}

/* --- VTODO --- */

static void test_a_task_is_a_vtodo_of_its_properties(void **state)
{
	struct item item;
	(void)state;

	init(&item, "IPM.Task");
	item.subject = strdup("Buy shoes, new");
	item.importance = strdup("High");
	item.sensitivity = strdup("Private");
	item.categories = strdup("Shopping");
	item.created = 1700000000;
	put(&item, "Body", "In town");
	put(&item, "CompleteDate", "2024-01-29T10:00:00Z");
	put(&item, "StartDate", "2024-01-01T23:00:00Z");
	put(&item, "DueDate", "2024-01-09T23:00:00Z");
	put(&item, "PercentComplete", "100.0");
	put(&item, "Status", "Completed");
	check_lines(vtodo_print, &item,
		    VTODO "CREATED:20231114T221320Z\r\n" VTODO_MODIFIED
			  "SUMMARY:Buy shoes\\, new\r\n"
			  "DESCRIPTION:In town\r\n"
			  "DTSTART;VALUE=DATE:20240102\r\n"
			  "DUE;VALUE=DATE:20240110\r\n"
			  "STATUS:COMPLETED\r\n"
			  "PERCENT-COMPLETE:100\r\n"
			  "COMPLETED:20240129T100000Z\r\n"
			  "PRIORITY:1\r\n"
			  "CLASS:PRIVATE\r\n"
			  "CATEGORIES:Shopping\r\n" VTODO_END);
}

static void test_what_icalendar_has_no_word_for_is_kept_beside(void **state)
{
	struct item item;
	(void)state;

	init(&item, "IPM.Task");
	put(&item, "Status", "WaitingOnOthers");
	put(&item, "PercentComplete", "101");
	put(&item, "StartDate", "2024-01-03T00:00:00Z");
	put(&item, "DueDate", "2024-01-02T00:00:00Z");
	check_lines(vtodo_print, &item,
		    VTODO VTODO_MODIFIED "DUE;VALUE=DATE:20240102\r\nSTATUS:NEEDS-ACTION\r\n"
					 "X-EWS-STATUS:WaitingOnOthers\r\n" VTODO_END);
}

static void test_a_recurrence_is_a_rule_or_nothing(void **state)
{
#define R "Recurrence/"
	static const struct {
		const char *paths[6], *texts[6];
		const char *rule;
	} vectors[] = {
		{ { R "DailyRecurrence/Interval", R "NoEndRecurrence/StartDate" },
		  { "2", "2024-01-01Z" },
		  "RRULE:FREQ=DAILY;INTERVAL=2\r\n" },
		{ { R "WeeklyRecurrence/Interval", R "WeeklyRecurrence/DaysOfWeek",
		    R "WeeklyRecurrence/FirstDayOfWeek", R "NumberedRecurrence/StartDate",
		    R "NumberedRecurrence/NumberOfOccurrences" },
		  { "1", "Monday Thursday", "Sunday", "2024-01-01Z", "7" },
		  "RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TH;WKST=SU;COUNT=7\r\n" },
		{ { R "AbsoluteMonthlyRecurrence/Interval",
		    R "AbsoluteMonthlyRecurrence/DayOfMonth", R "EndDateRecurrence/StartDate",
		    R "EndDateRecurrence/EndDate" },
		  { "3", "31", "2024-01-01Z", "2025-01-01Z" },
		  "RRULE:FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=31;UNTIL=20250101\r\n" },
		{ { R "RelativeMonthlyRecurrence/Interval",
		    R "RelativeMonthlyRecurrence/DaysOfWeek",
		    R "RelativeMonthlyRecurrence/DayOfWeekIndex", R "NoEndRecurrence/StartDate" },
		  { "1", "Weekday", "Last", "2024-01-01Z" },
		  "RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1\r\n" },
		{ { R "AbsoluteYearlyRecurrence/DayOfMonth", R "AbsoluteYearlyRecurrence/Month",
		    R "NoEndRecurrence/StartDate" },
		  { "24", "December", "2024-01-01Z" },
		  "RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24\r\n" },
		{ { R "RelativeYearlyRecurrence/DaysOfWeek",
		    R "RelativeYearlyRecurrence/DayOfWeekIndex", R "RelativeYearlyRecurrence/Month",
		    R "NoEndRecurrence/StartDate" },
		  { "Sunday", "Second", "May", "2024-01-01Z" },
		  "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=SU;BYSETPOS=2\r\n" },
		{ { R "DailyRegeneration/Interval", R "NoEndRecurrence/StartDate" },
		  { "2", "2024-01-01Z" },
		  "" },
		{ { R "WeeklyRecurrence/Interval", R "WeeklyRecurrence/DaysOfWeek",
		    R "NoEndRecurrence/StartDate" },
		  { "1", "Monday;COUNT=1", "2024-01-01Z" },
		  "" },
		{ { R "DailyRecurrence/Interval", R "NoEndRecurrence/StartDate" },
		  { "0", "2024-01-01Z" },
		  "" },
	};
#undef R
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(buf) struct buf expected = { 0 };
		struct item item;
		init(&item, "IPM.Task");
		for (size_t k = 0; vectors[i].paths[k]; k++)
			put(&item, vectors[i].paths[k], vectors[i].texts[k]);
		check_ok(buf_printf(&expected, VTODO VTODO_MODIFIED "%s%s" VTODO_END,
				    *vectors[i].rule ? "DTSTART;VALUE=DATE:20240101\r\n" : "",
				    vectors[i].rule));
		check_lines(vtodo_print, &item, expected.bytes);
	}
}

static void test_a_task_without_times_has_the_stamp_it_must_have(void **state)
{
	AUTO(buf) struct buf out = { 0 };
	struct item item;
	(void)state;

	item_init(&item);
	check_ok(vtodo_print(&item, &out));
	assert_non_null(strstr(out.bytes, "\r\nDTSTAMP:19700101T000000Z\r\n"));
	item_release(&item);
}

/* --- content_make --- */

static void test_mail_is_the_servers_byte_for_byte(void **state)
{
	static const char mail[] = "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\r\xFF";
	struct item item;
	(void)state;

	init(&item, "IPM.Note");
	check_content(&item, mail, mail);
	check_content(&item, "", "");
	item_release(&item);
	init(&item, "IPM.Schedule.Meeting.Request");
	check_content(&item, mail, mail);
	item_release(&item);
}

static void test_an_appointment_is_its_calendar(void **state)
{
	static const char *const none[] = { "", "x", "Subject: a\n\nb", "BEGIN:VCALENDA" };
	struct item item;
	(void)state;

	init(&item, "IPM.Appointment");
	check_content(&item, "BEGIN:VCALENDAR\nX", "BEGIN:VCALENDAR\nX");
	check_content(&item, "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nY",
		      "BEGIN:VCALENDAR\nY");
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		AUTO(spool) struct spool spool = { 0 };
		fill(&spool, none[i]);
		check_err(content_make(&item, &spool), ERR_BAD_ITEM);
	}
	item_release(&item);
}

static void test_contacts_and_tasks_replace_the_servers_mime(void **state)
{
	struct item item;
	(void)state;

	init(&item, "IPM.Contact");
	check_content(&item, "winmail.dat", VCARD "FN:(no name)\r\n" VCARD_END);
	item_release(&item);
	init(&item, "IPM.Task");
	check_content(&item, "winmail.dat", VTODO VTODO_MODIFIED VTODO_END);
	item_release(&item);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_escaped_and_cannot_leave_its_line),
		cmocka_unit_test(test_a_raw_value_cannot_leave_its_line),
		cmocka_unit_test(test_lines_are_folded_at_75_octets_between_code_points),
		cmocka_unit_test(test_a_day_is_the_midnight_it_is_nearest_to),
		cmocka_unit_test(test_a_contact_is_a_vcard_of_its_properties),
		cmocka_unit_test(test_a_contact_of_nothing_still_has_a_name),
		cmocka_unit_test(test_a_list_is_a_group_with_its_members),
		cmocka_unit_test(test_a_task_is_a_vtodo_of_its_properties),
		cmocka_unit_test(test_what_icalendar_has_no_word_for_is_kept_beside),
		cmocka_unit_test(test_a_recurrence_is_a_rule_or_nothing),
		cmocka_unit_test(test_a_task_without_times_has_the_stamp_it_must_have),
		cmocka_unit_test(test_mail_is_the_servers_byte_for_byte),
		cmocka_unit_test(test_an_appointment_is_its_calendar),
		cmocka_unit_test(test_contacts_and_tasks_replace_the_servers_mime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
