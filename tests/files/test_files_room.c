/* SPDX-License-Identifier: Apache-2.0
 *
 * What a team may keep, and what stays free of the disk: nothing passes either, also when many come at once, and what is given
 * back can be used again.
 */
#include "tests/files/place.h"

#include <stdatomic.h>

#define KIB   1024u
#define QUOTA (600 * KIB)

static void open_with(struct place *p, uint64_t team_bytes_max, uint64_t reserve_bytes)
{
	p->team_bytes_max = team_bytes_max;
	p->reserve_bytes = reserve_bytes;
	place_reopen(p);
}

/* A document of about so many bytes. */
static struct pat_buf document(size_t bytes)
{
	struct pat_buf text;

	pat_buf_init(&text, PAT_DOCUMENT_BYTES_MAX);
	place_write_document(
		&(struct place_document){ .name = "Doc", .pages = 1, .frames = 1, .filler = bytes },
		&text);
	return text;
}

static int upload(struct place *p, int64_t person, const char *key, size_t bytes,
                  struct pat_files_file *ret)
{
	struct pat_files_caller caller = as(person);
	pat_cleanup(pat_buf_done) struct pat_buf text = document(bytes);

	return place_try_upload(p, &caller, 0, key, &text, 64 * KIB, ret);
}

static int add_image(struct place *p, const char *key, uint8_t number, size_t bytes)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_fill fill;
	uint8_t *image = calloc(1, bytes);

	assert_non_null(image);
	memcpy(image, "\x89PNG\r\n\x1a\n", 8);
	image[bytes - 1] = number;
	int r = pat_files_fill_add(p->files, &ada, key, image, bytes, &fill);
	free(image);
	return r;
}

static int note_ref(void *arg, const struct pat_files_fill *fill)
{
	(void)snprintf(arg, sizeof(fill->ref), "%s", fill->ref);
	return 0;
}

/* ---- What a team may keep. */

static void versions_images_and_the_trash_count(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file file;
	struct pat_files_file now;

	open_with(p, QUOTA, 0);
	assert_int_equal(upload(p, ADA, NULL, 200 * KIB, &file), 0);
	assert_int_equal(upload(p, ADA, file.key, 200 * KIB, &now), 0);
	assert_int_equal(add_image(p, file.key, 1, 100 * KIB), 0);
	assert_int_equal(add_image(p, file.key, 2, 120 * KIB), PAT_FILES_E_QUOTA);
	assert_int_equal(pat_files_fill_expect(p->files, &ada, file.key, 120 * KIB),
	                 PAT_FILES_E_QUOTA);
	assert_int_equal(pat_files_fill_expect(p->files, &ada, file.key, 50 * KIB), 0);
	assert_int_equal(upload(p, ADA, NULL, 120 * KIB, &now), PAT_FILES_E_QUOTA);
	assert_int_equal(upload(p, ADA, file.key, 120 * KIB, &now), PAT_FILES_E_QUOTA);
	assert_int_equal(upload(p, EVE, NULL, 200 * KIB, &now),
	                 0); /* another's team is another's */
	char ref[41] = "";
	assert_int_equal(pat_files_fill_list(p->files, &ada, file.key, note_ref, ref), 0);
	assert_int_equal(pat_files_fill_remove(p->files, &ada, file.key, "0"),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_fill_remove(p->files, &ada, file.key, ref), 0);
	assert_int_equal(pat_files_fill_remove(p->files, &ada, file.key, ref),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM fill"), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM loose"), 0);
	assert_int_equal(add_image(p, file.key, 2, 120 * KIB), 0);
	assert_int_equal(pat_files_file_trash(p->files, &ada, file.key, true, &now), 0);
	assert_int_equal(upload(p, ADA, NULL, 120 * KIB, &now), PAT_FILES_E_QUOTA);
	assert_int_equal(pat_files_file_purge(p->files, &ada, file.key), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM content"), 1); /* Eve's */
	assert_int_equal(upload(p, ADA, NULL, 500 * KIB, &now), 0);
}

static void what_an_editor_uploads_is_the_owner_s(void **state)
{
	struct place *p = *state;
	struct pat_files_file file;
	struct pat_files_file now;

	open_with(p, QUOTA, 0);
	assert_int_equal(upload(p, ADA, NULL, 300 * KIB, &file), 0);
	place_share_row(p, file.id, EVE, PAT_FILES_EDITOR);
	assert_int_equal(upload(p, EVE, file.key, 400 * KIB, &now), PAT_FILES_E_QUOTA);
	assert_int_equal(upload(p, EVE, NULL, 400 * KIB, &now), 0);
	assert_int_equal(upload(p, EVE, file.key, 200 * KIB, &now), 0);
}

static void what_is_announced_is_judged_before_it_comes(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_upload *first = NULL;
	struct pat_files_upload *second = NULL;

	open_with(p, QUOTA, 0);
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, NULL, &first), 0);
	assert_int_equal(pat_files_upload_expect(first, QUOTA + 1), PAT_FILES_E_QUOTA);
	pat_files_upload_free(first);
	first = NULL;
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, NULL, &first), 0);
	assert_int_equal(pat_files_upload_expect(first, 400 * KIB), 0);
	/* Nothing of it has come, and it is no longer anybody else's. */
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, NULL, &second), 0);
	assert_int_equal(pat_files_upload_expect(second, 300 * KIB), PAT_FILES_E_QUOTA);
	pat_files_upload_free(second);
	second = NULL;
	pat_files_upload_free(first);
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, NULL, &second), 0);
	assert_int_equal(pat_files_upload_expect(second, 300 * KIB), 0);
	pat_files_upload_free(second);
}

