/* SPDX-License-Identifier: MIT */
#include "ctl/tree.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"

enum { DEPTH_MAX = 200 };

static void stream_release(DIR **stream)
{
	if (*stream)
		closedir(*stream);
	*stream = NULL;
}

enum err dir_each(const char *path, entry_fn fn, void *ctx)
{
	AUTO(stream) DIR *stream = opendir(path);
	const struct dirent *entry;
	enum err err = stream ? ERR_OK : err_from_errno(errno);

	while (!err && (errno = 0, entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			err = fn(ctx, entry->d_name, entry->d_type == DT_DIR);
	}
	return !err && errno ? err_from_errno(errno) : err;
}

struct walk {
	const char *path;
	bool is_recursive;
	unsigned depth;
	file_fn fn;
	void *ctx;
};

static enum err walk(struct walk *walk);

static enum err on_entry(void *ctx, const char *name, bool is_dir)
{
	const struct walk *above = ctx;
	AUTO(buf) struct buf path = { 0 };
	struct walk below = *above;
	enum err err = buf_printf(&path, "%s/%s", above->path, name);

	if (err || (is_dir && (!above->is_recursive || above->depth == DEPTH_MAX)))
		return err;
	below.path = path.bytes;
	below.depth++;
	return is_dir ? walk(&below) : above->fn(above->ctx, path.bytes);
}

static enum err walk(struct walk *walk)
{
	enum err err = dir_each(walk->path, on_entry, walk);

	return err == ERR_NOT_FOUND && walk->depth > 0 ? ERR_OK : err;
}

enum err files_each(const char *path, bool is_recursive, file_fn fn, void *ctx)
{
	struct walk top = { path, is_recursive, 0, fn, ctx };

	return walk(&top);
}
