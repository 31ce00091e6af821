/* SPDX-License-Identifier: MIT */
#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Written once, by read_environment(), but for `passed`. */
static struct {
	char point[64]; /* "": none is armed */
	uint64_t n;
	int list_fd; /* -1: nobody wants to know */
	atomic_uint_fast64_t passed;
} armed = { .list_fd = -1 };
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void refuse(const char *variable)
{
	fprintf(stderr, "ewsfs: %s makes no sense\n", variable);
	_exit(EXIT_FAILURE);
}

/* POINT:N:exit */
static bool parse(const char *text)
{
	const char *colon = strchr(text, ':');
	char *end;

	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(armed.point))
		return false;
	memcpy(armed.point, text, (size_t)(colon - text));
	armed.n = strtoull(colon + 1, &end, 10);
	return armed.n > 0 && strcmp(end, ":exit") == 0;
}

static void read_environment(void)
{
	const char *fault = getenv("EWSFS_FAULT"), *list = getenv("EWSFS_FAULT_LIST");

	if (fault && *fault && !parse(fault))
		refuse("EWSFS_FAULT");
	if (!list || !*list)
		return;
	armed.list_fd = open(list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (armed.list_fd < 0)
		refuse("EWSFS_FAULT_LIST");
}

/* One write for each line: another process may append to the same file. */
static void list(const char *point)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "%.70s\n", point);

	while (write(armed.list_fd, line, (size_t)n) < 0 && errno == EINTR)
		;
}

void fault_pass(const char *point)
{
	pthread_once(&once, read_environment);
	if (armed.list_fd >= 0)
		list(point);
	if (strcmp(point, armed.point) == 0 && atomic_fetch_add(&armed.passed, 1) + 1 == armed.n)
		_exit(FAULT_STATUS);
}

int64_t fault_number(const char *name, int64_t usual)
{
	const char *text = getenv(name);
	int64_t n = text ? strtoll(text, NULL, 10) : 0;

	return n > 0 ? n : usual;
}
