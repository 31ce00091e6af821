/* SPDX-License-Identifier: MIT */
#ifndef MODEL_RRULE_H
#define MODEL_RRULE_H

#include "model/fields.h"

/*
 * rrule - the recurrence of a task (EWS "Recurrence/...") as an RRULE of RFC 5545.
 *
 * Appends the rule, or nothing where there is none or where a part of it is not
 * understood: half a rule would be another one. A task that is made anew some days
 * after it was done has no counterpart there: *ret_regenerates is set, and the rule
 * counts from the day on which it is done.
 */
MUST_CHECK enum err rrule_print(const struct fields *fields, struct buf *ret,
				bool *ret_regenerates);
/* The day of its first occurrence as EWS sent it; NULL when it does not say. */
const char *rrule_start(const struct fields *fields);

#endif
