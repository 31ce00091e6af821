/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * lock - a mutex whose use clang checks, and a condition to wait on.
 *
 * Rules for every lock of ours: it is a leaf. While one is held, take no other,
 * touch no disk and no network, call no callback and no fuse_lowlevel_notify_*().
 * The comment beside the lock says what it guards.
 */
#if defined(__clang__)
#define LOCK_ATTR(x) __attribute__((x))
#else
#define LOCK_ATTR(x)
#endif
#define REQUIRES(lock) LOCK_ATTR(exclusive_locks_required(lock))

struct LOCK_ATTR(capability("mutex")) lock {
	pthread_mutex_t mutex;
};

struct cond {
	pthread_cond_t cond; /* waits on CLOCK_MONOTONIC */
};

#define LOCK_INIT \
	{ \
		PTHREAD_MUTEX_INITIALIZER \
	}

void lock_init(struct lock *lock);
void lock_destroy(struct lock *lock);
void lock_acquire(struct lock *lock) LOCK_ATTR(acquire_capability(lock));
void lock_drop(struct lock *lock) LOCK_ATTR(release_capability(lock));

void cond_init(struct cond *cond);
void cond_destroy(struct cond *cond);
void cond_wake_all(struct cond *cond);
/* Both may wake early. False when the time is over. */
void cond_wait(struct cond *cond, struct lock *lock) REQUIRES(lock);
bool cond_wait_ms(struct cond *cond, struct lock *lock, int64_t ms) REQUIRES(lock);

#endif
