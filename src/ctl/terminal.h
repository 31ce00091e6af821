/* SPDX-License-Identifier: MIT */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include "base/buf.h"

/*
 * terminal - waiting that a signal ends, and lines that are drawn over.
 *
 * terminal_catch() keeps SIGINT, SIGTERM and SIGHUP from ending the program; terminal_wait() and
 * terminal_is_ended() say that one came.
 */
void terminal_catch(void);
bool terminal_is_ended(void);
/* True when one came within that time. */
bool terminal_wait(int64_t ms);

/* Lines on stdout or stderr that the next call replaces; what is no terminal gets nothing. */
struct screen {
	int fd;
	unsigned lines_n; /* shown now */
};
bool screen_is_one(int fd);
/* Columns of the terminal; 80 when it does not say. */
unsigned screen_width(int fd);
/* Lines that are too long are cut. */
void screen_draw(struct screen *screen, const char *text);
void screen_clear(struct screen *screen);

#endif
