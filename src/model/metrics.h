/* SPDX-License-Identifier: MIT */
#ifndef MODEL_METRICS_H
#define MODEL_METRICS_H

#include <stdint.h>

/*
 * metrics - requests by what they asked, what came of them and how long they took: as plain values,
 * since whoever counts them is far from whoever prints them.
 */
enum metrics_result {
	RESULT_OK,
	RESULT_ERROR,
	RESULT_BUSY,	  /* the server asked us to wait */
	RESULT_LOST,	  /* no answer */
	RESULT_CANCELLED, /* by us */
	RESULT_COUNT
};

/* Upper bounds in ms; what takes longer stands behind the last. */
#define METRICS_BOUNDS \
	{ \
		5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000 \
	}
enum { METRICS_BOUNDS_N = 13, METRICS_OPERATIONS_MAX = 12 };

struct operation_metrics {
	const char *name;
	uint64_t results[RESULT_COUNT];
	uint64_t took[METRICS_BOUNDS_N + 1]; /* how many took so long */
	uint64_t took_ms;		     /* all together */
};

struct request_metrics {
	struct operation_metrics operations[METRICS_OPERATIONS_MAX];
	int n;
};

#endif
