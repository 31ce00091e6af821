/* SPDX-License-Identifier: MIT */
#include "model/content.h"

#include <string.h>

#include "model/contentline.h"
#include "model/rrule.h"

/*
 * Order of the properties: UID, DTSTAMP, CREATED, LAST-MODIFIED, SUMMARY, DESCRIPTION,
 * DTSTART, DUE, RRULE, STATUS, X-EWS-STATUS, PERCENT-COMPLETE, COMPLETED, PRIORITY, CLASS,
 * CATEGORIES.
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

	enum err err = rrule_print(&item->fields, &rule);
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
		err = contentline_put_raw(ret, "RRULE", buf_str(&rule));
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

enum err vtodo_print(const struct item *item, struct buf *ret)
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
	return err ? err : buf_append_str(ret, "END:VTODO\r\nEND:VCALENDAR\r\n");
}
