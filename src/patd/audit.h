/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd audit`: the command line's requests, as JSON objects, as in patd/people.h.
 *
 *   {"do":"audit verify"}
 */
#ifndef PAT_PATD_AUDIT_H
#define PAT_PATD_AUDIT_H

#include <jansson.h>

#include "core/core.h"

/* Does the request; NULL when it is not about audit records. The caller decrefs. */
json_t *pat_audit_do(struct pat_core *core, const json_t *request) PAT_MUST_USE;

#endif
