/* SPDX-License-Identifier: Apache-2.0
 *
 * Uploads, versions and reading: what comes out is what went in, byte for byte; nothing is seen before its time; what broke
 * off goes away; and of everything there is as much as there may be, also when many come at once.
 */
#include "tests/files/place.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define KIB 1024u

/* ---- In and out. */

static void what_comes_out_is_what_went_in(void **state)
{
	/* Around the borders of pieces. */
	static const size_t fillers[] = { 0,          1,
		                          255 * KIB,  256 * KIB - 700,
		                          256 * KIB,  256 * KIB + 1,
		                          512 * KIB,  1000 * KIB,
		                          2500 * KIB, 0 };
	static const size_t steps[] = { 0, 1 * KIB + 7, 64 * KIB, 256 * KIB, 300 * KIB };
	static const uint32_t windows[] = { 4 * KIB + 3, 256 * KIB, 700 * KIB };
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);

	for (size_t i = 0; i < PAT_ARRAY_LEN(fillers); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
		struct pat_files_file file;

		pat_buf_init(&text, PAT_DOCUMENT_BYTES_MAX);
		place_write_document(&(struct place_document){ .name = "Doc",
		                                               .editor = "figjam",
		                                               .pages = 2,
		                                               .frames = 1 + (i == 9) * 3000,
		                                               .filler = fillers[i] / 2 },
		                     &text);
		assert_int_equal(place_try_upload(p, &ada, 0, NULL, &text, steps[i % 5], &file), 0);
		assert_string_equal(file.name, "Doc");
		assert_string_equal(file.editor_type, "figjam");
		assert_int_equal(file.bytes, text.len);
		assert_int_equal(file.n_nodes, i == 9 ? 3 + 2 * 3001 : 5);
		assert_int_equal(file.n_versions, 1);
		assert_int_equal(file.role, PAT_FILES_OWNER);
		assert_int_equal(file.creator, ADA);
		assert_int_equal(file.created_s, NOW);
		for (size_t w = 0; w < PAT_ARRAY_LEN(windows); w++)
			place_assert_text(p, ADA, file.key, 0, &text, windows[w]);
		if (i == 5)
			place_reopen(p);
		place_assert_text(p, ADA, file.key, file.version, &text, 100 * KIB);
	}
	assert_int_equal(place_ask(p, "SELECT count(*) FROM loose"), 0);
}

static void a_range_is_read_wherever_it_lies(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	pat_cleanup(pat_files_document_closep) struct pat_files_document *d = NULL;
	struct pat_files_file file;
	uint32_t seed = 7;
	char window[5000];

	pat_buf_init(&text, PAT_DOCUMENT_BYTES_MAX);
	place_write_document(
		&(struct place_document){ .pages = 3, .frames = 4, .filler = 200 * KIB }, &text);
	assert_int_equal(place_try_upload(p, &ada, 0, NULL, &text, 0, &file), 0);
	assert_int_equal(pat_files_document_open(p->files, &ada, file.key, 0, &file, &d), 0);
	const struct pat_text *source = pat_files_document_text(d);
	for (int i = 0; i < 2000; i++) {
		seed = seed * 1664525u + 1013904223u;
		uint32_t n = (seed >> 8) % sizeof(window);
		uint32_t at = (seed >> 4) % (uint32_t)(text.len - n);

		assert_int_equal(source->read(source->arg, at, window, n), 0);
		assert_memory_equal(window, text.data + at, n);
	}
	assert_int_equal(source->read(source->arg, (uint32_t)text.len, window, 0), 0);
	assert_true(source->read(source->arg, (uint32_t)text.len, window, 1) < 0);
	assert_true(source->read(source->arg, UINT32_MAX, window, 2) < 0);
	assert_int_equal(pat_files_document_version(d), file.version);
	assert_int_equal(pat_files_document_time_s(d), NOW);
}

static void an_outline_that_is_damaged_is_made_again(void **state)
{
	struct place *p = *state;
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small("Doc");
	struct pat_files_file file = place_upload(p, ADA, "Doc");

	place_sql(p, "UPDATE piece SET bytes = zeroblob(length(bytes)) WHERE id % 4096 >= 2048");
	place_assert_text(p, ADA, file.key, 0, &text, 1000);
}

