/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/progress.h"
#include "ctl/terminal.h"
#include "ctl/verdict.h"

/*
 * ewsctl update, resync, clear, verify: one line into .ctl, whose write(2) returns when it is done.
 *
 * The main thread waits in that write. On a terminal a second one looks at the status meanwhile; it
 * ends when the pipe that it waits on is closed.
 */

enum { RECURSIVE = 1 << 0, DRAW_MS = 500, BAR_WIDTH = 30 };

struct job {
	struct call *call;
	const char *dir, *name;
	bool is_recursive;
	int64_t began_ms;
	int stop_fd; /* of the progress thread */
};

/* --- progress, in a thread of its own --- */

static void draw(const struct job *job, struct screen *screen, struct meter *meter)
{
	AUTO(report) struct report report = { 0 };
	AUTO(buf) struct buf text = { 0 }, reason = { 0 };
	int64_t now_ms = clock_boot_ms();
	enum err err = report_load(job->dir, &report, &reason);

	if (!err)
		err = buf_printf(&text, "%s: %s, %lld s\n", job->name,
				 report_text(&report, "state"),
				 (long long)(now_ms - job->began_ms) / 1000);
	struct progress progress = progress_of(&report, meter, now_ms);
	if (!err && progress.is_running)
		err = progress_print(&text, &progress, BAR_WIDTH);
	if (!err && progress.is_running)
		err = buf_append_char(&text, '\n');
	if (!err)
		screen_draw(screen, buf_str(&text));
}

static void *show_progress(void *ctx)
{
	const struct job *job = ctx;
	struct screen screen = { .fd = STDERR_FILENO };
	struct meter meter = { 0 };
	struct pollfd stop = { .fd = job->stop_fd };

	while (poll(&stop, 1, DRAW_MS) == 0)
		draw(job, &screen, &meter);
	screen_clear(&screen);
	return NULL;
}

/* --- the write --- */

static void on_interrupt(int signal)
{
	(void)signal; /* it is there so that write(2) returns EINTR; a second one ends us */
}

/* The main thread is to be the one that is interrupted. */
static int start_thread(pthread_t *thread, struct job *job)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int no = pthread_create(thread, NULL, show_progress, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return no;
}

static int write_line(int fd, const struct buf *line)
{
	const struct sigaction interrupt = { .sa_handler = on_interrupt,
					     .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &interrupt, NULL);
	int no = write(fd, line->bytes, line->len) < 0 ? errno : 0;
	signal(SIGINT, SIG_DFL);
	return no;
}

/* 0, or the errno of the command. */
static int write_with_progress(struct job *job, int fd, const struct buf *line)
{
	pthread_t thread;
	int pipe_fds[2];

	if (!screen_is_one(STDERR_FILENO) || pipe2(pipe_fds, O_CLOEXEC) != 0)
		return write_line(fd, line);
	job->stop_fd = pipe_fds[0];
	bool has_thread = start_thread(&thread, job) == 0;
	int no = write_line(fd, line);
	close(pipe_fds[1]);
	if (has_thread)
		pthread_join(thread, NULL);
	close(pipe_fds[0]);
	return no;
}

/* --- what went wrong --- */

/* What to do, by what write(2) answered. */
static const struct {
	int no;
	enum err err;
	const char *text;
} answers[] = {
	{ EINVAL, ERR_INVALID,
	  "the mount does not know this command: does an older ewsfs serve it?" },
	{ EBUSY, ERR_BUSY,
	  "another command is running there: wait for it, or stop it with `echo cancel > "
	  "%s/.ctl`" },
	{ EAGAIN, ERR_THROTTLED, "the server wants us to wait: try again later" },
	{ EHOSTDOWN, ERR_OFFLINE,
	  "the server cannot be reached: look at the network, then try again" },
	{ EACCES, ERR_AUTH, "the login was refused: last-error in .ctl says why" },
	{ EINTR, ERR_INTERRUPTED,
	  "interrupted; the command goes on: `echo cancel > %s/.ctl` stops it" },
	{ ECANCELED, ERR_CANCELLED, "cancelled" },
	{ ENOSPC, ERR_NO_SPACE, "the disk of the cache is full: make room, then try again" },
	{ ENOTCONN, ERR_IO, "the mount died: mount it again" },
	{ EPROTO, ERR_PROTOCOL, "the server's answer makes no sense: the mount's log says more" },
	{ EIO, ERR_IO, "it failed: the mount's log says more" },
};

