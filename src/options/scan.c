/* SPDX-License-Identifier: MIT */
#include "options/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { FILE_MAX_BYTES = 1 << 20 };

/* The parts of one line, borrowed from it. */
struct line {
	const char *name, *value; /* value: NULL when there is no '=' */
	size_t name_n, value_n;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void trim(const char **s, size_t *n)
{
	while (*n > 0 && is_blank(**s)) {
		(*s)++;
		(*n)--;
	}
	while (*n > 0 && is_blank((*s)[*n - 1]))
		(*n)--;
}

static struct line parse_line(const char *s, size_t n)
{
	const char *equals = memchr(s, '=', n);
	struct line line = { .name = s, .name_n = equals ? (size_t)(equals - s) : n };

	if (equals) {
		line.value = equals + 1;
		line.value_n = n - line.name_n - 1;
		trim(&line.value, &line.value_n);
	}
	trim(&line.name, &line.name_n);
	return line;
}

bool scan_is_secret(const char *name, size_t n)
{
	static const char *const names[] = { "password", "proxy" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i]) == n && strncasecmp(names[i], name, n) == 0)
			return true;
	return false;
}

/* A proxy's password stands before an '@'. */
static bool holds_password(const struct line *line)
{
	return scan_is_secret(line->name, line->name_n) && line->value_n > 0 &&
	       (line->name_n == strlen("password") || memchr(line->value, '@', line->value_n));
}

/* *ret_holds: a password is among what was left out. */
static enum err make_public(struct scan *scan, const char *path, bool *ret_holds,
			    struct buf *reason)
{
	const char *s = scan->raw.text;
	bool in_section = false;
	enum err err = ERR_OK;

	for (unsigned number = 1; !err && *s; number++) {
		size_t n = strcspn(s, "\n");
		const struct line line = parse_line(s, n);
		bool is_setting = line.name_n > 0 && !strchr("[;#", *line.name);
		in_section |= line.name_n > 0 && *line.name == '[';
		if (is_setting && !in_section)
			return buf_refuse(reason, ERR_INVALID,
					  "%s:%u: an option before the first [ACCOUNT]", path,
					  number);
		*ret_holds |= is_setting && holds_password(&line);
		if (is_setting && scan_is_secret(line.name, line.name_n) && line.value)
			err = buf_append(&scan->public, s, (size_t)(line.value - s));
		else
			err = buf_append(&scan->public, s, n);
		if (!err)
			err = buf_append_char(&scan->public, '\n');
		s += n + (s[n] == '\n');
	}
	return err;
}

static enum err read_all(int fd, struct secret *raw, size_t size)
{
	size_t len = 0;

	enum err err = secret_make_room(raw, size + 1);
	while (!err && len < size) {
		ssize_t n = read(fd, raw->text + len, size - len);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return err_from_errno(errno);
		len += n > 0 ? (size_t)n : 0;
	}
	return err;
}

/* It names commands, which are run: by nobody's word but that of the user, and of root. */
static enum err check_owner(const struct stat *st, const char *path, struct buf *reason)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return buf_refuse(
			reason, ERR_INVALID,
			"%s belongs to another user: chown it, after a look at what it says", path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return buf_refuse(reason, ERR_INVALID,
				  "%s can be written by others: chmod 600 it, after a look at what "
				  "it says",
				  path);
	return ERR_OK;
}

enum err scan_load(struct scan *scan, const char *path, struct buf *reason)
{
	AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool holds = false;
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return ERR_NOT_FOUND;
	if (fd < 0 || fstat(fd, &st) != 0)
		return buf_refuse(reason, ERR_INVALID, "%s cannot be read: %s", path,
				  strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES)
		return buf_refuse(reason, ERR_INVALID,
				  "%s is no configuration file: it must be a file below 1 MiB",
				  path);
	enum err err = check_owner(&st, path, reason);
	if (err)
		return err;
	err = read_all(fd, &scan->raw, (size_t)st.st_size);
	if (err)
		return buf_refuse(reason, err, "%s cannot be read: %s", path, err_text(err));
	err = make_public(scan, path, &holds, reason);
	if (!err && holds && (st.st_mode & 077))
		err = buf_refuse(reason, ERR_INVALID,
				 "%s holds a password and can be read by others: chmod 600 it, and "
				 "change the password",
				 path);
	return err;
}

void scan_release(struct scan *scan)
{
	secret_release(&scan->raw);
	buf_release(&scan->public);
}

const char *scan_value(const struct scan *scan, unsigned line, size_t *ret_n)
{
	const char *s = scan->raw.text;

	while (--line > 0 && *s) {
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	const struct line parts = parse_line(s, strcspn(s, "\n"));
	*ret_n = parts.value_n;
	return parts.value ? parts.value : "";
}
