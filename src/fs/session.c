/* SPDX-License-Identifier: MIT */
#include "fs/session.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "fs/mountpoint.h"
#include "fs/ops.h"
#include "fs/undertaker.h"

/*
 * The end of a mount, in this order whatever ends it, so that nothing hangs:
 *   1. nothing is pushed and no invalidation is under way (the workers still answer whom it
 *      waits for)
 *   2. the loop ends, the workers are joined
 *   3. the mailbox stops; its commands end, their answers are queued
 *   4. the queue is emptied, its thread joined
 *   5. unmount, close
 * An unmount from outside begins at 2; the connection is dead by then, and 1 costs nothing.
 *
 * Signals: SIGTERM, SIGINT and SIGHUP are blocked everywhere and waited for by a thread, since 1
 * cannot be done in a handler. The loop waits in sem_wait(); only a signal handled by its thread
 * wakes it.
 */
enum { WAKE_SIGNAL = SIGUSR1, WAKE_EVERY_MS = 10 };

static void fill_end_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

static void on_wake(int signal)
{
	(void)signal;
}

static void log_libfuse(enum fuse_log_level level, const char *fmt, va_list args)
{
	char line[512];

	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	if (level <= FUSE_LOG_ERR)
		log_error("libfuse: %s", line);
	else if (level == FUSE_LOG_DEBUG)
		log_debug("libfuse: %s", line);
	else
		log_info("libfuse: %s", line);
}

/* --- mounting --- */

/* A comma ends an option, a backslash takes the next byte as it is. */
static enum err append_escaped(struct buf *buf, const char *s)
{
	enum err err = ERR_OK;

	for (; !err && *s; s++) {
		if (*s == ',' || *s == '\\')
			err = buf_append_char(buf, '\\');
		if (!err)
			err = buf_append_char(buf, *s);
	}
	return err;
}

static enum err print_mount_options(const struct fs_options *options, struct buf *ret)
{
	enum err err = buf_append_str(ret, "default_permissions,subtype=ewsfs,fsname=");

	if (!err)
		err = append_escaped(ret, options->source);
	if (!err && options->allow_other)
		err = buf_append_str(ret, ",allow_other");
	if (!err && options->debug)
		err = buf_append_str(ret, ",debug");
	return err;
}

static enum err open_session(struct fs *fs)
{
	AUTO(buf) struct buf options = { 0 };
	enum err err = print_mount_options(&fs->options, &options);

	if (err)
		return err;
	char *argv[] = { "ewsfs", "-o", options.bytes, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	fs->session = fuse_session_new(&args, &fs_ops, sizeof(fs_ops), fs);
	fuse_opt_free_args(&args);
	return fs->session ? ERR_OK : ERR_NOMEM;
}

static struct fs *fs_new(const struct fs_options *options, struct mailbox *mailbox)
{
	struct fs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return NULL;
	fs->options = *options;
	fs->mailbox = mailbox;
	controls_init(&fs->controls);
	park_init(&fs->park);
	lock_init(&fs->lock);
	cond_init(&fs->ended);
	return fs;
}

enum err fs_mount(const struct fs_options *options, struct mailbox *mailbox, struct fs **ret,
		  struct buf *reason)
{
	AUTO(fs) struct fs *fs = fs_new(options, mailbox);
	sigset_t end_signals;
	enum err err = fs ? notify_open(&fs->notify) : ERR_NOMEM;

