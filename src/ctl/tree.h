/* SPDX-License-Identifier: MIT */
#ifndef CTL_TREE_H
#define CTL_TREE_H

#include <stdbool.h>

#include "base/err.h"

/* fn for each entry of a directory but "." and ".."; the names are lent. */
typedef enum err (*entry_fn)(void *ctx, const char *name, bool is_dir);
MUST_CHECK enum err dir_each(const char *path, entry_fn fn, void *ctx);

/* fn for each file of a directory, and with `is_recursive` of all below; the path is lent.
 * What vanishes meanwhile is passed over. */
typedef enum err (*file_fn)(void *ctx, const char *path);
MUST_CHECK enum err files_each(const char *path, bool is_recursive, file_fn fn, void *ctx);

#endif
