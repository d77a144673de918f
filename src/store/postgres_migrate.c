/* SPDX-License-Identifier: Apache-2.0
 *
 * The schema, as numbered migrations. Each is one transaction with the number it leads to, under an advisory lock, so that
 * of several that start at once one migrates and the others find it done. One that was released is never edited; a change
 * is a new one at the end.
 *
 * The tables and columns are those of the SQLite backend (sqlite_migrate.c), so that rows can be copied as they are. Numbers
 * of rows are given out under the lock on the head, without sequences: what is rolled back leaves no gap.
 */
#include "store/postgres.h"

#include <errno.h>
#include <string.h>

/* `identity` tells this database from every other. `session` is the last number of a session: those that ended are gone from
 * their table, and no number is used twice. `change` is kept for whoever follows it. Texts are compared byte by byte. */
static const char migration_1[] =
	"CREATE TABLE head ("
	"  id bigint PRIMARY KEY CHECK (id = 1),"
	"  seq bigint NOT NULL,"
	"  audit bigint NOT NULL,"
	"  time bigint NOT NULL,"
	"  probe bigint NOT NULL,"
	"  session bigint NOT NULL,"
	"  identity text NOT NULL"
	");"
	"INSERT INTO head VALUES (1, 0, 0, 0, 0, 0, gen_random_uuid()::text);"

	"CREATE TABLE setup ("
	"  id bigint PRIMARY KEY CHECK (id = 1),"
	"  hash bytea NOT NULL"
	");"

	"CREATE TABLE person ("
	"  id bigint PRIMARY KEY,"
	"  email text COLLATE \"C\" NOT NULL,"
	"  name text COLLATE \"C\" NOT NULL,"
	"  password text COLLATE \"C\" NOT NULL,"
	"  admin bigint NOT NULL,"
	"  disabled bigint NOT NULL,"
	"  created bigint NOT NULL,"
	"  wishes bigint NOT NULL DEFAULT 3" /* enum pat_wish */
	");"
	"CREATE UNIQUE INDEX person_email ON person (lower(email));"

	"CREATE TABLE portal_person ("
	"  person bigint PRIMARY KEY REFERENCES person (id),"
	"  service text COLLATE \"C\" NOT NULL,"
	"  subject text COLLATE \"C\" NOT NULL,"
	"  email text COLLATE \"C\" NOT NULL,"
	"  UNIQUE (service, subject)"
	");"
	"CREATE INDEX portal_person_service ON portal_person (service, person);"

	"CREATE TABLE portal_link ("
	"  hash bytea PRIMARY KEY,"
	"  person bigint NOT NULL REFERENCES person (id),"
	"  return_url text COLLATE \"C\" NOT NULL,"
	"  expires bigint NOT NULL"
	");"
	"CREATE INDEX portal_link_person ON portal_link (person);"
	"CREATE INDEX portal_link_expires ON portal_link (expires);"

	"CREATE TABLE picture ("
	"  person bigint PRIMARY KEY REFERENCES person (id),"
	"  kind bigint NOT NULL,"
	"  hash bytea NOT NULL,"
	"  bytes bytea NOT NULL"
	");"

	"CREATE TABLE session ("
	"  id bigint PRIMARY KEY,"
	"  hash bytea NOT NULL UNIQUE,"
	"  person bigint NOT NULL REFERENCES person (id),"
	"  created bigint NOT NULL,"
	"  seen bigint NOT NULL,"
	"  expires bigint NOT NULL,"
	"  address text COLLATE \"C\" NOT NULL,"
	"  agent text COLLATE \"C\" NOT NULL,"
	"  return_url text COLLATE \"C\" NOT NULL"
	");"
	"CREATE INDEX session_person ON session (person, id);"

	"CREATE TABLE sign_in ("
	"  person bigint NOT NULL REFERENCES person (id),"
	"  address text COLLATE \"C\" NOT NULL,"
	"  last bigint NOT NULL,"
	"  PRIMARY KEY (person, address)"
	");"

	"CREATE TABLE scope_set ("
	"  id bigint PRIMARY KEY,"
	"  hash bytea NOT NULL UNIQUE,"
	"  scopes text COLLATE \"C\" NOT NULL"
	");"

	"CREATE TABLE token ("
	"  number bigint PRIMARY KEY,"
	"  state bigint NOT NULL,"
	"  expires bigint NOT NULL,"
	"  digest bytea NOT NULL UNIQUE,"
	"  mac bytea NOT NULL,"
	"  owner bigint NOT NULL REFERENCES person (id),"
	"  issued bigint NOT NULL,"
	"  flags bigint NOT NULL,"
	"  seq bigint NOT NULL,"
	"  key_id bigint NOT NULL,"
	"  revoked_seq bigint NOT NULL,"
	"  scope_set bigint NOT NULL REFERENCES scope_set (id),"
	"  name text COLLATE \"C\" NOT NULL,"
	"  hint text COLLATE \"C\" NOT NULL,"
	"  revoked bigint NOT NULL,"
	"  reason bigint NOT NULL,"
	"  last_used bigint NOT NULL,"
	"  use_count bigint NOT NULL,"
	"  note text COLLATE \"C\" NOT NULL,"
	"  limits text COLLATE \"C\" NOT NULL,"
	"  maker bytea NOT NULL," /* empty: a person made it */
	"  known_as text COLLATE \"C\" NOT NULL,"
	"  replaced_by bytea NOT NULL" /* empty: nothing was made in its place */
	") WITH (fillfactor = 90);"    /* last_used changes often, and is in no index */
	"CREATE INDEX token_owner ON token (owner, number);"
	"CREATE INDEX token_live ON token (owner, expires) WHERE state = 0;"
	"CREATE INDEX token_expires ON token (expires) WHERE state = 0;"
	"CREATE INDEX token_revoked ON token (owner, revoked) WHERE state <> 0;"
	"CREATE INDEX token_maker ON token (maker) WHERE maker <> '';"

	"CREATE TABLE idempotency ("
	"  person bigint NOT NULL REFERENCES person (id),"
	"  key text COLLATE \"C\" NOT NULL,"
	"  request_hash bytea NOT NULL,"
	"  number bigint NOT NULL REFERENCES token (number),"
	"  created bigint NOT NULL,"
	"  PRIMARY KEY (person, key)"
	");"
	"CREATE INDEX idempotency_created ON idempotency (created);"

	"CREATE TABLE change ("
	"  seq bigint PRIMARY KEY,"
	"  kind bigint NOT NULL,"
	"  person bigint NOT NULL,"
	"  digest bytea"
	");"

	/* The last transaction of each connection that writes: whether one was committed whose COMMIT was not answered. */
	"CREATE TABLE batch ("
	"  link text COLLATE \"C\" PRIMARY KEY,"
	"  number bigint NOT NULL,"
	"  at bigint NOT NULL"
	");"

	/* Nodes that follow the changes (node.h). */
	"CREATE TABLE node ("
	"  incarnation text COLLATE \"C\" PRIMARY KEY CHECK (incarnation ~ '^[0-9a-f]{32}$'),"
	"  label text COLLATE \"C\" NOT NULL CHECK (octet_length(label) <= 63 AND label !~ '[\\x01-\\x1f\\x7f]'),"
	"  lease bigint NOT NULL CHECK (lease BETWEEN 0 AND 300000)," /* ms */
	"  counter bigint NOT NULL,"
	"  applied bigint NOT NULL"
	");"

	"CREATE TABLE audit ("
	"  id bigint PRIMARY KEY,"
	"  seq bigint NOT NULL,"
	"  at bigint NOT NULL,"
	"  actor bigint NOT NULL,"
	"  via text COLLATE \"C\" NOT NULL,"
	"  action text COLLATE \"C\" NOT NULL,"
	"  object text COLLATE \"C\" NOT NULL,"
	"  address text COLLATE \"C\" NOT NULL,"
	"  agent text COLLATE \"C\" NOT NULL,"
	"  request_id text COLLATE \"C\" NOT NULL,"
	"  key_id bigint NOT NULL,"
	"  mac bytea NOT NULL"
	");"

	/* Up to where mail was sent, and what somebody had before a change of it (notice.h). */
	"CREATE TABLE notice ("
	"  id bigint PRIMARY KEY CHECK (id = 1),"
	"  audit bigint NOT NULL,"
	"  week_expires bigint NOT NULL,"
	"  week_number bigint NOT NULL,"
	"  day_expires bigint NOT NULL,"
	"  day_number bigint NOT NULL,"
	"  holder text COLLATE \"C\" NOT NULL,"
	"  until bigint NOT NULL"
	");"
	"CREATE TABLE former_email ("
	"  audit bigint PRIMARY KEY,"
	"  at bigint NOT NULL,"
	"  email text COLLATE \"C\" NOT NULL"
	");"

	"CREATE TABLE product ("
	"  name text COLLATE \"C\" PRIMARY KEY,"
	"  seq bigint NOT NULL,"
	"  imported bigint NOT NULL,"
	"  reading text COLLATE \"C\" NOT NULL,"
	"  key_id bigint NOT NULL,"
	"  mac bytea NOT NULL,"
	"  document bytea NOT NULL"
	");"

	"CREATE TABLE service ("
	"  name text COLLATE \"C\" PRIMARY KEY,"
	"  product text COLLATE \"C\" NOT NULL,"
	"  created bigint NOT NULL,"
	"  hash bytea NOT NULL,"
	"  key_id bigint NOT NULL,"
	"  mac bytea NOT NULL,"
	"  origins text COLLATE \"C\" NOT NULL,"
	"  title text COLLATE \"C\" NOT NULL,"
	"  accent text COLLATE \"C\" NOT NULL"
	");"

	"CREATE TABLE usage_day ("
	"  token bigint NOT NULL,"
	"  day bigint NOT NULL,"
	"  count bigint NOT NULL,"
	"  PRIMARY KEY (token, day)"
	");"
	"CREATE INDEX usage_day_day ON usage_day (day);"

	"CREATE TABLE usage_operation ("
	"  token bigint NOT NULL,"
	"  product text COLLATE \"C\" NOT NULL,"
	"  method text COLLATE \"C\" NOT NULL,"
	"  name text COLLATE \"C\" NOT NULL,"
	"  scopes text COLLATE \"C\" NOT NULL,"
	"  judged bigint NOT NULL,"
	"  count bigint NOT NULL,"
	"  first bigint NOT NULL,"
	"  last bigint NOT NULL,"
	"  day bigint NOT NULL,"
	"  PRIMARY KEY (token, product, method, name, scopes)"
	");"
	"CREATE INDEX usage_operation_day ON usage_operation (day);"

	"CREATE TABLE usage_client ("
	"  token bigint NOT NULL,"
	"  network text COLLATE \"C\" NOT NULL,"
	"  family text COLLATE \"C\" NOT NULL,"
	"  first bigint NOT NULL,"
	"  last bigint NOT NULL,"
	"  day bigint NOT NULL,"
	"  PRIMARY KEY (token, network, family)"
	");"
	"CREATE INDEX usage_client_day ON usage_client (day);"

	"CREATE TABLE usage_last ("
	"  token bigint PRIMARY KEY,"
	"  at bigint NOT NULL,"
	"  address text COLLATE \"C\" NOT NULL,"
	"  agent text COLLATE \"C\" NOT NULL,"
	"  turns bigint NOT NULL DEFAULT 0,"
	"  network_a text COLLATE \"C\" NOT NULL DEFAULT '',"
	"  family_a text COLLATE \"C\" NOT NULL DEFAULT '',"
	"  network_b text COLLATE \"C\" NOT NULL DEFAULT '',"
	"  family_b text COLLATE \"C\" NOT NULL DEFAULT '',"
	"  day bigint NOT NULL"
	");"
	"CREATE INDEX usage_last_day ON usage_last (day);";

