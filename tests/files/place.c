/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/files/place.h"

#include <sqlite3.h>

#include "base/crypto.h"
#include "core/core.h"

/* ---- People. */

int __wrap_pat_core_person_get(struct pat_core *core, int64_t id, struct pat_person *ret);
int __wrap_pat_core_person_find(struct pat_core *core, const char *email, struct pat_person *ret);

int __wrap_pat_core_person_get(struct pat_core *core, int64_t id, struct pat_person *ret)
{
	(void)core;
	if (id < 1 || id > PLACE_PEOPLE || id == PLACE_DISABLED)
		return PAT_CORE_E_NOT_FOUND;
	*ret = (struct pat_person){ .id = id };
	(void)snprintf(ret->name, sizeof(ret->name), "Person %lld", (long long)id);
	(void)snprintf(ret->email, sizeof(ret->email), "%lld@x", (long long)id);
	return 0;
}

int __wrap_pat_core_person_find(struct pat_core *core, const char *email, struct pat_person *ret)
{
	char *end = NULL;
	long id = strtol(email, &end, 10);

	return strcmp(end, "@x") == 0 ? __wrap_pat_core_person_get(core, id, ret)
	                              : PAT_CORE_E_NOT_FOUND;
}

struct pat_files_caller as_at(int64_t person, int64_t now_s)
{
	return (struct pat_files_caller){ .person = person, .now_s = now_s };
}

struct pat_files_caller as(int64_t person)
{
	return as_at(person, NOW);
}

/* ---- The place. */

int place_try_open(struct place *p, struct pat_err *err)
{
	struct pat_files_config config = {
		.store = p->store,
		.picture_key = { 1, 2, 3 },
		.sample = p->sample[0] ? p->sample : NULL,
		.team_bytes_max = p->team_bytes_max,
		.reserve_bytes = p->reserve_bytes,
		.reserve_for = p->folder,
	};

	return pat_files_open(&config, &p->files, err);
}

void place_open(struct place *p)
{
	struct pat_err err = { { 0 } };

	if (place_try_open(p, &err) != 0)
		fail_msg("%s", err.text);
}

void place_close(struct place *p)
{
	pat_files_close(p->files);
	p->files = NULL;
}

void place_reopen(struct place *p)
{
	place_close(p);
	place_open(p);
}

int place_setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	test_folder(p->folder);
	(void)snprintf(p->store, sizeof(p->store), "%s/files.db", p->folder);
	place_open(p);
	*state = p;
	return 0;
}

int place_teardown(void **state)
{
	struct place *p = *state;

	place_assert_whole(p);
	place_close(p);
	test_folder_remove(p->folder);
	free(p);
	return 0;
}

/* ---- Behind its back. */

static sqlite3 *look(struct place *p)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(p->store, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
	return db;
}

void place_sql(struct place *p, const char *sql)
{
	sqlite3 *db = look(p);

	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

int64_t place_ask(struct place *p, const char *sql)
{
	sqlite3 *db = look(p);
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return value;
}

void place_assert_whole(struct place *p)
{
	static const char *const none[] = {
		"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
		"SELECT count(*) FROM pragma_foreign_key_check",
		/* A piece is of a content; a content is referred to, once, or loose. */
		"SELECT count(*) FROM piece WHERE id / 4096 NOT IN (SELECT id FROM content)",
		"SELECT count(*) FROM content WHERE (SELECT count(*) FROM version v WHERE v.content = content.id)"
		" + (SELECT count(*) FROM fill f WHERE f.content = content.id)"
		" + (SELECT count(*) FROM loose l WHERE l.content = content.id) <> 1",
		/* A file is what its newest version is. */
		"SELECT count(*) FROM file WHERE version IS NOT (SELECT max(id) FROM version v WHERE v.file = file.id)",
		"SELECT count(*) FROM file f JOIN version v ON v.id = f.version"
		" JOIN content c ON c.id = v.content WHERE c.bytes <> f.bytes",
		"SELECT count(*) FROM comment c JOIN comment t ON t.id = c.parent WHERE t.parent IS NOT NULL OR t.file <> c.file",
		"SELECT count(*) FROM picture p JOIN file f ON f.id = p.file WHERE p.version <> f.version",
		"SELECT count(*) FROM asset a JOIN file f ON f.id = a.file JOIN project p ON p.id = f.project"
		" WHERE a.version <> f.version OR a.team <> p.team",
		/* What it keeps is counted. */
		"SELECT count(*) FROM file f WHERE f.kept <>"
		" (SELECT coalesce(sum(c.bytes + c.outline), 0) FROM version v JOIN content c ON c.id = v.content WHERE v.file = f.id)"
		" + (SELECT coalesce(sum(bytes), 0) FROM fill WHERE fill.file = f.id)",
	};

	for (size_t i = 0; i < PAT_ARRAY_LEN(none); i++)
		if (place_ask(p, none[i]) != 0)
			fail_msg("there are some: %s", none[i]);
}

/* ---- States. */

static void add_rows(struct pat_buf *content, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *rows = NULL;
	int rc = SQLITE_ROW;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
	while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(rows); i++) {
			int len = sqlite3_column_bytes(rows, i);
			const void *bytes = sqlite3_column_blob(rows, i);

			(void)pat_buf_add(content, &len, sizeof(len));
			(void)pat_buf_add(content, bytes ? bytes : "", bytes ? (size_t)len : 0);
		}
	}
	assert_int_equal(rc, SQLITE_DONE);
	(void)sqlite3_finalize(rows);
}