static void a_piece_that_is_missing_is_a_fault(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_files_document_closep) struct pat_files_document *d = NULL;
	struct pat_files_file file = place_upload(p, ADA, "Doc");
	char window[10];

	assert_int_equal(pat_files_document_open(p->files, &ada, file.key, 0, &file, &d), 0);
	place_sql(p, "CREATE TABLE kept AS SELECT * FROM piece; DELETE FROM piece");
	const struct pat_text *source = pat_files_document_text(d);
	assert_int_equal(source->read(source->arg, 0, window, sizeof(window)), -EIO);
	pat_files_document_close(PAT_TAKE(d));
	assert_int_equal(pat_files_document_open(p->files, &ada, file.key, 0, &file, &d), -EIO);
	place_sql(p, "INSERT INTO piece SELECT * FROM kept; DROP TABLE kept");
}

/* ---- What is refused. */

static void what_is_no_document_is_refused_and_said_why(void **state)
{
	static const struct {
		const char *text;
		int outcome;
	} cases[] = {
		{ "", PAT_FILES_E_DOCUMENT },
		{ "{\"document\":", PAT_FILES_E_DOCUMENT },
		{ "[1,2", PAT_FILES_E_DOCUMENT },
		{ "{} x", PAT_FILES_E_DOCUMENT },
		{ "{}", PAT_FILES_E_DOCUMENT },
		{ "null", PAT_FILES_E_DOCUMENT },
		{ "\xff", PAT_FILES_E_DOCUMENT },
		{ "{\"document\":{\"id\":\"0:0\"}}", PAT_FILES_E_DOCUMENT },
	};
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file file;

	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };

		pat_buf_init(&text, 1000);
		(void)pat_buf_add_str(&text, cases[i].text);
		assert_int_equal(place_try_upload(p, &ada, 0, NULL, &text, 3, &file),
		                 cases[i].outcome);
	}
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 0);
	pat_files_keep(p->files, NOW);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM content"), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM piece"), 0);
}

static void what_is_too_large_is_refused(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_files_upload_freep) struct pat_files_upload *upload = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	pat_cleanup(pat_freep) char *blanks = malloc(1024 * KIB);
	int r = 0;
	unsigned mib = 0;

	assert_non_null(blanks);
	memset(blanks, ' ', 1024 * KIB);
	pat_buf_init(&why, 1000);
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, NULL, &upload), 0);
	while (r == 0 && mib++ < 70)
		r = pat_files_upload_feed(upload, blanks, 1024 * KIB, &why);
	assert_int_equal(r, PAT_FILES_E_TOO_LARGE);
	assert_int_equal(mib, 65);
	assert_true(why.len > 0);
	pat_files_upload_free(PAT_TAKE(upload));
	for (int i = 0; i < 4; i++)
		pat_files_keep(p->files, NOW);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM piece"), 0);
	/* And what was on the disk is given back, but for a little. */
	assert_true(place_ask(p, "PRAGMA page_count") * 16384 < 80ll * 1024 * 1024);
}

/* ---- Names. */

static void a_file_takes_the_document_s_name(void **state)
{
	char longest[2000] = "";
	char cut[481] = "";
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file file;

	for (int i = 0; i < 130; i++) {
		(void)strcat(longest, "\\ud83d\\ude00");
		if (i < 120)
			(void)strcat(cut, "\xf0\x9f\x98\x80");
	}
	const struct {
		const char *name; /* as written */
		const char *kept;
	} cases[] = {
		{ NULL, "Untitled" },
		{ "", "Untitled" },
		{ "   ", "Untitled" },
		{ "a\\nb", "Untitled" },
		{ "nul \\u0000 in it", "Untitled" },
		{ " Caf\\u00e9 \\\"x\\\" ", "Caf\xc3\xa9 \"x\"" },
		{ "Gr\xc3\xbc\xc3\x9f", "Gr\xc3\xbc\xc3\x9f" },
		{ longest, cut },
	};
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf text = place_small(cases[i].name);

		assert_int_equal(place_try_upload(p, &ada, 0, NULL, &text, 0, &file), 0);
		assert_string_equal(file.name, cases[i].kept);
	}
}

static void a_name_that_is_given_is_checked(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small("Own");
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	struct pat_files_upload *upload = NULL;
	struct pat_files_file file;

	pat_buf_init(&why, 1000);
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, " ", &upload),
	                 PAT_FILES_E_NAME_REQUIRED);
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, "\t", &upload),
	                 PAT_FILES_E_NAME_BAD_CHARACTERS);
	assert_null(upload);
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, " Given ", &upload), 0);
	assert_int_equal(pat_files_upload_feed(upload, text.data, text.len, &why), 0);
	assert_int_equal(pat_files_upload_finish(upload, NULL, NULL, &why, &file), 0);
	assert_string_equal(file.name, "Given");
	pat_files_upload_free(upload);
}

