/* SPDX-License-Identifier: Apache-2.0
 *
 * Teams, projects, and files as rows: every call with every outcome. Who may do what of them is in test_files_access.c.
 */
#include "tests/files/place.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* ---- The database. */

static void a_database_is_its_owner_s_alone_and_one_process_s(void **state)
{
	struct place *p = *state;
	struct place other = *p;
	struct pat_err err = { { 0 } };
	struct stat st;

	assert_int_equal(stat(p->store, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(place_try_open(&other, &err), -EBUSY);
	assert_non_null(strstr(err.text, "in use"));
	assert_int_equal(place_ask(p, "PRAGMA page_size"), 16384);
	assert_int_equal(place_ask(p, "PRAGMA auto_vacuum"), 2);
	assert_int_equal(pat_files_check(p->files), 0);
}

static void what_is_no_database_of_ours_is_refused(void **state)
{
	struct place *p = *state;
	struct pat_err err = { { 0 } };

	place_sql(p, "PRAGMA user_version = 99");
	place_close(p);
	assert_int_equal(place_try_open(p, &err), -EPROTO);
	assert_non_null(strstr(err.text, "newer patd"));
	place_sql(p, "PRAGMA user_version = 2; PRAGMA application_id = 5");
	assert_int_equal(place_try_open(p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "another program"));
	place_sql(p, "PRAGMA application_id = 0x70617466");
	place_open(p);
	place_close(p);
	FILE *f = fopen(p->store, "we");
	assert_non_null(f);
	(void)fputs("this is no database, but it is long enough to be looked at, and then refused.",
	            f);
	(void)fclose(f);
	assert_int_equal(place_try_open(p, &err), -EINVAL);
	assert_int_equal(unlink(p->store), 0);
	place_open(p);
}

/* ---- Teams. */

static void a_team_is_made_when_it_is_first_needed(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_team team = place_team(p, ADA);
	struct pat_files_team again = place_team(p, ADA);

	assert_int_equal(again.id, team.id);
	assert_int_equal(team.owner, ADA);
	assert_string_equal(team.name, "Person 1's team");
	assert_int_equal(place_ask(p, "SELECT count(*) FROM project WHERE name = 'Drafts'"), 1);
	assert_int_equal(pat_files_team_get(p->files, &ada, team.id, &again), 0);
	assert_string_equal(again.name, team.name);
}

static void there_is_no_team_of_nobody_s(void **state)
{
	struct place *p = *state;
	struct pat_files_team team;
	int64_t of_ada = place_team(p, ADA).id;
	const int64_t strangers[] = { PLACE_NOBODY, PLACE_DISABLED, 0, -1 };

	for (size_t i = 0; i < PAT_ARRAY_LEN(strangers); i++) {
		struct pat_files_caller caller = as(strangers[i]);

		assert_int_equal(pat_files_team_own(p->files, &caller, &team),
		                 PAT_FILES_E_NOT_FOUND);
		assert_int_equal(pat_files_team_get(p->files, &caller, of_ada, &team),
		                 PAT_FILES_E_NOT_FOUND);
	}
	assert_int_equal(place_ask(p, "SELECT count(*) FROM team"), 1);
	struct pat_files_caller eve = as(EVE);
	(void)place_team(p, EVE);
	assert_int_equal(pat_files_team_get(p->files, &eve, of_ada, &team), PAT_FILES_E_NOT_FOUND);
}

static void own_team(void *arg, unsigned i)
{
	struct place *p = arg;
	struct pat_files_caller caller = as(1 + i % 5);
	struct pat_files_team team;

	assert_int_equal(pat_files_team_own(p->files, &caller, &team), 0);
	assert_int_equal(team.owner, caller.person);
}

static void many_at_once_make_one_team_each(void **state)
{
	struct place *p = *state;

	place_threads(50, own_team, p);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM team"), 5);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM project"), 5);
}

/* ---- Projects. */