static const char *const migrations[] = { migration_1 };
#define N_MIGRATIONS ((int64_t)PAT_ARRAY_LEN(migrations))

/* 0 when there is no schema of patd's yet. */
static int version_read(struct pat_pg_conn *conn, int64_t *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query there =
		pat_pg_query(conn, "SELECT 1::int8 FROM pg_class"
	                           " WHERE oid = to_regclass('patd_schema')");
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "SELECT version FROM patd_schema");

	*ret = 0;
	int e = pat_pg_step(&there);
	if (e == 1)
		e = pat_pg_step(&q);
	if (e == 1)
		*ret = pat_pg_i64(&q, 0);
	return e < 0 ? e : 0;
}

static int version_judge(int64_t version, struct pat_err *err)
{
	if (version > N_MIGRATIONS)
		return pat_err_set(
			err, -EPROTO,
			"the database has schema %lld, and this patd knows %lld: it was written by a newer patd",
			(long long)version, (long long)N_MIGRATIONS);
	return 0;
}

static int version_write(struct pat_pg_conn *conn, int64_t version)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "UPDATE patd_schema SET version = $1");

	pat_pg_bind_i64(&q, 1, version);
	return pat_pg_run(&q);
}

/* In a transaction that has the lock: the next one, if somebody else has not done it meanwhile. */
static int migrate_next(struct pat_pg_conn *conn, int64_t from)
{
	int64_t version = 0;

	int e = version_read(conn, &version);
	if (e < 0 || version != from)
		return e;
	if (from == 0)
		e = pat_pg_do(conn, "CREATE TABLE patd_schema (version bigint NOT NULL);"
		                    "INSERT INTO patd_schema VALUES (0)");
	if (e == 0)
		e = pat_pg_do(conn, migrations[from]);
	return e == 0 ? version_write(conn, from + 1) : e;
}