static void an_editor_is_one_that_figma_has(void **state)
{
	static const char *const cases[][2] = {
		{ NULL, "figma" },      { "figma", "figma" },
		{ "figjam", "figjam" }, { "slides", "slides" },
		{ "other", "figma" },   { "a text that is far too long", "figma" },
	};
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file file;

	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };

		pat_buf_init(&text, 10000);
		place_write_document(&(struct place_document){ .editor = cases[i][0], .pages = 1 },
		                     &text);
		assert_int_equal(place_try_upload(p, &ada, 0, NULL, &text, 0, &file), 0);
		assert_string_equal(file.editor_type, cases[i][1]);
	}
}

/* ---- Nothing is seen before its time. */

static void an_upload_is_invisible_until_it_is_whole(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	struct pat_files_upload *upload = NULL;
	struct pat_files_file file = place_upload(p, ADA, "First");
	struct pat_files_file after;

	pat_buf_init(&why, 1000);
	pat_buf_init(&text, PAT_DOCUMENT_BYTES_MAX);
	place_write_document(
		&(struct place_document){ .pages = 1, .frames = 1, .filler = 900 * KIB }, &text);
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, file.key, NULL, &upload), 0);
	assert_int_equal(pat_files_upload_feed(upload, text.data, text.len - 10, &why), 0);
	assert_int_equal(pat_files_file_get(p->files, &ada, file.key, &after), 0);
	assert_int_equal(after.version, file.version);
	assert_int_equal(after.bytes, file.bytes);
	assert_true(place_ask(p, "SELECT count(*) FROM piece") >= 4);
	/* The keeper leaves it alone while it is under way, and takes it away when it broke off. */
	pat_files_keep(p->files, NOW);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM loose"), 1);
	pat_files_upload_free(upload);
	pat_files_keep(p->files, NOW);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM loose"), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM content"), 1);
	/* So does opening. */
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, file.key, NULL, &upload), 0);
	assert_int_equal(pat_files_upload_feed(upload, text.data, text.len - 10, &why), 0);
	pat_files_upload_free(upload);
	place_reopen(p);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM loose"), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM content"), 1);
}

struct late {
	struct place *p;
	struct pat_buf text;
	struct pat_buf why;
	struct pat_files_upload *upload;
};

static void late_begin(struct late *late, struct place *p, int64_t person, int64_t project,
                       const char *key)
{
	struct pat_files_caller caller = as(person);

	late->p = p;
	late->text = place_small("Late");
	late->upload = NULL;
	pat_buf_init(&late->why, 1000);
	assert_int_equal(
		pat_files_upload_begin(p->files, &caller, project, key, NULL, &late->upload), 0);
	assert_int_equal(
		pat_files_upload_feed(late->upload, late->text.data, late->text.len, &late->why),
		0);
}

static int late_finish(struct late *late)
{
	struct pat_files_file file;
	int r = pat_files_upload_finish(late->upload, NULL, NULL, &late->why, &file);

	pat_files_upload_free(late->upload);
	pat_buf_done(&late->text);
	pat_buf_done(&late->why);
	return r;
}

static void what_was_allowed_at_first_is_judged_again(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_share share;
	struct pat_files_file file = place_upload(p, ADA, "First");
	struct late late;

	assert_int_equal(
		pat_files_share_set(p->files, &ada, file.key, "2@x", PAT_FILES_EDITOR, &share), 0);
	late_begin(&late, p, EVE, 0, file.key);
	assert_int_equal(late_finish(&late), 0);
	late_begin(&late, p, EVE, 0, file.key);
	assert_int_equal(
		pat_files_share_set(p->files, &ada, file.key, "2@x", PAT_FILES_VIEWER, &share), 0);
	assert_int_equal(late_finish(&late), PAT_FILES_E_NOT_ALLOWED);
	assert_int_equal(
		pat_files_share_set(p->files, &ada, file.key, "2@x", PAT_FILES_EDITOR, &share), 0);
	late_begin(&late, p, EVE, 0, file.key);
	assert_int_equal(pat_files_share_end(p->files, &ada, file.key, EVE), 0);
	assert_int_equal(late_finish(&late), PAT_FILES_E_NOT_FOUND);

	late_begin(&late, p, ADA, 0, file.key);
	assert_int_equal(pat_files_file_trash(p->files, &ada, file.key, true, &file), 0);
	assert_int_equal(late_finish(&late), PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_file_purge(p->files, &ada, file.key), 0);

	int64_t project = place_project_new(p, ADA, "Short-lived");
	late_begin(&late, p, ADA, project, NULL);
	assert_int_equal(pat_files_project_remove(p->files, &ada, project), 0);
	assert_int_equal(late_finish(&late), PAT_FILES_E_NOT_FOUND);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 0);
}

