/* SPDX-License-Identifier: MIT */
#include "ews/metrics.h"

#include <string.h>

/* The last stands for all others. */
static const char *const names[] = {
	"GetFolder", "SyncFolderHierarchy", "SyncFolderItems",
	"GetItem",   "GetAttachment",	    "Subscribe",
	"GetEvents", "Unsubscribe",	    "GetStreamingEvents",
	"other",
};
_Static_assert(ARRAY_LEN(names) <= METRICS_OPERATIONS_MAX, "room for all operations");

static enum metrics_result result_of(enum err err)
{
	switch (err) {
	case ERR_OK: return RESULT_OK;
	case ERR_THROTTLED: return RESULT_BUSY;
	case ERR_OFFLINE: return RESULT_LOST;
	case ERR_CANCELLED: return RESULT_CANCELLED;
	default: return RESULT_ERROR;
	}
}

void metrics_note(struct metrics *metrics, const char *operation, enum err err, int64_t ms)
{
	static const int64_t bounds[] = METRICS_BOUNDS;
	size_t i = 0, bound = 0;

	while (i + 1 < ARRAY_LEN(names) && strcmp(names[i], operation) != 0)
		i++;
	while (bound < ARRAY_LEN(bounds) && ms > bounds[bound])
		bound++;
	metrics->operations[i].results[result_of(err)]++;
	metrics->operations[i].took[bound]++;
	metrics->operations[i].took_ms += (uint64_t)ms;
}

void metrics_load(const struct metrics *metrics, struct request_metrics *ret)
{
	*ret = (struct request_metrics){ .n = ARRAY_LEN(names) };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct operation_metrics *to = &ret->operations[i];
		to->name = names[i];
		to->took_ms = metrics->operations[i].took_ms;
		for (size_t j = 0; j < RESULT_COUNT; j++)
			to->results[j] = metrics->operations[i].results[j];
		for (size_t j = 0; j < ARRAY_LEN(to->took); j++)
			to->took[j] = metrics->operations[i].took[j];
	}
}
