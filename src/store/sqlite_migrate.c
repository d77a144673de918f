/* SPDX-License-Identifier: Apache-2.0
 *
 * The schema, as numbered migrations. Each is one transaction that ends by setting user_version to its
 * number, so one that was interrupted anywhere never happened and is repeated at the next open.
 *
 * A migration that was released is never edited; a change is a new one at the end.
 */
#include <errno.h>

#include "store/sqlite.h"

#define APPLICATION_ID 0x70617464 /* "patd" */

/* Times are seconds since 1970. `seq` numbers the changes of table `change`, without gaps; ids of
 * audit records have no gaps either. What grants power is sealed (token/record.h); `scope_set` is
 * sealed through the tokens that name it, its hash is only how it is found.
 *
 * Of the indexes on token, the UNIQUE one on digest also finds a tid, its first half; token_owner
 * serves the owner's list; token_live the count and the names of live tokens; token_expires the tokens
 * that have just expired. The last two hold unrevoked tokens only. The columns that a load reads come
 * first in the row. */
static const char migration_1[] =
	"CREATE TABLE head ("
	"  id INTEGER PRIMARY KEY CHECK (id = 1),"
	"  seq INTEGER NOT NULL,"
	"  audit INTEGER NOT NULL,"
	"  time INTEGER NOT NULL,"
	"  probe INTEGER NOT NULL"
	") STRICT;"
	"INSERT INTO head (id, seq, audit, time, probe) VALUES (1, 0, 0, 0, 0);"

	"CREATE TABLE setup ("
	"  id INTEGER PRIMARY KEY CHECK (id = 1),"
	"  hash BLOB NOT NULL"
	") STRICT;"

	"CREATE TABLE person ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  email TEXT NOT NULL COLLATE NOCASE UNIQUE,"
	"  name TEXT NOT NULL,"
	"  password TEXT NOT NULL,"
	"  admin INTEGER NOT NULL,"
	"  disabled INTEGER NOT NULL,"
	"  created INTEGER NOT NULL"
	") STRICT;"

	"CREATE TABLE session ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  hash BLOB NOT NULL UNIQUE,"
	"  person INTEGER NOT NULL REFERENCES person (id),"
	"  created INTEGER NOT NULL,"
	"  seen INTEGER NOT NULL,"
	"  expires INTEGER NOT NULL,"
	"  address TEXT NOT NULL,"
	"  agent TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX session_person ON session (person, id);"

	"CREATE TABLE sign_in ("
	"  person INTEGER NOT NULL REFERENCES person (id),"
	"  address TEXT NOT NULL,"
	"  last INTEGER NOT NULL,"
	"  PRIMARY KEY (person, address)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE scope_set ("
	"  id INTEGER PRIMARY KEY,"
	"  hash BLOB NOT NULL UNIQUE,"
	"  scopes TEXT NOT NULL"
	") STRICT;"

	"CREATE TABLE token ("
	"  number INTEGER PRIMARY KEY,"
	"  state INTEGER NOT NULL,"
	"  expires INTEGER NOT NULL,"
	"  digest BLOB NOT NULL UNIQUE,"
	"  mac BLOB NOT NULL,"
	"  owner INTEGER NOT NULL REFERENCES person (id),"
	"  issued INTEGER NOT NULL,"
	"  flags INTEGER NOT NULL,"
	"  seq INTEGER NOT NULL,"
	"  key_id INTEGER NOT NULL,"
	"  revoked_seq INTEGER NOT NULL,"
	"  scope_set INTEGER NOT NULL REFERENCES scope_set (id),"
	"  name TEXT NOT NULL,"
	"  hint TEXT NOT NULL,"
	"  revoked INTEGER NOT NULL,"
	"  reason INTEGER NOT NULL,"
	"  last_used INTEGER NOT NULL,"
	"  use_count INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX token_owner ON token (owner, number);"
	"CREATE INDEX token_live ON token (owner, expires) WHERE state = 0;"
	"CREATE INDEX token_expires ON token (expires) WHERE state = 0;"

	"CREATE TABLE idempotency ("
	"  id INTEGER PRIMARY KEY,"
	"  person INTEGER NOT NULL REFERENCES person (id),"
	"  key TEXT NOT NULL,"
	"  request_hash BLOB NOT NULL,"
	"  number INTEGER NOT NULL REFERENCES token (number),"
	"  created INTEGER NOT NULL,"
	"  UNIQUE (person, key)"
	") STRICT;"
	"CREATE INDEX idempotency_created ON idempotency (created);"

	"CREATE TABLE change ("
	"  seq INTEGER PRIMARY KEY,"
	"  kind INTEGER NOT NULL,"
	"  person INTEGER NOT NULL,"
	"  digest BLOB"
	") STRICT;"

	"CREATE TABLE audit ("
	"  id INTEGER PRIMARY KEY,"
	"  seq INTEGER NOT NULL,"
	"  at INTEGER NOT NULL,"
	"  actor INTEGER NOT NULL,"
	"  via TEXT NOT NULL,"
	"  action TEXT NOT NULL,"
	"  object TEXT NOT NULL,"
	"  address TEXT NOT NULL,"
	"  agent TEXT NOT NULL,"
	"  request_id TEXT NOT NULL,"
	"  key_id INTEGER NOT NULL,"
	"  mac BLOB NOT NULL"
	") STRICT;"

	"PRAGMA application_id = 0x70617464;"
	"PRAGMA user_version = 1;";

