/* SPDX-License-Identifier: MIT */
#include "test-content.h"

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
	check_lines(print_todo, &item,
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

static void test_everything_a_task_may_hold_is_in_the_to_do(void **state)
{
	struct item item;
	(void)state;

	init(&item, "IPM.Task");
	put(&item, "ReminderIsSet", "true");
	put(&item, "ReminderDueBy", "2024-01-09T08:30:00Z");
	put(&item, "ReminderMinutesBeforeStart", "15");
	put(&item, "Owner", "Ana, B.");
	put(&item, "Delegator", "Carl");
	put(&item, "DelegationState", "Owned");
	put(&item, "TotalWork", "480");
	put(&item, "ActualWork", "60");
	put(&item, "Contacts/String", "Dora");
	put(&item, "Contacts/String", "Emil");
	put(&item, "Companies/String", "Corp");
	put(&item, "Mileage", "10 km");
	put(&item, "BillingInformation", "b;1");
	put(&item, "DueDate", "4501-01-01T00:00:00Z");
	check_lines(print_todo, &item,
		    VTODO VTODO_MODIFIED
		    "CONTACT:Dora\r\nCONTACT:Emil\r\n"
		    "X-EWS-OWNER:Ana\\, B.\r\nX-EWS-DELEGATOR:Carl\r\n"
		    "X-EWS-TOTAL-WORK:480\r\nX-EWS-ACTUAL-WORK:60\r\nX-EWS-MILEAGE:10 km\r\n"
		    "X-EWS-BILLING:b\\;1\r\nX-EWS-COMPANY:Corp\r\nX-EWS-DELEGATION:Owned\r\n"
		    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\n"
		    "TRIGGER;VALUE=DATE-TIME:20240109T083000Z\r\nEND:VALARM\r\n" VTODO_END);
}

static void test_a_request_for_a_task_carries_its_mail(void **state)
{
	struct item item;
	(void)state;

	init(&item, "IPM.TaskRequest.Accept");
	item.from = strdup("Ana <ana@corp.example>");
	item.to = strdup("Bob");
	check_content(&item, "To: Bob\r\n\r\nx",
		      VTODO VTODO_MODIFIED
		      "X-EWS-CLASS:IPM.TaskRequest.Accept\r\n"
		      "X-EWS-FROM:Ana <ana@corp.example>\r\nX-EWS-TO:Bob\r\n"
		      "ATTACH;FMTTYPE=message/rfc822;ENCODING=BASE64;VALUE=BINARY:VG86IEJvYg0KDQp4"
		      "\r\n" VTODO_END);
	item_release(&item);
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
	check_lines(print_todo, &item,
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
		  "RRULE:FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=28,29,30,31;BYSETPOS=-1;UNTIL=2025\r\n "
		  "0101\r\n" },
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
		  "X-EWS-REGENERATE:FREQ=DAILY;INTERVAL=2\r\n" },
		{ { R "YearlyRegeneration/Interval", R "NumberedRecurrence/StartDate",
		    R "NumberedRecurrence/NumberOfOccurrences" },
		  { "1", "2024-01-01Z", "3" },
		  "X-EWS-REGENERATE:FREQ=YEARLY;INTERVAL=1;COUNT=3\r\n" },
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
		check_lines(print_todo, &item, expected.bytes);
	}
}

static void test_a_task_without_times_has_the_stamp_it_must_have(void **state)
{
	AUTO(buf) struct buf out = { 0 };
	struct item item;
	(void)state;

	item_init(&item);
	check_ok(print_todo(&item, &out));
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
		cmocka_unit_test(test_a_task_is_a_vtodo_of_its_properties),
		cmocka_unit_test(test_everything_a_task_may_hold_is_in_the_to_do),
		cmocka_unit_test(test_a_request_for_a_task_carries_its_mail),
		cmocka_unit_test(test_what_icalendar_has_no_word_for_is_kept_beside),
		cmocka_unit_test(test_a_recurrence_is_a_rule_or_nothing),
		cmocka_unit_test(test_a_task_without_times_has_the_stamp_it_must_have),
		cmocka_unit_test(test_mail_is_the_servers_byte_for_byte),
		cmocka_unit_test(test_an_appointment_is_its_calendar),
		cmocka_unit_test(test_contacts_and_tasks_replace_the_servers_mime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
