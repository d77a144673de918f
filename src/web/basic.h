/* SPDX-License-Identifier: Apache-2.0
 *
 * How services prove themselves: HTTP Basic with their name and secret, each form-encoded inside (RFC 6749, section 2.3.1).
 */
#ifndef PAT_WEB_BASIC_H
#define PAT_WEB_BASIC_H

#include "web/call.h"

/* 0 with the service that asks; PAT_CORE_E_CREDENTIALS, which is logged; PAT_CORE_E_TOO_MANY; or a fault. Nothing is answered. */
int pat_basic_prove(struct pat_call *call, struct pat_service *ret,
                    unsigned *ret_retry_after_s) PAT_MUST_USE;

/* Adds to a 401 what it was missing. */
void pat_basic_challenge(struct pat_call *call);

#endif
