/* SPDX-License-Identifier: Apache-2.0
 *
 * What the map says of a token:
 *
 *   SHA-256 in lower case hex -> "EPOCH UNTIL EXPIRES TOKEN-ID USER SCOPE…"
 *
 * which filling of the map it is of, the token's end in seconds since 1970, then what the headers X-Pat-Expires, -Token-Id, -User and -Scopes
 * say. Neither users nor scopes have blanks in them.
 */
#ifndef PAT_HAPROXY_ENTRY_H
#define PAT_HAPROXY_ENTRY_H

#include "base/buf.h"
#include "index/reader.h"

#define PAT_HAPROXY_KEY_CHARS (2 * (size_t)PAT_DIGEST_BYTES)

/* Whether it can be in the map: it has not ended, and no limits, of which a map cannot tell whether they are kept. */
bool pat_haproxy_entry_fits(const struct pat_index_hit *hit, int64_t now_s);

void pat_haproxy_entry_key(const uint8_t digest[static PAT_DIGEST_BYTES],
                           char out[static PAT_HAPROXY_KEY_CHARS + 1]);

/* Adds the value as it stands in the lines of a command. */
void pat_haproxy_entry_add(struct pat_buf *out, uint64_t epoch, const struct pat_index_hit *hit,
                           const uint8_t digest[static PAT_DIGEST_BYTES]);

/* … as it stands among a command's arguments. The buffer's failure, if any. */
int pat_haproxy_entry_add_argument(struct pat_buf *out, uint64_t epoch,
                                   const struct pat_index_hit *hit,
                                   const uint8_t digest[static PAT_DIGEST_BYTES]) PAT_MUST_USE;

#endif
