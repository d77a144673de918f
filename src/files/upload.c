/* SPDX-License-Identifier: Apache-2.0
 *
 * Uploading. The bytes go two ways as they come: through the outliner, which checks them and notes what stands where, and
 * into the pieces of a content that nothing refers to. Finish writes the outline behind them, draws a small picture, and
 * then makes all of it visible in one short change: the version, what its file repeats of it, the assets it publishes.
 *
 * Who may upload is judged at the beginning, so that nobody sends 64 MiB in vain, and again in that change, because a share
 * may have ended meanwhile, or a file been trashed.
 */
#include "files/upload.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "files/access.h"
#include "files/asset.h"
#include "files/content.h"
#include "files/picture.h"
#include "files/room.h"

#define OUTLINE_BYTES_MAX (512u << 20) /* what a content's part holds; a document's is far below */
#define UNTITLED          "Untitled"
#define NAME_TEXT_MAX     65536 /* of the document's own, as written; a longer one is none */
#define LABEL_BYTES_MAX   (4 * PAT_FILES_LABEL_CHARS_MAX)

#define PUBLISHED_ROW_BYTES 256 /* beside its texts */

#define LOOSE_MAX 8 /* transactions, of 16 MiB at most */

struct pat_files_upload {
	struct pat_files *files;
	struct pat_files_caller caller;
	int64_t project;                   /* of a new file */
	char key[PAT_FILES_KEY_CHARS + 1]; /* of the file that gets a version; "": a new file */
	char name[PAT_FILES_NAME_BYTES_MAX + 1]; /* of a new file; "": the document's own */
	int64_t sample_of;                       /* team; 0: no sample */
	struct pat_files_content_writer writer;
	struct pat_files_claim claim;
	struct pat_outliner *outliner;
	struct pat_outline outline;       /* from finish on */
	pat_files_upload_guard_fn *guard; /* NULL: none */
	void *guard_arg;
	bool over;
	bool kept; /* it is a version's */
};

/* ---- Beginning. */

static int files_left(struct pat_lite_conn *conn, int64_t team)
{
	int64_t n = 0;

	int e = PAT_LITE_ASK(conn, &n,
	                     "SELECT count(*) FROM project p JOIN file f ON f.project = p.id"
	                     " WHERE p.team = ?1",
	                     team);
	if (e < 0)
		return e;
	return n >= PAT_FILES_FILES_MAX ? PAT_FILES_E_LIMIT : 0;
}

static int judge_version(struct pat_lite_conn *conn, const struct pat_files_upload *u,
                         struct pat_files_access *ret)
{
	int r = pat_files_access_file(conn, u->caller.person, u->key, PAT_FILES_EDITOR, ret);

	return r == 0 ? pat_files_versions_left(conn, ret->file) : r;
}

/* Whether the upload may be: for a file its access, for a new one its project's team. */
static int judge(struct pat_lite_conn *conn, const struct pat_files_upload *u,
                 struct pat_files_access *ret)
{
	*ret = (struct pat_files_access){ .project = u->project };
	if (u->key[0])
		return judge_version(conn, u, ret);
	int r = pat_files_access_project(conn, u->caller.person, u->project, &ret->team);
	return r == 0 ? files_left(conn, ret->team) : r;
}

/* With a claim to nothing, which says whose room it takes, and whether there is any. */
static int judge_first(struct pat_files_upload *u)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;

	int r = pat_files_look(u->files, &look);
	if (r == 0)
		r = judge(look.conn, u, &access);
	pat_lite_reader_done(&look);
	return r == 0 ? pat_files_room_claim(u->files, access.team, 0, &u->claim) : r;
}

static int upload_start(struct pat_files_upload *u)
{
	int r = judge_first(u);

	if (r == 0)
		r = pat_outliner_new(&u->outliner);
	return r == 0 ? pat_files_content_begin(u->files, &u->writer) : r;
}

static int upload_new(struct pat_files *files, const struct pat_files_caller *caller,
                      struct pat_files_upload **ret)
{
	struct pat_files_upload *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->files = files;
	u->caller = *caller;
	*ret = u;
	return 0;
}

