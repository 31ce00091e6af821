/* SPDX-License-Identifier: MIT */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/text.h"

/* The first byte of the child's word; anything else begins the line that says what failed. */
enum { READY_BYTE = 6, REASON_MAX_BYTES = 1023 };

/* False: nobody is left to tell. */
static bool write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);
		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		}
	}
	return true;
}

static void print_failure(const char *reason)
{
	char line[REASON_MAX_BYTES + 16];
	int n = snprintf(line, sizeof(line), "ewsfs: %.*s", REASON_MAX_BYTES, reason);

	text_blank_controls(line);
	line[n] = '\n';
	write_all(STDERR_FILENO, line, (size_t)n + 1);
}

/* sd_notify(3) in small: one datagram. */
static void tell_systemd(pid_t pid)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[64];

	if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	AUTO(fd) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int n = snprintf(text, sizeof(text), "READY=1\nMAINPID=%d", (int)pid);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (fd >= 0)
		sendto(fd, text, (size_t)n, MSG_NOSIGNAL, (struct sockaddr *)&address, len);
}

/* `pid`: the process that serves. */
static void announce(struct daemon *daemon, pid_t pid)
{
	if (daemon->ready_fd >= 0)
		write_all(daemon->ready_fd, "\n", 1);
	fd_release(&daemon->ready_fd);
	tell_systemd(pid);
}

/* No program that we start shall hold it open. */
static int find_ready_fd(void)
{
	const char *text = getenv("EWSFS_READY_FD");
	int64_t fd;

	if (!text || !text_parse_int(text, 0, INT_MAX, &fd))
		return -1;
	return fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0 ? (int)fd : -1;
}

static int end_status(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILURE;
	return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static pid_t child; /* for the signal handler alone */

/* SA_RESETHAND: the signal that is raised here ends us when the handler returns. */
static void on_end(int signal)
{
	kill(child, signal);
	raise(signal);
}

/* What ends the parent before the mount is ready is meant for the child as well. */
static void hand_on_signals(pid_t pid)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	const struct sigaction end = { .sa_handler = on_end, .sa_flags = SA_RESETHAND };
	struct sigaction old;

	child = pid;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(signals[i], &end, NULL);
}

/* The parent's part. */
static _Noreturn void wait_for_child(struct daemon *daemon, int fd, pid_t pid)
{
	char word[REASON_MAX_BYTES + 1];
	size_t len = 0;
	ssize_t n;

	hand_on_signals(pid);
	do {
		n = read(fd, word + len, sizeof(word) - 1 - len);
		if (n > 0)
			len += (size_t)n;
		if (len > 0 && word[0] == READY_BYTE) {
			announce(daemon, pid);
			_exit(EXIT_SUCCESS);
		}
	} while ((n > 0 && len < sizeof(word) - 1) || (n < 0 && errno == EINTR));
	word[len] = '\0';
	int status = end_status(pid);
	print_failure(len > 0 ? word : "it ended before the mount was ready: see the system log");
	_exit(status);
}

/* The child's part. */
static void become_child(struct daemon *daemon, int fd)
{
	daemon->parent_fd = fd;
	fd_release(&daemon->ready_fd);
	unsetenv("EWSFS_READY_FD");
	unsetenv("NOTIFY_SOCKET");
}

void daemon_begin(struct daemon *daemon, bool is_foreground)
{
	int fds[2];

	*daemon = (struct daemon){
		.is_foreground = is_foreground,
		.parent_fd = -1,
		.ready_fd = find_ready_fd(),
	};
	if (is_foreground)
		return;
	pid_t pid = pipe2(fds, O_CLOEXEC) == 0 ? fork() : -1;
	if (pid < 0) {
		print_failure("cannot start a process: see ulimit -u and -n");
		exit(EXIT_FAILURE);
	}
	if (pid > 0) {
		close(fds[1]);
		wait_for_child(daemon, fds[0], pid);
	}
	close(fds[0]);
	become_child(daemon, fds[1]);
}

static void leave_terminal(void)
{
	AUTO(fd) int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (chdir("/") != 0 || null < 0)
		return; /* the mount works all the same */
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
}

void daemon_ready(struct daemon *daemon)
{
	const char byte = READY_BYTE;

	if (daemon->is_foreground) {
		announce(daemon, getpid());
		return;
	}
	leave_terminal();
	/* A parent that was killed meanwhile took the user's wish for a mount with it. */
	if (!write_all(daemon->parent_fd, &byte, 1))
		kill(getpid(), SIGTERM);
	fd_release(&daemon->parent_fd);
}

void daemon_fail(struct daemon *daemon, const char *reason)
{
	if (daemon->parent_fd >= 0)
		write_all(daemon->parent_fd, reason, strnlen(reason, REASON_MAX_BYTES));
	else if (daemon->is_foreground)
		print_failure(reason);
}
