/* SPDX-License-Identifier: Apache-2.0
 *
 * The token's bytes (docs/token-format.md):
 *
 *   prefix "_"  43 base62 characters (256 random bits)  6 base62 characters (CRC-32 of those 43)
 *
 * With the default prefix "pat" that is 53 ASCII bytes, ^pat_[0-9A-Za-z]{49}$. There is one
 * spelling of a token; every other is refused before any hash or look-up. Pure: no allocation, no
 * system call. What is kept of a token is its digest D = SHA-256(token); its public id, the tid, is
 * the first 16 bytes of D.
 */
#ifndef PAT_TOKEN_TOKEN_H
#define PAT_TOKEN_TOKEN_H

#include "base/base.h"
#include "base/crypto.h"

#define PAT_TOKEN_PREFIX_MIN  2 /* the "_" not counted */
#define PAT_TOKEN_PREFIX_MAX  5
#define PAT_TOKEN_BODY_CHARS  43
#define PAT_TOKEN_CHECK_CHARS 6
#define PAT_TOKEN_BYTES_MAX \
	(PAT_TOKEN_PREFIX_MAX + 1 + PAT_TOKEN_BODY_CHARS + PAT_TOKEN_CHECK_CHARS)
#define PAT_DIGEST_BYTES     32
#define PAT_TID_BYTES        16
#define PAT_TID_CHARS        32
#define PAT_TOKEN_HINT_CHARS 4 /* the last characters of a token, kept for the owner's list */

enum pat_token_outcome {
	PAT_TOKEN_E_MALFORMED = 1, /* not a token of this format, or mistyped */
};

/* The operator's choice of prefix. Memory the caller holds; immutable after init. */
struct pat_token_format {
	char prefix[8]; /* with its "_"; compared as a word */
	size_t prefix_len;
};

/* `prefix` without "_": 2 to 5 characters of 0-9A-Za-z. -EINVAL otherwise. */
int pat_token_format_init(struct pat_token_format *format, const char *prefix) PAT_MUST_USE;

/* Spells the token of 32 secret bytes. */
void pat_token_make(const struct pat_token_format *format, const uint8_t secret[static 32],
                    struct pat_secret *ret);

/* Whether the text has a token's length and prefix: the cheap beginning of a check. */
bool pat_token_like(const struct pat_token_format *format, const char *text, size_t len);

/* The rest of a check, for a text that is like a token. */
bool pat_token_rest_ok(const struct pat_token_format *format, const char *text) PAT_MUST_USE;

/* 0 for the one canonical spelling of some token, PAT_TOKEN_E_MALFORMED otherwise. */
int pat_token_check(const struct pat_token_format *format, const char *text,
                    size_t len) PAT_MUST_USE;

#endif
