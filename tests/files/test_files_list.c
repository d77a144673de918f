/* SPDX-License-Identifier: Apache-2.0
 *
 * Every list of the file browser against a naive one, which knows the same files from memory: all views, orders, searches
 * and pages, for several people.
 */
#include "tests/files/place.h"

#include <strings.h>

#define FILES_MAX 240

struct known {
	int64_t id;
	char key[PAT_FILES_KEY_CHARS + 1];
	char name[64];
	int64_t owner;
	int64_t project;
	int64_t created_s;
	int64_t touched_s;
	int64_t trashed_s;
	uint32_t bytes;
	enum pat_files_role shared[8]; /* by person */
	int64_t opened[8];
};

static struct known world[FILES_MAX];
static size_t n_world;
static int64_t projects[4][2]; /* of person 1 to 3 */

/* A small generator of its own: the same world at every run. */
static uint32_t seed = 12345;
static unsigned pick(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static void make_world(struct place *p)
{
	static const char *const names[] = {
		"Login",   "login flow",         "Checkout", "100%",   "a_b",    "Icons",
		"ICONS 2", "Gr\xc3\xbc\xc3\x9f", "zz'top",   "Button", "button", "Log"
	};

	n_world = 0;
	for (int64_t person = 1; person <= 3; person++) {
		projects[person][0] = place_project(p, person);
		projects[person][1] = place_project_new(p, person, "Second");
	}
	for (size_t i = 0; i < FILES_MAX; i++) {
		struct known *k = &world[n_world++];

		*k = (struct known){ .owner = 1 + pick(3) };
		k->project = projects[k->owner][pick(2)];
		(void)snprintf(k->name, sizeof(k->name), "%s", names[pick(PAT_ARRAY_LEN(names))]);
		k->created_s = NOW - pick(20);
		k->touched_s = k->created_s + pick(20);
		k->trashed_s = pick(5) == 0 ? NOW - pick(100) : 0;
		k->bytes = 100 + pick(10);
		struct place_row row = { .project = k->project,
			                 .creator = k->owner,
			                 .name = k->name,
			                 .created_s = k->created_s,
			                 .touched_s = k->touched_s,
			                 .trashed_s = k->trashed_s,
			                 .bytes = k->bytes };
		k->id = place_row(p, &row, k->key);
		for (int64_t person = 1; person <= 5; person++) {
			struct pat_files_caller caller = as_at(person, NOW + pick(10));
			struct pat_files_file file;

			if (person != k->owner && pick(3) == 0) {
				k->shared[person] = pick(2) ? PAT_FILES_EDITOR : PAT_FILES_VIEWER;
				place_share_row(p, k->id, person, k->shared[person]);
			}
			if (pick(3) == 0 &&
			    pat_files_file_open(p->files, &caller, k->key, &file) == 0 &&
			    k->trashed_s == 0)
				k->opened[person] = caller.now_s;
		}
	}
}

/* ---- The naive list. */

static const struct pat_files_query *asked;
static int64_t asker;

static bool seen(const struct known *k)
{
	bool own = k->owner == asker;
	bool view = asked->view == PAT_FILES_VIEW_TRASH    ? own && k->trashed_s != 0
	            : k->trashed_s != 0                    ? false
	            : asked->view == PAT_FILES_VIEW_SHARED ? k->shared[asker] != PAT_FILES_NOBODY
	            : asked->view == PAT_FILES_VIEW_RECENT
	                    ? k->opened[asker] != 0 && (own || k->shared[asker])
	                    : own || k->shared[asker];

	if (asked->project != 0 && (k->project != asked->project || !own))
		return false;
	return view && (!asked->search || strcasestr(k->name, asked->search));
}

static int compare_i64(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int order(const void *a, const void *b)
{
	const struct known *x = *(const struct known *const *)a;
	const struct known *y = *(const struct known *const *)b;
	int c = 0;

	if (asked->view == PAT_FILES_VIEW_RECENT) {
		c = -compare_i64(x->opened[asker], y->opened[asker]);
		return c ? c : -compare_i64(x->id, y->id);
	}
	switch (asked->order) {
	case PAT_FILES_BY_NAME:
		c = strcasecmp(x->name, y->name);
		break;
	case PAT_FILES_BY_CREATED:
		c = compare_i64(x->created_s, y->created_s);
		break;
	case PAT_FILES_BY_TOUCHED:
		c = compare_i64(x->touched_s, y->touched_s);
		break;
	case PAT_FILES_BY_SIZE:
		c = compare_i64(x->bytes, y->bytes);
		break;
	}
	c = c ? c : compare_i64(x->id, y->id);
	return asked->descending ? -c : c;
}

struct paper {
	const struct known *rows[FILES_MAX];
	size_t n;
	size_t read;
};

static void naive(struct paper *paper)
{
	*paper = (struct paper){ 0 };
	for (size_t i = 0; i < n_world; i++)
		if (seen(&world[i]))
			paper->rows[paper->n++] = &world[i];
	qsort(paper->rows, paper->n, sizeof(paper->rows[0]), order);
}

/* ---- The two against each other. */

static int compare(void *arg, const struct pat_files_file *file)
{
	struct paper *paper = arg;

	assert_true(paper->read < paper->n);
	const struct known *k = paper->rows[paper->read++];
	bool own = k->owner == asker;
	unsigned shares = 0;

	for (size_t i = 0; i < PAT_ARRAY_LEN(k->shared); i++)
		shares += k->shared[i] != PAT_FILES_NOBODY;
	assert_string_equal(file->key, k->key);
	assert_string_equal(file->name, k->name);
	assert_int_equal(file->role, own ? PAT_FILES_OWNER : k->shared[asker]);
	assert_int_equal(file->project, own ? k->project : 0);
	assert_int_equal(file->n_shares, own ? shares : 0);
	assert_int_equal(file->opened_s, k->opened[asker]);
	assert_int_equal(file->trashed_s, k->trashed_s);
	assert_int_equal(file->bytes, k->bytes);
	assert_int_equal(file->n_versions, 1);
	return 0;
}

static void check_pages(struct place *p, struct pat_files_query *query)
{
	struct pat_files_caller caller = as(asker);
	struct paper paper;
	bool more = true;

	asked = query;
	naive(&paper);
	for (query->offset = 0; more; query->offset += query->limit) {
		size_t before = paper.read;

		assert_int_equal(
			pat_files_file_list(p->files, &caller, query, compare, &paper, &more), 0);
		assert_true(paper.read - before <= query->limit);
		assert_int_equal(more, paper.read < paper.n);
		assert_true(!more || paper.read - before == query->limit);
	}
	assert_int_equal(paper.read, paper.n);
}

static void every_list_is_the_naive_one(void **state)
{
	static const char *const searches[] = { NULL, "",  "log",     "LOGIN",   "%",
		                                "_",  "'", "nothing", "\xc3\xbc" };
	static const unsigned limits[] = { 7, 100 };
	struct place *p = *state;
	int lists = 0;

	make_world(p);
	for (asker = 1; asker <= 6; asker++)
		for (int view = PAT_FILES_VIEW_ALL; view <= PAT_FILES_VIEW_TRASH; view++)
			for (int by = PAT_FILES_BY_NAME; by <= PAT_FILES_BY_SIZE; by++)
				for (size_t s = 0; s < 2 * PAT_ARRAY_LEN(searches); s++) {
					struct pat_files_query query = {
						.view = (enum pat_files_view)view,
						.order = (enum pat_files_order)by,
						.descending = s % 2,
						.search = searches[s / 2],
						.limit = limits[(s / 2 + (size_t)by) % 2],
					};

					check_pages(p, &query);
					query.project = asker <= 3 ? projects[asker][by % 2] : 0;
					check_pages(p, &query);
					lists += 2;
				}
	print_message("             %d lists\n", lists);
}

static int never(void *arg, const struct pat_files_file *file)
{
	(void)arg;
	(void)file;
	fail();
	return 0;
}

static void what_no_list_can_be_is_refused(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	char long_search[2000];
	bool more = true;

	int64_t of_eve = place_project(p, EVE);
	struct pat_files_query query = { .limit = 10, .project = of_eve };
	assert_int_equal(pat_files_file_list(p->files, &ada, &query, never, NULL, &more),
	                 PAT_FILES_E_NOT_FOUND);
	query = (struct pat_files_query){ .limit = 10, .project = 999999 };
	assert_int_equal(pat_files_file_list(p->files, &ada, &query, never, NULL, &more),
	                 PAT_FILES_E_NOT_FOUND);
	query = (struct pat_files_query){ .limit = 10, .offset = -1 };
	assert_int_equal(pat_files_file_list(p->files, &ada, &query, never, NULL, &more),
	                 PAT_FILES_E_CURSOR);
	/* Longer than any name is found nowhere. */
	memset(long_search, 'a', sizeof(long_search) - 1);
	long_search[sizeof(long_search) - 1] = '\0';
	query = (struct pat_files_query){ .limit = 10, .search = long_search };
	assert_int_equal(pat_files_file_list(p->files, &ada, &query, never, NULL, &more), 0);
	assert_false(more);
	/* Behind the end, and of somebody who is nobody: empty. */
	query = (struct pat_files_query){ .limit = 10, .offset = INT64_MAX };
	assert_int_equal(pat_files_file_list(p->files, &ada, &query, never, NULL, &more), 0);
	struct pat_files_caller nobody = as(PLACE_NOBODY);
	query = (struct pat_files_query){ .limit = 10 };
	assert_int_equal(pat_files_file_list(p->files, &nobody, &query, never, NULL, &more), 0);
	assert_false(more);
}

static int stop_at_two(void *arg, const struct pat_files_file *file)
{
	(void)file;
	return ++*(int *)arg == 2 ? 77 : 0;
}

static void a_walk_ends_when_it_is_told_to(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	char key[PAT_FILES_KEY_CHARS + 1];
	bool more = false;
	int n = 0;

	for (int i = 0; i < 3; i++)
		(void)place_row(p,
		                &(struct place_row){ .project = place_project(p, ADA),
		                                     .creator = ADA,
		                                     .name = "x",
		                                     .bytes = 1 },
		                key);
	struct pat_files_query query = { .limit = 10 };
	assert_int_equal(pat_files_file_list(p->files, &ada, &query, stop_at_two, &n, &more), 77);
	assert_int_equal(n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(every_list_is_the_naive_one),
		place_test(what_no_list_can_be_is_refused),
		place_test(a_walk_ends_when_it_is_told_to),
	};

	return cmocka_run_group_tests_name("lists of files", tests, NULL, NULL);
}