static int say_where(struct pat_files_upload *u, int64_t project, const char *key, const char *name)
{
	if (key) {
		if (!pat_files_key_is(key))
			return PAT_FILES_E_NOT_FOUND;
		memcpy(u->key, key, sizeof(u->key)); /* UNSAFE: a key is as long */
		return 0;
	}
	struct pat_files_team team;

	u->project = project;
	int r = name ? pat_files_name_check(name, u->name) : 0;
	if (r != 0 || project != 0)
		return r;
	r = pat_files_team_own(u->files, &u->caller, &team);
	return r == 0 ? pat_files_project_first(u->files, team.id, u->caller.now_s, &u->project)
	              : r;
}

int pat_files_upload_begin(struct pat_files *files, const struct pat_files_caller *caller,
                           int64_t project, const char *key, const char *name,
                           struct pat_files_upload **ret)
{
	pat_cleanup(pat_files_upload_freep) struct pat_files_upload *u = NULL;

	int r = upload_new(files, caller, &u);
	if (r == 0)
		r = say_where(u, project, key, name);
	if (r == 0)
		r = upload_start(u);
	if (r == 0)
		*ret = PAT_TAKE(u);
	return r;
}

int pat_files_upload_begin_sample(struct pat_files *files, const struct pat_files_caller *caller,
                                  int64_t team, struct pat_files_upload **ret)
{
	pat_cleanup(pat_files_upload_freep) struct pat_files_upload *u = NULL;

	int r = upload_new(files, caller, &u);
	if (r != 0)
		return r;
	u->sample_of = team;
	r = pat_files_project_first(files, team, caller->now_s, &u->project);
	if (r == 0)
		r = upload_start(u);
	if (r == 0)
		*ret = PAT_TAKE(u);
	return r;
}

void pat_files_upload_free(struct pat_files_upload *u)
{
	if (!u)
		return;
	bool begun = u->outliner != NULL;

	pat_outliner_free(u->outliner);
	pat_outline_done(&u->outline);
	pat_files_content_writer_done(&u->writer);
	pat_files_room_drop(u->files, &u->claim);
	/* What was refused takes no room until somebody tidies up. */
	if (begun && !u->kept)
		(void)!pat_files_loose_remove(u->files, LOOSE_MAX);
	free(u);
}

void pat_files_upload_freep(struct pat_files_upload **upload)
{
	pat_files_upload_free(*upload);
	*upload = NULL;
}

/* ---- Feeding. */

static int outcome_of(int outliner_result)
{
	switch (outliner_result) {
	case PAT_OUTLINE_E_MALFORMED:
	case PAT_OUTLINE_E_NOT_A_DOCUMENT:
		return PAT_FILES_E_DOCUMENT;
	case PAT_OUTLINE_E_TOO_LARGE:
		return PAT_FILES_E_TOO_LARGE;
	default:
		return outliner_result;
	}
}

int pat_files_upload_expect(struct pat_files_upload *u, uint64_t bytes)
{
	pat_assert(!u->over);
	int r = pat_files_room_claim(u->files, u->claim.team, bytes, &u->claim);
	if (r == 0)
		r = pat_files_room_free(u->files, bytes);
	u->over = r != 0;
	return r;
}

void pat_files_upload_guard(struct pat_files_upload *u, pat_files_upload_guard_fn *fn, void *arg)
{
	u->guard = fn;
	u->guard_arg = arg;
}

/* What comes was claimed, or it is now. */
static int claim_more(struct pat_files_upload *u, size_t len)
{
	uint64_t come = u->writer.bytes + len;

	return come <= u->claim.bytes
	               ? 0
	               : pat_files_room_claim(u->files, u->claim.team, come, &u->claim);
}

int pat_files_upload_feed(struct pat_files_upload *u, const void *bytes, size_t len,
                          struct pat_buf *why)
{
	pat_assert(!u->over);
	int r = outcome_of(pat_outliner_feed(u->outliner, bytes, len, why));
	if (r == 0)
		r = claim_more(u, len);
	if (r == 0)
		r = pat_files_content_add(&u->writer, bytes, len);
	u->over = r != 0;
	return r;
}

/* ---- Finishing: what is made before the change. */

