/* SPDX-License-Identifier: MIT */
#include "model/since.h"

#include <string.h>

#include "base/text.h"

#define DAY_S INT64_C(86400)
enum { YEARS_MAX = 100 };

bool since_parse(const char *text, struct since *ret)
{
	size_t n = strlen(text);
	char digits[8], unit = n > 0 ? text[n - 1] : '\0';
	int64_t max = unit == 'd' ? YEARS_MAX * 366 : unit == 'm' ? YEARS_MAX * 12 : YEARS_MAX;
	int64_t number;

	if (n < 2 || n > sizeof(digits) || !strchr("dmy", unit))
		return false;
	memcpy(digits, text, n - 1);
	digits[n - 1] = '\0';
	if (*digits < '0' || *digits > '9' || !text_parse_int(digits, 1, max, &number))
		return false;
	*ret = (struct since){ .n = (int)number, .unit = unit };
	return true;
}

/* --- the calendar, for years from 1 on: days since 1970-01-01 --- */

struct date {
	int64_t year;
	int month, day; /* from 1 */
};

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_len(int64_t year, int month)
{
	static const int lens[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return lens[month - 1] + (month == 2 && is_leap(year));
}

/* Days before the first of January. */
static int64_t year_start(int64_t year)
{
	int64_t before = year - 1;

	return before * 365 + before / 4 - before / 100 + before / 400 - 719162;
}

static struct date date_of(int64_t days)
{
	struct date date = { .year = 1970 + days / 366 - (days < 0), .month = 1 };

	while (year_start(date.year + 1) <= days)
		date.year++;
	days -= year_start(date.year);
	while (days >= month_len(date.year, date.month))
		days -= month_len(date.year, date.month++);
	date.day = (int)days + 1;
	return date;
}

static int64_t days_of(const struct date *date)
{
	int64_t days = year_start(date->year) + date->day - 1;

	for (int month = 1; month < date->month; month++)
		days += month_len(date->year, month);
	return days;
}

static int64_t months_before(int64_t days, int n)
{
	struct date date = date_of(days);
	int64_t months = date.year * 12 + date.month - 1 - n;

	date.year = months / 12;
	date.month = (int)(months % 12) + 1;
	int len = month_len(date.year, date.month);
	if (date.day > len)
		date.day = len;
	return days_of(&date);
}

int64_t since_edge(const struct since *since, int64_t now)
{
	if (since->n == 0)
		return INT64_MIN;
	/* A clock before 1970 is none. */
	int64_t today = now > 0 ? now / DAY_S : 0;
	switch (since->unit) {
	case 'm': return months_before(today, since->n) * DAY_S;
	case 'y': return months_before(today, since->n * 12) * DAY_S;
	default: return (today - since->n) * DAY_S;
	}
}
