/* SPDX-License-Identifier: MIT */
#include "model/content.h"

#include <string.h>

#include "model/contentline.h"
#include "model/rrule.h"

/*
 * Order of the properties: UID, DTSTAMP, CREATED, LAST-MODIFIED, SUMMARY, DESCRIPTION,
 * DTSTART, DUE, RRULE or X-EWS-REGENERATE, STATUS, X-EWS-STATUS, PERCENT-COMPLETE, COMPLETED,
 * PRIORITY, CLASS, CATEGORIES, CONTACT, X-EWS-*, ATTACH, VALARM.
 */

static const struct word {
	const char *ews, *ical;
} statuses[] = {
	{ "NotStarted", "NEEDS-ACTION" },
	{ "InProgress", "IN-PROCESS" },
	{ "Completed", "COMPLETED" },
	{ "WaitingOnOthers", "NEEDS-ACTION" },
	{ "Deferred", "NEEDS-ACTION" },
}, priorities[] = {
	{ "High", "1" },
	{ "Normal", "5" },
	{ "Low", "9" },
}, classes[] = {
	{ "Normal", "PUBLIC" },
	{ "Personal", "PRIVATE" },
	{ "Private", "PRIVATE" },
	{ "Confidential", "CONFIDENTIAL" },
};

static const char *translate(const struct word *words, size_t n, const char *ews)
{
	for (size_t i = 0; ews && i < n; i++) {
		if (strcmp(words[i].ews, ews) == 0)
			return words[i].ical;
	}
	return NULL;
}

/* DTSTAMP must be there; it is the time of this version, never of now. */
static enum err put_stamps(const struct item *item, struct buf *ret)
{
	int64_t stamp = item->modified != TIME_NONE ? item->modified : item->created;
	enum err err = contentline_put_uid(ret, "UID", item->id ? item->id : "");

	if (!err)
		err = contentline_put_time(ret, "DTSTAMP", stamp != TIME_NONE ? stamp : 0);
	if (!err)
		err = contentline_put_time(ret, "CREATED", item->created);
	if (!err)
		err = contentline_put_time(ret, "LAST-MODIFIED", item->modified);
	return err;
}

/* A rule needs a DTSTART, and a DUE may not come before it. */
static enum err put_dates(const struct item *item, struct buf *ret)
{
	AUTO(buf) struct buf rule = { 0 };
	const char *start = fields_get(&item->fields, "StartDate");
	const char *due = fields_get(&item->fields, "DueDate");
	char start_day[9], due_day[9];
	bool regenerates;

	enum err err = rrule_print(&item->fields, &rule, &regenerates);
	if (rule.len > 0 && !start)
		start = rrule_start(&item->fields);
	bool has_start = start && contentline_parse_day(start, start_day);
	bool has_due = due && contentline_parse_day(due, due_day);
	if (has_start && has_due && strcmp(due_day, start_day) < 0)
		has_start = false;
	if (!err && has_start)
		err = contentline_put_raw(ret, "DTSTART;VALUE=DATE", start_day);
	if (!err && has_due)
		err = contentline_put_raw(ret, "DUE;VALUE=DATE", due_day);
	if (!err && has_start)
		err = contentline_put_raw(ret, regenerates ? "X-EWS-REGENERATE" : "RRULE",
					  buf_str(&rule));
	return err;
}

/* "33" or "33.333": a double. */
static enum err put_percent(const char *text, struct buf *ret)
{
	char digits[4] = "";
	int64_t percent;

	if (!text || strcspn(text, ".") >= sizeof(digits))
		return ERR_OK;
	memcpy(digits, text, strcspn(text, "."));
	return text_parse_int(digits, 0, 100, &percent)
		       ? contentline_put_raw(ret, "PERCENT-COMPLETE", digits)
		       : ERR_OK;
}

static enum err put_state(const struct item *item, struct buf *ret)
{
	const char *status = fields_get(&item->fields, "Status");
	const char *done = fields_get(&item->fields, "CompleteDate");
	const char *ical = translate(statuses, ARRAY_LEN(statuses), status);
	int64_t time = TIME_NONE;

	if (done && !text_parse_time(done, &time))
		time = TIME_NONE;
	enum err err = contentline_put_raw(ret, "STATUS", ical);
	/* Those that iCalendar has no word for. */
	if (!err && ical && strcmp(ical, "NEEDS-ACTION") == 0 && strcmp(status, "NotStarted") != 0)
		err = contentline_put_raw(ret, "X-EWS-STATUS", status);
	if (!err)
		err = put_percent(fields_get(&item->fields, "PercentComplete"), ret);
	return err ? err : contentline_put_time(ret, "COMPLETED", time);
}

