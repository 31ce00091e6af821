/* SPDX-License-Identifier: MIT */
#ifndef MODEL_SINCE_H
#define MODEL_SINCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * since - the window of since=: "30d", "12m", "2y".
 *
 * Its edge is a midnight (UTC), so that it moves once a day and all items of a day go together.
 * Months and years are those of the calendar: where the month is too short, its last day counts.
 */
struct since {
	int n;	   /* 0: everything */
	char unit; /* 'd', 'm' or 'y' */
};

/* At most 100 years, whatever the unit. False, and *ret untouched, for anything else. */
bool since_parse(const char *text, struct since *ret);
/* Mail received before that (seconds since 1970) is outside; INT64_MIN for everything. */
int64_t since_edge(const struct since *since, int64_t now);

#endif