static void who_has_no_project_any_more_gets_one(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);

	assert_int_equal(pat_files_project_remove(p->files, &ada, place_project(p, ADA)), 0);
	struct pat_files_file file = place_upload(p, ADA, "x");
	assert_string_equal(file.project_name, "Drafts");
	assert_int_equal(place_upload(p, ADA, "y").project, file.project);
}

/* ---- Versions. */

static void a_version_is_added_and_none_is_changed(void **state)
{
	struct place *p = *state;
	struct pat_files_caller later = as_at(ADA, NOW + 60);
	pat_cleanup(pat_buf_done) struct pat_buf first = place_small("Doc");
	pat_cleanup(pat_buf_done) struct pat_buf second = { 0 };
	struct pat_files_file file = place_upload(p, ADA, "Doc");
	struct pat_files_file now;

	pat_buf_init(&second, 1 << 20);
	place_write_document(&(struct place_document){ .name = "Other name",
	                                               .editor = "figjam",
	                                               .pages = 3,
	                                               .frames = 5,
	                                               .filler = 10 },
	                     &second);
	assert_int_equal(place_try_upload(p, &later, 0, file.key, &second, 0, &now), 0);
	assert_int_equal(now.id, file.id);
	assert_string_equal(now.name, "Doc"); /* it is called what it was called */
	assert_true(now.version > file.version);
	assert_int_equal(now.n_versions, 2);
	assert_int_equal(now.bytes, second.len);
	assert_int_equal(now.n_nodes, 1 + 3 + 15);
	assert_string_equal(now.editor_type, "figjam");
	assert_int_equal(now.touched_s, NOW + 60);
	assert_int_equal(now.created_s, NOW);
	place_assert_text(p, ADA, file.key, 0, &second, 777);
	place_assert_text(p, ADA, file.key, now.version, &second, 777);
	place_assert_text(p, ADA, file.key, file.version, &first, 777);
}

struct listed {
	int64_t ids[PAT_FILES_VERSIONS_MAX + 10];
	size_t n;
};

static int list_version(void *arg, const struct pat_files_version *version)
{
	struct listed *l = arg;

	l->ids[l->n++] = version->id;
	return 0;
}

static void check_cursors(struct place *p, const char *key, unsigned n_versions)
{
	struct pat_files_caller ada = as(ADA);
	struct listed down = { .n = 0 };
	struct listed up = { .n = 0 };
	bool more = true;

	for (int64_t before = 0; more; before = down.ids[down.n - 1])
		assert_int_equal(pat_files_version_list(p->files, &ada, key, before, 0, 7,
		                                        list_version, &down, &more),
		                 0);
	assert_int_equal(down.n, n_versions);
	more = true;
	for (int64_t after = 1; more; after = up.ids[up.n - 1])
		assert_int_equal(pat_files_version_list(p->files, &ada, key, 0, after, 11,
		                                        list_version, &up, &more),
		                 0);
	assert_int_equal(up.n, n_versions);
	for (unsigned i = 0; i < n_versions; i++) {
		assert_int_equal(up.ids[i], down.ids[n_versions - 1 - i]);
		assert_true(i == 0 || up.ids[i] > up.ids[i - 1]);
	}
	assert_int_equal(
		pat_files_version_list(p->files, &ada, key, 3, 3, 7, list_version, &up, &more),
		PAT_FILES_E_CURSOR);
	assert_int_equal(
		pat_files_version_list(p->files, &ada, key, -3, 0, 7, list_version, &up, &more),
		PAT_FILES_E_CURSOR);
}

static struct pat_files_file one;

static void add_versions(void *arg, unsigned i)
{
	struct place *p = arg;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small("Doc");
	struct pat_files_file now;

	(void)i;
	for (int n = 0; n < 5; n++) {
		int r = place_try_upload(p, &ada, 0, one.key, &text, 0, &now);

		assert_true(r == 0 || r == PAT_FILES_E_LIMIT);
	}
}

