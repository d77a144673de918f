/* SPDX-License-Identifier: Apache-2.0
 *
 * The two clocks (durations on CLOCK_BOOTTIME, expiry on the wall clock) and RFC 3339 texts.
 */
#ifndef PAT_BASE_CLOCK_H
#define PAT_BASE_CLOCK_H

#include <pthread.h>

#include "base/base.h"

#define PAT_TIME_TEXT_BYTES 21 /* "2026-11-23T17:00:00Z" and its NUL; years 1970..9999 */

/* Whole seconds since 1970, from CLOCK_REALTIME. */
int64_t pat_clock_wall_s(void);

/* Nanoseconds on CLOCK_BOOTTIME: the clock that does not stop during suspend. */
uint64_t pat_clock_boot_ns(void);

/* A condition whose timed waits are by CLOCK_MONOTONIC, whatever happens to the wall clock. Linux never fails this. */
void pat_clock_cond_init(pthread_cond_t *cond);

/* Writes `t` as UTC; times outside 1970..9999 are written as the nearest of the two ends. */
void pat_time_format(int64_t t, char out[static PAT_TIME_TEXT_BYTES]);

/* Reads an RFC 3339 section 5.6 instant with "Z" or a numeric offset; a fraction is accepted and
 * dropped, a leap second refused. 0, or -EINVAL. */
int pat_time_parse(const char *text, int64_t *ret) PAT_MUST_USE;

#endif
