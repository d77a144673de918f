/* SPDX-License-Identifier: Apache-2.0
 *
 * Each look opens a connection of its own, as an operator's shell would.
 */
#include "tests/contract/sqlite_place.h"

#include <sqlite3.h>

#include "tests/contract/faulty_vfs.h"

static void start(struct contract *c)
{
	test_folder(c->folder);
	(void)snprintf(c->location, sizeof(c->location), "%s/store.db", c->folder);
}

static void stop(struct contract *c)
{
	test_folder_remove(c->folder);
}

static sqlite3 *look(struct contract *c)
{
	sqlite3 *db = NULL;

	pat_assert(sqlite3_open_v2(c->location, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
	pat_assert(sqlite3_busy_timeout(db, 5000) == SQLITE_OK);
	return db;
}

static void sql(struct contract *c, const char *text)
{
	sqlite3 *db = look(c);
	int rc = sqlite3_exec(db, text, NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

static int64_t sql_i64(struct contract *c, const char *text)
{
	sqlite3 *db = look(c);
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	pat_assert(sqlite3_step(statement) == SQLITE_ROW);
	int64_t value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return value;
}

static bool durable(void)
{
	return !faulty_vfs_wal_unsynced();
}

const struct contract_backend sqlite_place = {
	.name = "sqlite",
	.start = start,
	.stop = stop,
	.sql = sql,
	.sql_i64 = sql_i64,
	.syncs = faulty_vfs_wal_syncs,
	.durable = durable,
};
