/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd policy …`: the command line's requests about products, as JSON objects, as in patd/people.h.
 *
 *   {"do":"policy import","name":…,"document":…,"token_scheme":…,"scopes_scheme":…,"any":bool,"base_path":…}
 *   {"do":"policy list"}   {"do":"policy show"|"policy lint"|"policy remove","name":…}
 */
#ifndef PAT_PATD_PRODUCT_H
#define PAT_PATD_PRODUCT_H

#include <jansson.h>

#include "core/core.h"
#include "web/product.h"

/* Does one request; NULL when it is not about products. The caller decrefs. */
json_t *pat_products_do(struct pat_core *core, const json_t *request) PAT_MUST_USE;

/* What there is to look at in rules, as a list of {"line":…,"text":…}. NULL: out of memory. */
json_t *pat_products_lint(const struct pat_rules *rules) PAT_MUST_USE;

/* The rules of the built-in product, for its policy: what the routes say. NULL: out of memory. */
#define PAT_PRODUCT_BUILT_IN PAT_PRODUCT_NAME
struct pat_rules *pat_products_built_in(void) PAT_MUST_USE;

#endif
