/* SPDX-License-Identifier: Apache-2.0
 *
 * A token as it is stored: everything but the secret. The part that grants power is sealed with a
 * MAC, so that a row edited behind patd's back (a digest put in by hand, a scope added, an expiry
 * moved) is refused instead of believed:
 *
 *   mac = HMAC-SHA-256(K_row, "patd/row1" | D | owner:u64 | issued:u64 | expires:u64 | flags:u32 |
 *                      seq:u64 | state:u32 | revoked_seq:u64 | SHA-256(scopes))   integers big-endian
 *
 * A token with limits has PAT_RECORD_LIMITED among its flags, "patd/row2" in front, and SHA-256(limits) behind. One that another
 * token made has PAT_RECORD_MADE, "patd/row3" in front, and SHA-256(limits) and that token's tid behind. One whose owner products
 * know by a name has PAT_RECORD_NAMED, "patd/row4" in front, and SHA-256(limits), the tid or zeros, and SHA-256(known_as) behind.
 *
 * The tid is the first half of D, so D covers it. A revoke seals the row anew, so that setting the
 * state back is seen as well; `seq` and `revoked_seq` tie the row to the numbered change behind it. The key lives in a file of its own
 * beside the store, never in it.
 */
#ifndef PAT_TOKEN_RECORD_H
#define PAT_TOKEN_RECORD_H

#include "token/limits.h"
#include "token/scopes.h"
#include "token/token.h"

#define PAT_TOKEN_NAME_CHARS_MAX 64
#define PAT_TOKEN_NAME_BYTES_MAX (4 * PAT_TOKEN_NAME_CHARS_MAX)
#define PAT_TOKEN_NOTE_CHARS_MAX 200
#define PAT_TOKEN_NOTE_BYTES_MAX (4 * PAT_TOKEN_NOTE_CHARS_MAX)
#define PAT_SUBJECT_BYTES_MAX    128 /* who somebody is to a product that has no numbers of ours */
#define PAT_KNOWN_AS_BYTES_MAX   (PAT_LIMIT_PRODUCT_MAX + 1 + PAT_SUBJECT_BYTES_MAX)
#define PAT_NEVER                INT64_MAX /* expires: no expiry */

enum pat_record_flags {
	PAT_RECORD_LIMITED = 1, /* `limits` is not empty */
	PAT_RECORD_MADE = 2,    /* it has a `maker` */
	PAT_RECORD_NAMED = 4,   /* `known_as` is not empty */
};

enum pat_record_state {
	PAT_RECORD_LIVE = 0,
	PAT_RECORD_REVOKED = 1,
};

enum pat_revoke_reason {
	PAT_REVOKE_NONE = 0,
	PAT_REVOKE_OWNER = 1,           /* its owner revoked it */
	PAT_REVOKE_PERSON_DISABLED = 2, /* an administrator disabled its owner */
	PAT_REVOKE_MAKER = 3,           /* the token that made it was revoked */
	PAT_REVOKE_ADMINISTRATOR = 4,   /* an administrator revoked it */
	PAT_REVOKE_ROTATED = 5,         /* its owner had another one made in its place */
};

enum pat_record_outcome {
	PAT_RECORD_E_MAC = 1, /* the row is not what patd wrote */
};

struct pat_record {
	int64_t number; /* the store's row number; names the token nowhere outside */
	uint8_t digest[PAT_DIGEST_BYTES];
	int64_t owner; /* person */
	char known_as[PAT_KNOWN_AS_BYTES_MAX +
	              1]; /* what products call the owner: SERVICE:SUBJECT; empty: by number */
	char name[PAT_TOKEN_NAME_BYTES_MAX + 1];
	char note[PAT_TOKEN_NOTE_BYTES_MAX + 1]; /* what its owner wrote about it; may be empty */
	char hint[PAT_TOKEN_HINT_CHARS + 1];
	char scopes[PAT_SCOPES_TEXT_BYTES_MAX + 1]; /* canonical */
	char limits[PAT_LIMITS_TEXT_BYTES_MAX + 1]; /* canonical; most are empty */
	int64_t issued_s;
	uint8_t maker[PAT_TID_BYTES]; /* the token that made it; zeros: a person did */
	int64_t expires_s;            /* first second at which it is refused, or PAT_NEVER */
	uint32_t flags;               /* enum pat_record_flags */
	int64_t seq;                  /* of the change that created it */
	uint32_t key_id;              /* which row key sealed it */
	uint8_t mac[32];
	enum pat_record_state state;
	int64_t revoked_s; /* 0 while live */
	enum pat_revoke_reason revoked_reason;
	int64_t revoked_seq; /* 0 while live */
	/* The tid of the one that was made in its place; zeros: none. It grants nothing, and is not sealed. */
	uint8_t replaced_by[PAT_TID_BYTES];
	int64_t last_used_s; /* 0 never */
	int64_t use_count;
};

/* The row key. Wipe with pat_wipe when done. */
struct pat_row_key {
	uint32_t id;
	uint8_t bytes[32];
};

/* Sets flags by what the record has, key_id and mac. -EIO when the crypto library fails. Any thread. */
int pat_record_seal(struct pat_record *record, const struct pat_row_key *key) PAT_MUST_USE;

/* 0, PAT_RECORD_E_MAC, or -EIO. Any thread. */
int pat_record_check(const struct pat_record *record, const struct pat_row_key *key) PAT_MUST_USE;

/* pat_record_check() for loads of many rows: `hmac` holds the key named `key_id`, `scopes_hash` is
 * SHA-256(scopes) of a set that many rows share; record->scopes is not read. Thread: that of `hmac`. */
int pat_record_check_hashed(const struct pat_record *record, const uint8_t scopes_hash[static 32],
                            uint32_t key_id, struct pat_hmac *hmac) PAT_MUST_USE;

/* Whether another token made it. */
bool pat_record_made(const struct pat_record *record);

/* Whether another token was made in its place. */
bool pat_record_replaced(const struct pat_record *record);

/* The public id as 32 hex characters and a NUL. */
void pat_record_tid(const uint8_t digest[static PAT_DIGEST_BYTES],
                    char out[static PAT_TID_CHARS + 1]);

#endif
