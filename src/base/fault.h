/* SPDX-License-Identifier: MIT */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdint.h>

/*
 * fault - places at which tests end the process, as a power cut would.
 *
 * FAULT("txn.commit") is nothing at all unless the build has -Dfaults=true. There,
 *   EWSFS_FAULT=POINT:N:exit   ends the process with status 100 when POINT is passed for the
 *                              N-th time: no cleaning up, nothing is flushed
 *   EWSFS_FAULT_LIST=FILE      appends a line to FILE for each point that is passed
 *   EWSFS_PAGE_MAX=N           changes asked for in one page
 *   EWSFS_CLOCK_RATE=N, EWSFS_CLOCK_AHEAD=FILE: see clock.h
 * One of the first two that makes no sense ends the process at the first point, with one line.
 *
 * Threads: any.
 */
#ifdef EWSFS_FAULTS
#define FAULT(point) fault_pass(point)
#define FAULT_NUMBER(name, usual) fault_number(name, usual)

enum { FAULT_STATUS = 100 };

void fault_pass(const char *point);
/* What the environment says, where that is 1 or more. */
int64_t fault_number(const char *name, int64_t usual);
#else
#define FAULT(point) ((void)0)
#define FAULT_NUMBER(name, usual) (usual)
#endif

#endif
