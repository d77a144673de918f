/* SPDX-License-Identifier: Apache-2.0
 *
 * People and set-up.
 */
#include "tests/contract/contract.h"

#include <errno.h>

static void assert_audit(struct contract *c, const char *action, const char *object, int64_t seq)
{
	struct pat_audit a = contract_last_audit(c);

	assert_string_equal(a.action, action);
	assert_string_equal(a.object, object);
	assert_int_equal(a.seq, seq);
	assert_int_equal(a.actor, 7);
	assert_string_equal(a.via, "page");
	assert_string_equal(a.address, "192.0.2.1");
	assert_string_equal(a.agent, "cmocka");
	assert_string_equal(a.request_id, "r-1");
}

static void a_person_is_stored(void **state)
{
	struct contract *c = *state;
	struct pat_person in = { .email = "Ann@Example.com",
		                 .name = "Ann \xc3\x84",
		                 .admin = true };
	struct pat_person out = { 0 };
	int64_t id = 0;

	assert_int_equal(pat_store_person_create(c->store, &in, &contract_actor, NOW, &id), 0);
	assert_int_equal(id, 1);
	assert_audit(c, "person.created", "person:1", 0);
	assert_int_equal(pat_store_person_by_id(c->store, id, &out), 0);
	assert_int_equal(out.id, 1);
	assert_string_equal(out.email, in.email);
	assert_string_equal(out.name, in.name);
	assert_string_equal(out.password, "");
	assert_true(out.admin);
	assert_false(out.disabled);
	assert_int_equal(out.created_s, NOW);
}

static void an_email_belongs_to_one_in_any_case(void **state)
{
	struct contract *c = *state;
	struct pat_person in = { .email = "ANN@example.COM" };
	struct pat_person out = { 0 };
	int64_t id = 99;

	int64_t ann = contract_person(c, "ann@example.com");
	assert_int_equal(pat_store_person_create(c->store, &in, &contract_actor, NOW, &id),
	                 PAT_STORE_E_EXISTS);
	assert_int_equal(id, 99);
	assert_int_equal(pat_store_person_by_email(c->store, "aNN@example.com", &out), 0);
	assert_int_equal(out.id, ann);
	assert_int_equal(contract_last_audit(c).id, 1);
}

