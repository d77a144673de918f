/* SPDX-License-Identifier: Apache-2.0
 *
 * What people write, as names and as messages: well-formed UTF-8, counted in code points, without characters that would
 * change how the text around them is shown.
 */
#ifndef PAT_BASE_TEXT_H
#define PAT_BASE_TEXT_H

#include "base/base.h"

enum pat_text_outcome {
	PAT_TEXT_E_EMPTY = 1,
	PAT_TEXT_E_BAD_CHARACTERS,
	PAT_TEXT_E_TOO_LONG,
};

/* Code points of one line: UTF-8 (RFC 3629) without control characters (C0, DEL, C1), line separators or directional
 * overrides; -1 for anything else. */
int pat_text_line_chars(const char *text, size_t len);

/* A name: one line, at most `chars_max` code points and less than `out_bytes` bytes after blanks at both ends are cut.
 * `out` gets it on 0. */
int pat_text_label(const char *text, size_t chars_max, char *out, size_t out_bytes) PAT_MUST_USE;

/* A message: lines, tabs and whatever direction text has, at least one character that is not blank, at most `chars_max`
 * code points. 0 or an outcome. */
int pat_text_message(const char *text, size_t chars_max) PAT_MUST_USE;

#endif
