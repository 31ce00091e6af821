/* SPDX-License-Identifier: MIT */
#include "model/rrule.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/contentline.h"

static const struct word {
	const char *ews, *rrule;
} days[] = {
	{ "Sunday", "SU" },
	{ "Monday", "MO" },
	{ "Tuesday", "TU" },
	{ "Wednesday", "WE" },
	{ "Thursday", "TH" },
	{ "Friday", "FR" },
	{ "Saturday", "SA" },
	{ "Day", "SU,MO,TU,WE,TH,FR,SA" },
	{ "Weekday", "MO,TU,WE,TH,FR" },
	{ "WeekendDay", "SU,SA" },
}, indices[] = {
	{ "First", "1" },
	{ "Second", "2" },
	{ "Third", "3" },
	{ "Fourth", "4" },
	{ "Last", "-1" },
}, months[] = {
	{ "January", "1" },
	{ "February", "2" },
	{ "March", "3" },
	{ "April", "4" },
	{ "May", "5" },
	{ "June", "6" },
	{ "July", "7" },
	{ "August", "8" },
	{ "September", "9" },
	{ "October", "10" },
	{ "November", "11" },
	{ "December", "12" },
};

/* What each pattern of types.xsd becomes, and which parts it must have. */
static const struct pattern {
	const char *element, *frequency;
	bool has_interval, has_days, has_index, has_day_of_month, has_month, regenerates;
} patterns[] = {
	{ "DailyRecurrence", "DAILY", .has_interval = true },
	{ "WeeklyRecurrence", "WEEKLY", .has_interval = true, .has_days = true },
	{ "AbsoluteMonthlyRecurrence", "MONTHLY", .has_interval = true, .has_day_of_month = true },
	{ "RelativeMonthlyRecurrence", "MONTHLY", .has_interval = true, .has_days = true,
	  .has_index = true },
	{ "AbsoluteYearlyRecurrence", "YEARLY", .has_day_of_month = true, .has_month = true },
	{ "RelativeYearlyRecurrence", "YEARLY", .has_days = true, .has_index = true,
	  .has_month = true },
	{ "DailyRegeneration", "DAILY", .has_interval = true, .regenerates = true },
	{ "WeeklyRegeneration", "WEEKLY", .has_interval = true, .regenerates = true },
	{ "MonthlyRegeneration", "MONTHLY", .has_interval = true, .regenerates = true },
	{ "YearlyRegeneration", "YEARLY", .has_interval = true, .regenerates = true },
};

/* The text of Recurrence/ELEMENT/LEAF, "" when there is none. */
static const char *part(const struct fields *fields, const char *element, const char *leaf)
{
	char path[96];

	snprintf(path, sizeof(path), "Recurrence/%s/%s", element, leaf);
	const char *text = fields_get(fields, path);
	return text ? text : "";
}

static const char *translate(const struct word *words, size_t n, const char *word, size_t word_n)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(words[i].ews) == word_n && memcmp(words[i].ews, word, word_n) == 0)
			return words[i].rrule;
	}
	return NULL;
}

static enum err put_word(struct buf *rule, const char *name, const struct word *words, size_t n,
			 const char *text)
{
	const char *value = translate(words, n, text, strlen(text));

	return value ? buf_printf(rule, ";%s=%s", name, value) : ERR_INVALID;
}

static enum err put_number(struct buf *rule, const char *name, const char *text, int64_t max)
{
	int64_t value;

	if (!text_parse_int(text, 1, max, &value))
		return ERR_INVALID;
	return buf_printf(rule, ";%s=%lld", name, (long long)value);
}

/* EWS takes the last day where a month has no such day; iCalendar would leave the month out. */
static enum err put_day_of_month(struct buf *rule, const char *text)
{
	const int in_all = 28;
	int64_t day;

