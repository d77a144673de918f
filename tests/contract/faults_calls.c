/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/contract/faults_calls.h"

#include "store/notice.h"
#include "store/usage.h"

static int64_t ignored_i64;
static bool ignored_bool;
static struct pat_person ignored_person;
static struct pat_session ignored_session;
static struct pat_record ignored_record;

static struct pat_new_token *marked(const char *name, uint8_t mark)
{
	struct pat_new_token *token = contract_token(1, name);

	memset(token->record.digest, mark, sizeof(token->record.digest));
	return token;
}

static int person_create(struct contract *c)
{
	struct pat_person person = { .email = "new@x", .name = "New", .password = "$p" };

	return pat_store_person_create(c->store, &person, &contract_actor, NOW, &ignored_i64);
}

static int setup_code_set(struct contract *c)
{
	return pat_store_setup_code_set(c->store, (const uint8_t[32]){ 1 });
}

static int audit_note(struct contract *c)
{
	return pat_store_audit_note(c->store, &contract_actor, "change.effective", "nodes:3/3", 7,
	                            NOW);
}

static int setup_complete(struct contract *c)
{
	struct pat_person person = { .email = "root@x", .name = "Root", .admin = true };

	return pat_store_setup_complete(c->store, (const uint8_t[32]){ 9 }, &person,
	                                &contract_actor, NOW, &ignored_i64);
}

static int set_password(struct contract *c)
{
	return pat_store_person_set_password(c->store, 1, "$new", "password.changed", true, 1,
	                                     &contract_actor, NOW, &ignored_i64);
}

static int password_change(struct contract *c)
{
	ignored_session = contract_session(1, 9);
	return pat_store_password_change(c->store, 1, &ignored_session, "$new", true,
	                                 &contract_actor, NOW, &ignored_i64);
}

static int set_profile(struct contract *c)
{
	return pat_store_person_set_profile(c->store, 1, "Anna", "anna@x", &contract_actor, NOW,
	                                    &ignored_person);
}

/* Large enough for overflow pages. */
static uint8_t picture_bytes[9000] = { 1, 2, 3 };
static const struct pat_picture new_picture = { .kind = PAT_PICTURE_WEBP, .hash = { 7 } };
static const struct pat_picture old_picture = { .kind = PAT_PICTURE_PNG, .hash = { 6 } };

static int set_picture(struct contract *c)
{
	return pat_store_person_set_picture(c->store, 1, &new_picture, picture_bytes,
	                                    sizeof(picture_bytes), &contract_actor, NOW,
	                                    &ignored_person);
}

static int drop_picture(struct contract *c)
{
	return pat_store_person_set_picture(c->store, 2, &(struct pat_picture){ 0 }, NULL, 0,
	                                    &contract_actor, NOW, &ignored_person);
}

static int disable(struct contract *c)
{
	return pat_store_person_set_disabled(c->store, 1, true, &contract_actor, NOW);
}

static int session_create(struct contract *c)
{
	struct pat_session session = contract_session(1, 77);

	return pat_store_session_create(c->store, &session, &contract_actor, NOW);
}

/* One more than the three there are allowed to be. */
static int session_over(struct contract *c)
{
	struct pat_session session = contract_session(1, 78);

	return pat_store_session_create(c->store, &session, &contract_actor, NOW);
}

static int session_renew(struct contract *c)
{
	struct pat_session session = contract_session(1, 78);

	return pat_store_session_renew(c->store, 1, &session, &contract_actor, NOW);
}

static int session_touch(struct contract *c)
{
	return pat_store_session_touch(c->store, 1, NOW + 5);
}

static int session_end(struct contract *c)
{
	return pat_store_session_end(c->store, 1, 1, &contract_actor, NOW);
}

static int sessions_end(struct contract *c)
{
	return pat_store_sessions_end(c->store, 1, 2, &contract_actor, NOW, &ignored_i64);
}

static int sessions_prune(struct contract *c)
{
	return pat_store_sessions_prune(c->store, NOW + 9999, 0);
}

static int token_create(struct contract *c)
{
	struct pat_new_token *token = marked("new", 0xaa);

	token->idempotency_key = "new";
	(void)snprintf(token->record.scopes, sizeof(token->record.scopes), "a:new b:set");
	return contract_create(c, token, &ignored_record);
}