static void a_project_lives(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as_at(ADA, NOW + 5);
	struct pat_files_caller later = as_at(ADA, NOW + 9);
	struct pat_files_project made;
	struct pat_files_project read;

	(void)place_team(p, ADA);
	assert_int_equal(pat_files_project_create(p->files, &ada, "  Website ", &made), 0);
	assert_string_equal(made.name, "Website");
	assert_int_equal(made.team, place_team(p, ADA).id);
	assert_int_equal(made.created_s, NOW + 5);
	assert_int_equal(made.updated_s, NOW + 5);
	assert_int_equal(made.n_files, 0);
	assert_int_equal(pat_files_project_rename(p->files, &later, made.id, "Web", &read), 0);
	assert_int_equal(read.id, made.id);
	assert_string_equal(read.name, "Web");
	assert_int_equal(read.updated_s, NOW + 9);
	assert_int_equal(read.created_s, NOW + 5);
	/* Its own name in other letters is free. */
	assert_int_equal(pat_files_project_rename(p->files, &later, made.id, "WEB", &read), 0);
	place_reopen(p);
	assert_int_equal(pat_files_project_get(p->files, &ada, made.id, &read), 0);
	assert_string_equal(read.name, "WEB");
	assert_int_equal(pat_files_project_remove(p->files, &ada, made.id), 0);
	assert_int_equal(pat_files_project_get(p->files, &ada, made.id, &read),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_project_remove(p->files, &ada, made.id), PAT_FILES_E_NOT_FOUND);
}

static void a_name_is_checked(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_project project;
	char longest[4 * 121 + 1] = "";

	for (int i = 0; i < 120; i++)
		(void)strcat(longest, "\xf0\x9f\x98\x80");
	const struct {
		const char *name;
		int outcome;
	} cases[] = {
		{ "", PAT_FILES_E_NAME_REQUIRED },
		{ "  ", PAT_FILES_E_NAME_REQUIRED },
		{ "a\nb", PAT_FILES_E_NAME_BAD_CHARACTERS },
		{ "\xff", PAT_FILES_E_NAME_BAD_CHARACTERS },
		{ "drafts", PAT_FILES_E_NAME_TAKEN },
		{ longest, 0 },
		{ longest, PAT_FILES_E_NAME_TAKEN },
	};
	int64_t mine = place_project_new(p, ADA, "Mine");
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		assert_int_equal(pat_files_project_create(p->files, &ada, cases[i].name, &project),
		                 cases[i].outcome);
		if (cases[i].outcome != 0)
			assert_int_equal(pat_files_project_rename(p->files, &ada, mine,
			                                          cases[i].name, &project),
			                 cases[i].outcome);
	}
	(void)strcat(longest, "x");
	assert_int_equal(pat_files_project_create(p->files, &ada, longest, &project),
	                 PAT_FILES_E_NAME_TOO_LONG);
	/* Somebody else may use the same. */
	(void)place_project_new(p, EVE, "Mine");
}

static int collect(void *arg, const struct pat_files_project *project)
{
	char *names = arg;

	(void)snprintf(names + strlen(names), 200 - strlen(names), "%s,", project->name);
	return 0;
}

static int stop(void *arg, const struct pat_files_project *project)
{
	(void)project;
	return ++*(int *)arg == 2 ? 77 : 0;
}

static void projects_are_listed_by_name(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	int64_t team = place_team(p, ADA).id;
	char names[200] = "";
	int n = 0;

	(void)place_project_new(p, ADA, "b");
	(void)place_project_new(p, ADA, "A");
	(void)place_project_new(p, ADA, "c");
	assert_int_equal(pat_files_project_list(p->files, &ada, team, collect, names), 0);
	assert_string_equal(names, "A,b,c,Drafts,");
	assert_int_equal(pat_files_project_list(p->files, &ada, team, stop, &n), 77);
	assert_int_equal(pat_files_project_list(p->files, &ada, team + 1, collect, names),
	                 PAT_FILES_E_NOT_FOUND);
}

static atomic_int made;

