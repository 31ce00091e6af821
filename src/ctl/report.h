/* SPDX-License-Identifier: MIT */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <jansson.h>

#include "base/text.h"

/* report - the .ctl.json of a directory: what the mount says of it at one moment. */
struct report {
	json_t *object;
};
void report_release(struct report *report);

/* *reason says what to do: not a mount, a dead one, another user's. The err is
 * ERR_NOT_FOUND where there is no mount (any more). */
MUST_CHECK enum err report_load(const char *dir, struct report *ret, struct buf *reason);
/* From the text of one; ERR_PROTOCOL for anything but an object. */
MUST_CHECK enum err report_parse(const char *text, size_t n, struct report *ret);

/* TIME_NONE when it is not there or no number. */
int64_t report_number(const struct report *report, const char *name);
/* "" when it is not there or no text. Borrowed. */
const char *report_text(const struct report *report, const char *name);

/* The one line for a failed open, read or stat of something in a mount. */
MUST_CHECK enum err report_explain(const char *path, int no, struct buf *reason);

/* fn for each mount of ewsfs in the mount table; the path is lent. Ends at the first error. */
typedef enum err (*mount_fn)(void *ctx, const char *path);
MUST_CHECK enum err mounts_each(mount_fn fn, void *ctx);

#endif
