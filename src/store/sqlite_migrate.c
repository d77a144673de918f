/* SPDX-License-Identifier: Apache-2.0
 *
 * The schema, as numbered migrations (lite/schema.h). One that was released is never edited; a change is a new one at the
 * end.
 */
#include "store/sqlite.h"

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

/* The bytes of a picture come last: a person is read with what stands before them. token_revoked serves the owner's list,
 * which shows what was revoked lately, as token_live does with what expired lately: neither walks past everything that ever
 * ended. */
static const char migration_2[] =
	"CREATE TABLE picture ("
	"  person INTEGER PRIMARY KEY REFERENCES person (id),"
	"  kind INTEGER NOT NULL,"
	"  hash BLOB NOT NULL,"
	"  bytes BLOB NOT NULL"
	") STRICT;"

	"ALTER TABLE token ADD COLUMN note TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX token_revoked ON token (owner, revoked) WHERE state <> 0;"

	"PRAGMA user_version = 2;";

/* A product's document is what its policy is compiled from, and a service may ask about tokens: both are sealed as a token is. */
static const char migration_3[] = "ALTER TABLE token ADD COLUMN limits TEXT NOT NULL DEFAULT '';"

				  "CREATE TABLE product ("
				  "  id INTEGER PRIMARY KEY,"
				  "  name TEXT NOT NULL UNIQUE,"
				  "  seq INTEGER NOT NULL,"
				  "  imported INTEGER NOT NULL,"
				  "  reading TEXT NOT NULL,"
				  "  key_id INTEGER NOT NULL,"
				  "  mac BLOB NOT NULL,"
				  "  document BLOB NOT NULL"
				  ") STRICT;"

				  "CREATE TABLE service ("
				  "  name TEXT PRIMARY KEY,"
				  "  product TEXT NOT NULL,"
				  "  created INTEGER NOT NULL,"
				  "  hash BLOB NOT NULL,"
				  "  key_id INTEGER NOT NULL,"
				  "  mac BLOB NOT NULL"
				  ") STRICT;"

				  "PRAGMA user_version = 3;";

/* What tokens are used for. It grants nothing and is not sealed; `day` is that of `last`, or of the count. */
static const char migration_4[] = "CREATE TABLE usage_day ("
				  "  token INTEGER NOT NULL,"
				  "  day INTEGER NOT NULL,"
				  "  count INTEGER NOT NULL,"
				  "  PRIMARY KEY (token, day)"
				  ") STRICT, WITHOUT ROWID;"
				  "CREATE INDEX usage_day_day ON usage_day (day);"

				  "CREATE TABLE usage_operation ("
				  "  token INTEGER NOT NULL,"
				  "  product TEXT NOT NULL,"
				  "  method TEXT NOT NULL,"
				  "  name TEXT NOT NULL,"
				  "  scopes TEXT NOT NULL,"
				  "  judged INTEGER NOT NULL,"
				  "  count INTEGER NOT NULL,"
				  "  first INTEGER NOT NULL,"
				  "  last INTEGER NOT NULL,"
				  "  day INTEGER NOT NULL,"
				  "  PRIMARY KEY (token, product, method, name, scopes)"
				  ") STRICT, WITHOUT ROWID;"
				  "CREATE INDEX usage_operation_day ON usage_operation (day);"

				  "CREATE TABLE usage_client ("
				  "  token INTEGER NOT NULL,"
				  "  network TEXT NOT NULL,"
				  "  family TEXT NOT NULL,"
				  "  first INTEGER NOT NULL,"
				  "  last INTEGER NOT NULL,"
				  "  day INTEGER NOT NULL,"
				  "  PRIMARY KEY (token, network, family)"
				  ") STRICT, WITHOUT ROWID;"
				  "CREATE INDEX usage_client_day ON usage_client (day);"

				  "CREATE TABLE usage_last ("
				  "  token INTEGER PRIMARY KEY,"
				  "  at INTEGER NOT NULL,"
				  "  address TEXT NOT NULL,"
				  "  agent TEXT NOT NULL,"
				  "  turns INTEGER NOT NULL DEFAULT 0,"
				  "  network_a TEXT NOT NULL DEFAULT '',"
				  "  family_a TEXT NOT NULL DEFAULT '',"
				  "  network_b TEXT NOT NULL DEFAULT '',"
				  "  family_b TEXT NOT NULL DEFAULT '',"
				  "  day INTEGER NOT NULL"
				  ") STRICT;"
				  "CREATE INDEX usage_last_day ON usage_last (day);"

				  "PRAGMA user_version = 4;";

