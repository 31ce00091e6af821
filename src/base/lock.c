/* SPDX-License-Identifier: MIT */
#include "base/lock.h"

#include <time.h>

#include "base/clock.h"

void lock_init(struct lock *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
}

void lock_destroy(struct lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

/* The analysis cannot look into pthread's own functions. */
#if defined(__clang__)
#define UNCHECKED __attribute__((no_thread_safety_analysis))
#else
#define UNCHECKED
#endif

UNCHECKED void lock_acquire(struct lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
}

UNCHECKED void lock_drop(struct lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
}

void cond_init(struct cond *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&cond->cond, &attr);
	pthread_condattr_destroy(&attr);
}

void cond_destroy(struct cond *cond)
{
	pthread_cond_destroy(&cond->cond);
}

void cond_wake_all(struct cond *cond)
{
	pthread_cond_broadcast(&cond->cond);
}

void cond_wait(struct cond *cond, struct lock *lock)
{
	pthread_cond_wait(&cond->cond, &lock->mutex);
}

bool cond_wait_ms(struct cond *cond, struct lock *lock, int64_t ms)
{
	struct timespec at;

	if (ms <= 0)
		return false;
	ms = clock_real_ms(ms);
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return pthread_cond_timedwait(&cond->cond, &lock->mutex, &at) == 0;
}
