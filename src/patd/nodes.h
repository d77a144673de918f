/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd nodes`: the command line's request, as a JSON object, as in patd/people.h.
 *
 *   {"do":"nodes"}
 */
#ifndef PAT_PATD_NODES_H
#define PAT_PATD_NODES_H

#include <jansson.h>

#include "core/core.h"

/* Does the request; NULL when it is not about nodes. The caller decrefs. */
json_t *pat_nodes_do(struct pat_core *core, const json_t *request) PAT_MUST_USE;

#endif