struct place_state place_state_of(const char *path)
{
	static const char *const tables[] = {
		"SELECT id, owner, name, sampled, created FROM team ORDER BY id",
		"SELECT * FROM project ORDER BY id",
		"SELECT * FROM content ORDER BY id",
		"SELECT * FROM piece ORDER BY id",
		"SELECT * FROM loose ORDER BY content",
		"SELECT * FROM file ORDER BY id",
		"SELECT * FROM version ORDER BY id",
		"SELECT * FROM share ORDER BY file, person",
		"SELECT * FROM opened ORDER BY person, file",
		"SELECT * FROM comment ORDER BY id",
		"SELECT * FROM reaction ORDER BY id",
		"SELECT * FROM asset ORDER BY id",
		"SELECT * FROM picture ORDER BY file",
		"SELECT * FROM fill ORDER BY file, ref",
		"SELECT name, sql FROM sqlite_schema ORDER BY name",
		"PRAGMA user_version",
		"PRAGMA integrity_check",
		"PRAGMA foreign_key_check",
	};
	pat_cleanup(pat_buf_done) struct pat_buf content = { 0 };
	struct place_state state;
	sqlite3 *db = NULL;

	pat_buf_init(&content, 64 << 20);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
	for (size_t i = 0; i < PAT_ARRAY_LEN(tables); i++)
		add_rows(&content, db, tables[i]);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(pat_buf_error(&content), 0);
	pat_sha256(content.data, content.len, state.hash);
	return state;
}

struct place_state place_state(struct place *p)
{
	return place_state_of(p->store);
}

bool place_same(struct place_state a, struct place_state b)
{
	return memcmp(a.hash, b.hash, sizeof(a.hash)) == 0;
}

static struct place_base file_read(const char *path)
{
	struct place_base out = { 0 };
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

static void file_write(const char *path, const struct place_base *base)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(base->bytes, 1, base->len, file), base->len);
	assert_int_equal(fclose(file), 0);
}

void place_base_take(struct place *p, struct place_base *ret)
{
	assert_null(p->files);
	*ret = file_read(p->store);
	assert_non_null(ret->bytes);
}

void place_base_put(struct place *p, const struct place_base *base)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char path[128];

	assert_null(p->files);
	for (size_t i = 0; i < PAT_ARRAY_LEN(suffixes); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", p->store, suffixes[i]);
		(void)unlink(path);
	}
	file_write(p->store, base);
}

void place_base_done(struct place_base *base)
{
	free(base->bytes);
	*base = (struct place_base){ 0 };
}

struct place_state place_crashed(struct place *p)
{
	char from[128];
	char to[128];

	for (int i = 0; i < 2; i++) {
		const char *suffix = i == 0 ? "" : "-wal";

		(void)snprintf(from, sizeof(from), "%s%s", p->store, suffix);
		(void)snprintf(to, sizeof(to), "%s/crashed.db%s", p->folder, suffix);
		struct place_base copy = file_read(from);
		(void)unlink(to);
		if (copy.bytes)
			file_write(to, &copy);
		place_base_done(&copy);
	}
	(void)snprintf(to, sizeof(to), "%s/crashed.db", p->folder);
	struct place_state state = place_state_of(to);
	(void)unlink(to);
	return state;
}

