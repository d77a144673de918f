/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may do what: every call on a file, by everybody, while it lives, in the trash, and after. Ada owns it, Eve may edit, Vic
 * may look, Sam is a stranger; one does not exist and one was disabled. What was refused changed nothing.
 */
#include "tests/files/place.h"

#define OK  0
#define NF  PAT_FILES_E_NOT_FOUND
#define NA  PAT_FILES_E_NOT_ALLOWED
#define PNG "\x89PNG\r\n\x1a\n"

static const int64_t people[] = { ADA, EVE, VIC, SAM, PLACE_NOBODY, PLACE_DISABLED };
#define N_PEOPLE PAT_ARRAY_LEN(people)

enum state {
	LIVE,
	TRASHED,
	PURGED,
	STATES
};

struct scene {
	struct place *p;
	struct pat_files_caller caller;
	struct pat_files_file file;
	int64_t project; /* Ada's, and another of hers */
	int64_t other_project;
	int64_t comment_of_vic;
	int64_t comment_of_ada;
	char ref[41];
};

/* ---- What can be done. */

static int any_file(void *arg, const struct pat_files_file *file)
{
	(void)arg;
	(void)file;
	return 0;
}

static int any_project(void *arg, const struct pat_files_project *project)
{
	(void)arg;
	(void)project;
	return 0;
}

static int any_version(void *arg, const struct pat_files_version *version)
{
	(void)arg;
	(void)version;
	return 0;
}

static int any_share(void *arg, const struct pat_files_share *share)
{
	(void)arg;
	(void)share;
	return 0;
}

static int note_comment(void *arg, const struct pat_files_comment *comment)
{
	if (arg)
		*(int64_t *)arg = comment->id;
	return 0;
}

static int any_reaction(void *arg, const struct pat_files_reaction *reaction)
{
	(void)arg;
	(void)reaction;
	return 0;
}

static int any_fill(void *arg, const struct pat_files_fill *fill)
{
	(void)arg;
	(void)fill;
	return 0;
}

static int any_asset(void *arg, const struct pat_files_asset *asset)
{
	(void)arg;
	(void)asset;
	return 0;
}

static int get(struct scene *s)
{
	return pat_files_file_get(s->p->files, &s->caller, s->file.key, &s->file);
}

static int open_file(struct scene *s)
{
	return pat_files_file_open(s->p->files, &s->caller, s->file.key, &s->file);
}

static int rename_file(struct scene *s)
{
	return pat_files_file_change(s->p->files, &s->caller, s->file.key, "New", 0, &s->file);
}

static int move_file(struct scene *s)
{
	return pat_files_file_change(s->p->files, &s->caller, s->file.key, NULL, s->other_project,
	                             &s->file);
}

static int rename_and_move(struct scene *s)
{
	return pat_files_file_change(s->p->files, &s->caller, s->file.key, "New", s->other_project,
	                             &s->file);
}

static int trash(struct scene *s)
{
	return pat_files_file_trash(s->p->files, &s->caller, s->file.key, true, &s->file);
}

static int restore(struct scene *s)
{
	return pat_files_file_trash(s->p->files, &s->caller, s->file.key, false, &s->file);
}

static int purge(struct scene *s)
{
	return pat_files_file_purge(s->p->files, &s->caller, s->file.key);
}

static int upload_begin(struct scene *s)
{
	struct pat_files_upload *upload = NULL;
	int r = pat_files_upload_begin(s->p->files, &s->caller, 0, s->file.key, NULL, &upload);

	pat_files_upload_free(upload);
	pat_files_keep(s->p->files, NOW);
	return r;
}

static int upload(struct scene *s)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small("x");

	return place_try_upload(s->p, &s->caller, 0, s->file.key, &text, 0, &s->file);
}

static int upload_new(struct scene *s)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = place_small("x");

	return place_try_upload(s->p, &s->caller, s->project, NULL, &text, 0, &s->file);
}

static int versions(struct scene *s)
{
	bool more = false;

	return pat_files_version_list(s->p->files, &s->caller, s->file.key, 0, 0, 10, any_version,
	                              NULL, &more);
}

static int read_document(struct scene *s)
{
	struct pat_files_document *d = NULL;
	int r = pat_files_document_open(s->p->files, &s->caller, s->file.key, 0, &s->file, &d);

	pat_files_document_close(d);
	return r;
}

static int fill_add(struct scene *s)
{
	struct pat_files_fill fill;
	static const char bytes[] = PNG "another";

	return pat_files_fill_add(s->p->files, &s->caller, s->file.key, bytes, sizeof(bytes),
	                          &fill);
}

static int version_remove(struct scene *s)
{
	return pat_files_version_remove(s->p->files, &s->caller, s->file.key, s->file.version);
}

