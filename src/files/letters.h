/* SPDX-License-Identifier: Apache-2.0
 *
 * Single characters: reading and writing UTF-8, case, where a line may end, and how wide they are in the usual sans serifs.
 * Not locale's answers: a document looks the same whatever the server speaks.
 */
#ifndef PAT_FILES_LETTERS_H
#define PAT_FILES_LETTERS_H

#include "base/base.h"

/* The character at `s`, of which `left` > 0 bytes are there: its length, or 0 when it is not UTF-8 (RFC 3629). */
size_t pat_letter_decode(const char *s, size_t left, uint32_t *ret);
/* Up to four bytes, without a NUL; the code must be one that decode gives. */
size_t pat_letter_encode(uint32_t code, char out[static 4]);

/* Latin, Greek and Cyrillic, one to one; everything else is as it is. */
uint32_t pat_letter_upper(uint32_t code);
uint32_t pat_letter_lower(uint32_t code);
bool pat_letter_is(uint32_t code);

/* Whether a new line may begin behind it. */
bool pat_letter_ends_line(uint32_t code);
/* Of a font's size. `known`: false for scripts whose letters join or vary too much to say. */
double pat_letter_width(uint32_t code, bool monospaced, bool *known);

#endif
