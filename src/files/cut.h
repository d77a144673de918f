/* SPDX-License-Identifier: Apache-2.0
 *
 * What of a document is put into lists is cut at a stated length, and ends in "…" then: a document may name a layer with
 * five megabytes, and a list of its neighbours must be answered all the same. Lengths are those that JSON takes to write it,
 * so that what an answer may come to is known.
 */
#ifndef PAT_FILES_CUT_H
#define PAT_FILES_CUT_H

#include "base/buf.h"
#include "files/outline.h"

#define PAT_FILES_CUT_NAME_BYTES        1024
#define PAT_FILES_CUT_DESCRIPTION_BYTES 8192

/* A string of a document as it is written there, between its quotes: at most PAT_FILES_CUT_NAME_BYTES of it into `out`, ended
 * behind a whole character or escape. 0 or what reading returned. */
int pat_files_cut_written(const struct pat_text *text, struct pat_range range,
                          char out[static PAT_FILES_CUT_NAME_BYTES], size_t *ret_len) PAT_MUST_USE;

/* Appends a text, and the 0 behind it; `max` counts as pat_buf_add_json() writes. The bytes of that in `*ret`. 0 or -ENOMEM,
 * -EMSGSIZE. */
int pat_files_cut_text(const char *text, size_t max, struct pat_buf *out, size_t *ret) PAT_MUST_USE;

#endif
