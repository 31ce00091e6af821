/* SPDX-License-Identifier: MIT */
#include "model/since.h"

#include <string.h>
#include <time.h>

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

/* The same day of that month, or its last one: in the calendar, in days since 1970. */
static int64_t months_before(int64_t days, int n)
{
	time_t time = days * DAY_S;
	struct tm tm = { 0 };

	gmtime_r(&time, &tm);
	int64_t months = (tm.tm_year + INT64_C(1900)) * 12 + tm.tm_mon - n, ret = 0;
	for (int day = tm.tm_mday; day > 0; day--) {
		if (text_count_days(months / 12, (int)(months % 12) + 1, day, &ret))
			break;
	}
	return ret;
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
