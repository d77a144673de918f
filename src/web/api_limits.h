/* SPDX-License-Identifier: Apache-2.0
 *
 * What a token is limited to, in JSON:
 *
 *   {"products": […], "networks": […], "rate": {"requests": N, "window_seconds": S} | null,
 *    "resources": [{"product": …, "parameter": …, "value": …, "prefix": bool}, …]}
 */
#ifndef PAT_WEB_API_LIMITS_H
#define PAT_WEB_API_LIMITS_H

#include "token/limits.h"
#include "web/call.h"

/* Words as token/limits.h has them. Memory the caller holds, with calloc(): it is large. */
struct pat_api_limits {
	size_t n;
	const char *words[PAT_LIMITS_MAX + 1];
	char texts[PAT_LIMITS_MAX + 1][PAT_LIMIT_WORD_MAX];
};

/* Reads the object; 0, or 1 after refusing, with the member at fault. */
int pat_api_read_limits(struct pat_call *call, json_t *object, struct pat_api_limits *ret);

/* Writes member "limits": null for the empty text. */
void pat_api_write_limits(struct pat_json_writer *w, const char *limits);

#endif
