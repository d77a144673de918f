/* SPDX-License-Identifier: Apache-2.0
 *
 * A crash is played by copying the database and its log, without the shared memory file: whoever opens
 * the copy has to recover from the log, and finds there what a failed commit may have left.
 */
#include "tests/contract/faults_place.h"

#include <sqlite3.h>

#include "base/crypto.h"

/* ---- Files. */

static struct faults_base file_read(const char *path)
{
	struct faults_base out = { 0 };
	FILE *file = fopen(path, "re");

	if (!file)
		return out;
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	out.len = (size_t)ftell(file);
	out.bytes = malloc(out.len + 1);
	assert_non_null(out.bytes);
	rewind(file);
	assert_int_equal(fread(out.bytes, 1, out.len, file), out.len);
	(void)fclose(file);
	return out;
}

static void file_write(const char *path, const struct faults_base *base)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(base->bytes, 1, base->len, file), base->len);
	assert_int_equal(fclose(file), 0);
}

void faults_base_take(struct contract *c, struct faults_base *ret)
{
	*ret = file_read(c->location);
	assert_non_null(ret->bytes);
}

void faults_base_put(struct contract *c, const struct faults_base *base)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char path[128];

	for (size_t i = 0; i < PAT_ARRAY_LEN(suffixes); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", c->location, suffixes[i]);
		(void)unlink(path);
	}
	file_write(c->location, base);
}

void faults_base_done(struct faults_base *base)
{
	free(base->bytes);
	*base = (struct faults_base){ 0 };
}

/* ---- States. */

#define CONTENT_BYTES_MAX (1024 * 1024)

struct content {
	size_t len;
	uint8_t bytes[CONTENT_BYTES_MAX];
};

static void content_add(struct content *content, const void *bytes, size_t len)
{
	assert_true(len <= sizeof(content->bytes) - content->len);
	memcpy(content->bytes + content->len, bytes, len);
	content->len += len;
}

static void content_add_rows(struct content *content, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *rows = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
	int rc = SQLITE_ROW;
	while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(rows); i++) {
			int len = sqlite3_column_bytes(rows, i);
			const void *bytes = sqlite3_column_blob(rows, i);

			content_add(content, &len, sizeof(len));
			content_add(content, bytes ? bytes : "", bytes ? (size_t)len : 0);
		}
	}
	assert_int_equal(rc, SQLITE_DONE);
	(void)sqlite3_finalize(rows);
}

static struct faults_state state_of(const char *path)
{
	static struct content content;
	static const char *const tables[] = {
		"SELECT seq, audit, time FROM head",
		"SELECT * FROM setup",
		"SELECT * FROM person ORDER BY id",
		"SELECT * FROM session ORDER BY id",
		"SELECT * FROM picture ORDER BY person",
		"SELECT * FROM sign_in ORDER BY person, address",
		"SELECT * FROM scope_set ORDER BY id",
		"SELECT * FROM token ORDER BY number",
		"SELECT * FROM idempotency ORDER BY person, key",
		"SELECT * FROM change ORDER BY seq",
		"SELECT * FROM audit ORDER BY id",
		"SELECT * FROM notice",
		"SELECT * FROM former_email ORDER BY audit",
		"SELECT name, sql FROM sqlite_schema ORDER BY name",
		"PRAGMA user_version",
		"PRAGMA integrity_check",
		"PRAGMA foreign_key_check",
	};
	struct faults_state state;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	content.len = 0;
	for (size_t i = 0; i < PAT_ARRAY_LEN(tables); i++)
		content_add_rows(&content, db, tables[i]);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	pat_sha256(content.bytes, content.len, state.hash);
	return state;
}

struct faults_state faults_state_now(struct contract *c)
{
	return state_of(c->location);
}

struct faults_state faults_state_crashed(struct contract *c)
{
	char from[128];
	char to[128];

	for (int i = 0; i < 2; i++) {
		const char *suffix = i == 0 ? "" : "-wal";

		(void)snprintf(from, sizeof(from), "%s%s", c->location, suffix);
		(void)snprintf(to, sizeof(to), "%s/crashed.db%s", c->folder, suffix);
		struct faults_base copy = file_read(from);
		(void)unlink(to);
		if (copy.bytes)
			file_write(to, &copy);
		faults_base_done(&copy);
	}
	(void)snprintf(to, sizeof(to), "%s/crashed.db", c->folder);
	struct faults_state state = state_of(to);
	(void)unlink(to);
	return state;
}

bool faults_state_same(struct faults_state a, struct faults_state b)
{
	return memcmp(a.hash, b.hash, sizeof(a.hash)) == 0;
}
