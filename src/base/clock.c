/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

#include "base/fault.h"

static int64_t real_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

#ifdef EWSFS_FAULTS
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Written once, by start(). */
static int64_t rate, boot_start_ns, wall_start_ns;
static const _Atomic int64_t *ahead_ns; /* NULL: not at all */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void map_ahead(const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof(*ahead_ns), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		ahead_ns = at;
}

static void start(void)
{
	map_ahead(getenv("EWSFS_CLOCK_AHEAD"));
	rate = fault_number("EWSFS_CLOCK_RATE", 1);
	boot_start_ns = real_ns(CLOCK_BOOTTIME);
	wall_start_ns = real_ns(CLOCK_REALTIME);
}

static int64_t now_ns(clockid_t id)
{
	pthread_once(&once, start);
	int64_t began = id == CLOCK_BOOTTIME ? boot_start_ns : wall_start_ns;
	return began + (real_ns(id) - began) * rate + (ahead_ns ? *ahead_ns : 0);
}

int64_t clock_real_ms(int64_t ms)
{
	pthread_once(&once, start);
	return ms > 0 && ms < rate ? 1 : ms / rate;
}
#else
static int64_t now_ns(clockid_t id)
{
	return real_ns(id);
}

int64_t clock_real_ms(int64_t ms)
{
	return ms;
}
#endif

int64_t clock_boot_ms(void)
{
	return now_ns(CLOCK_BOOTTIME) / 1000000;
}

int64_t clock_wall_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}
