/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"

enum { LINE_MAX_BYTES = 1024 };

static const char *const names[] = { "error", "warning", "info", "debug" };
static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* The process has one log; this is the only mutable global of the program. */
static struct {
	struct lock lock; /* guards everything below */
	enum log_target target;
	enum log_level level;
	int fd;
	char last[LINE_MAX_BYTES];
	enum log_level last_level;
	unsigned repeats_n;
} sink = {
	.lock = LOCK_INIT, .target = LOG_TO_STDERR, .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO
};

static void emit_locked(enum log_level level, const char *line) REQUIRES(&sink.lock)
{
	char stamped[LINE_MAX_BYTES + 64], when[32];
	time_t now = clock_wall_ns() / NS_PER_S;
	struct tm tm;

	if (sink.target == LOG_TO_SYSLOG) {
		syslog(priorities[level], "%s", line);
		return;
	}
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	int n = snprintf(stamped, sizeof(stamped), "%s %s: %s\n", when, names[level], line);
	if (write(sink.fd, stamped, (size_t)n) < 0)
		return; /* nobody is left to tell */
}

static void flush_repeats_locked(void) REQUIRES(&sink.lock)
{
	char line[64];

	if (sink.repeats_n == 0)
		return;
	snprintf(line, sizeof(line), "the last line came %u times more", sink.repeats_n);
	sink.repeats_n = 0;
	emit_locked(sink.last_level, line);
}

static void log_line(enum log_level level, const char *fmt, va_list args)
{
	char line[LINE_MAX_BYTES];

	vsnprintf(line, sizeof(line), fmt, args);
	text_blank_controls(line);
	lock_acquire(&sink.lock);
	if (level > sink.level) {
		/* dropped */
	} else if (strcmp(line, sink.last) == 0) {
		sink.repeats_n++;
	} else {
		flush_repeats_locked();
		emit_locked(level, line);
		memcpy(sink.last, line, sizeof(line));
		sink.last_level = level;
	}
	lock_drop(&sink.lock);
}

enum err log_open(enum log_target target, const char *path, enum log_level level)
{
	int fd = STDERR_FILENO;

	if (target == LOG_TO_FILE)
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_from_errno(errno);
	if (target == LOG_TO_SYSLOG)
		openlog("ewsfs", LOG_PID, LOG_DAEMON);
	lock_acquire(&sink.lock);
	sink.target = target;
	sink.level = level;
	sink.fd = fd;
	lock_drop(&sink.lock);
	return ERR_OK;
}

void log_close(void)
{
	lock_acquire(&sink.lock);
	flush_repeats_locked();
	if (sink.target == LOG_TO_FILE)
		close(sink.fd);
	sink.target = LOG_TO_STDERR;
	sink.fd = STDERR_FILENO;
	sink.last[0] = '\0';
	lock_drop(&sink.lock);
}

bool log_is_apart(void)
{
	lock_acquire(&sink.lock);
	bool is_apart = sink.target != LOG_TO_STDERR;
	lock_drop(&sink.lock);
	return is_apart;
}

#define DEFINE_LOG(name, level) \
	void log_##name(const char *fmt, ...) \
	{ \
		va_list args; \
\
		va_start(args, fmt); \
		log_line(level, fmt, args); \
		va_end(args); \
	}

DEFINE_LOG(error, LOG_LEVEL_ERROR)
DEFINE_LOG(warning, LOG_LEVEL_WARNING)
DEFINE_LOG(info, LOG_LEVEL_INFO)
DEFINE_LOG(debug, LOG_LEVEL_DEBUG)