/* What goes into the change. */
struct finish {
	struct pat_files_upload *u;
	char label[LABEL_BYTES_MAX + 1];
	char description[LABEL_BYTES_MAX + 1];
	char name[PAT_FILES_NAME_BYTES_MAX + 1];
	char editor[sizeof(((struct pat_files_file *)0)->editor_type)];
	uint64_t text_bytes;
	uint64_t outline_bytes;
	struct pat_files_content_reader reader;
	struct pat_text text;
	struct pat_buf svg; /* empty: there is nothing to show */
	bool drawn;         /* or it is not known */
	struct pat_files_assets assets;
	int64_t fills; /* that the picture could know */
	struct pat_files_access access;
	int64_t version;
	struct pat_files_file file; /* result */
};

static int check_label(const char *text, char out[static LABEL_BYTES_MAX + 1])
{
	out[0] = '\0';
	if (!text)
		return 0;
	int r = pat_text_label(text, PAT_FILES_LABEL_CHARS_MAX, out, LABEL_BYTES_MAX + 1);
	if (r == PAT_TEXT_E_TOO_LONG)
		return PAT_FILES_E_NAME_TOO_LONG;
	return r == PAT_TEXT_E_BAD_CHARACTERS ? PAT_FILES_E_NAME_BAD_CHARACTERS : 0;
}

/* Ends the text and writes the outline behind it. */
static int store_outline(struct finish *f)
{
	struct pat_files_upload *u = f->u;
	pat_cleanup(pat_buf_done) struct pat_buf saved = { 0 };

	f->text_bytes = u->writer.bytes;
	int r = pat_files_content_end_part(&u->writer, PAT_FILES_PART_OUTLINE);
	if (r != 0)
		return r;
	pat_buf_init(&saved, OUTLINE_BYTES_MAX);
	r = pat_outline_save(&u->outline, &saved);
	if (r == 0)
		r = pat_files_content_add(&u->writer, saved.data, saved.len);
	if (r == 0)
		r = pat_files_content_end_part(&u->writer, PAT_FILES_PART_OUTLINE);
	f->outline_bytes = saved.len;
	return r;
}

/* A text of the document as JSON has it, at most `bytes_max` of it as written; NULL in `*ret` when it is none. */
static int read_text(const struct finish *f, struct pat_range range, size_t bytes_max, json_t **ret)
{
	json_error_t error = { 0 };

	*ret = NULL;
	if (range.len == 0 || range.len > bytes_max)
		return 0;
	pat_cleanup(pat_freep) char *text = malloc(range.len + 2);
	if (!text)
		return -ENOMEM;
	text[0] = text[range.len + 1] = '"';
	int e = f->text.read(f->text.arg, range.at, text + 1, range.len);
	if (e < 0)
		return e;
	*ret = json_loadb(text, range.len + 2, JSON_DECODE_ANY, &error);
	return !*ret && json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : 0;
}

/* As many characters as a name may have. */
static void cut(char *text)
{
	size_t chars = 0;

	for (char *c = text; *c; c++) {
		chars += ((unsigned char)*c & 0xc0) != 0x80;
		if (chars > PAT_FILES_NAME_CHARS_MAX)
			*c = '\0';
		if (*c == '\0')
			return;
	}
}

/* As much of the document's own name as a name may have; "Untitled" when that is nothing. */
static int choose_name(struct finish *f)
{
	json_t *own = NULL;

	(void)memcpy(f->name, f->u->name, sizeof(f->name)); /* UNSAFE: same size */
	if (f->name[0] || f->u->key[0])
		return 0;
	int e = read_text(f, f->u->outline.name, NAME_TEXT_MAX, &own);
	if (e < 0)
		return e;
	pat_cleanup(pat_freep) char *name = strdup(own ? json_string_value(own) : "");
	json_decref(own);
	if (!name)
		return -ENOMEM;
	cut(name);
	if (pat_files_name_check(name, f->name) != 0)
		(void)memcpy(f->name, UNTITLED, sizeof(UNTITLED)); /* UNSAFE: shorter */
	return 0;
}