static void there_are_as_many_versions_as_there_may_be_and_none_is_lost(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_document *d = NULL;
	struct pat_files_file file;

	(void)place_upload(p, EVE, "Another's versions are between");
	one = place_upload(p, ADA, "Doc");
	check_cursors(p, one.key, 1);
	place_threads(50, add_versions, p);
	assert_int_equal(pat_files_file_get(p->files, &ada, one.key, &file), 0);
	assert_int_equal(file.n_versions, PAT_FILES_VERSIONS_MAX);
	assert_int_equal(file.version, place_ask(p, "SELECT max(id) FROM version"));
	check_cursors(p, one.key, PAT_FILES_VERSIONS_MAX);
	pat_files_keep(p->files, NOW);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM content"), PAT_FILES_VERSIONS_MAX + 1);

	/* The first is there, and goes when its owner says so; who reads it reads on. */
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small("Doc");
	assert_int_equal(pat_files_document_open(p->files, &ada, one.key, one.version, &file, &d),
	                 0);
	assert_int_equal(pat_files_version_remove(p->files, &ada, one.key, one.version), 0);
	assert_int_equal(pat_files_version_remove(p->files, &ada, one.key, one.version),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM loose"), 1);
	char first[16];
	const struct pat_text *source = pat_files_document_text(d);
	assert_int_equal(source->read(source->arg, 0, first, sizeof(first)), 0);
	assert_memory_equal(first, text.data, sizeof(first));
	pat_files_document_close(d);
	d = NULL;
	assert_int_equal(pat_files_document_open(p->files, &ada, one.key, one.version, &file, &d),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(place_try_upload(p, &ada, 0, one.key, &text, 0, &file), 0);
	assert_int_equal(place_try_upload(p, &ada, 0, one.key, &text, 0, &file), PAT_FILES_E_LIMIT);
	assert_int_equal(pat_files_version_remove(p->files, &ada, one.key,
	                                          place_ask(p, "SELECT max(id) FROM version")),
	                 PAT_FILES_E_NEWEST);
}

/* ---- What fills refer to. */

struct refs {
	char text[PAT_FILES_REFS_MAX + 1][41];
	size_t n;
};

static int note_missing(void *arg, const char *ref)
{
	struct refs *refs = arg;

	assert_true(refs->n < PAT_FILES_REFS_MAX);
	(void)snprintf(refs->text[refs->n++], sizeof(refs->text[0]), "%s", ref);
	return 0;
}

/* Names that begin alike, so that a hash which is known would have them all in one place: each is told once, and where each
 * stands is different every time. */
static void a_document_does_not_choose_where_its_references_stand(void **state)
{
	static struct refs once;
	static struct refs again;
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_files_document_closep) struct pat_files_document *d = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf tables = { 0 };
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	struct pat_files_file file;
	uint8_t seen[PAT_FILES_REFS_MAX] = { 0 };

	pat_buf_init(&tables, 1 << 20);
	pat_buf_init(&text, 1 << 20);
	(void)pat_buf_add_str(&tables, ",\"more\":[0");
	for (unsigned i = 0; i < 2 * PAT_FILES_REFS_MAX; i++) /* each twice */
		(void)pat_buf_addf(&tables, ",{\"imageRef\":\"%034d%06u\"}", 0,
		                   i % PAT_FILES_REFS_MAX);
	(void)pat_buf_add_str(&tables, "]");
	place_write_document(&(struct place_document){ .name = "Doc",
	                                               .pages = 1,
	                                               .tables = pat_buf_str(&tables) },
	                     &text);
	assert_int_equal(place_try_upload(p, &ada, 0, NULL, &text, 0, &file), 0);
	assert_int_equal(pat_files_document_open(p->files, &ada, file.key, 0, &file, &d), 0);
	assert_int_equal(pat_files_document_missing(d, note_missing, &once), 0);
	assert_int_equal(pat_files_document_missing(d, note_missing, &again), 0);
	assert_int_equal(once.n, PAT_FILES_REFS_MAX);
	assert_int_equal(again.n, PAT_FILES_REFS_MAX);
	for (size_t i = 0; i < once.n; i++)
		assert_int_equal(seen[atoi(once.text[i])]++, 0);
	assert_memory_not_equal(once.text, again.text, sizeof(once.text));
}

static struct pat_files_version newest;

static int keep_newest(void *arg, const struct pat_files_version *version)
{
	(void)arg;
	newest = *version;
	return 0;
}

static void a_version_has_a_label(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file file = place_upload(p, ADA, "Doc");
	char longest[4 * 201 + 1] = "";
	bool more = false;

	for (int i = 0; i < 200; i++)
		(void)strcat(longest, "\xf0\x9f\x98\x80");
	const struct {
		const char *label;
		const char *description;
		int outcome;
	} cases[] = {
		{ NULL, NULL, 0 },
		{ " v1 ", "with words", 0 },
		{ "", " ", 0 },
		{ longest, longest, 0 },
		{ "a\nb", NULL, PAT_FILES_E_NAME_BAD_CHARACTERS },
		{ NULL, "\xff", PAT_FILES_E_NAME_BAD_CHARACTERS },
	};
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct late late;

		late_begin(&late, p, ADA, 0, file.key);
		assert_int_equal(pat_files_upload_finish(late.upload, cases[i].label,
		                                         cases[i].description, &late.why, &file),
		                 cases[i].outcome);
		pat_files_upload_free(late.upload);
		pat_buf_done(&late.text);
		pat_buf_done(&late.why);
		if (cases[i].outcome != 0)
			continue;
		assert_int_equal(pat_files_version_list(p->files, &ada, file.key, 0, 0, 1,
		                                        keep_newest, NULL, &more),
		                 0);
		assert_int_equal(newest.id, file.version);
		assert_int_equal(newest.person, ADA);
		assert_int_equal(newest.bytes, file.bytes);
		assert_string_equal(newest.label, i == 1 ? "v1" : i == 3 ? longest : "");
		assert_string_equal(newest.description, i == 1   ? "with words"
		                                        : i == 3 ? longest
		                                                 : "");
	}
	assert_int_equal(place_ask(p, "SELECT count(*) FROM version"), 5);
}

