/* SPDX-License-Identifier: Apache-2.0
 *
 * One plain sentence for an operator, carried beside an error code. There is no "last error"
 * global: whoever wants the sentence passes a struct pat_err, whoever does not passes NULL.
 */
#ifndef PAT_BASE_ERR_H
#define PAT_BASE_ERR_H

#include "base/base.h"

struct pat_err {
	char text[512];
};

/* Sets the sentence (truncated to fit) and returns `code`, so that failing reads
 * `return pat_err_set(err, -EINVAL, "...")`. `err` may be NULL. Never pass a secret. */
int pat_err_set(struct pat_err *err, int code, const char *format, ...) PAT_PRINTF(3, 4);

/* The words for an errno value of either sign. Any thread (unlike strerror). */
const char *pat_err_words(int error);

#endif
