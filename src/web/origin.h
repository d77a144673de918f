/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a request comes from, as the browser tells: Sec-Fetch-Site and Origin, which no page can
 * forge. A client that sends neither is no browser; it still needs the session's CSRF token.
 */
#ifndef PAT_WEB_ORIGIN_H
#define PAT_WEB_ORIGIN_H

#include "web/http.h"

/* Whether the request may come from where it says: Sec-Fetch-Site absent or "same-origin" ("none" as
 * well for safe methods: an address typed in), Origin absent or this very origin or the public URL's. */
bool pat_origin_ok(const struct pat_request *request, const char *public_url);

#endif