static int token_replay(struct contract *c)
{
	struct pat_new_token *token = marked("again", 0xab);

	token->idempotency_key = "old";
	return contract_create(c, token, &ignored_record);
}

static int token_name_taken(struct contract *c)
{
	return contract_create(c, marked("b", 0xac), &ignored_record);
}

static int token_revoke(struct contract *c)
{
	return pat_store_token_revoke(c->store, 1, (const uint8_t[16]){ [0 ... 15] = 1 },
	                              &contract_actor, NOW, &ignored_record);
}

static const uint8_t all_tids[3][PAT_TID_BYTES] = { { [0 ... 15] = 1 },
	                                            { [0 ... 15] = 2 },
	                                            { [0 ... 15] = 3 } };
static size_t ignored_size;

static int tokens_revoke(struct contract *c)
{
	return pat_store_tokens_revoke(c->store, 1, all_tids, 3, &contract_actor, NOW, NULL, NULL,
	                               &ignored_size);
}

static int tokens_revoke_all(struct contract *c)
{
	return pat_store_tokens_revoke(c->store, 1, NULL, 0, &contract_actor, NOW, NULL, NULL,
	                               &ignored_size);
}

static int token_made(struct contract *c)
{
	struct pat_new_token *token = marked("made", 0xad);

	memset(token->record.maker, 1, sizeof(token->record.maker));
	return contract_create(c, token, &ignored_record);
}

/* The first, which has made the third, goes on for a while. */
static int token_rotate(struct contract *c)
{
	struct pat_new_token *token = marked("a", 0xae);

	token->replaces = all_tids[0];
	token->replaced_ends_s = NOW + 10;
	return contract_create(c, token, &ignored_record);
}

static int token_rotate_at_once(struct contract *c)
{
	struct pat_new_token *token = marked("a", 0xae);

	token->replaces = all_tids[0];
	return contract_create(c, token, &ignored_record);
}

static int token_narrow(struct contract *c)
{
	uint8_t tid[PAT_TID_BYTES];

	memset(tid, 1, sizeof(tid));
	return pat_store_token_narrow(c->store, 1, tid, "files:read", &contract_actor, NOW,
	                              &ignored_record);
}

static int product_put(struct contract *c)
{
	struct pat_product product = {
		.name = "docs", .reading = "{}", .document = "a: 1", .document_len = 4
	};

	return pat_store_product_put(c->store, &product, &contract_actor, NOW, &ignored_i64);
}

static int product_remove(struct contract *c)
{
	return pat_store_product_remove(c->store, "old", &contract_actor, NOW);
}

static int count_product(void *arg, const struct pat_product *product)
{
	(void)product;
	++*(int *)arg;
	return 0;
}

static int service_add(struct contract *c)
{
	struct pat_service service = { .name = "gateway" };

	return pat_store_service_add(c->store, &service, &contract_actor, NOW);
}

static int service_get(struct contract *c)
{
	return pat_store_service_get(c->store, "old", &(struct pat_service){ 0 });
}

static int service_change(struct contract *c)
{
	struct pat_service before;
	struct pat_service after;
	int e = pat_store_service_get(c->store, "old", &before);

	if (e != 0)
		return e;
	after = before;
	(void)snprintf(after.product, sizeof(after.product), "docs");
	return pat_store_service_change(c->store, &before, &after, &contract_actor, NOW);
}

static int service_remove(struct contract *c)
{
	return pat_store_service_remove(c->store, "old", &contract_actor, NOW);
}

/* Somebody new, and somebody who is there and gets another name. */
static int portal_link_of(struct contract *c, const char *subject, uint8_t mark)
{
	struct pat_person person = { .name = "New", .email = "n@x", .service = "old" };
	struct pat_portal_link link = { .hash = { mark },
		                        .return_url = "https://x/",
		                        .expires_s = NOW + 120 };

	(void)snprintf(person.subject, sizeof(person.subject), "%s", subject);
	return pat_store_portal_link(c->store, &person, &link, &contract_actor, NOW, &ignored_i64);
}