static enum err print_answer(struct buf *text, const char *dir, int no, enum err *ret_err)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		if (answers[i].no != no)
			continue;
		*ret_err = answers[i].err;
		const char *at = strstr(answers[i].text, "%s");
		if (!at)
			return buf_append_str(text, answers[i].text);
		return buf_printf(text, "%.*s%s%s", (int)(at - answers[i].text), answers[i].text,
				  dir, at + 2);
	}
	*ret_err = ERR_IO;
	return buf_append_str(text, strerror(no));
}

/* The mount's own words where it has some; these errors are not about its last one. */
static enum err append_last_error(struct buf *text, const char *dir, int no)
{
	AUTO(report) struct report report = { 0 };
	AUTO(buf) struct buf reason = { 0 };

	if (no == EINVAL || no == EBUSY || no == EINTR || no == ECANCELED || no == ENOTCONN ||
	    report_load(dir, &report, &reason))
		return ERR_OK;
	const char *last = report_text(&report, "last-error");
	const char *until = report_text(&report, "throttled-until");
	enum err err = *last ? buf_printf(text, " (%s)", last) : ERR_OK;
	return !err && *until ? buf_printf(text, " (until %s)", until) : err;
}

static enum err explain(const struct job *job, int no)
{
	AUTO(buf) struct buf text = { 0 };
	enum err failure = ERR_IO;
	enum err err = print_answer(&text, job->dir, no, &failure);

	if (!err)
		err = append_last_error(&text, job->dir, no);
	if (err)
		return err;
	return buf_refuse(job->call->reason, failure, "%s %s: %s", job->name, job->dir,
			  buf_str(&text));
}

/* --- what came of it --- */

static enum err print_result(const struct job *job)
{
	AUTO(report) struct report report = { 0 };
	AUTO(buf) struct buf text = { 0 };
	const struct progress none = { 0 };
	enum err err = report_load(job->dir, &report, job->call->reason);

	if (err)
		return err;
	if (strcmp(job->name, "verify") == 0)
		return verdict_print(job->dir, job->is_recursive, &report, &job->call->is_bad);
	err = buf_printf(&text, "%s: ", job->dir);
	const char *resync = report_text(&report, "last-resync");
	if (!err && strcmp(job->name, "update") != 0 && *resync)
		err = buf_append_str(&text, resync);
	else if (!err)
		err = status_print_line(&text, &report, &none);
	if (!err)
		err = buf_append_char(&text, '\n');
	return err ? err : ctl_print(&text);
}

static enum err open_control(const struct job *job, int *ret)
{
	AUTO(buf) struct buf path = { 0 };
	AUTO(report) struct report report = { 0 };
	/* Says what is wrong with DIR. */
	enum err err = report_load(job->dir, &report, job->call->reason);

	if (!err)
		err = buf_printf(&path, "%s/.ctl", job->dir);
	if (err)
		return err;
	int fd = open(path.bytes, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return report_explain(path.bytes, errno, job->call->reason);
	*ret = fd;
	return ERR_OK;
}

enum err ctl_command(struct call *call)
{
	static const char *const names[] = { "recursive" };
	AUTO(buf) struct buf line = { 0 };
	AUTO(fd) int fd = -1;
	struct job job = { .call = call, .name = call->argv[0], .began_ms = clock_boot_ms() };
	unsigned flags;
	enum err err = ctl_parse(call, "r", names, 1, 1, &flags);

	if (err)
		return err;
	job.dir = call->argv[optind];
	job.is_recursive = flags & RECURSIVE;
	err = buf_printf(&line, "%s%s\n", job.name, job.is_recursive ? " tree" : "");
	if (!err)
		err = open_control(&job, &fd);
	if (err)
		return err;
	int no = write_with_progress(&job, fd, &line);
	return no ? explain(&job, no) : print_result(&job);
}