static int choose_editor(struct finish *f)
{
	static const char *const editors[] = {
		"figma", "figjam", "slides", "buzz", "sites", "make"
	};
	const char *editor = editors[0];
	json_t *own = NULL;

	int e = read_text(f, f->u->outline.editor_type, 64, &own);
	if (e < 0)
		return e;
	for (size_t i = 0; own && i < PAT_ARRAY_LEN(editors); i++)
		if (strcmp(json_string_value(own), editors[i]) == 0)
			editor = editors[i];
	json_decref(own);
	(void)memcpy(f->editor, editor, strlen(editor) + 1); /* UNSAFE: all of them are short */
	return 0;
}

/* That there is no picture is no reason against the document. */
static void draw(struct finish *f, int64_t file)
{
	struct pat_files_drawing drawing = {
		.files = f->u->files, .outline = &f->u->outline, .text = &f->text, .file = file
	};

	pat_buf_init(&f->svg, PAT_FILES_SMALL_BYTES_MAX);
	int r = pat_files_small_draw(&drawing, &f->svg, &f->fills);
	f->drawn = r == 0 || r == PAT_FILES_E_NODE;
	if (r != 0)
		pat_buf_clear(&f->svg);
}

/* Asked now for its images only; the change asks again. */
static int find_file(struct finish *f, int64_t *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;

	*ret = 0;
	int r = pat_files_look(f->u->files, &look);
	if (r == 0)
		r = judge(look.conn, f->u, &access);
	if (r == 0)
		*ret = access.file;
	return r;
}

static int prepare(struct finish *f, struct pat_buf *why)
{
	struct pat_files_upload *u = f->u;
	int64_t file = 0;

	int r = outcome_of(pat_outliner_finish(u->outliner, &u->outline, why));
	if (r == 0)
		r = find_file(f, &file);
	if (r == 0)
		r = store_outline(f);
	if (r != 0)
		return r;
	f->reader = (struct pat_files_content_reader){ .files = u->files,
		                                       .content = u->writer.pin.content,
		                                       .bytes = f->text_bytes };
	f->text = (struct pat_text){ .read = pat_files_content_read, .arg = &f->reader };
	r = choose_name(f);
	if (r == 0)
		r = choose_editor(f);
	if (r == 0)
		r = pat_files_assets_read(&u->outline, &f->text, &f->assets);
	if (r == 0)
		draw(f, file);
	return r;
}

/* ---- Finishing: the change. */

static int note_sample(struct pat_lite_conn *conn, int64_t team)
{
	int e = PAT_LITE_DO(conn, "UPDATE team SET sampled = 1 WHERE id = ?1 AND sampled = 0",
	                    team);

	return e < 0 ? e : sqlite3_changes(conn->db) == 0 ? PAT_FILES_E_EXISTS : 0;
}

static int insert_file(struct pat_lite_conn *conn, struct finish *f)
{
	char key[PAT_FILES_KEY_CHARS + 1];

	int e = pat_files_key_make(key);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "INSERT INTO file (key, project, name, creator, toucher, created, touched,"
		      " trashed, version, bytes, nodes, editor, threads)"
		      " VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?5, 0, 0, 0, 0, '', 0)");
	pat_lite_bind_text(&q, 1, key, PAT_FILES_KEY_CHARS);
	pat_lite_bind_i64(&q, 2, f->access.project);
	pat_lite_bind_text(&q, 3, f->name, PAT_FILES_NAME_BYTES_MAX);
	pat_lite_bind_i64(&q, 4, f->u->caller.person);
	pat_lite_bind_i64(&q, 5, f->u->caller.now_s);
	e = pat_lite_run(&q);
	if (e == 0)
		f->access.file = sqlite3_last_insert_rowid(conn->db);
	return e;
}

static int insert_version(struct pat_lite_conn *conn, struct finish *f)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "INSERT INTO version (file, content, person, created, label, description)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

	pat_lite_bind_i64(&q, 1, f->access.file);
	pat_lite_bind_i64(&q, 2, f->u->writer.pin.content);
	pat_lite_bind_i64(&q, 3, f->u->caller.person);
	pat_lite_bind_i64(&q, 4, f->u->caller.now_s);
	pat_lite_bind_text(&q, 5, f->label, LABEL_BYTES_MAX);
	pat_lite_bind_text(&q, 6, f->description, LABEL_BYTES_MAX);
	int e = pat_lite_run(&q);
	if (e == 0)
		f->version = sqlite3_last_insert_rowid(conn->db);
	return e;
}

