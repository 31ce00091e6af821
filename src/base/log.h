/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

/*
 * log - one line an event: object, cause, what happens next.
 *
 * Control characters in it become spaces. The same line again is counted, not repeated: the count
 * is written with the next different line, or when the log is closed. Safe from every thread;
 * before log_open() lines go to stderr. Only main, sync and fs log, and ews by what the server
 * knows a request that failed; the layers below return what they have to say.
 */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_FILE };

/* `path` for LOG_TO_FILE only. Lines above `level` are dropped. */
MUST_CHECK enum err log_open(enum log_target target, const char *path, enum log_level level);
void log_close(void);
/* Not where the one line stands that says why a mount failed. */
bool log_is_apart(void);

void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
