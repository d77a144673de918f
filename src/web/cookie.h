/* SPDX-License-Identifier: Apache-2.0
 *
 * The session cookie: `__Host-patd_session` with Secure under https, `patd_session` on plain http
 * (loopback, the first run); always HttpOnly, SameSite=Strict, Path=/ and without Domain.
 */
#ifndef PAT_WEB_COOKIE_H
#define PAT_WEB_COOKIE_H

#include "base/crypto.h"
#include "web/http.h"

/* The one session cookie of the request. False when there is none, or more than one: a page of a
 * sibling domain could have set a second, and which of the two is ours nobody can tell. */
bool pat_cookie_get(const struct pat_request *request, const char **ret, size_t *ret_len);

void pat_cookie_set(const struct pat_request *request, struct pat_response *response,
                    const struct pat_secret *cookie, int64_t max_age_s);

/* Tells the browser to forget it. */
void pat_cookie_clear(const struct pat_request *request, struct pat_response *response);

#endif