static int portal_link(struct contract *c)
{
	return portal_link_of(c, "new", 8);
}

static int portal_link_again(struct contract *c)
{
	return portal_link_of(c, "there", 8);
}

static int portal_open(struct contract *c)
{
	ignored_session = contract_session(0, 9);
	return pat_store_portal_open(c->store, (const uint8_t[32]){ 7 }, &ignored_session,
	                             &contract_actor, NOW, &ignored_person);
}

static int portal_person(struct contract *c)
{
	return pat_store_portal_person(c->store, "old", "there", &ignored_person);
}

static int count_service(void *arg, const struct pat_service *service)
{
	(void)service;
	++*(int *)arg;
	return 0;
}

static int set_wishes(struct contract *c)
{
	return pat_store_person_set_wishes(c->store, 1, PAT_WISH_SIGN_INS, &contract_actor, NOW,
	                                   &ignored_person);
}

static struct pat_notice_state ignored_place;

static int notice_claim(struct contract *c)
{
	struct pat_notice_claim claim = { .holder = "one", .now_s = NOW, .until_s = NOW + 60 };

	return pat_store_notice_claim(c->store, &claim, &ignored_place);
}

/* Forgets the email as well. */
static int notice_advance(struct contract *c)
{
	struct pat_notice_state place = { .audit = 99 };

	return pat_store_notice_advance(c->store, "one", NOW + 90, &place);
}

static int notice_release(struct contract *c)
{
	return pat_store_notice_release(c->store, "one");
}

static int usage_fold(struct contract *c)
{
	struct pat_usage usage[] = { { 1, NOW + 3, 4 }, { 2, NOW + 4, 5 } };

	return pat_store_usage_fold(c->store, usage, 2);
}

static int usage_note(struct contract *c)
{
	struct pat_usage_done done = { .number = 1,
		                       .operation = { .name = "look", .judged = true },
		                       .count = 1,
		                       .first_s = NOW,
		                       .last_s = NOW };
	struct pat_usage_seen seen = { .number = 2, .first_s = NOW, .last_s = NOW };
	struct pat_usage_last last = {
		.number = 3, .at_s = NOW, .address = "::1", .turns = { .at_s = NOW }
	};

	return pat_store_usage_note(c->store,
	                            &(struct pat_usage_notes){ &done, 1, &seen, 1, &last, 1 });
}

static int usage_prune(struct contract *c)
{
	bool more = false;

	return pat_store_usage_prune(c->store, NOW + 40 * PAT_DAY_S, &more);
}

static int usage_view(struct contract *c)
{
	static struct pat_usage_view view;

	return pat_store_usage_view(c->store, 1, NOW, &view);
}

static int check(struct contract *c)
{
	return pat_store_check(c->store);
}

static int reads(struct contract *c)
{
	bool any = false;
	pat_cleanup(pat_buf_done) struct pat_buf picture = { 0 };

	pat_buf_init(&picture, PAT_PICTURE_BYTES_MAX);
	int e = pat_store_people_any(c->store, &any);
	if (e == 0)
		e = pat_store_person_picture(c->store, 2, &old_picture, &picture);
	if (e == 0 && picture.len != sizeof(picture_bytes))
		e = 99;
	if (e == 0)
		e = pat_store_person_by_email(c->store, "ann@x", &ignored_person);
	if (e == 0)
		e = pat_store_person_by_id(c->store, 1, &ignored_person);
	if (e == 0)
		e = pat_store_session_get(c->store, contract_session(1, 1).hash, &ignored_session,
		                          &ignored_person);
	struct pat_notice_view view;
	char email[PAT_EMAIL_BYTES_MAX + 1];
	if (e == 0)
		e = pat_store_notice_look(c->store, &view);
	if (e == 0)
		e = pat_store_former_email(c->store, view.audit, email);
	if (e == 0)
		e = pat_store_address_known(c->store, 1, "192.0.2.1", &ignored_bool);
	if (e == 0)
		e = pat_store_token_get(c->store, 1, (const uint8_t[16]){ [0 ... 15] = 1 },
		                        &ignored_record);
	if (e == 0)
		e = pat_store_token_owner(c->store, (const uint8_t[16]){ [0 ... 15] = 1 },
		                          &ignored_i64);
	if (e == 0)
		e = pat_store_head(c->store, &ignored_i64, &ignored_i64);
	if (e == 0)
		e = pat_store_audit_verify(c->store, &ignored_i64);
	if (e == 0)
		e = pat_store_key_check(c->store);
	return e;
}

