/* SPDX-License-Identifier: Apache-2.0
 *
 * Text encodings of bytes: lower-case hex, and the base62 of docs/token-format.md (alphabet
 * 0-9A-Za-z, big-endian, left-padded with '0'), whose digits sort like their values in ASCII.
 */
#ifndef PAT_BASE_CODEC_H
#define PAT_BASE_CODEC_H

#include "base/base.h"

#define PAT_BASE62_256_CHARS 43 /* 62^43 > 2^256 > 62^42 */
#define PAT_BASE62_32_CHARS  6  /* 62^6 > 2^32 */

/* Writes 2*len lower-case digits and a NUL to `out`, which holds at least 2*len + 1 bytes. */
void pat_hex_encode(const void *bytes, size_t len, char *out);

/* Reads exactly 2*len lower-case digits. 0, or -EINVAL for anything else (upper case included: one
 * spelling only). */
int pat_hex_decode(const char *text, size_t text_len, void *out, size_t len) PAT_MUST_USE;

/* 32 bytes as 43 digits; no NUL is written. Runs in the same steps for every input. */
void pat_base62_encode_256(const uint8_t bytes[static 32], char out[static PAT_BASE62_256_CHARS]);

/* 0, or -EINVAL for a character outside the alphabet or a value of 2^256 and more. */
int pat_base62_decode_256(const char text[static PAT_BASE62_256_CHARS],
                          uint8_t out[static 32]) PAT_MUST_USE;

/* A 32-bit number as 6 digits; no NUL is written. */
void pat_base62_encode_32(uint32_t value, char out[static PAT_BASE62_32_CHARS]);

/* What 6 characters that are digits (pat_base62_is()) spell: up to 62^6, and so more than 32 bits. */
uint64_t pat_base62_decode_32(const char text[static PAT_BASE62_32_CHARS]);

/* Any bytes, big-endian, eight at a time as eleven digits and the rest as the fewest that hold as many: what holds so many
 * bytes has so many digits. No NUL is written. */
size_t pat_base62_chars(size_t bytes);
void pat_base62_encode(const void *bytes, size_t len, char *out);

/* The reverse, of exactly pat_base62_chars(len) digits. -EINVAL for another character, and for digits that no bytes are
 * written as: one spelling only. */
int pat_base62_decode(const char *text, size_t chars, void *out, size_t len) PAT_MUST_USE;

/* Base64 with padding (RFC 4648 section 4): (len + 2) / 3 * 4 characters, no NUL. */
size_t pat_base64_encode(const void *bytes, size_t len, char *out);

/* Whether every byte is a base62 digit. */
bool pat_base62_is(const char *text, size_t len);

#endif
