/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether bytes are the picture they are said to be: PNG, JPEG or WebP, whole and with nothing behind it, of a size that is
 * cheap to show. Nothing is decoded: that is the browser's business, which is told the type and never guesses it. What could act
 * (SVG) or move by itself (APNG, animated WebP) is no picture here. Pure; the bytes come from anybody.
 */
#ifndef PAT_CORE_PICTURE_H
#define PAT_CORE_PICTURE_H

#include "store/store.h"

#define PAT_PICTURE_PIXELS_MAX 2048 /* of either side */

/* 0, PAT_CORE_E_PICTURE_MALFORMED, PAT_CORE_E_PICTURE_TOO_LARGE or PAT_CORE_E_PICTURE_MOVES. */
int pat_picture_check(enum pat_picture_kind kind, const void *bytes, size_t len) PAT_MUST_USE;

#endif
