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

#define NS_PER_S INT64_C(1000000000)

#endif