/* What a token has made ends with it: token_maker finds that. */
static const char migration_5[] = "ALTER TABLE token ADD COLUMN maker BLOB NOT NULL DEFAULT x'';"
				  "CREATE INDEX token_maker ON token (maker) WHERE maker <> x'';"

				  "PRAGMA user_version = 5;";

/* Products' own people. Such a person is a row of `person`, too, with a key in place of the email, which no email can be:
 * theirs, if they have one, collides with nobody's. `portal_link` are the links that nobody has opened yet. */
static const char migration_6[] =
	"ALTER TABLE token ADD COLUMN known_as TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE session ADD COLUMN return_url TEXT NOT NULL DEFAULT '';"

	"ALTER TABLE service ADD COLUMN origins TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE service ADD COLUMN title TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE service ADD COLUMN accent TEXT NOT NULL DEFAULT '';"

	"CREATE TABLE portal_person ("
	"  person INTEGER PRIMARY KEY REFERENCES person (id),"
	"  service TEXT NOT NULL,"
	"  subject TEXT NOT NULL,"
	"  email TEXT NOT NULL,"
	"  UNIQUE (service, subject)"
	") STRICT;"

	"CREATE TABLE portal_link ("
	"  hash BLOB PRIMARY KEY,"
	"  person INTEGER NOT NULL REFERENCES person (id),"
	"  return_url TEXT NOT NULL,"
	"  expires INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX portal_link_person ON portal_link (person);"
	"CREATE INDEX portal_link_expires ON portal_link (expires);"

	"PRAGMA user_version = 6;";

/* Mail. `notice` has one row once anybody has claimed sending: up to where mail was sent (store/notice.h). `former_email` is what
 * somebody had before a change of it that they were not told of yet. `wishes` are the bits of enum pat_wish. */
static const char migration_7[] = "CREATE TABLE notice ("
				  "  id INTEGER PRIMARY KEY CHECK (id = 1),"
				  "  audit INTEGER NOT NULL,"
				  "  week_expires INTEGER NOT NULL,"
				  "  week_number INTEGER NOT NULL,"
				  "  day_expires INTEGER NOT NULL,"
				  "  day_number INTEGER NOT NULL,"
				  "  holder TEXT NOT NULL,"
				  "  until INTEGER NOT NULL"
				  ") STRICT;"

				  "CREATE TABLE former_email ("
				  "  audit INTEGER PRIMARY KEY,"
				  "  at INTEGER NOT NULL,"
				  "  email TEXT NOT NULL"
				  ") STRICT;"

				  "ALTER TABLE person ADD COLUMN wishes INTEGER NOT NULL DEFAULT 3;"

				  "PRAGMA user_version = 7;";

/* Rotation: what was made in a token's place. Empty: nothing was. */
static const char migration_8[] =
	"ALTER TABLE token ADD COLUMN replaced_by BLOB NOT NULL DEFAULT x'';"

	"PRAGMA user_version = 8;";

static const char *const migrations[] = { migration_1, migration_2, migration_3, migration_4,
	                                  migration_5, migration_6, migration_7, migration_8 };

const struct pat_lite_schema pat_lite_store_schema = {
	.application_id = 0x70617464, /* "patd" */
	.migrations = migrations,
	.n = PAT_ARRAY_LEN(migrations),
	.page_bytes = 4096,
};
