/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing byte buffer that knows its maximum from birth. The content is always followed by a
 * NUL that is not counted, so `data` can be handed to functions that want a C string.
 *
 * A failed append is remembered (`failed`), so that a run of appends can be checked once at its
 * end with pat_buf_error().
 */
#ifndef PAT_BASE_BUF_H
#define PAT_BASE_BUF_H

#include "base/base.h"

struct pat_buf {
	char *data; /* owned; never NULL after init succeeded once something was appended */
	size_t len;
	size_t cap;
	size_t max; /* content bytes allowed, the NUL not counted */
	int failed; /* 0, -ENOMEM or -EMSGSIZE: the first append that did not fit */
};

void pat_buf_init(struct pat_buf *b, size_t bytes_max);

/* Frees the memory after wiping it; accepts a zeroed struct. */
void pat_buf_done(struct pat_buf *b);

/* Forgets the content, keeps the memory. */
void pat_buf_clear(struct pat_buf *b);

/* 0, -ENOMEM, or -EMSGSIZE when the maximum would be passed; on failure nothing is appended. */
int pat_buf_add(struct pat_buf *b, const void *bytes, size_t len);
int pat_buf_add_str(struct pat_buf *b, const char *s);
int pat_buf_addf(struct pat_buf *b, const char *format, ...) PAT_PRINTF(2, 3);

/* Appends `s` as the inside of a JSON string (RFC 8259 section 7): quotes, backslashes, control
 * characters and DEL escaped; bytes that are not UTF-8 become U+FFFD. */
int pat_buf_add_json(struct pat_buf *b, const char *s, size_t len);

/* The first failure of any append since init or clear, or 0. */
int pat_buf_error(const struct pat_buf *b) PAT_MUST_USE;

/* The content as a C string; "" when empty. Valid until the next append. */
const char *pat_buf_str(const struct pat_buf *b);

#endif
