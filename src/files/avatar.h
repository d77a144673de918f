/* SPDX-License-Identifier: Apache-2.0
 *
 * The picture behind `img_url`: fetched by browsers without any token, of whatever site shows it. There are two kinds:
 *
 *   <id>.svg             a disc in a colour made from the id: the same whether or not anybody has that id
 *   <id>-<hash>.<kind>   the picture that a person gave, named by its content; a name that is not guessed, and that nobody else's
 *                        picture will ever have
 */
#ifndef PAT_FILES_AVATAR_H
#define PAT_FILES_AVATAR_H

#include "base/buf.h"
#include "files/files.h"

struct pat_core;
struct pat_person;

#define PAT_FILES_AVATAR_PATH_BYTES \
	80 /* "/avatars/", 18 digits, "-", 32 digits, ".webp", and then some */

struct pat_files_avatar_type {
	const char *content_type;
	const char *cache_control;
};

/* Writes the picture of `file` into `out` and says what it is. E_NOT_FOUND: no such name, or no longer. */
int pat_files_avatar(struct pat_core *core, const char *file, struct pat_buf *out,
                     struct pat_files_avatar_type *ret) PAT_MUST_USE;

/* Where a person's picture is: the one they gave, or the disc. */
void pat_files_avatar_path(const struct pat_person *person,
                           char out[static PAT_FILES_AVATAR_PATH_BYTES]);

#endif