static void an_older_database_is_counted_when_it_is_opened(void **state)
{
	struct place *p = *state;
	struct pat_files_file file;

	assert_int_equal(upload(p, ADA, NULL, 300 * KIB, &file), 0);
	assert_int_equal(upload(p, ADA, file.key, 100 * KIB, &file), 0);
	assert_int_equal(add_image(p, file.key, 1, 50 * KIB), 0);
	place_close(p);
	place_sql(p, "ALTER TABLE file DROP COLUMN kept; ALTER TABLE file DROP COLUMN published;"
	             "PRAGMA user_version = 1");
	p->team_bytes_max = QUOTA;
	place_open(p);
	place_assert_whole(p);
	assert_true(place_ask(p, "SELECT kept FROM file") > 450 * KIB);
	assert_int_equal(upload(p, ADA, NULL, 200 * KIB, &file), PAT_FILES_E_QUOTA);
}

static atomic_int made;

static void upload_some(void *arg, unsigned i)
{
	struct place *p = arg;
	struct pat_files_file file;

	(void)i;
	for (int n = 0; n < 3; n++) {
		int r = upload(p, ADA, NULL, 90 * KIB, &file);

		assert_true(r == 0 || r == PAT_FILES_E_QUOTA);
		atomic_fetch_add(&made, r == 0);
	}
}

static void those_that_come_together_do_not_pass_it_together(void **state)
{
	struct place *p = *state;

	open_with(p, QUOTA, 0);
	(void)place_team(p, ADA);
	atomic_store(&made, 0);
	place_threads(20, upload_some, p);
	assert_true(atomic_load(&made) <= 6);
	assert_true(place_ask(p, "SELECT sum(kept) FROM file") <= QUOTA);
	struct pat_files_file file;
	for (int n = atomic_load(&made); n < 6; n++)
		assert_int_equal(upload(p, ADA, NULL, 90 * KIB, &file), 0);
	assert_int_equal(upload(p, ADA, NULL, 90 * KIB, &file), PAT_FILES_E_QUOTA);
}

/* ---- The reserve. */

static int ignore_comment(void *arg, const struct pat_files_comment *comment)
{
	*(int64_t *)arg = comment->id;
	return 0;
}

static void what_grows_is_refused_and_what_shrinks_is_not(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file file;
	struct pat_files_file now;
	struct pat_files_upload *late = NULL;
	struct pat_files_project project;
	struct pat_files_share share;
	int64_t comment = 0;

	file = place_upload(p, ADA, "Doc");
	assert_int_equal(pat_files_comment_add(p->files, &ada, file.key, "before", 0, NULL,
	                                       ignore_comment, &comment),
	                 0);
	open_with(p, 0, UINT64_C(1) << 60);
	assert_int_equal(upload(p, ADA, NULL, 1, &now), PAT_FILES_E_RESERVE);
	assert_int_equal(upload(p, ADA, file.key, 1, &now), PAT_FILES_E_RESERVE);
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, NULL, &late),
	                 PAT_FILES_E_RESERVE);
	assert_int_equal(add_image(p, file.key, 1, 100), PAT_FILES_E_RESERVE);
	assert_int_equal(pat_files_fill_expect(p->files, &ada, file.key, 1), PAT_FILES_E_RESERVE);
	assert_int_equal(pat_files_comment_add(p->files, &ada, file.key, "x", 0, NULL,
	                                       ignore_comment, &comment),
	                 PAT_FILES_E_RESERVE);
	assert_int_equal(pat_files_reaction_add(p->files, &ada, file.key, comment, ":x:"),
	                 PAT_FILES_E_RESERVE);
	assert_int_equal(pat_files_project_create(p->files, &ada, "More", &project),
	                 PAT_FILES_E_RESERVE);
	assert_int_equal(
		pat_files_share_set(p->files, &ada, file.key, "2@x", PAT_FILES_VIEWER, &share),
		PAT_FILES_E_RESERVE);
	assert_int_equal(pat_files_file_open(p->files, &ada, file.key, &now), 0);
	assert_int_equal(now.opened_s, 0);
	assert_int_equal(pat_files_check(p->files), 0);
	assert_int_equal(pat_files_comment_remove(p->files, &ada, file.key, comment, false), 0);
	assert_int_equal(pat_files_file_trash(p->files, &ada, file.key, true, &now), 0);
	assert_int_equal(pat_files_file_purge(p->files, &ada, file.key), 0);
	pat_files_keep(p->files, NOW);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM content"), 0);
}

static void what_is_on_its_way_is_refused_as_well(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_upload *u = NULL;

	open_with(p, 0, 1);
	assert_int_equal(pat_files_upload_begin(p->files, &ada, 0, NULL, NULL, &u), 0);
	assert_int_equal(pat_files_upload_expect(u, UINT64_C(1) << 60), PAT_FILES_E_RESERVE);
	pat_files_upload_free(u);
}

static void a_sample_is_given_when_there_is_space_again(void **state)
{
	struct place *p = *state;

	(void)snprintf(p->sample, sizeof(p->sample), "%s", PAT_TEST_SAMPLE);
	open_with(p, 0, UINT64_C(1) << 60);
	(void)place_team(p, ADA);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 0);
	open_with(p, 0, 0);
	(void)place_team(p, ADA);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM file"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(versions_images_and_the_trash_count),
		place_test(what_an_editor_uploads_is_the_owner_s),
		place_test(what_is_announced_is_judged_before_it_comes),
		place_test(an_older_database_is_counted_when_it_is_opened),
		place_test(those_that_come_together_do_not_pass_it_together),
		place_test(what_grows_is_refused_and_what_shrinks_is_not),
		place_test(what_is_on_its_way_is_refused_as_well),
		place_test(a_sample_is_given_when_there_is_space_again),
	};

	return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
