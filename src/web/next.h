/* SPDX-License-Identifier: Apache-2.0
 *
 * Where to go after signing in (?next=): a path of this server and nothing else (WEB-08). The pages
 * check the same again in web/assets/api.js.
 */
#ifndef PAT_WEB_NEXT_H
#define PAT_WEB_NEXT_H

#include "web/http.h"

#define PAT_NEXT_BYTES_MAX 1024

/* Whether `text` is one "/" that is not followed by "/" or "\", and otherwise visible ASCII without
 * "\": browsers read "\" as "/", drop tabs and line ends, and would so make another host of it. */
bool pat_next_ok(const char *text);

/* Appends the page that was asked for, with its query, as the value of next=. A query that would not be followed is left
 * out. The failure stays in the buffer. */
void pat_next_add(const struct pat_request *request, struct pat_buf *out);

/* The checked target of ?next=, or "/". */
void pat_next_get(const struct pat_request *request, char out[static PAT_NEXT_BYTES_MAX + 1]);

#endif