/* ---- Short ways to say things. */

struct pat_files_team place_team(struct place *p, int64_t person)
{
	struct pat_files_team team = { 0 };

	assert_int_equal(
		pat_files_team_own(p->files, &(struct pat_files_caller){ person, NOW }, &team), 0);
	return team;
}

static int first_project(void *arg, const struct pat_files_project *project)
{
	int64_t *id = arg;

	if (*id == 0 || project->id < *id)
		*id = project->id;
	return 0;
}

int64_t place_project(struct place *p, int64_t person)
{
	struct pat_files_caller caller = as(person);
	int64_t id = 0;

	assert_int_equal(pat_files_project_list(p->files, &caller, place_team(p, person).id,
	                                        first_project, &id),
	                 0);
	assert_true(id > 0);
	return id;
}

int64_t place_project_new(struct place *p, int64_t person, const char *name)
{
	struct pat_files_caller caller = as(person);
	struct pat_files_project project = { 0 };

	assert_int_equal(pat_files_project_create(p->files, &caller, name, &project), 0);
	return project.id;
}

int64_t place_row(struct place *p, const struct place_row *row,
                  char key[static PAT_FILES_KEY_CHARS + 1])
{
	static unsigned made;
	char sql[2048];

	(void)snprintf(key, PAT_FILES_KEY_CHARS + 1, "row%019u", ++made);
	char *quoted = sqlite3_mprintf("%q", row->name);
	assert_non_null(quoted);
	(void)snprintf(
		sql, sizeof(sql),
		"BEGIN IMMEDIATE; INSERT INTO content (bytes, outline) VALUES (%u, 0);"
		"INSERT INTO file (key, project, name, creator, toucher, created, touched, trashed, version, bytes,"
		" nodes, editor, threads, kept) VALUES ('%s', %lld, '%s', %lld, %lld, %lld, %lld, %lld, 0, %u, 1, 'figma', 0, %u);"
		"INSERT INTO version (file, content, person, created, label, description) VALUES"
		" ((SELECT max(id) FROM file), (SELECT max(id) FROM content), %lld, %lld, '', '');"
		"UPDATE file SET version = (SELECT max(id) FROM version) WHERE id = (SELECT max(id) FROM file); COMMIT",
		row->bytes, key, (long long)row->project, quoted, (long long)row->creator,
		(long long)row->creator, (long long)row->created_s, (long long)row->touched_s,
		(long long)row->trashed_s, row->bytes, row->bytes, (long long)row->creator,
		(long long)row->created_s);
	sqlite3_free(quoted);
	place_sql(p, sql);
	(void)snprintf(sql, sizeof(sql), "SELECT id FROM file WHERE key = '%s'", key);
	return place_ask(p, sql);
}

void place_share_row(struct place *p, int64_t file, int64_t person, enum pat_files_role role)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO share VALUES (%lld, %lld, %d, %d)",
	               (long long)file, (long long)person, (int)role, NOW);
	place_sql(p, sql);
}

/* ---- Documents. */

void place_write_document(const struct place_document *d, struct pat_buf *out)
{
	pat_cleanup(pat_buf_done) struct pat_buf filler = { 0 };

	pat_buf_init(&filler, PAT_DOCUMENT_BYTES_MAX);
	for (size_t i = 0; i < d->filler; i++)
		(void)pat_buf_add(&filler, &"abcdefghijklmnopqrstuvwxyz"[i % 26], 1);
	(void)pat_buf_add_str(out, "{");
	if (d->name)
		(void)pat_buf_addf(out, "\"name\":\"%s\",", d->name);
	if (d->editor)
		(void)pat_buf_addf(out, "\"editorType\":\"%s\",", d->editor);
	(void)pat_buf_add_str(
		out,
		"\"document\":{\"id\":\"0:0\",\"name\":\"Document\",\"type\":\"DOCUMENT\",\"children\":[");
	for (unsigned i = 0; i < d->pages; i++) {
		(void)pat_buf_addf(
			out,
			"%s{\"id\":\"%u:0\",\"name\":\"Page %u\",\"type\":\"CANVAS\",\"children\":[",
			i ? "," : "", i + 1, i + 1);
		for (unsigned k = 0; k < d->frames; k++)
			(void)pat_buf_addf(
				out,
				"%s{\"id\":\"%u:%u\",\"name\":\"Frame %s\",\"type\":\"FRAME\","
				"\"absoluteBoundingBox\":{\"x\":%u,\"y\":0,\"width\":90,\"height\":60},"
				"\"fills\":[{\"type\":\"SOLID\",\"color\":{\"r\":1,\"g\":0.5,\"b\":0,\"a\":1}}],"
				"\"children\":[]}",
				k ? "," : "", i + 1, k + 1, pat_buf_str(&filler), 100 * k);
		(void)pat_buf_add_str(out, "]}");
	}
	(void)pat_buf_addf(out, "]}%s,\"schemaVersion\":0}", d->tables ? d->tables : "");
	assert_int_equal(pat_buf_error(out), 0);
}

