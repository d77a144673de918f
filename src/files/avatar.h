/* SPDX-License-Identifier: Apache-2.0
 *
 * The picture behind `img_url`: fetched by browsers without any token, so it tells nothing but a
 * colour made from the id. It is the same whether or not anybody has that id.
 */
#ifndef PAT_FILES_AVATAR_H
#define PAT_FILES_AVATAR_H

#include "base/buf.h"
#include "files/files.h"

#define PAT_FILES_AVATAR_CONTENT_TYPE "image/svg+xml"

/* Writes the picture of `file`, "<id>.svg". E_NOT_FOUND for any other name. */
int pat_files_avatar(const char *file, struct pat_buf *out) PAT_MUST_USE;

#endif
