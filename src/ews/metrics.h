/* SPDX-License-Identifier: MIT */
#ifndef EWS_METRICS_H
#define EWS_METRICS_H

#include "base/err.h"
#include "model/metrics.h"

/* metrics - counts requests. One thread notes, any may load. */
struct metrics {
	struct {
		_Atomic uint64_t results[RESULT_COUNT], took[METRICS_BOUNDS_N + 1], took_ms;
	} operations[METRICS_OPERATIONS_MAX];
};

/* One of that operation has ended so, ms after it had left. */
void metrics_note(struct metrics *metrics, const char *operation, enum err err, int64_t ms);
void metrics_load(const struct metrics *metrics, struct request_metrics *ret);

#endif
