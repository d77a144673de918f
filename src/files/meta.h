/* SPDX-License-Identifier: Apache-2.0
 *
 * Where on the canvas a comment is: what Figma calls client_meta, in one of four shapes.
 */
#ifndef PAT_FILES_META_H
#define PAT_FILES_META_H

#include "base/buf.h"
#include "files/files.h"

/* Reads JSON and writes it as it is kept: the members of its shape, in one order, and nothing else. NULL: {"x":0,"y":0}.
 * `out` is of PAT_FILES_META_BYTES_MAX. E_META, -ENOMEM. */
int pat_files_meta_read(const char *text, struct pat_buf *out) PAT_MUST_USE;

#endif
