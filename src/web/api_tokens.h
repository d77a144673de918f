/* SPDX-License-Identifier: Apache-2.0
 *
 * How a token looks in JSON, for those that list tokens and the one that makes them.
 */
#ifndef PAT_WEB_API_TOKENS_H
#define PAT_WEB_API_TOKENS_H

#include "web/call.h"

/* Writes the members of TOKEN into an object that the caller has opened. */
void pat_api_write_token(struct pat_call *call, struct pat_json_writer *w,
                         const struct pat_record *record);

#endif
