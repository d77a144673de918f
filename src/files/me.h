/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/me: the person behind the token.
 */
#ifndef PAT_FILES_ME_H
#define PAT_FILES_ME_H

#include "base/buf.h"
#include "files/files.h"

struct pat_core;

#define PAT_FILES_ME_SCOPE "current_user:read"

/* Writes {id, handle, email, img_url}. E_SCOPE (PAT_FILES_ME_SCOPE or the old files:read is needed),
 * E_NOT_FOUND (no such person, or disabled), or a fault. */
int pat_files_me(struct pat_core *core, const struct pat_files_caller *caller,
                 struct pat_buf *out) PAT_MUST_USE;

#endif
