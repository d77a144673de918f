/* SPDX-License-Identifier: Apache-2.0
 *
 * What takes long is done before a change begins: while a document's tables are read, others can change what they like.
 * Reading JSON is wrapped (-Wl,--wrap=json_loadb), and looks whether a change is under way.
 */
#include "tests/files/place.h"

#include <jansson.h>

#include "files/db.h"

static struct pat_files *watched;
static unsigned n_read;
static unsigned n_read_in_a_change;

json_t *__real_json_loadb(const char *buffer, size_t len, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *buffer, size_t len, size_t flags, json_error_t *error);

json_t *__wrap_json_loadb(const char *buffer, size_t len, size_t flags, json_error_t *error)
{
	if (watched) {
		n_read++;
		if (pthread_mutex_trylock(&watched->writing) == 0)
			(void)pthread_mutex_unlock(&watched->writing);
		else
			n_read_in_a_change++;
	}
	return __real_json_loadb(buffer, len, flags, error);
}

static void a_library_is_read_before_the_change(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	struct pat_files_file file;

	pat_buf_init(&text, 1 << 20);
	place_write_document(
		&(struct place_document){
			.name = "Library",
			.pages = 1,
			.frames = 1,
			.tables = ",\"components\":{\"1:1\":{\"key\":\"a\",\"name\":\"A\"},"
				  "\"1:2\":{\"key\":\"b\",\"name\":\"B\"}}",
		},
		&text);
	watched = p->files;
	assert_int_equal(place_try_upload(p, &ada, 0, NULL, &text, 0, &file), 0);
	watched = NULL;
	assert_int_equal(place_ask(p, "SELECT count(*) FROM asset"), 2);
	assert_true(n_read >= 2);
	assert_int_equal(n_read_in_a_change, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(a_library_is_read_before_the_change),
	};

	return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
