/* SPDX-License-Identifier: Apache-2.0
 *
 * The schema of files.db, as numbered migrations (lite/schema.h). One that was released is never edited; a change is a new
 * one at the end.
 */
#include "files/db.h"

/* Times are seconds since 1970; persons are numbers of the core's. Ids that stand in addresses or order things are never
 * used again (AUTOINCREMENT).
 *
 * A content is bytes in pieces: piece.id is content * 4096 + number, so a range is found directly (content.c). What refers
 * to a content is a version or a fill; what nothing refers to, or not yet, is in `loose` and is removed by the keeper.
 *
 * file.version, bytes, nodes and editor repeat those of its newest version. file.threads counts the threads that were ever
 * begun, for their order. asset.team repeats the team of the file, which never changes: files move within a team only. */
static const char migration_1[] =
	"CREATE TABLE head ("
	"  id INTEGER PRIMARY KEY CHECK (id = 1),"
	"  probe INTEGER NOT NULL"
	") STRICT;"
	"INSERT INTO head (id, probe) VALUES (1, 0);"

	"CREATE TABLE team ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  owner INTEGER NOT NULL UNIQUE,"
	"  name TEXT NOT NULL,"
	"  sampled INTEGER NOT NULL," /* whether the sample was given, or can not be */
	"  created INTEGER NOT NULL"
	") STRICT;"

	"CREATE TABLE project ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  team INTEGER NOT NULL REFERENCES team (id),"
	"  name TEXT NOT NULL COLLATE NOCASE,"
	"  created INTEGER NOT NULL,"
	"  updated INTEGER NOT NULL,"
	"  UNIQUE (team, name)"
	") STRICT;"

	"CREATE TABLE content ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  bytes INTEGER NOT NULL,"
	"  outline INTEGER NOT NULL" /* bytes of the outline; 0: it has none */
	") STRICT;"
	"CREATE TABLE piece ("
	"  id INTEGER PRIMARY KEY,"
	"  bytes BLOB NOT NULL"
	") STRICT;"
	"CREATE TABLE loose ("
	"  content INTEGER PRIMARY KEY REFERENCES content (id)"
	") STRICT;"

	"CREATE TABLE file ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  key TEXT NOT NULL UNIQUE,"
	"  project INTEGER NOT NULL REFERENCES project (id),"
	"  name TEXT NOT NULL,"
	"  creator INTEGER NOT NULL,"
	"  toucher INTEGER NOT NULL,"
	"  created INTEGER NOT NULL,"
	"  touched INTEGER NOT NULL,"
	"  trashed INTEGER NOT NULL," /* 0: it is not in the trash */
	"  version INTEGER NOT NULL,"
	"  bytes INTEGER NOT NULL,"
	"  nodes INTEGER NOT NULL,"
	"  editor TEXT NOT NULL,"
	"  threads INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX file_project ON file (project, trashed);"
	"CREATE INDEX file_trashed ON file (trashed) WHERE trashed > 0;"

	"CREATE TABLE version ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  file INTEGER NOT NULL REFERENCES file (id),"
	"  content INTEGER NOT NULL REFERENCES content (id),"
	"  person INTEGER NOT NULL,"
	"  created INTEGER NOT NULL,"
	"  label TEXT NOT NULL,"
	"  description TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX version_file ON version (file, id);"
	"CREATE INDEX version_content ON version (content);"

	"CREATE TABLE share ("
	"  file INTEGER NOT NULL REFERENCES file (id),"
	"  person INTEGER NOT NULL,"
	"  role INTEGER NOT NULL,"
	"  created INTEGER NOT NULL,"
	"  PRIMARY KEY (file, person)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX share_person ON share (person, file);"

	"CREATE TABLE opened ("
	"  person INTEGER NOT NULL,"
	"  file INTEGER NOT NULL REFERENCES file (id),"
	"  at INTEGER NOT NULL,"
	"  PRIMARY KEY (person, file)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX opened_file ON opened (file);"

	"CREATE TABLE comment ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  file INTEGER NOT NULL REFERENCES file (id),"
	"  parent INTEGER REFERENCES comment (id)," /* NULL: a thread */
	"  person INTEGER NOT NULL,"
	"  created INTEGER NOT NULL,"
	"  resolved INTEGER NOT NULL,"
	"  number INTEGER NOT NULL," /* of a thread, from 1; 0: a reply */
	"  meta TEXT NOT NULL,"
	"  message TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX comment_file ON comment (file, id);"
	"CREATE INDEX comment_parent ON comment (parent) WHERE parent IS NOT NULL;"
	"CREATE INDEX comment_open ON comment (file) WHERE parent IS NULL AND resolved = 0;"

	"CREATE TABLE reaction ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  comment INTEGER NOT NULL REFERENCES comment (id),"
	"  person INTEGER NOT NULL,"
	"  emoji TEXT NOT NULL,"
	"  created INTEGER NOT NULL,"
	"  UNIQUE (comment, person, emoji)"
	") STRICT;"

	"CREATE TABLE asset ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  team INTEGER NOT NULL REFERENCES team (id),"
	"  file INTEGER NOT NULL REFERENCES file (id),"
	"  kind INTEGER NOT NULL,"
	"  key TEXT NOT NULL,"
	"  version INTEGER NOT NULL," /* that published it last */
	"  node TEXT NOT NULL,"
	"  style_type TEXT NOT NULL,"
	"  name TEXT NOT NULL,"
	"  description TEXT NOT NULL,"
	"  set_node TEXT NOT NULL,"
	"  set_name TEXT NOT NULL,"
	"  frame_node TEXT NOT NULL,"
	"  frame_name TEXT NOT NULL,"
	"  page_node TEXT NOT NULL,"
	"  page_name TEXT NOT NULL,"
	"  person INTEGER NOT NULL," /* whose upload changed it last */
	"  created INTEGER NOT NULL,"
	"  updated INTEGER NOT NULL,"
	"  UNIQUE (file, kind, key)"
	") STRICT;"
	"CREATE INDEX asset_team ON asset (team, kind, id);"
	"CREATE INDEX asset_key ON asset (key, kind);"

	"CREATE TABLE picture ("
	"  file INTEGER PRIMARY KEY REFERENCES file (id),"
	"  version INTEGER NOT NULL," /* that it shows */
	"  svg BLOB NOT NULL"
	") STRICT;"

	"CREATE TABLE fill ("
	"  file INTEGER NOT NULL REFERENCES file (id),"
	"  ref TEXT NOT NULL,"
	"  content INTEGER NOT NULL REFERENCES content (id),"
	"  type INTEGER NOT NULL,"
	"  bytes INTEGER NOT NULL,"
	"  width INTEGER NOT NULL," /* 0: not known */
	"  height INTEGER NOT NULL,"
	"  person INTEGER NOT NULL,"
	"  created INTEGER NOT NULL,"
	"  PRIMARY KEY (file, ref)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX fill_content ON fill (content);"

	"PRAGMA application_id = 0x70617466;"
	"PRAGMA user_version = 1;";

