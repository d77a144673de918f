/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd service …`: the command line's requests about services, as JSON objects, as in patd/people.h.
 *
 *   {"do":"service add","name":…,"product":…,"portal":bool,"return":[…],"title":…,"accent":…}
 *   {"do":"service list"}   {"do":"service remove","name":…}
 */
#ifndef PAT_PATD_SERVICE_H
#define PAT_PATD_SERVICE_H

#include <jansson.h>

#include "core/core.h"

/* Does one request; NULL when it is not about services. The caller decrefs. */
json_t *pat_services_do(struct pat_core *core, const json_t *request) PAT_MUST_USE;

#endif
