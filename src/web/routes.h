/* SPDX-License-Identifier: Apache-2.0
 *
 * The route table: everything that patd answers, and nothing else (docs/openapi.yaml is held against
 * it by a test).
 */
#ifndef PAT_WEB_ROUTES_H
#define PAT_WEB_ROUTES_H

#include "web/router.h"

extern const struct pat_route pat_routes[];
extern const size_t pat_routes_len;

/* The table, with sessions as the core keeps them. */
extern const struct pat_router pat_routes_router;

#endif
