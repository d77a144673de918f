/* SPDX-License-Identifier: Apache-2.0
 *
 * N requests in S seconds, by the generic cell rate algorithm (ITU-T I.371, annex A): one word says when, by an even
 * pace, the next request would be due, and how far that may lie ahead. Exact for however many processes share the word.
 */
#ifndef PAT_INDEX_RATE_H
#define PAT_INDEX_RATE_H

#include <stdatomic.h>

#include "base/base.h"

struct pat_rate {
	uint32_t requests; /* 0: no limit, and nothing below means anything */
	uint32_t window_s;
	uint32_t remaining; /* that would be allowed now */
	uint32_t reset_s;   /* until all of them are again, rounded up */
	uint32_t retry_s;   /* until the next one is; 0 when this one was allowed */
};

/* Takes one request at `now_ns`, which does not go back; false when it is too soon. `rate` has its first two words set,
 * and gets the others. */
static inline bool pat_rate_take(_Atomic uint64_t *word, uint64_t now_ns, struct pat_rate *rate)
{
	const uint64_t second = 1000000000;
	uint64_t pace = rate->window_s * second / rate->requests;
	uint64_t window = pace * rate->requests; /* no fraction of a request fits into it */
	uint64_t due = atomic_load_explicit(word, memory_order_relaxed);
	uint64_t ahead = 0;
	bool allowed = false;

	do {
		/* More than a window ahead is no time of this clock's: the cell was another boot's, or is spoilt. */
		ahead = due > now_ns && due - now_ns <= window ? due - now_ns : 0;
		allowed = ahead + pace <= window;
	} while (allowed && !atomic_compare_exchange_weak_explicit(
				    word, &due, now_ns + ahead + pace, memory_order_relaxed,
				    memory_order_relaxed));
	if (allowed)
		ahead += pace;
	rate->remaining = (uint32_t)((window - ahead) / pace);
	rate->reset_s = (uint32_t)((ahead + second - 1) / second);
	rate->retry_s = allowed ? 0 : (uint32_t)((ahead + pace - window + second - 1) / second);
	return allowed;
}

#endif
