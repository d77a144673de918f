/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside: the upload that gives a team its sample.
 */
#ifndef PAT_FILES_UPLOAD_H
#define PAT_FILES_UPLOAD_H

#include "files/db.h"

/* As pat_files_upload_begin() into the caller's first project; finish then also notes that the team has its sample, and
 * ends in E_EXISTS, having changed nothing, when it has one already. */
int pat_files_upload_begin_sample(struct pat_files *files, const struct pat_files_caller *caller,
                                  int64_t team, struct pat_files_upload **ret) PAT_MUST_USE;

#endif