struct pat_buf place_small(const char *name)
{
	struct pat_buf text;

	pat_buf_init(&text, 1 << 20);
	place_write_document(&(struct place_document){ .name = name, .pages = 1, .frames = 2 },
	                     &text);
	return text;
}

int place_try_upload(struct place *p, const struct pat_files_caller *caller, int64_t project,
                     const char *key, const struct pat_buf *text, size_t step,
                     struct pat_files_file *ret)
{
	pat_cleanup(pat_files_upload_freep) struct pat_files_upload *upload = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };

	pat_buf_init(&why, 1024);
	int r = pat_files_upload_begin(p->files, caller, project, key, NULL, &upload);
	for (size_t at = 0; r == 0 && at < text->len;) {
		size_t n = step && step < text->len - at ? step : text->len - at;

		r = pat_files_upload_feed(upload, text->data + at, n, &why);
		at += n;
	}
	if (r == 0)
		r = pat_files_upload_finish(upload, NULL, NULL, &why, ret);
	assert_true((why.len > 0) == (r == PAT_FILES_E_DOCUMENT || r == PAT_FILES_E_TOO_LARGE));
	return r;
}

struct pat_files_file place_upload(struct place *p, int64_t person, const char *name)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small(name);
	struct pat_files_caller caller = as(person);
	struct pat_files_file file = { 0 };

	assert_int_equal(place_try_upload(p, &caller, 0, NULL, &text, 0, &file), 0);
	return file;
}

void place_assert_text(struct place *p, int64_t person, const char *key, int64_t version,
                       const struct pat_buf *text, uint32_t step)
{
	pat_cleanup(pat_files_document_closep) struct pat_files_document *document = NULL;
	struct pat_files_caller caller = as(person);
	struct pat_files_file file;
	pat_cleanup(pat_freep) char *window = malloc(step);

	assert_non_null(window);
	assert_int_equal(pat_files_document_open(p->files, &caller, key, version, &file, &document),
	                 0);
	assert_int_equal(pat_files_document_outline(document)->text_bytes, text->len);
	const struct pat_text *source = pat_files_document_text(document);
	for (uint32_t at = 0; at < text->len;) {
		uint32_t n = text->len - at < step ? (uint32_t)(text->len - at) : step;

		assert_int_equal(source->read(source->arg, at, window, n), 0);
		assert_memory_equal(window, text->data + at, n);
		at += n;
	}
}

/* ---- Threads. */

struct crew {
	pthread_barrier_t start;
	void (*fn)(void *arg, unsigned i);
	void *arg;
};

struct member {
	struct crew *crew;
	unsigned i;
	pthread_t thread;
};

static void *member_run(void *arg)
{
	struct member *m = arg;

	(void)pthread_barrier_wait(&m->crew->start);
	m->crew->fn(m->crew->arg, m->i);
	return NULL;
}

void place_threads(unsigned n, void (*fn)(void *arg, unsigned i), void *arg)
{
	struct crew crew = { .fn = fn, .arg = arg };
	struct member *members = calloc(n, sizeof(*members));

	assert_non_null(members);
	assert_int_equal(pthread_barrier_init(&crew.start, NULL, n), 0);
	for (unsigned i = 0; i < n; i++) {
		members[i] = (struct member){ .crew = &crew, .i = i };
		assert_int_equal(pthread_create(&members[i].thread, NULL, member_run, &members[i]),
		                 0);
	}
	for (unsigned i = 0; i < n; i++)
		(void)pthread_join(members[i].thread, NULL);
	(void)pthread_barrier_destroy(&crew.start);
	free(members);
}
