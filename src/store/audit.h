/* SPDX-License-Identifier: Apache-2.0
 *
 * The seal of an audit record. Records are chained: each one's MAC covers the MAC before it, so that a
 * record edited, taken out or moved is found by walking the chain. Cutting off the end is not: for
 * that, ship the records elsewhere. The same for every backend.
 *
 *   mac = HMAC-SHA-256(K_row, "patd/audit1" | mac of id - 1, or 32 zeros | id:u64 | seq:u64 | at:u64 |
 *                      actor:u64 | via | action | object | address | agent | request_id)
 *
 * integers big-endian; each text is its length as u32 and its bytes.
 */
#ifndef PAT_STORE_AUDIT_H
#define PAT_STORE_AUDIT_H

#include "store/store.h"

/* What happened, to what. */
struct pat_event {
	const char *action;
	const char *object;
	int64_t seq; /* 0: none */
	int64_t at_s;
};

/* The record of it, but for its id. What an actor brought is cut to what a record holds. */
void pat_audit_make(struct pat_audit *ret, const struct pat_actor *actor,
                    const struct pat_event *event);

/* -EIO when the crypto library fails. Any thread. */
int pat_audit_mac(const struct pat_audit *audit, const uint8_t before[static PAT_SHA256_BYTES],
                  const struct pat_row_key *key, uint8_t ret[static PAT_SHA256_BYTES]) PAT_MUST_USE;

#endif
