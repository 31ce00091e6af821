/* SPDX-License-Identifier: MIT */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/*
 * clock - the only source of time.
 *
 * clock_boot_ms() counts on through suspend and never jumps: every timer uses
 * it. clock_wall_ns() is the time of day, for what users see.
 */
int64_t clock_boot_ms(void);
int64_t clock_wall_ns(void);
/*
 * In the fault build, EWSFS_CLOCK_RATE=N lets both run N times faster from the start of the
 * process on, and EWSFS_CLOCK_AHEAD=FILE sets them ahead at any time, as a suspend does: by the
 * nanoseconds that stand in its first 8 bytes. What is to last `ms` by them is over after so many
 * real ones, at least 1.
 */
int64_t clock_real_ms(int64_t ms);

#define NS_PER_S INT64_C(1000000000)

#endif
