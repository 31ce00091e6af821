/* SPDX-License-Identifier: MIT */
#include "http/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/clock.h"

enum { POLL_MS = 100 };

/* The process group of the running command, for the signal handler alone; 0: none. */
static _Atomic(pid_t) running;

static const int end_signals[] = { SIGTERM, SIGINT, SIGHUP };
enum { END_SIGNALS_N = ARRAY_LEN(end_signals) };

/* A running command. */
struct child {
	pid_t pid; /* 0: none */
	int pidfd;
	int out;
	bool is_open; /* its stdout */
	int status;
	struct sigaction old[END_SIGNALS_N];
	bool is_guarded;
};

/* SA_RESETHAND: the signal that is raised here ends us when the handler returns. */
static void on_end(int signal)
{
	pid_t pid = atomic_load(&running);

	if (pid > 0)
		kill(-pid, SIGKILL);
	raise(signal);
}

/* What would end us takes the command along: it is in a group of its own, and nobody else would. */
static void guard(struct child *child)
{
	const struct sigaction end = { .sa_handler = on_end, .sa_flags = SA_RESETHAND };

	for (size_t i = 0; i < END_SIGNALS_N; i++) {
		sigaction(end_signals[i], NULL, &child->old[i]);
		if (child->old[i].sa_handler == SIG_DFL)
			sigaction(end_signals[i], &end, NULL);
	}
	child->is_guarded = true;
}

static void unguard(struct child *child)
{
	for (size_t i = 0; child->is_guarded && i < END_SIGNALS_N; i++)
		sigaction(end_signals[i], &child->old[i], NULL);
	atomic_store(&running, 0);
	child->is_guarded = false;
}

static void child_release(struct child *child)
{
	unguard(child);
	if (child->pid > 0) {
		kill(-child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	child->pid = 0;
	fd_release(&child->pidfd);
	fd_release(&child->out);
}

/* In a process group of its own, so that all of it can be killed, with the signals as a
 * shell expects them. */
static int spawn(const char *command, int out, pid_t *ret)
{
	char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char *)(uintptr_t)command,
			       NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addchdir_np(&files, "/");
	/* curl's sockets lack FD_CLOEXEC, and what the command leaves running would keep them. */
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	int no = posix_spawn(ret, "/bin/sh", &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return no;
}

/* No signal comes between the start and the note of it. */
static int spawn_guarded(struct child *child, const char *command, int out)
{
	sigset_t all, old;

	sigfillset(&all);
	guard(child);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int no = spawn(command, out, &child->pid);
	atomic_store(&running, no ? 0 : child->pid);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return no;
}

static enum err child_start(struct child *child, const char *command)
{
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_from_errno(errno);
	AUTO(fd) int in = pipe_fds[1];
	child->out = pipe_fds[0];
	child->is_open = true;
	/* The command writes to a pipe that blocks, as it expects. */
	if (fcntl(in, F_SETFL, 0) < 0)
		return err_from_errno(errno);
	int no = spawn_guarded(child, command, in);
	if (no)
		return err_from_errno(no);
	child->pidfd = pidfd_open(child->pid, 0);
	return child->pidfd < 0 ? err_from_errno(errno) : ERR_OK;
}

/* What does not fit is read all the same, or the command would not end. */
static void child_read(struct child *child, struct secret *to, size_t *len)
{
	char rest[512];

	for (;;) {
		bool is_full = *len == SECRET_MAX - 1;
		ssize_t n = is_full ? read(child->out, rest, sizeof(rest))
				    : read(child->out, to->text + *len, SECRET_MAX - 1 - *len);
		if (n == 0)
			child->is_open = false;
		if (n <= 0)
			break;
		if (!is_full)
			*len += (size_t)n;
	}
	explicit_bzero(rest, sizeof(rest));
}

/* Its end counts, not that of its stdout: what it left in the background may hold that. */
static bool child_has_ended(struct child *child)
{
	if (waitpid(child->pid, &child->status, WNOHANG) == 0)
		return false;
	child->pid = 0;
	return true;
}

static enum err child_follow(struct child *child, const atomic_bool *stop, struct secret *to)
{
	int64_t end = clock_boot_ms() + SECRET_LIMIT_S * 1000;
	size_t len = 0;
	bool has_ended = false;

	while (!has_ended) {
		struct pollfd fds[] = {
			{ .fd = child->pidfd, .events = POLLIN },
			{ .fd = child->is_open ? child->out : -1, .events = POLLIN },
		};
		if (stop && atomic_load(stop))
			return ERR_CANCELLED;
		if (clock_boot_ms() >= end)
			return ERR_BUSY;
		if (poll(fds, ARRAY_LEN(fds), POLL_MS) < 0 && errno != EINTR)
			return err_from_errno(errno);
		has_ended = child_has_ended(child);
		child_read(child, to, &len);
	}
	to->text[strcspn(to->text, "\r\n")] = '\0';
	return ERR_OK;
}

/* What a command that ran to its end did wrong; "" when nothing. */
static enum err explain(const struct child *child, const struct secret *secret, const char *what,
			struct buf *reason)
{
	if (WIFSIGNALED(child->status))
		return buf_printf(reason, "%s_command was killed by signal %d", what,
				  WTERMSIG(child->status));
	if (WEXITSTATUS(child->status) == 127)
		return buf_printf(reason, "%s_command was not found", what);
	if (WEXITSTATUS(child->status) == SECRET_NOT_KEPT)
		return buf_printf(
			reason, "no %s is kept: run ewsctl login, or give %s_command=", what, what);
	if (WEXITSTATUS(child->status) != 0)
		return buf_printf(reason, "%s_command failed with status %d", what,
				  WEXITSTATUS(child->status));
	if (!*secret->text)
		return buf_printf(reason, "%s_command printed no %s", what, what);
	return ERR_OK;
}

enum err secret_ask(const char *command, const char *what, const atomic_bool *stop,
		    struct secret *ret, struct buf *reason)
{
	AUTO(secret) struct secret secret = { 0 };
	AUTO(child) struct child child = { .pidfd = -1, .out = -1 };
	size_t said = reason->len;

	enum err err = secret_make_room(&secret, SECRET_MAX);
	if (!err)
		err = child_start(&child, command);
	if (!err)
		err = child_follow(&child, stop, &secret);
	if (err == ERR_CANCELLED || err == ERR_NOMEM)
		return err;
	if (err == ERR_BUSY)
		err = buf_printf(reason, "%s_command took longer than %d s", what, SECRET_LIMIT_S);
	else if (err)
		err = buf_printf(reason, "%s_command cannot be run: %s", what, err_text(err));
	else
		err = explain(&child, &secret, what, reason);
	if (err)
		return err;
	if (reason->len > said)
		return ERR_AUTH;
	secret_release(ret);
	*ret = secret;
	secret = (struct secret){ 0 };
	return ERR_OK;
}
