/* SPDX-License-Identifier: Apache-2.0
 *
 * A schema as numbered migrations. Each is one transaction that ends by setting user_version to its number, so one that
 * was interrupted anywhere never happened and is repeated at the next open. The first sets the application id as well.
 */
#ifndef PAT_LITE_SCHEMA_H
#define PAT_LITE_SCHEMA_H

#include "base/err.h"
#include "lite/conn.h"

struct pat_lite_schema {
	int64_t application_id;
	const char *const *migrations;
	size_t n;
	int page_bytes; /* of its files */
	const char *
		fresh; /* SQL for a file that is still empty: what can not be said later. NULL: nothing */
	const char *each; /* SQL for every connection. NULL: nothing */
};

/* The first value of a pragma, or of any statement without parameters; 0 when it has none. */
int pat_lite_pragma_i64(struct pat_lite_conn *conn, const char *sql, int64_t *ret) PAT_MUST_USE;

/* Whether this is a fresh file or a store that this binary understands: 0, -EINVAL (another program's, or no database),
 * -EPROTO (of a newer patd). Changes nothing. */
int pat_lite_identify(struct pat_lite_conn *conn, const struct pat_lite_schema *schema,
                      struct pat_err *err) PAT_MUST_USE;
int pat_lite_migrate(struct pat_lite_conn *conn, const struct pat_lite_schema *schema,
                     struct pat_err *err) PAT_MUST_USE;

#endif
