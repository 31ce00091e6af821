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

/* "missing=ID extra=ID ...": what stands in last-verify-items; "..." for the rest. */
struct verify_item {
	char *what, *id;
	bool is_told; /* with its path */
};
struct verify_items {
	struct verify_item *list;
	size_t n;
	bool has_more;
};
void verify_items_release(struct verify_items *items);
/* Pure; words of another form are passed over. */
MUST_CHECK enum err verify_items_parse(const char *text, struct verify_items *ret);

/*
 * Prints to stdout. Ids become paths by the attributes of what lies in `dir` (and below, with
 * `is_recursive`), which also show every regressed or uncovered item, however many. *ret_is_bad:
 * the cache differs from the server, or Outlook would not sync something.
 */
MUST_CHECK enum err verdict_print(const char *dir, bool is_recursive, const struct report *report,
				  bool *ret_is_bad);

#endif
