/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256, HMAC-SHA-256, randomness, constant-time compare, and the one struct that holds a
 * secret text. The algorithms are libcrypto's and libsodium's; this is only their shape in patd.
 */
#ifndef PAT_BASE_CRYPTO_H
#define PAT_BASE_CRYPTO_H

#include "base/base.h"

#define PAT_SHA256_BYTES 32

/* SHA-256. Allocates nothing, cannot fail, leaves no copy of the bytes behind; any thread. */
void pat_sha256(const void *bytes, size_t len, uint8_t out[static PAT_SHA256_BYTES]);

/* HMAC-SHA-256 (RFC 2104), any thread. */
int pat_hmac_sha256(const uint8_t key[static 32], const void *bytes, size_t len,
                    uint8_t out[static PAT_SHA256_BYTES]) PAT_MUST_USE;

/* A reusable HMAC-SHA-256 of one key: a third of the time of pat_hmac_sha256() where many texts are
 * checked. Not thread-safe: one per thread. */
struct pat_hmac;

/* -ENOMEM when libcrypto gives none. The key is libcrypto's to wipe, in pat_hmac_free(). */
int pat_hmac_new(const uint8_t key[static 32], struct pat_hmac **ret) PAT_MUST_USE;
void pat_hmac_free(struct pat_hmac *hmac);
void pat_hmac_freep(struct pat_hmac **hmac);

/* 0, or -EIO when libcrypto refuses; `out` is then unspecified and must not be used. */
int pat_hmac(struct pat_hmac *hmac, const void *bytes, size_t len,
             uint8_t out[static PAT_SHA256_BYTES]) PAT_MUST_USE;

/* Fills `out` from getrandom(2) without falling back to anything. 0, or the -errno of the kernel,
 * or -EIO when it came back short: then `out` is wiped and nothing may be issued. */
int pat_random(void *out, size_t len) PAT_MUST_USE;

/* Constant-time equality. */
bool pat_memeq(const void *a, const void *b, size_t len) PAT_MUST_USE;

/* Wipes memory in a way the compiler keeps. */
void pat_wipe(void *bytes, size_t len);

/* Wipes this thread's vector registers, in which the last texts that were copied stand until others take their place. Where it
 * is not known how (not x86-64), nothing. */
void pat_wipe_registers(void);

/* A secret text: a token, a session cookie, a setup code. It has no formatting function, so it
 * can not reach a log line, an error text or a URL by accident; its cleanup wipes it. */
#define PAT_SECRET_TEXT_MAX 63
struct pat_secret {
	char text[PAT_SECRET_TEXT_MAX + 1]; /* NUL-terminated */
	size_t len;
};

void pat_secret_done(struct pat_secret *secret);

/* 256 random bits as 43 base62 digits: session cookies, setup codes. Errors as pat_random(). */
int pat_secret_random(struct pat_secret *ret) PAT_MUST_USE;

#endif
