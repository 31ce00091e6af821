/* SPDX-License-Identifier: MIT */
#include "fs/undertaker.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/handle.h"

enum {
	REQUEST_BYTES = (1 << 20) + 4096, /* the longest: a WRITE, and its header */
	QUIET_MS = 50,
	TURNS_MAX = 100 * 1000,
};

static bool wants_answer(const struct fuse_in_header *request)
{
	return request->opcode != FUSE_FORGET && request->opcode != FUSE_BATCH_FORGET &&
	       request->opcode != FUSE_INTERRUPT;
}

static void refuse(int fd, const struct fuse_in_header *request)
{
	const struct fuse_out_header answer = {
		.len = sizeof(answer),
		.error = -ENOTCONN, /* as a dead mount answers */
		.unique = request->unique,
	};

	/* Who asked may be gone: ENOENT. */
	if (wants_answer(request) && write(fd, &answer, sizeof(answer)) < 0)
		return;
}

/* Until the last thread of the dead is gone: what they have read is asked once more only then. */
static void refuse_all(int fd, struct fuse_in_header *request, pid_t of)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	for (int n = 0; n < TURNS_MAX; n++) {
		bool is_asked = poll(&readable, 1, QUIET_MS) > 0;
		if (!is_asked && getppid() != of)
			break;
		if (!is_asked)
			continue;
		if (read(fd, request, REQUEST_BYTES) >= (ssize_t)sizeof(*request))
			refuse(fd, request);
		else if (errno != EINTR && errno != ENOENT && errno != EAGAIN)
			break;
	}
}

/* A SIGUSR1 of theirs tells of the end of the thread that made us; another's is none for us. */
static void wait_for_end(pid_t of)
{
	sigset_t all, end;
	siginfo_t signal = { 0 };

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	sigemptyset(&end);
	sigaddset(&end, SIGUSR1);
	while (getppid() == of && signal.si_pid != of)
		sigwaitinfo(&end, &signal);
}

pid_t undertaker_start(int session_fd)
{
	pid_t of = getpid();
	struct fuse_in_header *request = malloc(REQUEST_BYTES);
	pid_t pid = request ? fork() : -1;

	if (pid == 0) {
		prctl(PR_SET_NAME, "ewsfs-end");
		if (handle_take_own(session_fd)) {
			wait_for_end(of);
			refuse_all(session_fd, request, of);
		}
		_exit(0);
	}
	free(request);
	return pid > 0 ? pid : 0;
}

void undertaker_stop(pid_t pid)
{
	if (pid == 0)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