static const char *const migrations[] = { migration_1 };

#define VERSION ((int64_t)PAT_ARRAY_LEN(migrations))

static int pragma_i64(struct pat_lite_conn *conn, const char *sql, int64_t *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(conn, sql);

	int e = pat_lite_step(&q);
	if (e < 0)
		return e;
	*ret = e == 0 ? 0 : pat_lite_i64(&q, 0);
	return 0;
}

int pat_lite_identify(struct pat_lite_conn *conn, struct pat_err *err)
{
	int64_t application = 0;
	int64_t version = 0;
	int64_t objects = 0;

	int e = pragma_i64(conn, "PRAGMA application_id", &application);
	if (e == 0)
		e = pragma_i64(conn, "PRAGMA user_version", &version);
	if (e == 0)
		e = pragma_i64(conn, "SELECT count(*) FROM sqlite_schema", &objects);
	if (e == -EINVAL)
		return pat_err_set(err, e, "the file is not an SQLite database");
	if (e < 0)
		return pat_err_set(err, e, "the database can not be read: %s",
		                   sqlite3_errmsg(conn->db));
	if (application == 0 && version == 0 && objects == 0)
		return 0;
	if (application != APPLICATION_ID)
		return pat_err_set(err, -EINVAL, "the file is the database of another program");
	if (version > VERSION)
		return pat_err_set(
			err, -EPROTO,
			"the store has schema %lld and this patd knows only %lld: use a newer patd",
			(long long)version, (long long)VERSION);
	return 0;
}

static int run(struct pat_lite_conn *conn, const char *sql)
{
	return pat_lite_error(conn, sqlite3_exec(conn->db, sql, NULL, NULL, NULL));
}

static int migrate_one(struct pat_lite_conn *conn, int64_t from)
{
	int64_t version = 0;

	int e = run(conn, "BEGIN IMMEDIATE");
	if (e == 0)
		e = run(conn, migrations[from]);
	if (e == 0)
		e = run(conn, "COMMIT");
	if (!sqlite3_get_autocommit(conn->db))
		(void)run(conn, "ROLLBACK"); /* or closing does it */
	if (e == 0)
		e = pragma_i64(conn, "PRAGMA user_version", &version);
	pat_assert(e < 0 || version == from + 1);
	return e;
}

int pat_lite_migrate(struct pat_lite_conn *conn, struct pat_err *err)
{
	int64_t version = 0;

	int e = pragma_i64(conn, "PRAGMA user_version", &version);
	for (; e == 0 && version < VERSION; version++)
		e = migrate_one(conn, version);
	if (e < 0)
		return pat_err_set(err, e, "the store can not be brought to schema %lld: %s",
		                   (long long)version + 1, sqlite3_errmsg(conn->db));
	return 0;
}