static enum err put_more(const struct item *item, struct buf *ret)
{
	static const struct {
		const char *path, *name;
	} entries[] = {
		{ "Owner", "X-EWS-OWNER" },
		{ "Delegator", "X-EWS-DELEGATOR" },
		{ "TotalWork", "X-EWS-TOTAL-WORK" }, /* in minutes */
		{ "ActualWork", "X-EWS-ACTUAL-WORK" },
		{ "Mileage", "X-EWS-MILEAGE" },
		{ "BillingInformation", "X-EWS-BILLING" },
	};
	const struct fields *fields = &item->fields;
	const char *delegation = fields_get(fields, "DelegationState");

	enum err err = contentline_put_each(ret, "CONTACT", fields, "Contacts/String");
	for (size_t i = 0; !err && i < ARRAY_LEN(entries); i++)
		err = contentline_put(ret, entries[i].name, fields_get(fields, entries[i].path));
	if (!err)
		err = contentline_put_each(ret, "X-EWS-COMPANY", fields, "Companies/String");
	if (!err && delegation && strcmp(delegation, "NoMatch") != 0)
		err = contentline_put(ret, "X-EWS-DELEGATION", delegation);
	return err;
}

/* Of a task ReminderDueBy is the moment itself; only appointments are announced before. */
static enum err put_alarm(const struct item *item, struct buf *ret)
{
	const char *is_set = fields_get(&item->fields, "ReminderIsSet");
	const char *due = fields_get(&item->fields, "ReminderDueBy");
	bool has_subject = item->subject && *item->subject;
	int64_t time;

	if (!is_set || strcmp(is_set, "true") != 0 || !due || !text_parse_time(due, &time))
		return ERR_OK;
	enum err err = buf_append_str(ret, "BEGIN:VALARM\r\nACTION:DISPLAY\r\n");
	if (!err)
		err = contentline_put(ret, "DESCRIPTION", has_subject ? item->subject : "Reminder");
	if (!err)
		err = contentline_put_time(ret, "TRIGGER;VALUE=DATE-TIME", time);
	return err ? err : buf_append_str(ret, "END:VALARM\r\n");
}

/* Who asks whom; a task that is a task has none of these. */
static enum err put_request(const struct item *item, const struct spool *mime, struct buf *ret)
{
	AUTO(str) char *room = NULL;
	AUTO(buf) struct buf base64 = { 0 };
	const char *bytes;

	if (mime->len > CALENDAR_MAX)
		return ERR_BAD_ITEM;
	enum err err = contentline_put(ret, "X-EWS-CLASS", item->item_class);
	if (!err)
		err = contentline_put(ret, "X-EWS-FROM", item->from);
	if (!err)
		err = contentline_put(ret, "X-EWS-TO", item->to);
	if (!err)
		err = spool_view(mime, 0, mime->len, &room, &bytes);
	if (!err)
		err = text_print_base64(&base64, bytes, mime->len);
	return err ? err
		   : contentline_put_raw(
			     ret, "ATTACH;FMTTYPE=message/rfc822;ENCODING=BASE64;VALUE=BINARY",
			     buf_str(&base64));
}

enum err vtodo_print(const struct item *item, const struct spool *request, struct buf *ret)
{
	enum err err = buf_append_str(ret,
				      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//ewsfs//EN\r\n"
				      "BEGIN:VTODO\r\n");

	if (!err)
		err = put_stamps(item, ret);
	if (!err)
		err = contentline_put(ret, "SUMMARY", item->subject);
	if (!err)
		err = contentline_put(ret, "DESCRIPTION", fields_get(&item->fields, "Body"));
	if (!err)
		err = put_dates(item, ret);
	if (!err)
		err = put_state(item, ret);
	if (!err)
		err = contentline_put_raw(
			ret, "PRIORITY",
			translate(priorities, ARRAY_LEN(priorities), item->importance));
	if (!err)
		err = contentline_put_raw(
			ret, "CLASS", translate(classes, ARRAY_LEN(classes), item->sensitivity));
	if (!err)
		err = contentline_put_list(ret, "CATEGORIES", item->categories);
	if (!err)
		err = put_more(item, ret);
	if (!err && request)
		err = put_request(item, request, ret);
	if (!err)
		err = put_alarm(item, ret);
	return err ? err : buf_append_str(ret, "END:VTODO\r\nEND:VCALENDAR\r\n");
}
