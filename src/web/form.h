/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies of type application/x-www-form-urlencoded (WHATWG URL, section 5.1), as OAuth's endpoints take them.
 */
#ifndef PAT_WEB_FORM_H
#define PAT_WEB_FORM_H

#include "base/base.h"

/* Undoes the encoding of `len` bytes in place, and ends them with a NUL, for which there is room. False for a percent sign
 * that encodes nothing, and for a NUL. */
bool pat_form_decode(char *text, size_t len, size_t *ret_len) PAT_MUST_USE;

enum pat_form_outcome {
	PAT_FORM_E_ABSENT = 1, /* or without a value, which is the same (RFC 6749, section 3.2) */
	PAT_FORM_E_TOO_LONG,   /* well-formed or not: it has no room */
	PAT_FORM_E_MALFORMED,  /* or given twice (RFC 6749, section 3.2) */
};

/* Copies the value of `name`, with a NUL; nothing on TOO_LONG. */
int pat_form_get(const char *body, size_t len, const char *name, char *out, size_t out_bytes,
                 size_t *ret_len) PAT_MUST_USE;

#endif