/* What its rows take in the database, as far as that can be said. */
static uint64_t published_bytes(const struct finish *f)
{
	return f->assets.texts.len + PUBLISHED_ROW_BYTES * f->assets.n;
}

/* The file is what its newest version is. */
static int update_file(struct pat_lite_conn *conn, const struct finish *f)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"UPDATE file SET version = ?2, bytes = ?3, nodes = ?4, editor = ?5, published = ?6"
		" WHERE id = ?1");

	pat_lite_bind_i64(&q, 1, f->access.file);
	pat_lite_bind_i64(&q, 2, f->version);
	pat_lite_bind_i64(&q, 3, (int64_t)f->text_bytes);
	pat_lite_bind_i64(&q, 4, f->u->outline.n_nodes);
	pat_lite_bind_text(&q, 5, f->editor, sizeof(f->editor));
	pat_lite_bind_i64(&q, 6, (int64_t)published_bytes(f));
	int e = pat_lite_run(&q);
	return e == 0 ? pat_files_file_touch(conn, f->access.file, &f->u->caller) : e;
}

static int publish(struct pat_lite_conn *conn, struct finish *f)
{
	struct pat_files_publishing publishing = {
		.team = f->access.team,
		.file = f->access.file,
		.version = f->version,
		.caller = &f->u->caller,
		.assets = &f->assets,
	};

	int e = pat_files_assets_replace(conn, &publishing);
	return e == 0 ? pat_files_small_keep(conn, f->access.file, f->version, f->fills,
	                                     f->drawn ? &f->svg : NULL)
	              : e;
}

static int make_visible(struct pat_lite_conn *conn, struct finish *f)
{
	int r = judge(conn, f->u, &f->access);

	if (r == 0 && f->u->sample_of)
		r = note_sample(conn, f->u->sample_of);
	if (r == 0 && f->access.file == 0)
		r = insert_file(conn, f);
	if (r == 0)
		r = insert_version(conn, f);
	if (r == 0)
		r = update_file(conn, f);
	if (r == 0)
		r = pat_files_content_keep(conn, f->u->writer.pin.content, f->text_bytes,
		                           f->outline_bytes);
	if (r == 0)
		r = pat_files_room_settle(f->u->files, conn, f->access.file,
		                          f->text_bytes + f->outline_bytes, &f->u->claim);
	if (r == 0)
		r = publish(conn, f);
	if (r == 0)
		r = pat_files_project_touch(conn, f->access.project, f->u->caller.now_s);
	return r == 0 ? pat_files_file_read(conn, f->u->caller.person, f->access.file, &f->file)
	              : r;
}

static int finish(struct finish *f, const char *label, const char *description, struct pat_buf *why)
{
	struct pat_lite_conn *conn = NULL;

	int r = check_label(label, f->label);
	if (r == 0)
		r = check_label(description, f->description);
	if (r == 0)
		r = prepare(f, why);
	if (r == 0 && f->u->guard) /* not in the change: it may ask another database */
		r = f->u->guard(f->u->guard_arg);
	if (r == 0)
		r = pat_files_grow_begin(f->u->files, f->svg.len + 2 * published_bytes(f), &conn);
	return r == 0 ? pat_files_change_end(f->u->files, make_visible(conn, f)) : r;
}

int pat_files_upload_finish(struct pat_files_upload *u, const char *label, const char *description,
                            struct pat_buf *why, struct pat_files_file *ret)
{
	struct finish *f = calloc(1, sizeof(*f)); /* several kilobytes */

	pat_assert(!u->over);
	u->over = true;
	if (!f)
		return -ENOMEM;
	f->u = u;
	int r = finish(f, label, description, why);
	u->kept = r == 0;
	if (r == 0)
		*ret = f->file;
	pat_files_content_reader_done(&f->reader);
	pat_files_assets_done(&f->assets);
	pat_buf_done(&f->svg);
	free(f);
	return r;
}