static void make_project(void *arg, unsigned i)
{
	struct place *p = arg;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_project project;

	for (int n = 0; n < 12; n++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%u/%d", i, n);
		int r = pat_files_project_create(p->files, &ada, name, &project);
		assert_true(r == 0 || r == PAT_FILES_E_LIMIT);
		atomic_fetch_add(&made, r == 0);
	}
}

static void there_are_exactly_as_many_projects_as_there_may_be(void **state)
{
	struct place *p = *state;

	atomic_store(&made, 0);
	place_threads(50, make_project, p);
	assert_int_equal(atomic_load(&made), PAT_FILES_PROJECTS_MAX - 1);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM project"), PAT_FILES_PROJECTS_MAX);
}

/* ---- Files. */

struct one {
	int64_t id;
	char key[PAT_FILES_KEY_CHARS + 1];
};

static struct one a_file(struct place *p, int64_t owner, const char *name)
{
	struct one one;

	one.id = place_row(p,
	                   &(struct place_row){ .project = place_project(p, owner),
	                                        .creator = owner,
	                                        .name = name,
	                                        .created_s = NOW - 100,
	                                        .touched_s = NOW - 100,
	                                        .bytes = 10 },
	                   one.key);
	return one;
}

static int64_t updated(struct place *p, int64_t project)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_project read;

	assert_int_equal(pat_files_project_get(p->files, &ada, project, &read), 0);
	return read.updated_s;
}

static void a_file_is_renamed_and_moved(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as_at(ADA, NOW + 7);
	struct pat_files_file file;
	struct one one = a_file(p, ADA, "First");
	int64_t from = place_project(p, ADA);
	int64_t to = place_project_new(p, ADA, "Other");

	/* What changes nothing leaves no trace. */
	assert_int_equal(pat_files_file_change(p->files, &ada, one.key, NULL, 0, &file), 0);
	assert_int_equal(pat_files_file_change(p->files, &ada, one.key, "First", from, &file), 0);
	assert_int_equal(file.touched_s, NOW - 100);
	assert_int_equal(updated(p, from), NOW);

	assert_int_equal(pat_files_file_change(p->files, &ada, one.key, " Second ", 0, &file), 0);
	assert_string_equal(file.name, "Second");
	assert_int_equal(file.touched_s, NOW + 7);
	assert_int_equal(file.toucher, ADA);
	assert_int_equal(file.created_s, NOW - 100);
	assert_int_equal(updated(p, from), NOW + 7);
	assert_int_equal(updated(p, to), NOW);

	assert_int_equal(pat_files_file_change(p->files, &ada, one.key, NULL, to, &file), 0);
	assert_int_equal(file.project, to);
	assert_string_equal(file.project_name, "Other");
	assert_string_equal(file.name, "Second");
	assert_int_equal(updated(p, to), NOW + 7);
	place_reopen(p);
	assert_int_equal(pat_files_file_get(p->files, &ada, one.key, &file), 0);
	assert_int_equal(file.project, to);
	assert_int_equal(file.id, one.id);

	/* All or nothing. */
	int64_t of_eve = place_project(p, EVE);
	assert_int_equal(pat_files_file_change(p->files, &ada, one.key, "Third", of_eve, &file),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_file_change(p->files, &ada, one.key, "Third", 999999, &file),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_file_change(p->files, &ada, one.key, "", to, &file),
	                 PAT_FILES_E_NAME_REQUIRED);
	assert_int_equal(pat_files_file_get(p->files, &ada, one.key, &file), 0);
	assert_string_equal(file.name, "Second");
}

static void a_key_is_one_spelling(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file file;
	struct one one = a_file(p, ADA, "x");
	char longer[64];
	static const char *const wrong[] = { "", "x", "000000000000000000000000",
		                             "' OR 1=1 --          -", "row-000000000000000001" };

	for (size_t i = 0; i < PAT_ARRAY_LEN(wrong); i++)
		assert_int_equal(pat_files_file_get(p->files, &ada, wrong[i], &file),
		                 PAT_FILES_E_NOT_FOUND);
	(void)snprintf(longer, sizeof(longer), "%s0", one.key);
	assert_int_equal(pat_files_file_get(p->files, &ada, longer, &file), PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_file_get(p->files, &ada, one.key, &file), 0);
}