/* What a file keeps: the bytes of the contents of its versions and images, their outlines included; and what its newest
 * version publishes as rows. A team's bound is judged by their sum. */
static const char migration_2[] =
	"ALTER TABLE file ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE file ADD COLUMN published INTEGER NOT NULL DEFAULT 0;"
	"UPDATE file SET"
	"  kept = (SELECT coalesce(sum(c.bytes + c.outline), 0) FROM version v"
	"    JOIN content c ON c.id = v.content WHERE v.file = file.id)"
	"    + (SELECT coalesce(sum(bytes), 0) FROM fill WHERE fill.file = file.id),"
	"  published = (SELECT coalesce(sum(length(CAST(name AS BLOB)) + length(CAST(description AS BLOB))), 0)"
	"    FROM asset WHERE asset.file = file.id);"
	"PRAGMA user_version = 2;";

static const char *const migrations[] = { migration_1, migration_2 };

/* Large pages, because most of what is kept is large; and pages that became free go back to the file system in steps. Each
 * connection keeps few of them in memory: pieces are read once. */
const struct pat_lite_schema pat_files_schema = {
	.application_id = 0x70617466, /* "patf" */
	.migrations = migrations,
	.n = PAT_ARRAY_LEN(migrations),
	.page_bytes = 16384,
	.fresh = "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL",
	.each = "PRAGMA cache_size = -4096",
};
