/* SPDX-License-Identifier: Apache-2.0 */
#include "lite/schema.h"

#include <errno.h>

int pat_lite_pragma_i64(struct pat_lite_conn *conn, const char *sql, int64_t *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(conn, sql);

	int e = pat_lite_step(&q);
	if (e < 0)
		return e;
	*ret = e == 0 ? 0 : pat_lite_i64(&q, 0);
	return 0;
}

int pat_lite_identify(struct pat_lite_conn *conn, const struct pat_lite_schema *schema,
                      struct pat_err *err)
{
	int64_t application = 0;
	int64_t version = 0;
	int64_t objects = 0;

	int e = pat_lite_pragma_i64(conn, "PRAGMA application_id", &application);
	if (e == 0)
		e = pat_lite_pragma_i64(conn, "PRAGMA user_version", &version);
	if (e == 0)
		e = pat_lite_pragma_i64(conn, "SELECT count(*) FROM sqlite_schema", &objects);
	if (e == -EINVAL)
		return pat_err_set(err, e, "the file is not an SQLite database");
	if (e < 0)
		return pat_err_set(err, e, "the database can not be read: %s",
		                   sqlite3_errmsg(conn->db));
	if (application == 0 && version == 0 && objects == 0)
		return 0;
	if (application != schema->application_id)
		return pat_err_set(err, -EINVAL, "the file is the database of another program");
	if (version > (int64_t)schema->n)
		return pat_err_set(
			err, -EPROTO,
			"the store has schema %lld and this patd knows only %lld: use a newer patd",
			(long long)version, (long long)schema->n);
	return 0;
}

static int run(struct pat_lite_conn *conn, const char *sql)
{
	return pat_lite_error(conn, sqlite3_exec(conn->db, sql, NULL, NULL, NULL));
}

static int migrate_one(struct pat_lite_conn *conn, const struct pat_lite_schema *schema,
                       int64_t from)
{
	int64_t version = 0;

	int e = run(conn, "BEGIN IMMEDIATE");
	if (e == 0)
		e = run(conn, schema->migrations[from]);
	if (e == 0)
		e = run(conn, "COMMIT");
	if (!sqlite3_get_autocommit(conn->db))
		(void)run(conn, "ROLLBACK"); /* or closing does it */
	if (e == 0)
		e = pat_lite_pragma_i64(conn, "PRAGMA user_version", &version);
	pat_assert(e < 0 || version == from + 1);
	return e;
}

int pat_lite_migrate(struct pat_lite_conn *conn, const struct pat_lite_schema *schema,
                     struct pat_err *err)
{
	int64_t version = 0;

	int e = pat_lite_pragma_i64(conn, "PRAGMA user_version", &version);
	for (; e == 0 && version < (int64_t)schema->n; version++)
		e = migrate_one(conn, schema, version);
	if (e < 0)
		return pat_err_set(err, e, "the store can not be brought to schema %lld: %s",
		                   (long long)version + 1, sqlite3_errmsg(conn->db));
	return 0;
}