static void a_version_of_another_file_is_none(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_document *d = NULL;
	struct pat_files_file a = place_upload(p, ADA, "a");
	struct pat_files_file b = place_upload(p, ADA, "b");

	assert_int_equal(pat_files_document_open(p->files, &ada, a.key, b.version, &a, &d),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_document_open(p->files, &ada, a.key, -1, &a, &d),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_document_open(p->files, &ada, a.key, INT64_MAX, &a, &d),
	                 PAT_FILES_E_NOT_FOUND);
	assert_null(d);
}

/* ---- The cap of files. */

static atomic_int made;

static void add_file(void *arg, unsigned i)
{
	struct place *p = arg;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small("Doc");
	struct pat_files_file file;

	(void)i;
	int r = place_try_upload(p, &ada, 0, NULL, &text, 0, &file);
	assert_true(r == 0 || r == PAT_FILES_E_LIMIT);
	atomic_fetch_add(&made, r == 0);
}

static void there_are_exactly_as_many_files_as_there_may_be(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_upload *upload = NULL;
	char sql[1024];

	(void)snprintf(
		sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		" INSERT INTO file (key, project, name, creator, toucher, created, touched, trashed, version, bytes,"
		" nodes, editor, threads) SELECT printf('many%%018d', i), %lld, 'x', 1, 1, 1, 1, i %% 3, 0, 1, 1, 'figma', 0"
		" FROM n",
		PAT_FILES_FILES_MAX - 7, (long long)place_project(p, ADA));
	place_sql(p, sql);
	atomic_store(&made, 0);
	place_threads(50, add_file, p);
	assert_int_equal(atomic_load(&made), 7);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), PAT_FILES_FILES_MAX);
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, NULL, &upload),
	                 PAT_FILES_E_LIMIT);
	/* A version of one that is there is no file more. */
	one = place_upload(p, EVE, "x");
	place_sql(p, "DELETE FROM file WHERE key LIKE 'many%'");
}

/* ---- What is being read stays. */

static void what_is_open_is_readable_to_its_end(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	struct pat_files_document *d = NULL;
	struct pat_files_file file;
	char window[100];

	pat_buf_init(&text, PAT_DOCUMENT_BYTES_MAX);
	place_write_document(
		&(struct place_document){ .pages = 2, .frames = 4, .filler = 300 * KIB }, &text);
	assert_int_equal(place_try_upload(p, &ada, 0, NULL, &text, 0, &file), 0);
	assert_int_equal(pat_files_document_open(p->files, &ada, file.key, 0, &file, &d), 0);
	assert_int_equal(pat_files_file_trash(p->files, &ada, file.key, true, &file), 0);
	assert_int_equal(pat_files_file_purge(p->files, &ada, file.key), 0);
	pat_files_keep(p->files, NOW);
	const struct pat_text *source = pat_files_document_text(d);
	for (uint32_t at = 0; at + sizeof(window) <= text.len; at += 100 * KIB) {
		assert_int_equal(source->read(source->arg, at, window, sizeof(window)), 0);
		assert_memory_equal(window, text.data + at, sizeof(window));
	}
	assert_int_equal(place_ask(p, "SELECT count(*) FROM loose"), 1);
	pat_files_document_close(d);
	pat_files_keep(p->files, NOW);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM content"), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM piece"), 0);
}

