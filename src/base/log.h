/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs: one JSON object a line on standard error. A line is an event name and key=value pairs;
 * values are strings, escaped so that no value can end the line or the object.
 *
 *   pat_log(PAT_LOG_INFO, "token.revoked", "tid", tid, "person", person, NULL);
 *
 * Any thread may log; one line is one write(2). Nothing secret may be passed: tokens are named by
 * their public id.
 */
#ifndef PAT_BASE_LOG_H
#define PAT_BASE_LOG_H

#include "base/base.h"

enum pat_log_level {
	PAT_LOG_DEBUG,
	PAT_LOG_INFO,
	PAT_LOG_WARNING,
	PAT_LOG_ERROR,
};

/* Lines below `level` are dropped. Default: info. Call before threads start. */
void pat_log_level_set(enum pat_log_level level);

/* Pairs of `const char *` up to a NULL key; a NULL value writes null. */
void pat_log(enum pat_log_level level, const char *event, ...) PAT_SENTINEL;

/* A number as the text of a log value; `out` is returned. */
#define PAT_NUM_BYTES 24
const char *pat_num(char out[static PAT_NUM_BYTES], int64_t number);

#endif
