/* SPDX-License-Identifier: MIT */
#include "ctl/login.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"
#include "ctl/check.h"

enum { ARGS_MAX = 64, NAME_MAX_BYTES = 512, NOT_THERE = 127 };
/* How `ewsfs --try-login` ends. */
enum { LOGIN_WORKS = 0, LOGIN_IS_REFUSED = 2, LOGIN_IS_UNTRIED = 3 };

/* --- programs --- */

/* In the child: never returns. */
static _Noreturn void become(char *const *argv, int in, int out, bool is_quiet)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(in >= 0 ? in : null, STDIN_FILENO);
	dup2(out >= 0 ? out : null, STDOUT_FILENO);
	if (is_quiet)
		dup2(null, STDERR_FILENO);
	if (strcmp(argv[0], "ewsfs") == 0)
		ctl_exec_ewsfs(argv);
	else
		execvp(argv[0], argv);
	_exit(NOT_THERE);
}

/* Runs it with the text for stdin (NULL: none), and its stdout into `said` (NULL: nowhere). Its
 * exit status, -1 when it did not get so far. */
static int run(char *const *argv, const char *text, char *said, size_t size, bool is_quiet)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, status = -1;
	size_t len = 0;
	ssize_t n = 1;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		become(argv, in[0], said ? out[1] : -1, is_quiet);
	fd_release(&in[0]);
	fd_release(&out[1]);
	/* One that ends without reading is no end of ours: SIGPIPE is ignored. A password fits a
	 * pipe. */
	if (pid > 0 && text && write(in[1], text, strlen(text)) < 0 && errno != EPIPE)
		kill(pid, SIGTERM);
	fd_release(&in[1]);
	while (said && pid > 0 && n > 0 && len < size - 1) {
		n = read(out[0], said + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (said)
		said[len] = '\0';
	fd_release(&out[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* --- the terminal --- */

static void on_signal(int no)
{
	(void)no; /* read(2) ends */
}

/* One line. ERR_INTERRUPTED by a signal, ERR_INVALID when it is empty. */
static enum err read_line(int fd, struct secret *ret)
{
	size_t len = 0;
	ssize_t n = 1;
	enum err err = secret_make_room(ret, SECRET_MAX);

	while (!err && n > 0 && len < SECRET_MAX - 1 && !memchr(ret->text, '\n', len)) {
		n = read(fd, ret->text + len, SECRET_MAX - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (!err && n < 0)
		return err_from_errno(errno);
	if (!err)
		ret->text[strcspn(ret->text, "\r\n")] = '\0';
	return err ? err : *ret->text ? ERR_OK : ERR_INVALID;
}

/* The terminal is as it was afterwards, also when a signal comes. */
static enum err ask_terminal(int tty, const char *account, struct secret *ret)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	struct sigaction action = { .sa_handler = on_signal }, old[ARRAY_LEN(signals)];
	struct termios was, quiet;

	if (tcgetattr(tty, &was) < 0)
		return err_from_errno(errno);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &action, &old[i]);
	dprintf(tty, "Password of %s: ", account);
	tcsetattr(tty, TCSAFLUSH, &quiet);
	enum err err = read_line(tty, ret);
	tcsetattr(tty, TCSAFLUSH, &was);
	dprintf(tty, "\n");
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &old[i], NULL);
	return err;
}

/* From the terminal; without one from stdin. */
static enum err ask(const char *account, struct secret *ret, struct buf *reason)
{
	AUTO(fd) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	enum err err = tty >= 0 ? ask_terminal(tty, account, ret) : read_line(STDIN_FILENO, ret);

	if (err == ERR_INVALID)
		return buf_refuse(reason, err, "no password was given: nothing is kept");
	return err;
}

/* --- login --- */

static enum err store(const char *account, const struct secret *password, struct buf *reason)
{
	AUTO(buf) struct buf label = { 0 };
	enum err err = buf_printf(&label, "--label=ewsfs: %s", account);
	char *const argv[] = { (char[]){ "secret-tool" },
			       (char[]){ "store" },
			       label.bytes,
			       (char[]){ "service" },
			       (char[]){ "ewsfs" },
			       (char[]){ "account" },
			       (char *)(uintptr_t)account,
			       NULL };

	if (err)
		return err;
	int status = run(argv, password->text, NULL, 0, true);
	if (status == NOT_THERE)
		return buf_refuse(reason, ERR_NOT_FOUND,
				  "there is no secret-tool (package libsecret-tools): give "
				  "password_command= instead");
	if (status != 0)
		return buf_refuse(
			reason, ERR_IO,
			"secret-tool could not keep it: is a keyring running and unlocked?");
	return ERR_OK;
}

/* Tries it. *name: what the account is called. */
static enum err try(struct call *call, const struct secret *password, char *name, bool *ret_tried)
{
	char *argv[ARGS_MAX + 3] = { (char[]){ "ewsfs" }, (char[]){ "--try-login" } };

	for (int i = 1; i < call->argc; i++)
		argv[i + 1] = call->argv[i];
	int status = run(argv, password->text, name, NAME_MAX_BYTES, false);
	name[strcspn(name, "\n")] = '\0';
	*ret_tried = status == LOGIN_WORKS;
	if (*name && (status == LOGIN_WORKS || status == LOGIN_IS_UNTRIED))
		return ERR_OK;
	return buf_refuse(call->reason, ERR_AUTH, "%s",
			  status == NOT_THERE ? "ewsfs cannot be run" : "nothing is kept");
}

enum err ctl_login(struct call *call)
{
	AUTO(secret) struct secret password = { 0 };
	char name[NAME_MAX_BYTES] = "";
	bool is_tried;

	if (call->argc < 2 || call->argc > ARGS_MAX)
		return buf_refuse(call->reason, ERR_INVALID, "usage: %s", call->usage);
	enum err err = ask(call->argv[call->argc - 1], &password, call->reason);
	if (!err)
		err = try(call, &password, name, &is_tried);
	if (!err)
		err = store(name, &password, call->reason);
	if (!err && printf("the password of %s is kept%s\n", name,
			   is_tried ? "" : ", and was not tried") < 0)
		err = ERR_IO;
	return err;
}

enum err login_forget(const char *account, bool *ret_had, struct buf *reason)
{
	char word[16];
	char *argv[] = { (char[]){ "secret-tool" },
			 word,
			 (char[]){ "service" },
			 (char[]){ "ewsfs" },
			 (char[]){ "account" },
			 (char *)(uintptr_t)account,
			 NULL };

	strcpy(word, "lookup");
	*ret_had = run(argv, NULL, NULL, 0, true) == 0;
	if (!*ret_had)
		return ERR_OK;
	strcpy(word, "clear");
	run(argv, NULL, NULL, 0, true);
	strcpy(word, "lookup");
	if (run(argv, NULL, NULL, 0, true) == 0)
		return buf_refuse(reason, ERR_IO, "secret-tool could not remove the password of %s",
				  account);
	return ERR_OK;
}