static int fill_remove(struct scene *s)
{
	return pat_files_fill_remove(s->p->files, &s->caller, s->file.key, s->ref);
}

static int fill_add_again(struct scene *s)
{
	struct pat_files_fill fill;

	return pat_files_fill_add(s->p->files, &s->caller, s->file.key, PNG, 8, &fill);
}

static int fills(struct scene *s)
{
	return pat_files_fill_list(s->p->files, &s->caller, s->file.key, any_fill, NULL);
}

static int shares(struct scene *s)
{
	return pat_files_share_list(s->p->files, &s->caller, s->file.key, any_share, NULL);
}

static int share_with(struct scene *s, const char *email)
{
	struct pat_files_share share;

	return pat_files_share_set(s->p->files, &s->caller, s->file.key, email, PAT_FILES_VIEWER,
	                           &share);
}

static int share_somebody(struct scene *s)
{
	return share_with(s, "20@x");
}

/* Whether there is somebody is not told to those who may not share. */
static int share_nobody(struct scene *s)
{
	return share_with(s, "nobody@x");
}

static int unshare_vic(struct scene *s)
{
	return pat_files_share_end(s->p->files, &s->caller, s->file.key, VIC);
}

static int leave(struct scene *s)
{
	return pat_files_share_end(s->p->files, &s->caller, s->file.key, s->caller.person);
}

static int comments(struct scene *s)
{
	return pat_files_comment_list(s->p->files, &s->caller, s->file.key, note_comment, NULL);
}

static int comment(struct scene *s)
{
	return pat_files_comment_add(s->p->files, &s->caller, s->file.key, "hello", 0, NULL,
	                             note_comment, NULL);
}

static int reply(struct scene *s)
{
	return pat_files_comment_add(s->p->files, &s->caller, s->file.key, "hello",
	                             s->comment_of_vic, NULL, note_comment, NULL);
}

static int remove_vics(struct scene *s)
{
	return pat_files_comment_remove(s->p->files, &s->caller, s->file.key, s->comment_of_vic,
	                                false);
}

static int tidy_vics(struct scene *s)
{
	return pat_files_comment_remove(s->p->files, &s->caller, s->file.key, s->comment_of_vic,
	                                true);
}

static int resolve_vics(struct scene *s)
{
	return pat_files_comment_resolve(s->p->files, &s->caller, s->file.key, s->comment_of_vic,
	                                 true, note_comment, NULL);
}

static int resolve_adas(struct scene *s)
{
	return pat_files_comment_resolve(s->p->files, &s->caller, s->file.key, s->comment_of_ada,
	                                 true, note_comment, NULL);
}

static int reactions(struct scene *s)
{
	bool more = false;

	return pat_files_reaction_list(s->p->files, &s->caller, s->file.key, s->comment_of_vic, 0,
	                               10, any_reaction, NULL, &more);
}

static int react(struct scene *s)
{
	return pat_files_reaction_add(s->p->files, &s->caller, s->file.key, s->comment_of_vic,
	                              ":heart:");
}

static int react_no_more(struct scene *s)
{
	return pat_files_reaction_remove(s->p->files, &s->caller, s->file.key, s->comment_of_vic,
	                                 ":+1:");
}

static int assets(struct scene *s)
{
	return pat_files_asset_list_file(s->p->files, &s->caller, s->file.key, PAT_TABLE_COMPONENTS,
	                                 any_asset, NULL);
}

static int asset(struct scene *s)
{
	return pat_files_asset_get(s->p->files, &s->caller, PAT_TABLE_COMPONENTS, "k-button",
	                           any_asset, NULL);
}

static int assets_of_team(struct scene *s)
{
	int64_t team = place_ask(s->p, "SELECT id FROM team WHERE owner = 1");
	bool more = false;

	return pat_files_asset_list_team(s->p->files, &s->caller, team, PAT_TABLE_COMPONENTS, 0, 0,
	                                 10, any_asset, NULL, &more);
}

static int project_get(struct scene *s)
{
	struct pat_files_project project;

	return pat_files_project_get(s->p->files, &s->caller, s->project, &project);
}

static int project_rename(struct scene *s)
{
	struct pat_files_project project;

	return pat_files_project_rename(s->p->files, &s->caller, s->project, "New", &project);
}

static int project_remove(struct scene *s)
{
	return pat_files_project_remove(s->p->files, &s->caller, s->other_project);
}

static int projects(struct scene *s)
{
	int64_t team = place_ask(s->p, "SELECT id FROM team WHERE owner = 1");

	return pat_files_project_list(s->p->files, &s->caller, team, any_project, NULL);
}

static int files_of_project(struct scene *s)
{
	struct pat_files_query query = { .project = s->project, .limit = 10 };
	bool more = false;

	return pat_files_file_list(s->p->files, &s->caller, &query, any_file, NULL, &more);
}

