/* SPDX-License-Identifier: Apache-2.0
 *
 * Slowing down guesses at passwords without locking anybody out (NIST SP 800-63B-4 section 3.2.2).
 *
 * Failures are counted for the pair of account and address, for the address, and for the account.
 * A pair or an address that fails too often waits, twice as long each time. An account that is attacked
 * from many addresses makes only strangers wait: an address the person has signed in from before is
 * let through, so the attack does not become the victim's problem.
 *
 * In memory and bounded: when the table is full the entry that failed longest ago makes room, of those for which nobody
 * has to wait.
 */
#ifndef PAT_CORE_THROTTLE_H
#define PAT_CORE_THROTTLE_H

#include "base/base.h"

#define PAT_THROTTLE_PAIR_FREE    5 /* failures before waiting begins */
#define PAT_THROTTLE_ADDRESS_FREE 40
#define PAT_THROTTLE_ACCOUNT_FREE 50 /* stays below NIST's 100 with parallel guesses in flight */
#define PAT_THROTTLE_WAIT_S_MAX   900

#define PAT_THROTTLE_ADDRESS_BYTES 46
/* What an address counts as: an IPv6 one its /64, an IPv4-mapped one its IPv4. */
void pat_throttle_address(const char *address, char out[static PAT_THROTTLE_ADDRESS_BYTES]);

struct pat_throttle;

int pat_throttle_new(size_t entries_max, struct pat_throttle **ret) PAT_MUST_USE;
void pat_throttle_free(struct pat_throttle *throttle);

/* Asks to make one attempt. 0: go on, and the attempt is counted as failed until pat_throttle_success
 * says otherwise, so that parallel guesses count too. Positive: seconds to wait; nothing was counted.
 * IPv6 addresses count by /64. Any thread. */
unsigned pat_throttle_attempt(struct pat_throttle *throttle, const char *account,
                              const char *address, bool address_known, uint64_t now_ns);

/* The attempt was right: account and pair start afresh, the address gets its one count back. */
void pat_throttle_success(struct pat_throttle *throttle, const char *account, const char *address);

/* The attempt was not judged after all (busy, unavailable): takes its counts back. */
void pat_throttle_undo(struct pat_throttle *throttle, const char *account, const char *address);

/* A plain allowance: at most `max` in `window_s`, counted by key; 0 or seconds to wait. */
unsigned pat_throttle_allow(struct pat_throttle *throttle, const char *kind, int64_t key,
                            unsigned max, unsigned window_s, uint64_t now_ns);

/* Takes one use of an allowance back. */
void pat_throttle_give_back(struct pat_throttle *throttle, const char *kind, int64_t key);

#endif