	if (!err)
		err = push_open(mailbox, &fs->push);
	if (!err)
		err = fs_prepare_mountpoint(options->mountpoint, reason);
	if (!err)
		err = open_session(fs);
	if (err)
		return err;
	fill_end_signals(&end_signals);
	pthread_sigmask(SIG_BLOCK, &end_signals, NULL);
	err = mountpoint_mount(fs->session, options->mountpoint, reason);
	if (!err)
		*ret = give(fs);
	return err;
}

void fs_release(struct fs **fs)
{
	struct fs *f = *fs;

	if (!f)
		return;
	push_release(&f->push);
	notify_release(&f->notify);
	undertaker_stop(f->undertaker);
	if (f->session) {
		fuse_session_unmount(f->session);
		fuse_session_destroy(f->session);
	}
	controls_release(&f->controls);
	park_release(&f->park);
	cond_destroy(&f->ended);
	lock_destroy(&f->lock);
	free(f);
	*fs = NULL;
}

/* --- serving --- */

static void on_change(void *ctx, const struct mailbox_change *change)
{
	struct fs *fs = ctx;

	notify_put_change(fs->notify, change);
}

void session_begin(struct fs *fs)
{
	fs->start_err = mailbox_start(fs->mailbox, on_change, fs);
	if (fs->start_err)
		fuse_session_exit(fs->session);
	else
		fs->ready(fs->ready_ctx);
}

/* The wake may come just before the loop waits: it is repeated until the loop has ended. */
static void end_loop(struct fs *fs)
{
	fuse_session_exit(fs->session);
	lock_acquire(&fs->lock);
	while (!fs->loop_ended) {
		pthread_kill(fs->loop_thread, WAKE_SIGNAL);
		cond_wait_ms(&fs->ended, &fs->lock, WAKE_EVERY_MS);
	}
	lock_drop(&fs->lock);
}

static bool has_ended(struct fs *fs)
{
	lock_acquire(&fs->lock);
	bool ended = fs->loop_ended;
	lock_drop(&fs->lock);
	return ended;
}

static void *wait_for_signal(void *ctx)
{
	struct fs *fs = ctx;
	sigset_t end_signals;
	int signal;

	fill_end_signals(&end_signals);
	sigwait(&end_signals, &signal);
	if (!has_ended(fs)) {
		log_info("%s: asked to end by signal %d, unmounting", fs->options.mountpoint,
			 signal);
		push_quiet(fs->push);
		notify_quiet(fs->notify);
		end_loop(fs);
	}
	return NULL;
}

static enum err start_signal_thread(struct fs *fs)
{
	const struct sigaction wake = { .sa_handler = on_wake };
	sigset_t set;

	sigaction(WAKE_SIGNAL, &wake, NULL);
	sigemptyset(&set);
	sigaddset(&set, WAKE_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	fs->loop_thread = pthread_self();
	return err_from_errno(pthread_create(&fs->signal_thread, NULL, wait_for_signal, fs));
}

static void stop_signal_thread(struct fs *fs)
{
	lock_acquire(&fs->lock);
	fs->loop_ended = true;
	cond_wake_all(&fs->ended);
	lock_drop(&fs->lock);
	pthread_kill(fs->signal_thread, SIGTERM); /* one more than it waits for does no harm */
	pthread_join(fs->signal_thread, NULL);
}

/* As many threads as libfuse thinks right, kept, on one descriptor: more gained nothing. */
static enum err loop(struct fs *fs)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();

	if (!config)
		return ERR_NOMEM;
	fuse_loop_cfg_set_clone_fd(config, 0);
	int res = fuse_session_loop_mt(fs->session, config);
	fuse_loop_cfg_destroy(config);
	return res < 0 ? err_from_errno(-res) : ERR_OK;
}

enum err fs_serve(struct fs *fs, void (*ready)(void *ctx), void *ctx)
{
	fs->ready = ready;
	fs->ready_ctx = ctx;
	fuse_set_log_func(log_libfuse);
	fs->undertaker = undertaker_start(fuse_session_fd(fs->session));
	enum err err = notify_start(fs->notify, fs->session);
	if (!err)
		err = push_start(fs->push, fs->session);
	if (!err)
		err = start_signal_thread(fs);
	if (err)
		return err;
	err = loop(fs);
	stop_signal_thread(fs);
	push_quiet(fs->push);
	notify_quiet(fs->notify);
	mailbox_stop(fs->mailbox);
	notify_release(&fs->notify);
	return fs->start_err ? fs->start_err : err;
}