/* ---- Keeping. */

static void the_trash_is_emptied_in_time(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file old = place_upload(p, ADA, "old");
	struct pat_files_file young = place_upload(p, ADA, "young");
	int64_t days = PAT_FILES_TRASH_DAYS * 86400;

	assert_int_equal(pat_files_file_trash(p->files, &ada, old.key, true, &old), 0);
	ada.now_s = NOW + 1;
	assert_int_equal(pat_files_file_trash(p->files, &ada, young.key, true, &young), 0);
	pat_files_keep(p->files, NOW + days - 1);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 2);
	pat_files_keep(p->files, NOW + days);
	assert_int_equal(pat_files_file_get(p->files, &ada, old.key, &old), PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_file_get(p->files, &ada, young.key, &young), 0);
	pat_files_keep(p->files, NOW + days + 1);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM content"), 0);
}

static void keeping_is_bounded(void **state)
{
	struct place *p = *state;
	char sql[1024];

	(void)snprintf(
		sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
		" INSERT INTO file (key, project, name, creator, toucher, created, touched, trashed, version, bytes,"
		" nodes, editor, threads) SELECT printf('many%%018d', i), %lld, 'x', 1, 1, 1, 1, 1, 0, 1, 1, 'figma', 0 FROM n;"
		"INSERT INTO content (bytes, outline) SELECT 0, 0 FROM file;"
		"INSERT INTO loose SELECT id FROM content",
		(long long)place_project(p, ADA));
	place_sql(p, sql);
	pat_files_keep(p->files, NOW);
	int64_t files = place_ask(p, "SELECT count(*) FROM file");
	int64_t loose = place_ask(p, "SELECT count(*) FROM loose");
	assert_true(files > 900 && files < 1000);
	assert_true(loose > 400 && loose < 1000);
	for (int i = 0; i < 40; i++)
		pat_files_keep(p->files, NOW);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM content"), 0);
}

/* ---- The sample. */

static void write_sample(struct place *p, const char *text)
{
	(void)snprintf(p->sample, sizeof(p->sample), "%s/sample.json", p->folder);
	FILE *f = fopen(p->sample, "we");
	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
	place_reopen(p);
}

static int list_file(void *to, const struct pat_files_file *file)
{
	struct listed *files = to;

	files->ids[files->n++] = file->id;
	return 0;
}

static void own_team(void *arg, unsigned i)
{
	struct place *p = arg;
	struct pat_files_caller caller = as(1 + i % 5);
	struct pat_files_query query = { .limit = 10 };
	struct pat_files_team team;
	struct listed files = { .n = 0 };
	bool more = false;

	assert_int_equal(pat_files_team_own(p->files, &caller, &team), 0);
	/* Whoever was told of a team finds the sample in it. */
	assert_int_equal(pat_files_file_list(p->files, &caller, &query, list_file, &files, &more),
	                 0);
	assert_int_equal(files.n, 1);
}

static void somebody_new_finds_the_sample_once(void **state)
{
	struct place *p = *state;
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small("Welcome");

	write_sample(p, pat_buf_str(&text));
	place_threads(50, own_team, p);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM team"), 5);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file WHERE name = 'Welcome'"), 5);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM content"), 5);
	/* Who throws it away does not get another. */
	place_sql(p, "UPDATE file SET trashed = 1");
	pat_files_keep(p->files, NOW);
	(void)place_team(p, ADA);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 0);
}

static void a_sample_that_is_bad_does_no_harm(void **state)
{
	struct place *p = *state;

	write_sample(p, "{ this is no document }");
	(void)place_team(p, ADA);
	assert_int_equal(place_ask(p, "SELECT sampled FROM team WHERE owner = 1"), 1);
	assert_int_equal(unlink(p->sample), 0);
	(void)place_team(p, EVE);
	(void)place_upload(p, EVE, "x");
	assert_int_equal(place_ask(p, "SELECT sampled FROM team WHERE owner = 2"), 1);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 1);
	(void)mkdir(p->sample, 0700);
	(void)place_team(p, VIC);
	assert_int_equal(rmdir(p->sample), 0);
	assert_int_equal(place_ask(p, "SELECT sum(sampled) FROM team"), 3);
	/* One that came later is for those who are new then. */
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small("Welcome");
	write_sample(p, pat_buf_str(&text));
	(void)place_team(p, ADA);
	(void)place_team(p, SAM);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file WHERE name = 'Welcome'"), 1);
	assert_int_equal(unlink(p->sample), 0);
	pat_files_keep(p->files, NOW);
}

