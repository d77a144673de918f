/* SPDX-License-Identifier: Apache-2.0
 *
 * Path data of a document (SVG 1.1 section 8.3), read and written anew: what is written consists of commands and numbers
 * that were understood, and of nothing that was copied.
 */
#ifndef PAT_FILES_PATH_H
#define PAT_FILES_PATH_H

#include "files/svg.h"

/* Appends the data to the attribute that is open. As SVG asks for, it ends before the first thing that is wrong. False when
 * nothing of it could be drawn: then nothing was appended. */
bool pat_path_write(struct pat_svg *svg, const char *data, size_t len);

/* Whether write would append something. */
bool pat_path_ok(const char *data, size_t len);

#endif
