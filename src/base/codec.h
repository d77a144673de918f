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

/* Whether every byte is a base62 digit. */
bool pat_base62_is(const char *text, size_t len);

/* CRC-32 of IEEE 802.3, as zlib computes it. A checksum against typing errors, not authentication. */
uint32_t pat_crc32(const void *bytes, size_t len);

#endif
