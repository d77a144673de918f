/* SPDX-License-Identifier: Apache-2.0
 *
 * See provoke.h. The environment is read when the program or the module is loaded: nginx empties it afterwards.
 */
#include "base/provoke.h"

#ifdef PAT_PROVOKED

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POINTS_MAX 16

static struct point {
	char name[16];
	unsigned percent;
	unsigned ms;
} points[POINTS_MAX];
static size_t n_points;
static char broken[32];
static long rate;

__attribute__((constructor)) static void provoke_read(void)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): nobody else is there yet */
	const char *pauses = getenv("PAT_PAUSE");
	const char *breaks = getenv("PAT_BREAK");
	const char *clock = getenv("PAT_CLOCK_RATE");
	/* NOLINTEND(concurrency-mt-unsafe) */

	for (; pauses && n_points < POINTS_MAX; pauses = strchr(pauses, ',')) {
		struct point *p = &points[n_points];

		pauses += *pauses == ',';
		if (sscanf(pauses, "%15[^:,]:%u:%u", p->name, &p->percent, &p->ms) == 3)
			n_points++;
	}
	if (breaks)
		(void)snprintf(broken, sizeof(broken), "%s", breaks);
	rate = clock ? strtol(clock, NULL, 10) : 0;
}

/* splitmix64 over the time: threads need no state of their own for this. */
static unsigned dice(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	uint64_t x = (uint64_t)ts.tv_nsec * 0x9e3779b97f4a7c15u + (uint64_t)ts.tv_sec;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (unsigned)(x ^ x >> 31);
}

void pat_pause(const char *point)
{
	for (size_t i = 0; i < n_points; i++) {
		unsigned n = dice();

		if (strcmp(points[i].name, point) == 0 && n % 100 < points[i].percent)
			(void)poll(NULL, 0, (int)(1 + (n >> 8) % (points[i].ms + 1)));
	}
}

bool pat_breaks(const char *what)
{
	return strcmp(broken, what) == 0;
}

uint64_t pat_clock_skewed(uint64_t ns)
{
	return (uint64_t)((int64_t)ns + (int64_t)(ns / 1000) * rate);
}

#endif