/* The lock's number: "patm" and the schema, so that two stores in two schemas of a database do not wait for each other. */
#define BEGIN_LOCKED                                                                \
	"BEGIN; SELECT pg_advisory_xact_lock((1885434989::int8 << 32) | oid::int8)" \
	" FROM pg_namespace WHERE nspname = current_schema()"

static int migrate_one(struct pat_pg_conn *conn, int64_t from, struct pat_err *err)
{
	struct pat_err words = { { 0 } };
	int ended = 0;

	int e = pat_pg_do(conn, BEGIN_LOCKED);
	if (e == 0)
		e = migrate_next(conn, from);
	if (e < 0)
		pat_pg_conn_words(conn, &words);
	else if (pat_pg_conn_commit(conn, &ended) != PAT_PG_COMMITTED)
		e = ended < 0 ? ended : -EIO;
	if (e < 0)
		return pat_err_set(err, e, "schema %lld can not be made: %s", (long long)from + 1,
		                   words.text[0] ? words.text : pat_err_words(e));
	return 0;
}

int pat_pg_migrate(struct pat_pg_conn *conn, struct pat_err *err)
{
	int64_t version = 0;

	for (;;) {
		int e = version_read(conn, &version);
		if (e < 0)
			return pat_err_set(err, e, "cannot read the schema's number: %s",
			                   pat_err_words(e));
		e = version_judge(version, err);
		if (e < 0 || version == N_MIGRATIONS)
			return e;
		e = migrate_one(conn, version, err);
		if (e < 0)
			return e;
	}
}
