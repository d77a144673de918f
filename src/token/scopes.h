/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of scope names. Its canonical text is the names sorted by byte, each once, joined by one
 * space: that text is stored, MACed, interned in the verification index and sent to products.
 */
#ifndef PAT_TOKEN_SCOPES_H
#define PAT_TOKEN_SCOPES_H

#include "base/base.h"

#define PAT_SCOPE_BYTES_MAX       128
#define PAT_SCOPES_MAX            256
#define PAT_SCOPES_TEXT_BYTES_MAX 8192

enum pat_scopes_outcome {
	PAT_SCOPES_E_EMPTY = 1,
	PAT_SCOPES_E_BAD_NAME, /* empty, too long, or a byte outside RFC 6749 section 3.3 scope-token */
	PAT_SCOPES_E_DUPLICATE,
	PAT_SCOPES_E_TOO_MANY, /* names or bytes */
};

/* Whether `name` is one scope-token of RFC 6749 section 3.3, at most PAT_SCOPE_BYTES_MAX bytes. */
bool pat_scope_name_ok(const char *name, size_t len);

/* Writes the canonical text of `n` names and its NUL. 0 or an outcome; `text` is unspecified unless 0. */
int pat_scopes_canonical(const char *const *names, size_t n,
                         char text[static PAT_SCOPES_TEXT_BYTES_MAX + 1]) PAT_MUST_USE;

/* 0 when `text` is canonical, else the outcome that says why not. For texts that come back from a store. */
int pat_scopes_check(const char *text) PAT_MUST_USE;

/* Steps through a canonical text: `*cursor` starts at the text; false at its end. The name is not
 * NUL-terminated. */
bool pat_scopes_next(const char **cursor, const char **ret_name, size_t *ret_len);

/* Whether `name` is in the canonical text. */
bool pat_scopes_has(const char *text, const char *name);

#endif
