/* SPDX-License-Identifier: MIT */
#define FUSE_USE_VERSION 314
#include <curl/curl.h>
#include <fuse3/fuse_lowlevel.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "check/check.h"
#include "daemon.h"
#include "fs/fs.h"
#include "options/options.h"

/* main - from the command line to a served mount, and the one line that says why not. */

/*
 * A caller may have closed stdin, stdout or stderr. Whatever was opened next would get that number,
 * and with it what is meant for the terminal.
 */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_release(&fd);
}

/*
 * Secrets pass through memory: no core dump may hold them. Nobody but root can look into the
 * process or make it dump, and what root forces out of it has nothing of the heap and the stacks.
 */
static void harden(void)
{
	static const char no_memory[] = "0x10"; /* the bits of core(5): ELF headers alone */
	const struct rlimit none = { 0, 0 };
	AUTO(fd) int filter = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

	if (filter >= 0)
		(void)!write(filter, no_memory, sizeof(no_memory) - 1);
	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* its search for leaks attaches to the process */
	prctl(PR_SET_DUMPABLE, 0);
#endif
	umask(077);
	signal(SIGPIPE, SIG_IGN);
}

static enum err open_log(const struct options *options, struct buf *reason)
{
	enum log_target target = options->log		  ? LOG_TO_FILE
				 : options->is_foreground ? LOG_TO_STDERR
							  : LOG_TO_SYSLOG;
	enum err err = log_open(target, options->log,
				options->is_debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);

	return err ? buf_refuse(reason, err, "cannot write the log %s: %s", options->log,
				err_text(err))
		   : ERR_OK;
}

static void on_ready(void *ctx)
{
	daemon_ready(ctx);
}

/* Whatever a user can have got wrong is found out before anything is mounted. */
static enum err open_mailbox(const struct options *options, struct mailbox **ret,
			     struct buf *reason)
{
	AUTO(mailbox) struct mailbox *mailbox = NULL;
	enum err err = open_log(options, reason);

	if (!err)
		err = fs_prepare_mountpoint(options->mountpoint, reason);
	if (!err)
		err = mailbox_open(&options->account, &mailbox, reason);
	if (!err)
		err = mailbox_prepare(mailbox, reason);
	if (!err)
		*ret = give(mailbox);
	return err;
}

static enum err serve(const struct options *options, struct daemon *daemon, struct buf *reason)
{
	AUTO(mailbox) struct mailbox *mailbox = NULL;
	AUTO(fs) struct fs *fs = NULL;
	const struct fs_options fs_options = {
		.source = options->source,
		.mountpoint = options->mountpoint,
		.allow_other = options->allow_other,
		.debug = options->is_debug,
		.has_umask = options_has(options, "umask"),
		.umask = (unsigned)options->umask,
		.uid = (unsigned)options->uid,
		.gid = (unsigned)options->gid,
	};
	enum err err = open_mailbox(options, &mailbox, reason);

	if (!err)
		err = fs_mount(&fs_options, mailbox, &fs, reason);
	if (err)
		return err;
	log_info("%s: serving %s", options->mountpoint, options->source);
	err = fs_serve(fs, on_ready, daemon);
	if (err)
		log_error("%s: serving ended: %s", options->mountpoint, err_text(err));
	else
		log_info("%s: unmounted", options->mountpoint);
	return err;
}

static enum err print_about(const struct options *options)
{
	AUTO(buf) struct buf text = { 0 };
	enum err err;

	if (options->wants_help)
		err = options_print_help(&text);
	else
		err = buf_printf(&text, "ewsfs %s\nlibfuse %s, SQLite %s, %s\n", EWSFS_VERSION,
				 fuse_pkgversion(), sqlite3_libversion(), curl_version());
	if (!err && (fputs(buf_str(&text), stdout) == EOF || fflush(stdout) != 0))
		err = ERR_IO;
	return err;
}

/* The password to try comes by stdin, in one line. */
static enum err read_password(struct secret *ret)
{
	size_t len = 0;
	ssize_t n = 1;
	enum err err = secret_make_room(ret, SECRET_MAX);

	while (!err && n > 0 && len < SECRET_MAX - 1) {
		n = read(STDIN_FILENO, ret->text + len, SECRET_MAX - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (!err)
		ret->text[strcspn(ret->text, "\r\n")] = '\0';
	return err;
}

/* Says what the account is called, and whether the password on stdin works: 2 when the server
 * refused it, 3 when it could not be tried. */
static enum err try_login(struct options *options, int *ret_status, struct buf *reason)
{
	struct account *account = &options->account;

	if (account->password_command || account->password.text || account->token_command)
		return buf_refuse(reason, ERR_INVALID,
				  "another password or token is given for %s, and would be used: "
				  "leave that out",
				  options->name);
	enum err err = read_password(&account->password);
	if (!err && (printf("%s\n", options->name) < 0 || fflush(stdout) != 0))
		err = ERR_IO;
	if (err)
		return err;
	err = check_login(account, reason);
	*ret_status = !err ? EXIT_SUCCESS : err == ERR_AUTH || err == ERR_DENIED ? 2 : 3;
	return err;
}

/* For ewsctl. */
static enum err examine(struct options *options, int *ret_status, struct buf *reason)
{
	enum err err = log_open(LOG_TO_STDERR, NULL, LOG_LEVEL_WARNING);

	if (!err)
		err = options_resolve(options, reason);
	if (err)
		return err;
	if (options->wants_login)
		return try_login(options, ret_status, reason);
	return check_run(&options->account, ret_status);
}

int main(int argc, char **argv)
{
	AUTO(options) struct options options = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	struct daemon daemon = { .is_foreground = true, .parent_fd = -1, .ready_fd = -1 };
	int status = EXIT_SUCCESS;

	fill_standard_fds();
	enum err err = options_parse(&options, argc, argv, &reason);
	if (!err && (options.wants_help || options.wants_version)) {
		err = print_about(&options);
	} else if (!err && (options.wants_check || options.wants_login)) {
		harden();
		err = examine(&options, &status, &reason);
	} else if (!err) {
		harden();
		daemon_begin(&daemon, options.is_foreground);
		err = options_resolve(&options, &reason);
		if (!err)
			err = serve(&options, &daemon, &reason);
	}
	if (err)
		daemon_fail(&daemon, reason.len ? reason.bytes : err_text(err));
	log_close();
	return err && !status ? EXIT_FAILURE : status;
}
