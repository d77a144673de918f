/* SPDX-License-Identifier: Apache-2.0
 *
 * The edge's log lines, turned into ours. nginx sends them as syslog datagrams (RFC 3164 shape) to a unix
 * socket; a thread takes them off, passes JSON lines on as they are, wraps the others, and cuts query
 * strings out of them.
 */
#ifndef PAT_PATD_EDGE_LOG_H
#define PAT_PATD_EDGE_LOG_H

#include "patd/place.h"

struct pat_edge_log;

int pat_edge_log_start(const struct pat_place *place, struct pat_edge_log **ret,
                       struct pat_err *err) PAT_MUST_USE;
void pat_edge_log_stop(struct pat_edge_log *log);

/* The message of one datagram, in place: the syslog head is skipped and query strings are cut out. Returns its start;
 * `*json` says whether it is a JSON object of ours. */
char *pat_edge_log_message(char *datagram, bool *json);

#endif