static void a_sample_that_was_interrupted_is_given_at_the_next_time(void **state)
{
	struct place *p = *state;
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small("Welcome");
	struct pat_files_caller ada = as(ADA);

	(void)place_team(p, ADA);
	assert_int_equal(pat_files_project_remove(p->files, &ada, place_project(p, ADA)), 0);
	place_sql(p, "UPDATE team SET sampled = 0");
	write_sample(p, pat_buf_str(&text));
	(void)place_team(p, ADA);
	(void)place_team(p, ADA);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file WHERE name = 'Welcome'"), 1);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM project WHERE name = 'Drafts'"), 1);
	assert_int_equal(unlink(p->sample), 0);
}

/* ---- All at once. */

static struct pat_files_file shared_file;

static void come_and_go(void *arg, unsigned i)
{
	struct place *p = arg;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	struct pat_files_file file;

	pat_buf_init(&text, PAT_DOCUMENT_BYTES_MAX);
	place_write_document(&(struct place_document){ .pages = 1,
	                                               .frames = 3,
	                                               .filler = 100 * KIB * (1 + i % 3) },
	                     &text);
	for (int n = 0; n < 12; n++) {
		struct pat_files_document *d = NULL;

		if (i % 4 == 0)
			assert_int_equal(
				place_try_upload(p, &ada, 0, shared_file.key, &text, 0, &file), 0);
		if (i % 4 == 1) {
			assert_int_equal(place_try_upload(p, &ada, 0, NULL, &text, 0, &file), 0);
			assert_int_equal(
				pat_files_document_open(p->files, &ada, file.key, 0, &file, &d), 0);
			assert_int_equal(
				pat_files_file_trash(p->files, &ada, file.key, true, &file), 0);
			assert_int_equal(pat_files_file_purge(p->files, &ada, file.key), 0);
		}
		if (i % 4 == 2)
			pat_files_keep(p->files, NOW);
		if (i % 4 == 3)
			assert_int_equal(pat_files_document_open(p->files, &ada, shared_file.key, 0,
			                                         &file, &d),
			                 0);
		if (!d)
			continue;
		const struct pat_text *source = pat_files_document_text(d);
		uint32_t bytes = pat_files_document_outline(d)->text_bytes;
		char last[10];

		assert_int_equal(source->read(source->arg, bytes - 10, last, 10), 0);
		assert_memory_equal(last, "ersion\":0}", 10);
		pat_files_document_close(d);
	}
}

static void many_come_and_go_at_once(void **state)
{
	struct place *p = *state;

	shared_file = place_upload(p, ADA, "shared");
	place_threads(12, come_and_go, p);
	for (int i = 0; i < 10; i++)
		pat_files_keep(p->files, NOW);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM loose"), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 1);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM version"), 37);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(what_comes_out_is_what_went_in),
		place_test(a_range_is_read_wherever_it_lies),
		place_test(an_outline_that_is_damaged_is_made_again),
		place_test(a_piece_that_is_missing_is_a_fault),
		place_test(what_is_no_document_is_refused_and_said_why),
		place_test(what_is_too_large_is_refused),
		place_test(a_file_takes_the_document_s_name),
		place_test(a_name_that_is_given_is_checked),
		place_test(an_editor_is_one_that_figma_has),
		place_test(an_upload_is_invisible_until_it_is_whole),
		place_test(what_was_allowed_at_first_is_judged_again),
		place_test(who_has_no_project_any_more_gets_one),
		place_test(a_version_is_added_and_none_is_changed),
		place_test(a_document_does_not_choose_where_its_references_stand),
		place_test(there_are_as_many_versions_as_there_may_be_and_none_is_lost),
		place_test(a_version_has_a_label),
		place_test(a_version_of_another_file_is_none),
		place_test(there_are_exactly_as_many_files_as_there_may_be),
		place_test(what_is_open_is_readable_to_its_end),
		place_test(the_trash_is_emptied_in_time),
		place_test(keeping_is_bounded),
		place_test(somebody_new_finds_the_sample_once),
		place_test(a_sample_that_is_bad_does_no_harm),
		place_test(a_sample_that_was_interrupted_is_given_at_the_next_time),
		place_test(many_come_and_go_at_once),
	};

	return cmocka_run_group_tests_name("uploads", tests, NULL, NULL);
}