static void opening_is_remembered_for_each(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as_at(ADA, NOW + 1);
	struct pat_files_caller eve = as_at(EVE, NOW + 2);
	struct pat_files_file file;
	struct one one = a_file(p, ADA, "x");

	place_share_row(p, one.id, EVE, PAT_FILES_VIEWER);
	assert_int_equal(pat_files_file_get(p->files, &ada, one.key, &file), 0);
	assert_int_equal(file.opened_s, 0);
	assert_int_equal(pat_files_file_open(p->files, &ada, one.key, &file), 0);
	assert_int_equal(file.opened_s, NOW + 1);
	assert_int_equal(pat_files_file_open(p->files, &eve, one.key, &file), 0);
	assert_int_equal(file.opened_s, NOW + 2);
	ada.now_s = NOW + 50;
	assert_int_equal(pat_files_file_open(p->files, &ada, one.key, &file), 0);
	assert_int_equal(file.opened_s, NOW + 50);
	assert_int_equal(pat_files_file_get(p->files, &eve, one.key, &file), 0);
	assert_int_equal(file.opened_s, NOW + 2);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM opened"), 2);
}

static void the_trash_gives_back_until_it_is_purged(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file file;
	struct one one = a_file(p, ADA, "x");
	int64_t project = place_project(p, ADA);

	assert_int_equal(pat_files_file_purge(p->files, &ada, one.key), PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_file_trash(p->files, &ada, one.key, true, &file), 0);
	assert_int_equal(file.trashed_s, NOW);
	ada.now_s = NOW + 10;
	assert_int_equal(pat_files_file_trash(p->files, &ada, one.key, true, &file), 0);
	assert_int_equal(file.trashed_s, NOW); /* repeated, not renewed */
	assert_int_equal(pat_files_file_get(p->files, &ada, one.key, &file), 0);
	assert_int_equal(pat_files_file_open(p->files, &ada, one.key, &file), 0);
	assert_int_equal(file.opened_s, 0); /* looked at, not opened */
	assert_int_equal(pat_files_file_change(p->files, &ada, one.key, "y", 0, &file),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_project_remove(p->files, &ada, project), PAT_FILES_E_NOT_EMPTY);
	assert_int_equal(pat_files_file_trash(p->files, &ada, one.key, false, &file), 0);
	assert_int_equal(file.trashed_s, 0);
	assert_int_equal(pat_files_file_trash(p->files, &ada, one.key, false, &file), 0);
	assert_int_equal(pat_files_file_change(p->files, &ada, one.key, "y", 0, &file), 0);

	assert_int_equal(pat_files_file_trash(p->files, &ada, one.key, true, &file), 0);
	assert_int_equal(pat_files_file_purge(p->files, &ada, one.key), 0);
	assert_int_equal(pat_files_file_purge(p->files, &ada, one.key), PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_file_get(p->files, &ada, one.key, &file), PAT_FILES_E_NOT_FOUND);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM version"), 0);
	assert_int_equal(pat_files_project_remove(p->files, &ada, project), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(a_database_is_its_owner_s_alone_and_one_process_s),
		place_test(what_is_no_database_of_ours_is_refused),
		place_test(a_team_is_made_when_it_is_first_needed),
		place_test(there_is_no_team_of_nobody_s),
		place_test(many_at_once_make_one_team_each),
		place_test(a_project_lives),
		place_test(a_name_is_checked),
		place_test(projects_are_listed_by_name),
		place_test(there_are_exactly_as_many_projects_as_there_may_be),
		place_test(a_file_is_renamed_and_moved),
		place_test(a_key_is_one_spelling),
		place_test(opening_is_remembered_for_each),
		place_test(the_trash_gives_back_until_it_is_purged),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
