/* SPDX-License-Identifier: Apache-2.0
 *
 * A version that is open: inside, how one is found, and what pictures are drawn from.
 */
#ifndef PAT_FILES_DOCUMENT_H
#define PAT_FILES_DOCUMENT_H

#include "files/content.h"

struct pat_files_document {
	struct pat_files *files;
	struct pat_files_pin pin;
	struct pat_files_content_reader reader;
	struct pat_text text; /* the reader's */
	struct pat_outline outline;
	int64_t file;
	int64_t version;
	int64_t created_s;
	bool newest;
};

/* Opens a version (0: the newest) for whoever has a signed address of it: access.h. E_NOT_FOUND. */
int pat_files_document_open_signed(struct pat_files *files, int64_t file, int64_t version,
                                   struct pat_files_document **ret) PAT_MUST_USE;

#endif
