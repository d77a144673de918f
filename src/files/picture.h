/* SPDX-License-Identifier: Apache-2.0
 *
 * Drawing: the small picture of a whole file, which is kept beside it, and that of a node, which is not.
 */
#ifndef PAT_FILES_PICTURE_H
#define PAT_FILES_PICTURE_H

#include "base/buf.h"
#include "files/document.h"

#define PAT_FILES_SMALL_BYTES_MAX (128u << 10)

/* What is drawn: a document, stored, with the file whose images its fills show. */
struct pat_files_drawing {
	struct pat_files *files;
	const struct pat_outline *outline;
	const struct pat_text *text;
	int64_t file; /* 0: a new one, without images */
};

/* The first page that shows anything, small. E_NODE when there is nothing. `ret_fills`: of how many images it could know. */
int pat_files_small_draw(const struct pat_files_drawing *drawing, struct pat_buf *out,
                         int64_t *ret_fills) PAT_MUST_USE;
/* In a change: `svg` is the picture of a file's version from now on; empty: it has none, which takes as long to find out;
 * NULL: it is not known. Left out when the version is not the newest any more, or when images came that it does not show. */
int pat_files_small_keep(struct pat_lite_conn *conn, int64_t file, int64_t version, int64_t fills,
                         const struct pat_buf *svg) PAT_MUST_USE;

#endif
