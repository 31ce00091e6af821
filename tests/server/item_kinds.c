/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <time.h>

#include "item_parts.h"

/* The properties of meetings, contacts and tasks. */

void part_response_type(struct xml *out, struct item_view *view)
{
	xml_element(out, "t:ResponseType",
		    view->item->kind == KIND_RESPONSE ? "Accept" : "Unknown");
}

void part_stamp(struct xml *out, struct item_view *view)
{
	xml_element_time(out, "t:DateTimeStamp", view->item->created);
}

void part_request_type(struct xml *out, struct item_view *view)
{
	(void)view;
	xml_element(out, "t:MeetingRequestType", "NewMeetingRequest");
}

void part_intended_status(struct xml *out, struct item_view *view)
{
	(void)view;
	xml_element(out, "t:IntendedFreeBusyStatus", "Busy");
}

void part_busy(struct xml *out, struct item_view *view)
{
	(void)view;
	xml_element(out, "t:LegacyFreeBusyStatus", "Busy");
}

void part_is_meeting(struct xml *out, struct item_view *view)
{
	xml_element_bool(out, "t:IsMeeting", view_props(view)->to_n > 0);
}

void part_calendar_type(struct xml *out, struct item_view *view)
{
	xml_element(out, "t:CalendarItemType",
		    view_props(view)->recurring ? "RecurringMaster" : "Single");
}

void part_my_response(struct xml *out, struct item_view *view)
{
	xml_element(out, "t:MyResponseType",
		    view->item->kind == KIND_REQUEST ? "NoResponseReceived" : "Organizer");
}

void part_organizer(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	if (!props->from.name && !props->from.address)
		return;
	xml_open(out, "t:Organizer");
	mailbox_write(out, &props->from);
	xml_close(out, "t:Organizer");
}

static void attendees(struct xml *out, const char *element, const struct person *people, size_t n)
{
	if (!n)
		return;
	xml_open(out, element);
	for (size_t i = 0; i < n; i++) {
		xml_open(out, "t:Attendee");
		mailbox_write(out, &people[i]);
		xml_element(out, "t:ResponseType", "Unknown");
		xml_close(out, "t:Attendee");
	}
	xml_close(out, element);
}

void part_required(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	attendees(out, "t:RequiredAttendees", props->to, props->to_n);
}

void part_optional(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	attendees(out, "t:OptionalAttendees", props->cc, props->cc_n);
}

void part_duration(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	if (props->start == TIME_NONE || props->end == TIME_NONE)
		return;
	xml_rawf(out, "<t:Duration>PT%lldM</t:Duration>",
		 (long long)(props->end - props->start) / 60);
}

void part_time_zone(struct xml *out, struct item_view *view)
{
	(void)view;
	xml_element(out, "t:TimeZone", "UTC");
}

void part_sequence(struct xml *out, struct item_view *view)
{
	xml_element_int(out, "t:AppointmentSequenceNumber", view->item->revision);
}

void part_state(struct xml *out, struct item_view *view)
{
	xml_element_int(out, "t:AppointmentState", view_props(view)->to_n > 0);
}

static void weekly(struct xml *out, const char *element, int64_t start)
{
	static const char *const days[] = { "Sunday",	"Monday", "Tuesday", "Wednesday",
					    "Thursday", "Friday", "Saturday" };
	time_t t = start == TIME_NONE ? 0 : start;
	struct tm tm;

	gmtime_r(&t, &tm);
	xml_open(out, element);
	xml_rawf(out,
		 "<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>%s</t:DaysOfWeek>"
		 "</t:WeeklyRecurrence><t:NumberedRecurrence><t:StartDate>%04d-%02d-%02dZ</"
		 "t:StartDate>"
		 "<t:NumberOfOccurrences>10</t:NumberOfOccurrences></t:NumberedRecurrence>",
		 days[tm.tm_wday], tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	xml_close(out, element);
}

void part_recurrence(struct xml *out, struct item_view *view)
{
	if (view_props(view)->recurring)
		weekly(out, "t:Recurrence", view_props(view)->start);
}

void part_task_recurrence(struct xml *out, struct item_view *view)
{
	if (view_props(view)->recurring)
		weekly(out, "t:Recurrence", view_props(view)->begin);
}

void part_complete_name(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	if (!props->given && !props->surname)
		return;
	xml_open(out, "t:CompleteName");
	xml_element(out, "t:FirstName", props->given);
	xml_element(out, "t:LastName", props->surname);
	xml_element(out, "t:FullName", props->subject);
	xml_close(out, "t:CompleteName");
}

void part_file_as(struct xml *out, struct item_view *view)
{
	xml_element(out, "t:FileAs", view_props(view)->subject);
}

void part_email_addresses(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	if (!props->email)
		return;
	xml_raw(out, "<t:EmailAddresses><t:Entry Key=\"EmailAddress1\" Name=\"");
	xml_text(out, props->subject);
	xml_raw(out, "\" RoutingType=\"SMTP\" MailboxType=\"Contact\">");
	xml_text(out, props->email);
	xml_raw(out, "</t:Entry></t:EmailAddresses>");
}

void part_addresses(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	if (!props->street && !props->city && !props->postal && !props->country)
		return;
	xml_raw(out, "<t:PhysicalAddresses><t:Entry Key=\"Business\">");
	xml_element(out, "t:Street", props->street);
	xml_element(out, "t:City", props->city);
	xml_element(out, "t:CountryOrRegion", props->country);
	xml_element(out, "t:PostalCode", props->postal);
	xml_raw(out, "</t:Entry></t:PhysicalAddresses>");
}

static void phone(struct xml *out, const char *key, const char *number)
{
	if (!number)
		return;
	xml_rawf(out, "<t:Entry Key=\"%s\">", key);
	xml_text(out, number);
	xml_close(out, "t:Entry");
}

void part_phones(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	if (!props->phone && !props->mobile)
		return;
	xml_open(out, "t:PhoneNumbers");
	phone(out, "BusinessPhone", props->phone);
	phone(out, "MobilePhone", props->mobile);
	xml_close(out, "t:PhoneNumbers");
}

void part_members(struct xml *out, struct item_view *view)
{
	const struct props *props = view_props(view);

	xml_open(out, "t:Members");
	for (size_t i = 0; i < props->to_n; i++) {
		xml_open(out, "t:Member");
		mailbox_write(out, &props->to[i]);
		xml_element(out, "t:Status", "Normal");
		xml_close(out, "t:Member");
	}
	xml_close(out, "t:Members");
}

void part_is_complete(struct xml *out, struct item_view *view)
{
	xml_element_bool(out, "t:IsComplete", view_props(view)->percent == 100);
}

void part_owner(struct xml *out, struct item_view *view)
{
	xml_element(out, "t:Owner", view->item->folder->box->name);
}

void part_percent(struct xml *out, struct item_view *view)
{
	xml_element_int(out, "t:PercentComplete", view_props(view)->percent);
}
