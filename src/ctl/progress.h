/* SPDX-License-Identifier: MIT */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include "ctl/report.h"

/* progress - how far a sync is, how fast it goes, and how that looks. Pure: time comes in. */

/* Speed from one report to the next, smoothed. Zero-initialise. */
struct meter {
	int64_t at_ms, done;
	double per_s; /* 0: not known yet */
};
void meter_feed(struct meter *meter, int64_t now_ms, int64_t done);

struct progress {
	bool is_running; /* else there is nothing to show */
	bool in_bytes;	 /* else in items */
	int64_t done, total;
	double per_s;  /* 0: not known */
	int64_t eta_s; /* -1: not known */
};
/* The meter learns from each report; NULL where there is one report only. */
struct progress progress_of(const struct report *report, struct meter *meter, int64_t now_ms);

/* "[######......]  51 %  1.2 GB of 2.4 GB, 12 MB/s, 1 min 40 s left" */
MUST_CHECK enum err progress_print(struct buf *buf, const struct progress *progress,
				   unsigned bar_width);
MUST_CHECK enum err progress_print_bar(struct buf *buf, int64_t done, int64_t total,
				       unsigned width);
/* "512 B", "1.2 MB": powers of ten, as disks and networks count. */
MUST_CHECK enum err progress_print_bytes(struct buf *buf, double bytes);
/* "40 s", "1 min 40 s", "2 h 5 min", "3 d 4 h" */
MUST_CHECK enum err progress_print_time(struct buf *buf, int64_t s);
/* "12,034" */
MUST_CHECK enum err progress_print_count(struct buf *buf, int64_t n);

/* The whole block that `ewsctl status` shows of one directory. */
MUST_CHECK enum err status_print(struct buf *buf, const char *dir, const struct report *report,
				 const struct progress *progress, unsigned bar_width);
/* The same in one line without a line end, for logs and pipes. */
MUST_CHECK enum err status_print_line(struct buf *buf, const struct report *report,
				      const struct progress *progress);

#endif
