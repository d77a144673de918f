/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether all characters of a text belong to a class, and where the first one is that does, sixteen at a time: a class is
 * a function that says so of sixteen (each lane all ones, or 0). With the vector types of GCC and Clang, so there is no
 * processor's dialect here.
 */
#ifndef PAT_BASE_CHARS_H
#define PAT_BASE_CHARS_H

#include <endian.h>
#include <string.h>

#include "base/base.h"

#define PAT_CHARS_LANES 16u

typedef uint8_t pat_chars __attribute__((vector_size(16)));
typedef int8_t pat_chars_are __attribute__((vector_size(16)));
typedef pat_chars_are pat_chars_class(pat_chars c);

static inline pat_chars pat_chars_load(const char *text)
{
	pat_chars c;

	memcpy(&c, text, sizeof(c)); /* UNSAFE: the caller has sixteen */
	return c;
}

/* 0-9, A-Z, a-z. */
static inline pat_chars_are pat_chars_alnum(pat_chars c)
{
	return ((c - '0') < 10) | (((c | 0x20) - 'a') < 26);
}

/* True for an empty text. `class` must be known where this is compiled, or each call costs a call per sixteen. */
static inline bool pat_chars_all(const char *text, size_t len, pat_chars_class *class)
{
	pat_chars_are all;
	uint64_t halves[2];

	if (len < PAT_CHARS_LANES) {
		char padded[PAT_CHARS_LANES];

		if (len == 0)
			return true;
		memset(padded, text[0], sizeof(padded)); /* UNSAFE: fixed size */
		memcpy(padded, text, len);               /* UNSAFE: less than sixteen */
		all = class(pat_chars_load(padded));
	} else {
		/* The last sixteen overlap those before them, if need be. */
		all = class(pat_chars_load(text + len - PAT_CHARS_LANES));
		for (size_t i = 0; i + PAT_CHARS_LANES < len; i += PAT_CHARS_LANES)
			all &= class(pat_chars_load(text + i));
	}
	memcpy(halves, &all, sizeof(halves)); /* UNSAFE: fixed sizes */
	return (halves[0] & halves[1]) == UINT64_MAX;
}

/* The first lane that is set; sixteen when none is. */
static inline size_t pat_chars_first(pat_chars_are are)
{
	uint64_t halves[2];

	memcpy(halves, &are, sizeof(halves)); /* UNSAFE: fixed sizes */
	if (halves[0] != 0)
		return (size_t)__builtin_ctzll(le64toh(halves[0])) / 8;
	if (halves[1] != 0)
		return 8 + (size_t)__builtin_ctzll(le64toh(halves[1])) / 8;
	return PAT_CHARS_LANES;
}

/* Where the first character of a class is; `len` when there is none. `class` as above. */
static inline size_t pat_chars_find(const char *text, size_t len, pat_chars_class *class)
{
	size_t at = 0;

	for (; len - at >= PAT_CHARS_LANES; at += PAT_CHARS_LANES) {
		size_t first = pat_chars_first(class(pat_chars_load(text + at)));

		if (first < PAT_CHARS_LANES)
			return at + first;
	}
	if (at < len) {
		char padded[PAT_CHARS_LANES] = { 0 };

		memcpy(padded, text + at, len - at); /* UNSAFE: less than sixteen */
		size_t first = pat_chars_first(class(pat_chars_load(padded)));
		return first < len - at ? at + first : len;
	}
	return len;
}

#endif
