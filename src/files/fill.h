/* SPDX-License-Identifier: Apache-2.0
 *
 * Images of a file, for those who draw and serve them.
 */
#ifndef PAT_FILES_FILL_H
#define PAT_FILES_FILL_H

#include "base/buf.h"
#include "files/db.h"
#include "files/image.h"

#define PAT_FILES_REF_CHARS 40 /* SHA-1 in hex */

/* Of a file's number, access judged: appends the image's bytes. E_NOT_FOUND. */
int pat_files_fill_read(struct pat_files *files, int64_t file, const char *ref,
                        struct pat_buf *out) PAT_MUST_USE;
/* Appends it as "data:image/png;base64,…". E_NOT_FOUND also when it would take most of the room that `out` has left. */
int pat_files_fill_inline(struct pat_files *files, int64_t file, const char *ref,
                          struct pat_buf *out, uint32_t *ret_width,
                          uint32_t *ret_height) PAT_MUST_USE;
/* How many a file has; 0 of file 0. */
int pat_files_fill_count(struct pat_files *files, int64_t file, int64_t *ret) PAT_MUST_USE;

#endif
