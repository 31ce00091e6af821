/* SPDX-License-Identifier: MIT */
#ifndef CTL_XATTR_H
#define CTL_XATTR_H

#include "ctl/decode.h"
#include "model/attr.h"

/* xattr - the extended attributes of something in a mount. */

/* Replaces *ret. ERR_NO_XATTR when it is absent. */
MUST_CHECK enum err xattr_load(const char *path, enum attr attr, struct buf *ret);
/* The same for one that may be absent: *ret is empty then. */
MUST_CHECK enum err xattr_load_if_any(const char *path, enum attr attr, struct buf *ret);

/* The keys of an item; `sync` holds what diagnosis.sync borrows. */
MUST_CHECK enum err xattr_load_diagnosis(const char *path, struct buf *sync, struct diagnosis *ret);

#endif
