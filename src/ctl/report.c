/* SPDX-License-Identifier: MIT */
#include "ctl/report.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"

enum { REPORT_MAX_BYTES = 1 << 20 };

void report_release(struct report *report)
{
	json_decref(report->object);
	report->object = NULL;
}

enum err report_explain(const char *path, int no, struct buf *reason)
{
	enum err err = err_from_errno(no);

	switch (no) {
	case ENOENT:
		return buf_refuse(reason, ERR_NOT_FOUND, "%s: no such file or directory", path);
	case ENOTDIR:
		return buf_refuse(reason, ERR_NOT_DIR, "%s is a file: give a directory", path);
	case ENOTCONN:
		return buf_refuse(
			reason, ERR_IO,
			"%s: its mount is dead: mount it again, ewsfs clears away what is left",
			path);
	case EACCES:
	case EPERM:
		return buf_refuse(reason, ERR_PERM, "%s: it is another user's: ask as that user",
				  path);
	default: return buf_refuse(reason, err ? err : ERR_IO, "%s: %s", path, strerror(no));
	}
}

static enum err read_all(int fd, struct buf *ret)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		enum err err = ret->len + (size_t)n > REPORT_MAX_BYTES
				       ? ERR_LIMIT
				       : buf_append(ret, bytes, (size_t)n);
		if (err)
			return err;
	}
	return n < 0 ? err_from_errno(errno) : ERR_OK;
}

enum err report_parse(const char *text, size_t n, struct report *ret)
{
	json_t *object = json_loadb(text, n, 0, NULL);

	if (!json_is_object(object)) {
		json_decref(object);
		return ERR_PROTOCOL;
	}
	ret->object = object;
	return ERR_OK;
}

/* No control file: there is no such directory, or it lies in no mount. */
static enum err explain_open(const char *dir, int no, struct buf *reason)
{
	if (no == ENOENT && access(dir, F_OK) == 0)
		return buf_refuse(
			reason, ERR_NOT_FOUND,
			"%s is not in a mount of ewsfs: mount it, or give a directory of one", dir);
	return report_explain(dir, no, reason);
}

enum err report_load(const char *dir, struct report *ret, struct buf *reason)
{
	AUTO(buf) struct buf path = { 0 }, text = { 0 };
	AUTO(fd) int fd = -1;
	enum err err = buf_printf(&path, "%s/.ctl.json", dir);

	if (err)
		return err;
	fd = open(path.bytes, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return explain_open(dir, errno, reason);
	err = read_all(fd, &text);
	if (!err)
		err = report_parse(buf_str(&text), text.len, ret);
	if (err)
		return buf_refuse(reason, err, "%s/.ctl.json: %s: is it a mount of ewsfs?", dir,
				  err_text(err));
	return ERR_OK;
}

int64_t report_number(const struct report *report, const char *name)
{
	const json_t *value = json_object_get(report->object, name);

	return json_is_integer(value) ? json_integer_value(value) : TIME_NONE;
}

const char *report_text(const struct report *report, const char *name)
{
	const char *text = json_string_value(json_object_get(report->object, name));

	return text ? text : "";
}

enum err mounts_each(mount_fn fn, void *ctx)
{
	FILE *table = setmntent("/proc/self/mounts", "r");
	const struct mntent *entry;
	enum err err = table ? ERR_OK : err_from_errno(errno);

	while (!err && (entry = getmntent(table))) {
		if (strcmp(entry->mnt_type, "fuse.ewsfs") == 0)
			err = fn(ctx, entry->mnt_dir);
	}
	if (table)
		endmntent(table);
	return err;
}
