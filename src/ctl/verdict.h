/* SPDX-License-Identifier: MIT */
#ifndef CTL_VERDICT_H
#define CTL_VERDICT_H

#include "ctl/report.h"

/*
 * verdict - what a verify found: which items Outlook would not sync and why, or that the
 * cache equals the server.
 */

/* "kept= changed= missing= extra= regressed= uncovered=", in any order; what is not there is 0. */
struct verify_counts {
	int64_t kept, changed, missing, extra, regressed, uncovered;
};
/* False for what is no such line. Pure. */
bool verify_counts_parse(const char *text, struct verify_counts *ret);

/*
 * Prints to stdout. The regressed and uncovered items are those of `dir` whose attributes
 * say so (and of all below, with `is_recursive`). *ret_is_bad: the cache differs from the server, or
 * Outlook would not sync something.
 */
MUST_CHECK enum err verdict_print(const char *dir, bool is_recursive, const struct report *report,
				  bool *ret_is_bad);

#endif
