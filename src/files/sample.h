/* SPDX-License-Identifier: Apache-2.0
 *
 * The document that somebody new finds in their first project.
 */
#ifndef PAT_FILES_SAMPLE_H
#define PAT_FILES_SAMPLE_H

#include "files/db.h"

/* Gives a team its copy of the sample, once and for all. What goes wrong is logged and does no harm: a sample that is
 * missing, or no document, is not tried again; one that could not be stored is, at the next time. */
void pat_files_sample_give(struct pat_files *files, const struct pat_files_caller *caller,
                           int64_t team);

#endif
