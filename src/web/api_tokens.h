/* SPDX-License-Identifier: Apache-2.0
 *
 * How a token looks in JSON and in the log, for those that list tokens, end them and the one that makes them; and which
 * one an address names.
 */
#ifndef PAT_WEB_API_TOKENS_H
#define PAT_WEB_API_TOKENS_H

#include "web/call.h"

/* Writes the members of TOKEN into an object that the caller has opened. */
void pat_api_write_token(struct pat_call *call, struct pat_json_writer *w,
                         const struct pat_record *record);

/* The member "scopes": a list of what is separated by blanks. */
void pat_api_write_scopes(struct pat_json_writer *w, const char *scopes);

/* The token that the path names; false when it is none's name. */
bool pat_api_parse_tid(const struct pat_call *call, uint8_t tid[static PAT_TID_BYTES]) PAT_MUST_USE;

/* The same as the whole answer. */
/* "receipt", after something was taken away. */
void pat_api_write_receipt(struct pat_call *call, struct pat_json_writer *w);
int pat_api_answer_token(struct pat_call *call, const struct pat_record *record);

/* Answers a page of the person's tokens, as the query asks for it. Of `owner` the person's id counts. */
int pat_api_list_tokens(struct pat_call *call, const struct pat_signed_in *owner);

/* Logs what was done to a token: whose it is, and, when it was done with one, with which. */
void pat_api_log_token(const struct pat_call *call, const char *event,
                       const struct pat_record *record);

#endif