static int count_person(void *arg, const struct pat_person *person)
{
	*(int *)arg += person->id > 0;
	return 0;
}

static int count_session(void *arg, const struct pat_session *session)
{
	*(int *)arg += session->id > 0;
	return 0;
}

static int count_record(void *arg, const struct pat_record *record)
{
	*(int *)arg += record->number > 0;
	return 0;
}

static int count_audit(void *arg, const struct pat_audit *audit)
{
	*(int *)arg += audit->id > 0;
	return 0;
}

/* Half a list with a result of 0 would be a lie: the counts are part of the result. */
static int lists(struct contract *c)
{
	struct pat_token_query query = { .now_s = NOW, .limit = 100 };
	int n = 0;
	int e = pat_store_person_list(c->store, 0, 100, count_person, &n);

	if (e == 0)
		e = pat_store_session_list(c->store, 1, count_session, &n);
	if (e == 0)
		e = pat_store_token_list(c->store, 1, &query, count_record, &n);
	if (e == 0)
		e = pat_store_token_expired(c->store, NOW, NOW + 5000, count_record, &n);
	struct pat_notice_mark after = { NOW, 0 };
	if (e == 0)
		e = pat_store_token_ending(c->store, &after, NOW + 5000, 100, count_record, &n);
	if (e == 0)
		e = pat_store_audit_list(c->store, 0, 100, count_audit, &n);
	if (e == 0)
		e = pat_store_product_list(c->store, count_product, &n);
	if (e == 0)
		e = pat_store_service_list(c->store, count_service, &n);
	return e == 0 ? n : e;
}

static int load(struct contract *c)
{
	int n = 0;
	int e = pat_store_token_count(c->store, &ignored_i64);

	if (e == 0)
		e = pat_store_token_load(c->store, 0, &ignored_i64, count_record, &n);
	return e == 0 ? n : e;
}

#define LISTED \
	35 /* 3 people, 3 sessions, 3 tokens, 4 expiring, twice, 16 audit records, a product, a service */

const struct faults_call faults_calls[] = {
	{ "person_create", person_create, 0, false, 0 },
	{ "setup_code_set", setup_code_set, 0, true, 0 },
	{ "audit_note", audit_note, 0, false, 0 },
	{ "setup_complete", setup_complete, 0, true, 0 },
	{ "set_password", set_password, 0, false, 0 },
	{ "password_change", password_change, 0, false, 0 },
	{ "set_profile", set_profile, 0, false, 0 },
	{ "set_picture", set_picture, 0, false, 0 },
	{ "drop_picture", drop_picture, 0, false, 0 },
	{ "disable", disable, 0, false, 0 },
	{ "session_create", session_create, 0, false, 0 },
	{ "session_renew", session_renew, 0, false, 0 },
	{ "session_over", session_over, 0, false, 3 },
	{ "session_touch", session_touch, 0, false, 0 },
	{ "session_end", session_end, 0, false, 0 },
	{ "sessions_end", sessions_end, 0, false, 0 },
	{ "sessions_prune", sessions_prune, 0, false, 0 },
	{ "token_create", token_create, 0, false, 0 },
	{ "token_replay", token_replay, PAT_STORE_E_REPLAYED, false, 0 },
	{ "token_name_taken", token_name_taken, PAT_STORE_E_NAME_TAKEN, false, 0 },
	{ "token_made", token_made, 0, false, 0 },
	{ "token_revoke", token_revoke, 0, false, 0 },
	{ "tokens_revoke", tokens_revoke, 0, false, 0 },
	{ "tokens_revoke_all", tokens_revoke_all, 0, false, 0 },
	{ "token_narrow", token_narrow, 0, false, 0 },
	{ "token_rotate", token_rotate, 0, false, 0 },
	{ "token_rotate_at_once", token_rotate_at_once, 0, false, 0 },
	{ "product_put", product_put, 0, false, 0 },
	{ "product_remove", product_remove, 0, false, 0 },
	{ "service_add", service_add, 0, false, 0 },
	{ "service_get", service_get, 0, false, 0 },
	{ "service_change", service_change, 0, false, 0 },
	{ "service_remove", service_remove, 0, false, 0 },
	{ "portal_link", portal_link, 0, false, 0 },
	{ "portal_link_again", portal_link_again, 0, false, 0 },
	{ "portal_open", portal_open, 0, false, 0 },
	{ "portal_person", portal_person, 0, false, 0 },
	{ "set_wishes", set_wishes, 0, false, 0 },
	{ "notice_claim", notice_claim, 0, false, 0 },
	{ "notice_advance", notice_advance, 0, false, 0 },
	{ "notice_release", notice_release, 0, false, 0 },
	{ "usage_fold", usage_fold, 0, false, 0 },
	{ "usage_note", usage_note, 0, false, 0 },
	{ "usage_prune", usage_prune, 0, false, 0 },
	{ "usage_view", usage_view, 0, false, 0 },
	{ "check", check, 0, false, 0 },
	{ "reads", reads, 0, false, 0 },
	{ "lists", lists, LISTED, false, 0 },
	{ "load", load, 4, false, 0 },
};
const size_t faults_calls_n = PAT_ARRAY_LEN(faults_calls);

