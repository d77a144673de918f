/* SPDX-License-Identifier: Apache-2.0
 *
 * Judges a picture as a browser's XML parser would, and more: only the elements and attributes that drawing writes, numbers
 * of at most three decimals, path data that is one, references to what is there, and nothing that comes from elsewhere.
 */
#ifndef PAT_TESTS_UNIT_SVG_CHECK_H
#define PAT_TESTS_UNIT_SVG_CHECK_H

#include "base/base.h"

#define SVG_CHECK_WHY_BYTES 256

/* False: `why` says what is wrong, and where. */
bool svg_check(const char *text, size_t len, char why[static SVG_CHECK_WHY_BYTES]);

#endif
