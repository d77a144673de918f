/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 (RFC 3629), one code point at a time: no overlong forms, no surrogates, nothing above U+10FFFF. Whoever has to know
 * where a character ends, or which it is, asks here.
 */
#ifndef PAT_BASE_UTF8_H
#define PAT_BASE_UTF8_H

#include "base/base.h"

/* The bytes of the character that `text` begins with, of which `left` (at least one) can be read, and its code point in
 * `*ret`; 0 when there is none. U+0000 is a character like any other. Pure. */
size_t pat_utf8_take(const char *text, size_t left, uint32_t *ret);

#endif
