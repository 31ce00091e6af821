/* SPDX-License-Identifier: MIT */
#include "fs/mountpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STALE_MAX = 32, COMPLAINT_MAX_BYTES = 4096 };

/* The line for the user; its own failure leaves the caller with the words of err alone. */
static enum err say(struct buf *reason, enum err err, const char *path, const char *what)
{
	if (buf_printf(reason, "cannot mount on %s: %s", path, what))
		buf_clear(reason);
	return err;
}

/* Lazily, since a dead mount that somebody stands in would be busy for ever. */
static void unmount_stale(const char *path)
{
	const char *const argv[] = { "fusermount3", "-u", "-z", "-q", "--", path, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status;

	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ) == 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	posix_spawn_file_actions_destroy(&actions);
}

/* The kernel still answers stat and readdir of a dead mount from its cache; statfs it never does. */
static bool is_stale(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) != 0 &&
	       (errno == ENOTCONN || errno == ECONNABORTED || errno == ECONNREFUSED);
}

static enum err check_empty(const char *path, struct buf *reason)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int found = 0;

	if (!dir)
		return say(reason, err_from_errno(errno), path, strerror(errno));
	while ((entry = readdir(dir)))
		found += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	if (found > 0)
		return say(reason, ERR_BUSY, path, "the directory is not empty: give an empty one");
	return ERR_OK;
}

enum err fs_prepare_mountpoint(const char *path, struct buf *reason)
{
	struct stat st;

	for (int i = 0; i < STALE_MAX && is_stale(path); i++)
		unmount_stale(path);
	if (is_stale(path))
		return say(reason, ERR_BUSY, path,
			   "a mount that crashed is in the way: unmount it with fusermount3 -uz");
	if (stat(path, &st) != 0 && errno == ENOENT)
		return say(reason, ERR_NOT_FOUND, path, "no such directory: make it first");
	if (stat(path, &st) != 0)
		return say(reason, err_from_errno(errno), path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return say(reason, ERR_NOT_DIR, path, "not a directory: give an empty directory");
	return check_empty(path, reason);
}

/* The last line in the file, without its newline. */
static const char *last_line(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	for (size_t len = strlen(text); len > 0 && text[len - 1] == '\n'; len--)
		text[len - 1] = '\0';
	const char *newline = strrchr(text, '\n');
	return newline ? newline + 1 : text;
}

/* libfuse and fusermount3 both write their complaints to stderr: it is a file for that moment. */
enum err mountpoint_mount(struct fuse_session *session, const char *path, struct buf *reason)
{
	char text[COMPLAINT_MAX_BYTES];
	AUTO(fd) int complaints = memfd_create("complaints", MFD_CLOEXEC);
	AUTO(fd) int real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (complaints >= 0 && real >= 0)
		dup2(complaints, STDERR_FILENO);
	int res = fuse_session_mount(session, path);
	if (complaints >= 0 && real >= 0)
		dup2(real, STDERR_FILENO);
	if (res == 0)
		return ERR_OK;
	const char *cause = complaints >= 0 ? last_line(complaints, text, sizeof(text)) : "";
	return say(reason, ERR_IO, path, *cause ? cause : "the kernel or fusermount3 refuses");
}