/* ---- The stores. */

void faults_fill_setup(struct contract *c)
{
	assert_int_equal(pat_store_setup_code_set(c->store, (const uint8_t[32]){ 9 }), 0);
}

/* Somebody whom the service has sent, who has a link and a token: both end with the service. */
static void fill_portal(struct contract *c)
{
	struct pat_person person = {
		.name = "There", .email = "t@x", .service = "old", .subject = "there"
	};
	struct pat_portal_link link = { .hash = { 7 },
		                        .return_url = "https://x/",
		                        .expires_s = NOW + 120 };
	int64_t id = 0;

	assert_int_equal(pat_store_portal_link(c->store, &person, &link, &contract_actor, NOW, &id),
	                 0);
	struct pat_new_token *token = marked("named", 9);
	token->record.owner = id;
	(void)snprintf(token->record.known_as, sizeof(token->record.known_as), "old:there");
	assert_int_equal(contract_create(c, token, &ignored_record), 0);
}

void faults_fill(struct contract *c)
{
	int64_t ann = contract_person(c, "ann@x");
	struct pat_new_token *token = NULL;

	(void)contract_person(c, "ben@x");
	for (uint8_t i = 1; i <= 3; i++) {
		struct pat_session session = contract_session(ann, i);
		char name[2] = { (char)('a' + i - 1), '\0' };

		assert_int_equal(pat_store_session_create(c->store, &session, &contract_actor, NOW),
		                 0);
		token = marked(name, i);
		token->idempotency_key = i == 3 ? "old" : NULL;
		if (i == 3) /* made by the first, and ends with it */
			memset(token->record.maker, 1, sizeof(token->record.maker));
		assert_int_equal(contract_create(c, token, &ignored_record), 0);
	}
	assert_int_equal(pat_store_person_set_password(c->store, 2, "$b", "password.rehashed",
	                                               false, 0, &contract_actor, NOW,
	                                               &ignored_i64),
	                 0);
	assert_int_equal(pat_store_person_set_picture(c->store, 2, &old_picture, picture_bytes,
	                                              sizeof(picture_bytes), &contract_actor, NOW,
	                                              &ignored_person),
	                 0);
	struct pat_product old = {
		.name = "old", .reading = "{}", .document = "b", .document_len = 1
	};
	assert_int_equal(pat_store_product_put(c->store, &old, &contract_actor, NOW, &ignored_i64),
	                 0);
	assert_int_equal(pat_store_service_add(c->store, &(struct pat_service){ .name = "old" },
	                                       &contract_actor, NOW),
	                 0);
	fill_portal(c);
	/* The last audit record: somebody sends mail, and knows what was before. */
	assert_int_equal(notice_claim(c), 0);
	assert_int_equal(pat_store_person_set_profile(c->store, 2, NULL, "ben@y", &contract_actor,
	                                              NOW, &ignored_person),
	                 0);
}
