/* SPDX-License-Identifier: Apache-2.0
 *
 * A request target's path, as segments, judged so that whoever stands behind reads the same path in it.
 *
 * Proxies and products disagree about dot segments, doubled slashes, encoded slashes, backslashes and path
 * parameters (";"), and what one of them judges the other then opens. So a target in which any of these occurs is
 * refused where a rule is to be applied to it, and what is left has one reading: RFC 3986 section 3.3 segments,
 * percent-encoding undone once.
 */
#ifndef PAT_POLICY_PATH_H
#define PAT_POLICY_PATH_H

#include "base/base.h"

#define PAT_PATH_BYTES_MAX    4096u
#define PAT_PATH_SEGMENTS_MAX 32u

enum pat_path_outcome {
	PAT_PATH_E_AMBIGUOUS = 1, /* see `why` */
	PAT_PATH_E_LONG,          /* more bytes or segments than anybody's template has */
};

/* Not NUL-terminated. */
struct pat_segment {
	const char *text;
	size_t len;
};

/* "/a/b" has the segments "a" and "b"; "/" has none; "/a/" has "a", and the last one empty. */
struct pat_path {
	size_t n;
	struct pat_segment segments[PAT_PATH_SEGMENTS_MAX];
	const char *why; /* E_AMBIGUOUS: "a dot segment"; static */
	size_t decoded_len;
	char decoded[PAT_PATH_BYTES_MAX]; /* segments in which something was encoded */
};

/* Splits an origin-form target (RFC 9112 section 3.2.1); what follows a "?" is not looked at. Segments point into
 * `target` or into `ret`, which must not be copied. 0 or an outcome. Pure. */
int pat_path_split(const char *target, size_t len, struct pat_path *ret) PAT_MUST_USE;

#endif
