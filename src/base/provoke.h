/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of what happens when it happens at the worst moment. Only build/patd-provoked and its nginx module have any of it; in all
 * that is shipped these are nothing, and the compiler leaves nothing of them.
 *
 * Set in the environment of patd, and of nginx when it loads the module:
 *   PAT_PAUSE=N3:20:500,V4:5:30   at point N3 in 20 of 100 times for up to 500 ms, …
 *   PAT_BREAK=LATE_T0             does that step wrongly: a test that does not find out is no test
 *   PAT_CLOCK_RATE=-10            CLOCK_BOOTTIME goes 10 in 1000 slower
 */
#ifndef PAT_BASE_PROVOKE_H
#define PAT_BASE_PROVOKE_H

#include "base/base.h"

#ifdef PAT_PROVOKED

void pat_pause(const char *point);
bool pat_breaks(const char *what);
uint64_t pat_clock_skewed(uint64_t ns);

#else

static inline void pat_pause(const char *point)
{
	(void)point;
}

#define pat_breaks(what)     false
#define pat_clock_skewed(ns) (ns)

#endif

#endif
