/* SPDX-License-Identifier: MIT */
#include "ctl/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

enum { MS_PER_S = 1000, NS_PER_MS = 1000000, WIDTH_DEFAULT = 80 };

static sigset_t ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return set;
}

/* Blocked, they stay pending until they are waited for: none is lost between two waits. */
void terminal_catch(void)
{
	sigset_t set = ending_signals();

	sigprocmask(SIG_BLOCK, &set, NULL);
}

bool terminal_is_ended(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
		sigismember(&pending, SIGHUP) == 1);
}

bool terminal_wait(int64_t ms)
{
	sigset_t set = ending_signals();
	const struct timespec time = { ms / MS_PER_S, ms % MS_PER_S * NS_PER_MS };

	return sigtimedwait(&set, NULL, &time) > 0;
}

bool screen_is_one(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && !(term && strcmp(term, "dumb") == 0);
}

unsigned screen_width(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH_DEFAULT;
}

/* As many bytes of the line as fit; a character of several bytes takes one column here. */
static size_t fitting(const char *line, size_t n, unsigned columns)
{
	size_t at = 0;

	for (unsigned used = 0; at < n && used < columns; used++) {
		at++;
		while (at < n && ((unsigned char)line[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

static enum err rewind_to_first(const struct screen *screen, struct buf *out)
{
	return screen->lines_n ? buf_printf(out, "\033[%uA\r\033[J", screen->lines_n) : ERR_OK;
}

static void put(const struct screen *screen, const struct buf *out)
{
	/* What a terminal does not take is drawn again soon. */
	if (out->len && write(screen->fd, out->bytes, out->len) < 0)
		return;
}

void screen_draw(struct screen *screen, const char *text)
{
	AUTO(buf) struct buf out = { 0 };
	unsigned width = screen_width(screen->fd), lines_n = 0;

	if (!screen_is_one(screen->fd))
		return;
	enum err err = rewind_to_first(screen, &out);
	while (!err && *text) {
		size_t n = strcspn(text, "\n");
		err = buf_append(&out, text, fitting(text, n, width - 1));
		if (!err)
			err = buf_append_char(&out, '\n');
		text += n + (text[n] == '\n');
		lines_n++;
	}
	if (err)
		return;
	put(screen, &out);
	screen->lines_n = lines_n;
}

void screen_clear(struct screen *screen)
{
	AUTO(buf) struct buf out = { 0 };

	if (!rewind_to_first(screen, &out))
		put(screen, &out);
	screen->lines_n = 0;
}
