/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket of a running patd: a unix socket that only its own user can open. One connection is one
 * request, a JSON object, and one answer.
 */
#ifndef PAT_PATD_CONTROL_H
#define PAT_PATD_CONTROL_H

#include <jansson.h>

#include "core/core.h"

struct pat_control;

/* Listens at `path` and answers on a thread of its own until stopped. */
int pat_control_start(const char *path, struct pat_core *core, struct pat_control **ret,
                      struct pat_err *err) PAT_MUST_USE;
void pat_control_stop(struct pat_control *control);

/* Does one request of the command line's (patd/people.h, patd/product.h, patd/nodes.h). NULL: out of memory. The caller decrefs. */
json_t *pat_control_do(struct pat_core *core, const json_t *request) PAT_MUST_USE;

/* Asks the patd at `path`. -ENOENT or -ECONNREFUSED: none is running. The caller decrefs `*ret`. */
int pat_control_ask(const char *path, const json_t *request, json_t **ret,
                    struct pat_err *err) PAT_MUST_USE;

#endif