static void nobody_is_not_found(void **state)
{
	struct contract *c = *state;
	struct pat_person out = { .id = 5 };
	int64_t ended = 7;
	char long_email[1000];

	memset(long_email, 'a', sizeof(long_email));
	long_email[sizeof(long_email) - 1] = '\0';
	assert_int_equal(pat_store_person_by_id(c->store, 1, &out), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_person_by_email(c->store, "x@y", &out), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_person_by_email(c->store, long_email, &out),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(out.id, 5);
	assert_int_equal(pat_store_person_set_password(c->store, 1, "p", "password.changed", true,
	                                               0, &contract_actor, NOW, &ended),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(ended, 7);
	assert_int_equal(pat_store_person_set_disabled(c->store, 1, true, &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(contract_last_audit(c).id, 0);
}

static int stop_at_second(void *arg, const struct pat_person *person)
{
	int64_t *last = arg;

	assert_true(person->id > *last);
	*last = person->id;
	return person->id == 2 ? 77 : 0;
}

static void people_are_listed_until_told_to_stop(void **state)
{
	struct contract *c = *state;
	int64_t last = 0;
	bool any = true;

	assert_int_equal(pat_store_people_any(c->store, &any), 0);
	assert_false(any);
	assert_int_equal(pat_store_person_list(c->store, 0, 10, stop_at_second, &last), 0);
	for (int i = 0; i < 3; i++)
		(void)contract_person(c, (const char *[]){ "c@x", "a@x", "b@x" }[i]);
	assert_int_equal(pat_store_people_any(c->store, &any), 0);
	assert_true(any);
	assert_int_equal(pat_store_person_list(c->store, 0, 10, stop_at_second, &last), 77);
	assert_int_equal(last, 2);
	last = 0;
	assert_int_equal(pat_store_person_list(c->store, 0, 1, stop_at_second, &last), 0);
	assert_int_equal(last, 1);
	assert_int_equal(pat_store_person_list(c->store, 2, 10, stop_at_second, &last), 0);
	assert_int_equal(last, 3);
}

static void set_up_happens_once(void **state)
{
	struct contract *c = *state;
	struct pat_person first = { .email = "root@x", .name = "Root", .admin = true };
	uint8_t old[32] = { 1 };
	uint8_t new[32] = { 2 };
	int64_t id = 0;

	assert_int_equal(pat_store_setup_complete(c->store, old, &first, &contract_actor, NOW, &id),
	                 PAT_STORE_E_SETUP_CODE);
	assert_int_equal(pat_store_setup_code_set(c->store, old), 0);
	assert_int_equal(pat_store_setup_code_set(c->store, new), 0);
	assert_int_equal(pat_store_setup_complete(c->store, old, &first, &contract_actor, NOW, &id),
	                 PAT_STORE_E_SETUP_CODE);
	contract_reopen(c);
	assert_int_equal(pat_store_setup_complete(c->store, new, &first, &contract_actor, NOW, &id),
	                 0);
	assert_int_equal(id, 1);
	assert_audit(c, "setup.completed", "person:1", 0);
	assert_int_equal(pat_store_setup_complete(c->store, new, &first, &contract_actor, NOW, &id),
	                 PAT_STORE_E_SETUP_DONE);
	assert_int_equal(pat_store_setup_code_set(c->store, old), PAT_STORE_E_SETUP_DONE);
	assert_int_equal(contract_backend->sql_i64(c, "SELECT count(*) FROM setup"), 0);
}

static void a_password_ends_other_sessions(void **state)
{
	struct contract *c = *state;
	struct pat_session s[3];
	struct pat_session session;
	struct pat_person person;
	int64_t ended = -1;
	int64_t ann = contract_person(c, "ann@x");

	for (uint8_t i = 0; i < 3; i++) {
		s[i] = contract_session(ann, (uint8_t)(i + 1));
		assert_int_equal(pat_store_session_create(c->store, &s[i], &contract_actor, NOW),
		                 0);
	}
	assert_int_equal(pat_store_person_set_password(c->store, ann, "$new", "password.rehashed",
	                                               false, 0, &contract_actor, NOW, &ended),
	                 0);
	assert_int_equal(ended, 0);
	assert_audit(c, "password.rehashed", "person:1", 0);
	assert_int_equal(pat_store_person_set_password(c->store, ann, "$newer", "password.changed",
	                                               true, s[1].id, &contract_actor, NOW, &ended),
	                 0);
	assert_int_equal(ended, 2);
	assert_int_equal(pat_store_session_get(c->store, s[1].hash, &session, &person), 0);
	assert_string_equal(person.password, "$newer");
	assert_int_equal(pat_store_session_get(c->store, s[0].hash, &session, &person),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_person_set_password(c->store, ann, "$x", "password.changed",
	                                               true, 0, &contract_actor, NOW, &ended),
	                 0);
	assert_int_equal(ended, 1);
}

/* Proving a password takes long. What was proven before a change makes no session after it, and no rehash undoes it. */
static void what_was_proven_must_still_be_the_password(void **state)
{
	struct contract *c = *state;
	struct pat_actor proven = contract_actor;
	struct pat_session session;
	struct pat_person person;
	int64_t ended = 0;
	int64_t ann = contract_person(c, "ann@x");

	assert_int_equal(pat_store_person_by_id(c->store, ann, &person), 0);
	proven.proven = person.password;
	session = contract_session(ann, 1);
	assert_int_equal(pat_store_session_create(c->store, &session, &proven, NOW), 0);
	assert_int_equal(pat_store_person_set_password(c->store, ann, "$reset", "password.changed",
	                                               true, 0, &contract_actor, NOW, &ended),
	                 0);
	session = contract_session(ann, 2);
	assert_int_equal(pat_store_session_create(c->store, &session, &proven, NOW),
	                 PAT_STORE_E_PASSWORD_CHANGED);
	assert_int_equal(pat_store_person_set_password(c->store, ann, "$old", "password.rehashed",
	                                               false, 0, &proven, NOW, &ended),
	                 PAT_STORE_E_PASSWORD_CHANGED);
	assert_int_equal(pat_store_person_by_id(c->store, ann, &person), 0);
	assert_string_equal(person.password, "$reset");
	proven.proven = "$reset";
	assert_int_equal(pat_store_session_create(c->store, &session, &proven, NOW), 0);
}

/* One change: the password, the others' end, and the session under its new name; or nothing. */
static void a_changed_password_renews_its_session(void **state)
{
	struct contract *c = *state;
	struct pat_actor proven = contract_actor;
	struct pat_session s[3];
	struct pat_session fresh;
	struct pat_session session;
	struct pat_person person;
	int64_t ended = -1;
	int64_t ann = contract_person(c, "ann@x");

	for (uint8_t i = 0; i < 3; i++) {
		s[i] = contract_session(ann, (uint8_t)(i + 1));
		assert_int_equal(pat_store_session_create(c->store, &s[i], &contract_actor, NOW),
		                 0);
	}
	proven.proven = "$not-it";
	fresh = contract_session(ann, 9);
	assert_int_equal(pat_store_password_change(c->store, s[1].id, &fresh, "$new", true, &proven,
	                                           NOW, &ended),
	                 PAT_STORE_E_PASSWORD_CHANGED);
	assert_int_equal(pat_store_password_change(c->store, 999, &fresh, "$new", true,
	                                           &contract_actor, NOW, &ended),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_person_by_id(c->store, ann, &person), 0);
	assert_string_equal(person.password, "$argon2id$x");
	assert_int_equal(pat_store_session_get(c->store, s[0].hash, &session, &person), 0);

	proven.proven = "$argon2id$x";
	assert_int_equal(pat_store_password_change(c->store, s[1].id, &fresh, "$new", true, &proven,
	                                           NOW, &ended),
	                 0);
	assert_int_equal(ended, 2);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pat_store_session_get(c->store, s[i].hash, &session, &person),
		                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_session_get(c->store, fresh.hash, &session, &person), 0);
	assert_int_equal(session.id, fresh.id);
	assert_string_equal(person.password, "$new");

	struct pat_session again = contract_session(ann, 10);
	proven.proven = "$new";
	assert_int_equal(pat_store_session_create(c->store, &s[0], &contract_actor, NOW), 0);
	assert_int_equal(pat_store_password_change(c->store, fresh.id, &again, "$newer", false,
	                                           &proven, NOW, &ended),
	                 0);
	assert_int_equal(ended, 0);
	assert_int_equal(pat_store_session_get(c->store, s[0].hash, &session, &person), 0);
}

static int64_t count_audit(struct contract *c)
{
	return contract_backend->sql_i64(c, "SELECT audit FROM head");
}

/* Name and email change alone or together, each with its record; what stays as it is leaves none. Sessions stay. */
static void a_profile_is_changed(void **state)
{
	struct contract *c = *state;
	struct pat_session session;
	struct pat_person out = { 0 };
	int64_t ann = contract_person(c, "ann@x");

	session = contract_session(ann, 1);
	assert_int_equal(pat_store_session_create(c->store, &session, &contract_actor, NOW), 0);
	assert_int_equal(pat_store_person_set_profile(c->store, ann, "Ann \xc3\x84", NULL,
	                                              &contract_actor, NOW + 5, &out),
	                 0);
	assert_audit(c, "person.renamed", "person:1", 0);
	assert_int_equal(contract_last_audit(c).at_s, NOW + 5);
	assert_string_equal(out.name, "Ann \xc3\x84");
	assert_string_equal(out.email, "ann@x");
	assert_int_equal(out.id, ann);
	assert_int_equal(pat_store_person_set_profile(c->store, ann, NULL, "ann@y", &contract_actor,
	                                              NOW, &out),
	                 0);
	assert_audit(c, "person.email_changed", "person:1", 0);
	assert_string_equal(out.email, "ann@y");
	int64_t before = count_audit(c);
	assert_int_equal(pat_store_person_set_profile(c->store, ann, "Ann", "ANN@y",
	                                              &contract_actor, NOW, &out),
	                 0);
	assert_int_equal(count_audit(c), before + 2);
	assert_int_equal(pat_store_person_set_profile(c->store, ann, "Ann", "ANN@y",
	                                              &contract_actor, NOW, &out),
	                 0);
	assert_int_equal(
		pat_store_person_set_profile(c->store, ann, NULL, NULL, &contract_actor, NOW, &out),
		0);
	assert_int_equal(count_audit(c), before + 2);
	contract_reopen(c);
	assert_int_equal(pat_store_person_by_email(c->store, "ann@Y", &out), 0);
	assert_string_equal(out.name, "Ann");
	assert_string_equal(out.email, "ANN@y");
	assert_int_equal(pat_store_person_by_email(c->store, "ann@x", &out), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_session_get(c->store, session.hash, &session, &out), 0);
	assert_string_equal(out.email, "ANN@y");
}

/* What is refused changes nothing, not even the half that was in order. */
static void a_profile_is_refused_whole(void **state)
{
	struct contract *c = *state;
	struct pat_actor proven = contract_actor;
	struct pat_person out = { .id = 99 };
	int64_t ended = 0;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");

	assert_int_equal(pat_store_person_set_profile(c->store, ann, "New", "BEN@x",
	                                              &contract_actor, NOW, &out),
	                 PAT_STORE_E_EXISTS);
	assert_int_equal(
		pat_store_person_set_profile(c->store, 77, "New", NULL, &contract_actor, NOW, &out),
		PAT_STORE_E_NOT_FOUND);
	proven.proven = "$argon2id$x";
	assert_int_equal(pat_store_person_set_password(c->store, ann, "$reset", "password.changed",
	                                               true, 0, &contract_actor, NOW, &ended),
	                 0);
	assert_int_equal(
		pat_store_person_set_profile(c->store, ann, "New", "new@x", &proven, NOW, &out),
		PAT_STORE_E_PASSWORD_CHANGED);
	assert_int_equal(pat_store_person_set_disabled(c->store, ben, true, &contract_actor, NOW),
	                 0);
	int64_t before = count_audit(c);
	assert_int_equal(pat_store_person_set_profile(c->store, ben, "New", NULL, &contract_actor,
	                                              NOW, &out),
	                 PAT_STORE_E_DISABLED);
	assert_int_equal(count_audit(c), before);
	assert_int_equal(out.id, 99);
	assert_int_equal(pat_store_person_by_id(c->store, ann, &out), 0);
	assert_string_equal(out.name, "Somebody");
	assert_string_equal(out.email, "ann@x");
	proven.proven = "$reset";
	assert_int_equal(
		pat_store_person_set_profile(c->store, ann, NULL, "new@x", &proven, NOW, &out), 0);
	assert_string_equal(out.email, "new@x");
}

static struct pat_picture picture_of(enum pat_picture_kind kind, uint8_t mark)
{
	struct pat_picture picture = { .kind = kind };

	memset(picture.hash, mark, sizeof(picture.hash));
	return picture;
}

static int picture_get(struct contract *c, int64_t id, const struct pat_picture *picture,
                       struct pat_buf *out)
{
	pat_buf_done(out);
	pat_buf_init(out, PAT_PICTURE_BYTES_MAX);
	return pat_store_person_picture(c->store, id, picture, out);
}

static void assert_picture(const struct pat_person *person, const struct pat_picture *picture)
{
	assert_int_equal(person->picture.kind, picture->kind);
	assert_memory_equal(person->picture.hash, picture->hash, sizeof(picture->hash));
}

/* A picture comes with its person wherever the person is read; another takes its place; none takes it away. */
static void a_picture_is_kept_with_its_person(void **state)
{
	struct contract *c = *state;
	pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };
	static uint8_t bytes[PAT_PICTURE_BYTES_MAX];
	struct pat_picture first = picture_of(PAT_PICTURE_PNG, 1);
	struct pat_picture second = picture_of(PAT_PICTURE_WEBP, 2);
	struct pat_picture none = { 0 };
	struct pat_session session;
	struct pat_person out = { 0 };
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	session = contract_session(ann, 1);
	assert_int_equal(pat_store_session_create(c->store, &session, &contract_actor, NOW), 0);
	assert_int_equal(pat_store_person_by_id(c->store, ann, &out), 0);
	assert_picture(&out, &none);
	assert_int_equal(pat_store_person_set_picture(c->store, ann, &first, bytes, sizeof(bytes),
	                                              &contract_actor, NOW, &out),
	                 0);
	assert_picture(&out, &first);
	assert_string_equal(out.email, "ann@x");
	assert_audit(c, "person.picture_changed", "person:1", 0);
	contract_reopen(c);
	assert_int_equal(picture_get(c, ann, &first, &got), 0);
	assert_int_equal(got.len, sizeof(bytes));
	assert_memory_equal(got.data, bytes, sizeof(bytes));
	assert_int_equal(pat_store_person_by_email(c->store, "ann@x", &out), 0);
	assert_picture(&out, &first);
	assert_int_equal(pat_store_session_get(c->store, session.hash, &session, &out), 0);
	assert_picture(&out, &first);
	assert_int_equal(pat_store_person_by_id(c->store, ben, &out), 0);
	assert_picture(&out, &none);

	int64_t before = count_audit(c);
	assert_int_equal(pat_store_person_set_picture(c->store, ann, &first, bytes, sizeof(bytes),
	                                              &contract_actor, NOW, &out),
	                 0);
	assert_int_equal(count_audit(c), before);
	assert_int_equal(pat_store_person_set_picture(c->store, ann, &second, "small", 5,
	                                              &contract_actor, NOW, &out),
	                 0);
	assert_picture(&out, &second);
	assert_int_equal(picture_get(c, ann, &first, &got), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(picture_get(c, ann, &second, &got), 0);
	assert_string_equal(pat_buf_str(&got), "small");
	assert_int_equal(picture_get(c, ben, &second, &got), PAT_STORE_E_NOT_FOUND);

	assert_int_equal(pat_store_person_set_picture(c->store, ann, &none, NULL, 0,
	                                              &contract_actor, NOW, &out),
	                 0);
	assert_picture(&out, &none);
	assert_audit(c, "person.picture_removed", "person:1", 0);
	before = count_audit(c);
	assert_int_equal(pat_store_person_set_picture(c->store, ann, &none, NULL, 0,
	                                              &contract_actor, NOW, &out),
	                 0);
	assert_int_equal(count_audit(c), before);
	assert_int_equal(picture_get(c, ann, &second, &got), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(contract_backend->sql_i64(c, "SELECT count(*) FROM picture"), 0);
}

static void nobody_and_the_disabled_have_no_picture(void **state)
{
	struct contract *c = *state;
	pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };
	struct pat_picture picture = picture_of(PAT_PICTURE_JPEG, 3);
	struct pat_person out = { .id = 99 };
	int64_t ann = contract_person(c, "ann@x");

	assert_int_equal(pat_store_person_set_picture(c->store, 77, &picture, "x", 1,
	                                              &contract_actor, NOW, &out),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(out.id, 99);
	assert_int_equal(picture_get(c, 77, &picture, &got), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_person_set_picture(c->store, ann, &picture, "x", 1,
	                                              &contract_actor, NOW, &out),
	                 0);
	assert_int_equal(pat_store_person_set_disabled(c->store, ann, true, &contract_actor, NOW),
	                 0);
	assert_int_equal(picture_get(c, ann, &picture, &got), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_person_set_picture(c->store, ann, &picture, "y", 1,
	                                              &contract_actor, NOW, &out),
	                 PAT_STORE_E_DISABLED);
	assert_int_equal(pat_store_person_set_disabled(c->store, ann, false, &contract_actor, NOW),
	                 0);
	assert_int_equal(picture_get(c, ann, &picture, &got), 0);
}

/* A row that patd did not write is no person, and no picture. */
static void a_picture_edited_by_hand_is_not_handed_out(void **state)
{
	struct contract *c = *state;
	pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };
	struct pat_picture picture = picture_of(PAT_PICTURE_JPEG, 3);
	struct pat_person out;
	int64_t ann = contract_person(c, "ann@x");

	assert_int_equal(pat_store_person_set_picture(c->store, ann, &picture, "x", 1,
	                                              &contract_actor, NOW, &out),
	                 0);
	contract_backend->sql(c, "UPDATE picture SET bytes = x''");
	assert_int_equal(picture_get(c, ann, &picture, &got), -EIO);
	contract_backend->sql(c, "UPDATE picture SET bytes = zeroblob(70000)");
	assert_int_equal(picture_get(c, ann, &picture, &got), -EMSGSIZE);
	contract_backend->sql(c, "UPDATE picture SET hash = x'00'");
	assert_int_equal(pat_store_person_by_id(c->store, ann, &out), -EIO);
	contract_backend->sql(c, "UPDATE picture SET hash = zeroblob(16), kind = 9");
	assert_int_equal(pat_store_person_by_id(c->store, ann, &out), -EIO);
}

static void disabling_ends_everything_in_one_change(void **state)
{
	struct contract *c = *state;
	struct pat_session session;
	struct pat_person person;
	struct pat_record a;
	struct pat_record b;
	struct pat_record other;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");

	contract_created(c, ann, "a", &a);
	contract_created(c, ann, "b", &b);
	contract_created(c, ben, "a", &other);
	session = contract_session(ann, 1);
	assert_int_equal(pat_store_session_create(c->store, &session, &contract_actor, NOW), 0);
	size_t batches = c->n_batches;
	assert_int_equal(
		pat_store_person_set_disabled(c->store, ann, true, &contract_actor, NOW + 5), 0);

	assert_int_equal(c->n_batches, batches + 1);
	assert_int_equal(c->n_changes, 6);
	assert_int_equal(c->changes[3].kind, PAT_CHANGE_TOKEN_REMOVED);
	assert_memory_equal(c->changes[3].digest, a.digest, 32);
	assert_int_equal(c->changes[4].kind, PAT_CHANGE_TOKEN_REMOVED);
	assert_memory_equal(c->changes[4].digest, b.digest, 32);
	assert_int_equal(c->changes[5].kind, PAT_CHANGE_PERSON_DISABLED);
	assert_int_equal(c->changes[5].person, ann);
	assert_audit(c, "person.disabled", "person:1", 6);

	assert_int_equal(pat_store_session_get(c->store, session.hash, &session, &person),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(contract_backend->sql_i64(c, "SELECT count(*) FROM session"), 0);
	assert_int_equal(pat_store_session_create(c->store, &session, &contract_actor, NOW),
	                 PAT_STORE_E_DISABLED);
	assert_int_equal(contract_create(c, contract_token(ann, "z"), &a), PAT_STORE_E_DISABLED);
	assert_int_equal(pat_store_token_get(c->store, ann, b.digest, &b), 0);
	assert_int_equal(b.state, PAT_RECORD_REVOKED);
	assert_int_equal(b.revoked_reason, PAT_REVOKE_PERSON_DISABLED);
	assert_int_equal(b.revoked_s, NOW + 5);
	assert_int_equal(b.revoked_seq, 5);
	assert_int_equal(pat_store_token_get(c->store, ben, other.digest, &other), 0);
	assert_int_equal(other.state, PAT_RECORD_LIVE);
}

static void enabling_brings_nothing_back(void **state)
{
	struct contract *c = *state;
	struct pat_record a;
	int64_t seq = 0;
	int64_t ann = contract_person(c, "ann@x");

	contract_created(c, ann, "a", &a);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			pat_store_person_set_disabled(c->store, ann, true, &contract_actor, NOW),
			0);
	assert_int_equal(contract_head(c), 3);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			pat_store_person_set_disabled(c->store, ann, false, &contract_actor, NOW),
			0);
	assert_int_equal(contract_head(c), 4);
	assert_audit(c, "person.enabled", "person:1", 4);
	assert_int_equal(c->changes[3].kind, PAT_CHANGE_PERSON_ENABLED);
	assert_int_equal(contract_load(c, &seq), 0);
	assert_int_equal(contract_count(c, ann, PAT_TOKENS_LIVE), 0);
	contract_created(c, ann, "a", &a);
	assert_int_equal(contract_load(c, &seq), 1);
	assert_int_equal(seq, 5);
}

int contract_people_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(a_person_is_stored),
		contract_test(what_was_proven_must_still_be_the_password),
		contract_test(a_changed_password_renews_its_session),
		contract_test(an_email_belongs_to_one_in_any_case),
		contract_test(nobody_is_not_found),
		contract_test(people_are_listed_until_told_to_stop),
		contract_test(set_up_happens_once),
		contract_test(a_password_ends_other_sessions),
		contract_test(a_profile_is_changed),
		contract_test(a_profile_is_refused_whole),
		contract_test(a_picture_is_kept_with_its_person),
		contract_test(nobody_and_the_disabled_have_no_picture),
		contract_test(a_picture_edited_by_hand_is_not_handed_out),
		contract_test(disabling_ends_everything_in_one_change),
		contract_test(enabling_brings_nothing_back),
	};

	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
