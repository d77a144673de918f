/* SPDX-License-Identifier: Apache-2.0
 *
 * Where people who came from a product may be sent back to: addresses on origins that were said beforehand (WEB-08). An address is
 * compared with them byte by byte up to its path, and not taken apart: what browsers and we could read differently is refused. Pure.
 */
#ifndef PAT_CORE_TARGET_H
#define PAT_CORE_TARGET_H

#include "base/base.h"

/* Whether the text is an origin as browsers write it: "https://shop.example", "http://127.0.0.1:9000", "https://[::1]:9000". */
bool pat_target_origin_ok(const char *origin);

/* Whether the address begins with one of the origins, which have blanks between them, and goes on with nothing, a path, a query or
 * a fragment, all of visible ASCII without "\". */
bool pat_target_ok(const char *origins, const char *url);

#endif