static const struct action {
	const char *name;
	int (*run)(struct scene *s);
	int results[STATES][N_PEOPLE]; /* Ada, Eve, Vic, Sam, nobody, disabled */
} actions[] = {
#define GONE                           \
	{                              \
		NF, NF, NF, NF, NF, NF \
	}
	{ "get", get, { { OK, OK, OK, NF, NF, NF }, { OK, NF, NF, NF, NF, NF }, GONE } },
	{ "open", open_file, { { OK, OK, OK, NF, NF, NF }, { OK, NF, NF, NF, NF, NF }, GONE } },
	{ "rename", rename_file, { { OK, OK, NA, NF, NF, NF }, GONE, GONE } },
	{ "move", move_file, { { OK, NA, NA, NF, NF, NF }, GONE, GONE } },
	{ "rename and move", rename_and_move, { { OK, NA, NA, NF, NF, NF }, GONE, GONE } },
	{ "trash", trash, { { OK, NA, NA, NF, NF, NF }, { OK, NF, NF, NF, NF, NF }, GONE } },
	{ "restore", restore, { { OK, NA, NA, NF, NF, NF }, { OK, NF, NF, NF, NF, NF }, GONE } },
	{ "purge", purge, { { NF, NA, NA, NF, NF, NF }, { OK, NF, NF, NF, NF, NF }, GONE } },
	{ "begin a version", upload_begin, { { OK, OK, NA, NF, NF, NF }, GONE, GONE } },
	{ "upload a version", upload, { { OK, OK, NA, NF, NF, NF }, GONE, GONE } },
	{ "versions", versions, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "read", read_document, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "add an image", fill_add, { { OK, OK, NA, NF, NF, NF }, GONE, GONE } },
	{ "add it again", fill_add_again, { { OK, OK, NA, NF, NF, NF }, GONE, GONE } },
	{ "remove the newest version",
	  version_remove,
	  { { PAT_FILES_E_NEWEST, NA, NA, NF, NF, NF }, GONE, GONE } },
	{ "remove an image", fill_remove, { { OK, OK, NA, NF, NF, NF }, GONE, GONE } },
	{ "images", fills, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "shares", shares, { { OK, NA, NA, NF, NF, NF }, GONE, GONE } },
	{ "share", share_somebody, { { OK, NA, NA, NF, NF, NF }, GONE, GONE } },
	{ "share with nobody",
	  share_nobody,
	  { { PAT_FILES_E_PERSON, NA, NA, NF, NF, NF }, GONE, GONE } },
	{ "end Vic's share", unshare_vic, { { OK, NA, OK, NF, NF, NF }, GONE, GONE } },
	{ "leave", leave, { { NF, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "comments", comments, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "comment", comment, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "reply", reply, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "remove Vic's comment", remove_vics, { { NA, NA, OK, NF, NF, NF }, GONE, GONE } },
	{ "remove it in tidying", tidy_vics, { { OK, NA, OK, NF, NF, NF }, GONE, GONE } },
	{ "resolve Vic's comment", resolve_vics, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "resolve Ada's comment", resolve_adas, { { OK, OK, NA, NF, NF, NF }, GONE, GONE } },
	{ "reactions", reactions, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "react", react, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "take Eve's reaction back", react_no_more, { { NF, OK, NF, NF, NF, NF }, GONE, GONE } },
	{ "assets", assets, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
	{ "an asset", asset, { { OK, OK, OK, NF, NF, NF }, GONE, GONE } },
/* What is of the team is its owner's alone, whatever is shared of it. */
#define OWNERS                         \
	{                              \
		OK, NF, NF, NF, NF, NF \
	}
	{ "assets of the team", assets_of_team, { OWNERS, OWNERS, OWNERS } },
	{ "upload a file", upload_new, { OWNERS, OWNERS, OWNERS } },
	{ "the project", project_get, { OWNERS, OWNERS, OWNERS } },
	{ "rename the project", project_rename, { OWNERS, OWNERS, OWNERS } },
	{ "remove a project", project_remove, { OWNERS, OWNERS, OWNERS } },
	{ "projects", projects, { OWNERS, OWNERS, OWNERS } },
	{ "files of the project", files_of_project, { OWNERS, OWNERS, OWNERS } },
};

/* ---- The scene. */

static void share(struct scene *s, const char *email, enum pat_files_role role)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_share ignored;

	assert_int_equal(pat_files_share_set(s->p->files, &ada, s->file.key, email, role, &ignored),
	                 0);
}

static void set_scene(struct scene *s, enum state state)
{
	struct place *p = s->p;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_caller eve = as(EVE);
	struct pat_files_caller vic = as(VIC);
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	struct pat_files_fill fill;

	pat_buf_init(&text, 10000);
	place_write_document(
		&(struct place_document){
			.name = "x",
			.pages = 1,
			.frames = 1,
			.tables =
				",\"components\":{\"1:1\":{\"key\":\"k-button\",\"name\":\"Button\"}}" },
		&text);
	s->project = place_project(p, ADA);
	s->other_project = place_project_new(p, ADA, "Other");
	for (int64_t person = EVE; person <= SAM; person++)
		(void)place_team(p, person);
	assert_int_equal(place_try_upload(p, &ada, s->project, NULL, &text, 0, &s->file), 0);
	share(s, "2@x", PAT_FILES_EDITOR);
	share(s, "3@x", PAT_FILES_VIEWER);
	assert_int_equal(pat_files_comment_add(p->files, &vic, s->file.key, "Vic's", 0, NULL,
	                                       note_comment, &s->comment_of_vic),
	                 0);
	assert_int_equal(pat_files_comment_add(p->files, &ada, s->file.key, "Ada's", 0, NULL,
	                                       note_comment, &s->comment_of_ada),
	                 0);
	assert_int_equal(
		pat_files_reaction_add(p->files, &eve, s->file.key, s->comment_of_vic, ":+1:"), 0);
	assert_int_equal(pat_files_fill_add(p->files, &ada, s->file.key, PNG, 8, &fill), 0);
	(void)snprintf(s->ref, sizeof(s->ref), "%s", fill.ref);
	if (state >= TRASHED)
		assert_int_equal(pat_files_file_trash(p->files, &ada, s->file.key, true, &s->file),
		                 0);
	if (state == PURGED)
		assert_int_equal(pat_files_file_purge(p->files, &ada, s->file.key), 0);
	pat_files_keep(p->files, NOW);
}

/* One action by one person on a scene that was kept: what it answers, and that a refusal changed nothing. */
static void play(struct scene s, const struct place_base *base, const struct action *action,
                 enum state state, size_t who)
{
	int expected = action->results[state][who];

	s.caller = as(people[who]);
	place_base_put(s.p, base);
	place_open(s.p);
	struct place_state before = place_state(s.p);
	int r = action->run(&s);
	if (r != expected)
		fail_msg("%s, state %d, person %lld: %d and not %d", action->name, (int)state,
		         (long long)people[who], r, expected);
	/* What an upload that was refused at its end has left goes with the keeper. */
	pat_files_keep(s.p->files, NOW);
	if (r != 0 && !place_same(before, place_state(s.p)))
		fail_msg("%s, state %d, person %lld: refused, but something changed", action->name,
		         (int)state, (long long)people[who]);
	if (r == 0)
		place_assert_whole(s.p);
	place_close(s.p);
}

static void everybody_may_do_what_they_may(void **state)
{
	struct place_base base;

	for (int st = LIVE; st < STATES; st++) {
		struct scene s = { .p = *state };

		set_scene(&s, (enum state)st);
		place_close(s.p);
		place_base_take(s.p, &base);
		for (size_t i = 0; i < PAT_ARRAY_LEN(actions); i++)
			for (size_t who = 0; who < N_PEOPLE; who++)
				play(s, &base, &actions[i], (enum state)st, who);
		place_base_done(&base);
		(void)unlink(s.p->store);
		place_open(s.p);
	}
	print_message("             %zu cases\n", PAT_ARRAY_LEN(actions) * STATES * N_PEOPLE);
}

/* ---- A share that ends. */

static int no_file(void *arg, const struct pat_files_file *file)
{
	(void)arg;
	fail_msg("%s is still listed", file->key);
	return 0;
}

static void a_share_that_ends_is_over_everywhere(void **state)
{
	struct scene s = { .p = *state, .caller = as(EVE) };
	struct pat_files_caller ada = as(ADA);

	set_scene(&s, LIVE);
	assert_int_equal(open_file(&s), 0);
	assert_int_equal(pat_files_share_end(s.p->files, &ada, s.file.key, EVE), 0);
	for (size_t i = 0; i < PAT_ARRAY_LEN(actions); i++)
		if (actions[i].run(&s) != NF)
			fail_msg("%s", actions[i].name);
	struct pat_files_query query = { .view = PAT_FILES_VIEW_RECENT, .limit = 10 };
	bool more = true;
	for (int view = PAT_FILES_VIEW_ALL; view <= PAT_FILES_VIEW_TRASH; view++) {
		query.view = (enum pat_files_view)view;
		assert_int_equal(
			pat_files_file_list(s.p->files, &s.caller, &query, no_file, NULL, &more),
			0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(everybody_may_do_what_they_may),
		place_test(a_share_that_ends_is_over_everywhere),
	};

	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
