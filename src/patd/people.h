/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd user …`: the command line's requests about people, as JSON objects, so that they can be done in this
 * process (no patd is running) or sent to the one that is.
 *
 *   {"do":"add","email":…,"name":…,"admin":bool,"password":…}   {"do":"list"}
 *   {"do":"disable"|"enable","email":…}                        {"do":"password","email":…,"password":…}
 *
 * The answer: {"ok":true,…} or {"ok":false,"error":"one sentence"}.
 */
#ifndef PAT_PATD_PEOPLE_H
#define PAT_PATD_PEOPLE_H

#include <jansson.h>

#include "core/core.h"

/* Does one request. Never NULL but for want of memory; the caller decrefs. */
json_t *pat_people_do(struct pat_core *core, const json_t *request) PAT_MUST_USE;

#endif