	if (!text_parse_int(text, 1, 31, &day))
		return ERR_INVALID;
	if (day <= in_all)
		return buf_printf(rule, ";BYMONTHDAY=%d", (int)day);
	enum err err = buf_printf(rule, ";BYMONTHDAY=%d", in_all);
	for (int i = in_all + 1; !err && i <= day; i++)
		err = buf_printf(rule, ",%d", i);
	return err ? err : buf_append_str(rule, ";BYSETPOS=-1");
}

/* A list separated by spaces. */
static enum err put_days(struct buf *rule, const char *text)
{
	const char *before = ";BYDAY=";
	enum err err = *text ? ERR_OK : ERR_INVALID;

	for (const char *at = text; !err && *at;) {
		size_t n = strcspn(at, " ");
		const char *value = translate(days, ARRAY_LEN(days), at, n);
		err = value ? buf_printf(rule, "%s%s", before, value) : ERR_INVALID;
		before = ",";
		at += n;
		at += strspn(at, " ");
	}
	return err;
}

static enum err put_range(const struct fields *fields, struct buf *rule)
{
	const char *count = part(fields, "NumberedRecurrence", "NumberOfOccurrences");
	const char *end = part(fields, "EndDateRecurrence", "EndDate");
	char day[9];

	if (*count)
		return put_number(rule, "COUNT", count, INT32_MAX);
	if (!*end)
		return ERR_OK;
	return contentline_parse_day(end, day) ? buf_printf(rule, ";UNTIL=%s", day) : ERR_INVALID;
}

static enum err put_pattern(const struct fields *fields, const struct pattern *p, struct buf *rule)
{
	const char *element = p->element;
	enum err err = buf_printf(rule, "FREQ=%s", p->frequency);

	if (!err && p->has_interval)
		err = put_number(rule, "INTERVAL", part(fields, element, "Interval"), 9999);
	if (!err && p->has_month)
		err = put_word(rule, "BYMONTH", months, ARRAY_LEN(months),
			       part(fields, element, "Month"));
	if (!err && p->has_day_of_month)
		err = put_day_of_month(rule, part(fields, element, "DayOfMonth"));
	if (!err && p->has_days)
		err = put_days(rule, part(fields, element, "DaysOfWeek"));
	if (!err && p->has_index)
		err = put_word(rule, "BYSETPOS", indices, ARRAY_LEN(indices),
			       part(fields, element, "DayOfWeekIndex"));
	const char *first_day = part(fields, element, "FirstDayOfWeek");
	if (!err && *first_day)
		err = put_word(rule, "WKST", days, 7, first_day);
	return err ? err : put_range(fields, rule);
}

static const struct pattern *find_pattern(const struct fields *fields)
{
	static const char prefix[] = "Recurrence/";

	for (size_t i = 0; i < fields->n; i++) {
		const char *path = fields->list[i].path;
		if (strncmp(path, prefix, strlen(prefix)) != 0)
			continue;
		const char *element = path + strlen(prefix);
		for (size_t k = 0; k < ARRAY_LEN(patterns); k++) {
			size_t n = strlen(patterns[k].element);
			if (strncmp(element, patterns[k].element, n) == 0 && element[n] == '/')
				return &patterns[k];
		}
	}
	return NULL;
}

enum err rrule_print(const struct fields *fields, struct buf *ret, bool *ret_regenerates)
{
	AUTO(buf) struct buf rule = { 0 };
	const struct pattern *pattern = find_pattern(fields);
	enum err err = pattern ? put_pattern(fields, pattern, &rule) : ERR_INVALID;

	*ret_regenerates = pattern && pattern->regenerates;
	if (err)
		return err == ERR_INVALID ? ERR_OK : err;
	return buf_append(ret, rule.bytes, rule.len);
}

const char *rrule_start(const struct fields *fields)
{
	static const char *const ranges[] = { "NoEndRecurrence", "EndDateRecurrence",
					      "NumberedRecurrence" };

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		const char *start = part(fields, ranges[i], "StartDate");
		if (*start)
			return start;
	}
	return NULL;
}
