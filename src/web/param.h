/* SPDX-License-Identifier: Apache-2.0
 *
 * What a request asks for besides its path and body. Absent and empty are the same. Each of these returns 0, or 1 when the
 * call has been refused, as handlers do.
 */
#ifndef PAT_WEB_PARAM_H
#define PAT_WEB_PARAM_H

#include "web/call.h"

/* 400, "Invalid parameter: ids". `why` is the detail for people, or NULL. */
int pat_param_refuse(struct pat_call *call, const char *param, const char *why);

/* Refuses a parameter that is none of these. `names` is ended by NULL. */
int pat_param_known(struct pat_call *call, const char *const *names) PAT_MUST_USE;

/* A parameter's text, "" when there is none. */
int pat_param_text(struct pat_call *call, const char *param, char *out,
                   size_t out_bytes) PAT_MUST_USE;
/* A whole number from `min` to `max`; without one `*ret` stays what it is. */
int pat_param_number(struct pat_call *call, const char *param, int64_t min, int64_t max,
                     int64_t *ret) PAT_MUST_USE;
/* "true" or "false"; without one `*ret` stays what it is. */
int pat_param_flag(struct pat_call *call, const char *param, bool *ret) PAT_MUST_USE;

/* What stood at the first, or the second {…}, as a number; what is none is not found. */
int pat_param_id(struct pat_call *call, const char *text, int64_t *ret) PAT_MUST_USE;

#endif
