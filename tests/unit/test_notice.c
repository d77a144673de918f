/* SPDX-License-Identifier: Apache-2.0
 *
 * What the notifier does with a store: of what it tells whom, how far it moves, and what it does when a server or a recipient will
 * not. A mailer of the test's own takes the mail, and a clock of its own passes.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "base/log.h"
#include "core/notifier.h"

#define NOW      1800000000
#define DAY      86400
#define MAIL_MAX 400

struct sent {
	char id[PAT_MAIL_ID_MAX + 1];
	char to[PAT_MAIL_ADDRESS_MAX + 1];
	char subject[PAT_MAIL_SUBJECT_MAX + 1];
	char text[2000];
	int64_t place; /* the store's, when it was sent */
};

struct scene {
	char folder[64];
	char location[96];
	struct pat_row_key key;
	struct pat_store *store;
	struct pat_mailer mailer;
	struct pat_notifier *notifier;
	int64_t now_s;
	struct sent sent[MAIL_MAX];
	size_t n_sent;
	size_t asked;        /* how often the mailer was */
	int fault;           /* of the server */
	const char *refused; /* recipient, … */
	int how;             /* … and how */
	int64_t token_number;
};

static const struct pat_actor page = {
	.person = 1, .via = "page", .address = "192.0.2.1", .agent = "Browser/1", .request_id = "r"
};

static int take(void *arg, const struct pat_mail *mail, const atomic_bool *stop,
                struct pat_mail_reply *reply)
{
	struct scene *s = arg;
	struct sent *sent = &s->sent[s->n_sent];
	struct pat_notice_view view;

	(void)stop;
	s->asked++;
	*reply = (struct pat_mail_reply){ .code = 250 };
	if (s->fault)
		return s->fault;
	if (s->refused && strcmp(s->refused, mail->to) == 0)
		return s->how;
	pat_assert(s->n_sent < MAIL_MAX);
	(void)snprintf(sent->id, sizeof(sent->id), "%s", mail->id);
	(void)snprintf(sent->to, sizeof(sent->to), "%s", mail->to);
	(void)snprintf(sent->subject, sizeof(sent->subject), "%s", mail->subject);
	(void)snprintf(sent->text, sizeof(sent->text), "%s", pat_buf_str(&mail->text));
	assert_int_equal(pat_store_notice_look(s->store, &view), 0);
	sent->place = view.state.audit;
	s->n_sent++;
	return 0;
}

static int64_t now(void *arg)
{
	return ((struct scene *)arg)->now_s;
}

static struct pat_notifier *notifier_of(struct scene *s, const char *holder)
{
	struct pat_notifier *n = NULL;

	assert_int_equal(pat_notifier_new(&(struct pat_notifier_config){ .store = s->store,
	                                                                 .mailer = &s->mailer,
	                                                                 .holder = holder,
	                                                                 .url = "https://t.example",
	                                                                 .row_key = &s->key,
	                                                                 .now = now,
	                                                                 .now_arg = s },
	                                  &n),
	                 0);
	return n;
}

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct pat_err err;

	assert_non_null(s);
	test_folder(s->folder);
	(void)snprintf(s->location, sizeof(s->location), "%.60s/store.db", s->folder);
	s->key = (struct pat_row_key){ .id = 1, .bytes = { 1, 2, 3 } };
	assert_int_equal(pat_store_open(&(struct pat_store_config){ .location = s->location,
	                                                            .row_key = s->key },
	                                &s->store, &err),
	                 0);
	s->mailer = (struct pat_mailer){ .send = take, .arg = s };
	s->now_s = NOW;
	s->notifier = notifier_of(s, "alone");
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	pat_notifier_free(s->notifier);
	pat_store_close(s->store);
	test_folder_remove(s->folder);
	free(s);
	return 0;
}

/* Turns until there is no more to do. */
static int turn(struct scene *s)
{
	int r = 1;

	while (r == 1)
		r = pat_notifier_turn(s->notifier);
	return r;
}

static int64_t person(struct scene *s, const char *email)
{
	struct pat_person person = { .name = "Ann", .password = "$p" };
	int64_t id = 0;

	(void)snprintf(person.email, sizeof(person.email), "%s", email);
	assert_int_equal(pat_store_person_create(s->store, &person, &page, s->now_s, &id), 0);
	return id;
}

/* Somebody is there, and what happened before is past. */
static int64_t begin(struct scene *s)
{
	int64_t ann = person(s, "ann@x");

	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 0);
	return ann;
}

static struct pat_record token(struct scene *s, int64_t owner, const char *name, int64_t lives_s)
{
	static struct pat_new_token t;
	struct pat_record made;
	struct pat_actor self = page;

	t = (struct pat_new_token){ .live_max = 1000, .now_s = s->now_s };
	t.record.owner = owner;
	t.record.issued_s = s->now_s;
	t.record.expires_s = s->now_s + lives_s;
	memset(t.record.digest, (int)++s->token_number, sizeof(t.record.digest));
	(void)snprintf(t.record.name, sizeof(t.record.name), "%s", name);
	(void)snprintf(t.record.hint, sizeof(t.record.hint), "a1B2");
	(void)snprintf(t.record.scopes, sizeof(t.record.scopes), "files:read me:read");
	self.person = owner;
	assert_int_equal(pat_store_token_create(s->store, &t, &self, &made), 0);
	return made;
}

static void revoke_by(struct scene *s, const struct pat_record *token, struct pat_actor by)
{
	struct pat_record ignored;

	assert_int_equal(pat_store_token_revoke(s->store, token->owner, token->digest, &by,
	                                        s->now_s, &ignored),
	                 0);
}

static void wish(struct scene *s, int64_t person, unsigned wishes)
{
	struct pat_person ignored;

	assert_int_equal(
		pat_store_person_set_wishes(s->store, person, wishes, &page, s->now_s, &ignored),
		0);
}

static void assert_sent(struct scene *s, size_t i, const char *to, const char *subject)
{
	assert_true(i < s->n_sent);
	assert_string_equal(s->sent[i].to, to);
	assert_string_equal(s->sent[i].subject, subject);
}

/* ---- Of what. */

static void the_past_is_past(void **state)
{
	struct scene *s = *state;
	int64_t ann = person(s, "ann@x");

	(void)token(s, ann, "before", 30 * DAY);
	(void)token(s, ann, "nearly over", 7 * DAY + 120);
	s->now_s += 120;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 0);
	(void)token(s, ann, "after", 30 * DAY);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
	assert_sent(s, 0, "ann@x", "A token was generated: \"after\"");
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
}

static void a_token_that_was_generated(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);

	(void)token(s, ann, "CI", 30 * DAY);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
	const char *text = s->sent[0].text;
	assert_non_null(strstr(
		text, "Hello Ann,\n\na token was generated for your account, on the pages.\n"));
	assert_non_null(
		strstr(text, "  Name     CI\n  Token    …a1B2\n  Scopes   files:read, me:read\n"));
	assert_non_null(strstr(text, "  Ends     14 Feb 2027, 08:00 UTC\n"));
	assert_non_null(strstr(text, "  When     15 Jan 2027, 08:00 UTC\n"));
	assert_non_null(strstr(text, "  Address  192.0.2.1\n"));
	assert_non_null(strstr(text, "https://t.example/settings/security\n"));
	assert_non_null(strstr(text, "https://t.example/settings/notifications\n"));
}

static void a_revoke_is_told_unless_it_was_ones_own(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);
	struct pat_actor by = page;
	struct pat_record r[4];

	for (int i = 0; i < 4; i++)
		r[i] = token(s, ann, (const char *[]){ "a", "b", "c", "d" }[i], 30 * DAY);
	assert_int_equal(turn(s), 0);
	s->n_sent = 0;
	revoke_by(s, &r[0], by);
	by.person = 99;
	revoke_by(s, &r[1], by);
	by = (struct pat_actor){ .via = "service:scanner" };
	revoke_by(s, &r[2], by);
	by = (struct pat_actor){ .via = "system" };
	revoke_by(s, &r[3], by);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 3);
	assert_sent(s, 0, "ann@x", "Your token \"b\" was revoked");
	assert_non_null(strstr(s->sent[0].text, "by an administrator.\n"));
	assert_null(strstr(s->sent[0].text, "192.0.2.1"));
	assert_non_null(strstr(s->sent[1].text, "by a program that may end tokens"));
	assert_non_null(strstr(s->sent[2].text, "by the server itself"));
}

static struct pat_session session_of(int64_t person, uint8_t mark)
{
	return (struct pat_session){ .person = person,
		                     .hash = { mark },
		                     .created_s = NOW,
		                     .seen_s = NOW,
		                     .expires_s = NOW + DAY };
}

/* A session that goes on under another cookie is no sign-in. */
static void a_sign_in_is_told_to_who_wants_it(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);
	struct pat_session one = session_of(ann, 1);
	struct pat_session two = session_of(ann, 2);
	struct pat_session three = session_of(ann, 3);
	int64_t ended = 0;

	assert_int_equal(pat_store_session_create(s->store, &one, &page, s->now_s), 0);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 0);
	wish(s, ann, PAT_WISHES_ALL);
	assert_int_equal(pat_store_session_renew(s->store, one.id, &two, &page, s->now_s), 0);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 0);
	assert_int_equal(pat_store_session_create(s->store, &one, &page, s->now_s), 0);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
	assert_sent(s, 0, "ann@x", "Somebody has signed in as you");
	assert_non_null(strstr(s->sent[0].text, "  Browser  Browser/1\n"));
	assert_int_equal(pat_store_password_change(s->store, two.id, &three, "$q", true, &page,
	                                           s->now_s, &ended),
	                 0);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 2);
	assert_sent(s, 1, "ann@x", "Your password was changed");
}

static void a_password_and_an_email_are_always_told(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);
	struct pat_person ignored;
	struct pat_actor cli = { .via = "cli" };
	int64_t ended = 0;

	wish(s, ann, 0);
	assert_int_equal(pat_store_person_set_password(s->store, ann, "$r", "password.rehashed",
	                                               false, 0, &page, s->now_s, &ended),
	                 0);
	assert_int_equal(pat_store_person_set_password(s->store, ann, "$q", "password.changed",
	                                               true, 0, &cli, s->now_s, &ended),
	                 0);
	assert_int_equal(pat_store_person_set_profile(s->store, ann, "Anna", "anna@y", &page,
	                                              s->now_s, &ignored),
	                 0);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 3);
	assert_sent(s, 0, "anna@y", "Your password was changed");
	assert_non_null(strstr(s->sent[0].text, "by whoever runs the server"));
	assert_null(strstr(s->sent[0].text, "/settings/notifications"));
	assert_sent(s, 1, "anna@y", "Your email address was changed");
	assert_sent(s, 2, "ann@x", "Your email address was changed");
	assert_null(strstr(s->sent[2].text, "anna@y"));
	assert_string_not_equal(s->sent[1].id, s->sent[2].id);
}

/* Somebody whom a product has sent, with an email. */
static int64_t portal_person(struct scene *s)
{
	struct pat_service service = { .name = "shop" };
	struct pat_person cat = {
		.name = "Cat", .email = "cat@x", .service = "shop", .subject = "cat"
	};
	struct pat_portal_link link = { .hash = { 7 },
		                        .return_url = "https://x/",
		                        .expires_s = NOW + DAY };
	int64_t id = 0;

	assert_int_equal(pat_store_service_add(s->store, &service, &page, s->now_s), 0);
	assert_int_equal(pat_store_portal_link(s->store, &cat, &link, &page, s->now_s, &id), 0);
	return id;
}

static void who_gets_nothing(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);
	int64_t ben = person(s, "ben@x");

	wish(s, ann, PAT_WISH_ENDINGS | PAT_WISH_SIGN_INS);
	(void)token(s, ann, "not wanted", 30 * DAY);
	(void)token(s, ben, "wanted", 30 * DAY);
	assert_int_equal(pat_store_person_set_disabled(s->store, ben, true, &page, s->now_s), 0);
	(void)token(s, portal_person(s), "a product's own", 30 * DAY);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 0);
}

/* ---- Ends. */

static void the_end_of_a_token_is_told_twice(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);

	wish(s, ann, PAT_WISH_ENDINGS);
	(void)token(s, ann, "month", 30 * DAY);
	struct pat_record gone = token(s, ann, "gone", 30 * DAY);
	for (int hour = 0; hour <= 31 * 24; hour++) {
		if (hour == 48) {
			(void)token(s, ann, "week", 7 * DAY);
			(void)token(s, ann, "day", DAY);
		}
		if (hour == 20 * 24)
			revoke_by(s, &gone, page);
		assert_int_equal(turn(s), 0);
		s->now_s += 3600;
	}
	assert_int_equal(s->n_sent, 3);
	assert_sent(s, 0, "ann@x", "Your token \"week\" ends in 1 day");
	assert_sent(s, 1, "ann@x", "Your token \"month\" ends in 7 days");
	assert_sent(s, 2, "ann@x", "Your token \"month\" ends in 1 day");
	assert_non_null(strstr(s->sent[1].text, "ends on 14 Feb 2027, 08:00 UTC."));
	assert_string_not_equal(s->sent[1].id, s->sent[2].id);
}

/* More than a batch of them, in the same second, and the server fails in between: each once. */
static void many_that_end_together_are_told_once_each(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);
	char name[32];

	wish(s, ann, PAT_WISH_ENDINGS);
	for (int i = 0; i < 150; i++) {
		(void)snprintf(name, sizeof(name), "t%d", i);
		(void)token(s, ann, name, 30 * DAY);
	}
	assert_int_equal(turn(s), 0);
	s->now_s += 23 * DAY + 10;
	assert_int_equal(pat_notifier_turn(s->notifier), 1);
	assert_int_equal(s->n_sent, 64);
	s->fault = -ECONNREFUSED;
	assert_int_equal(turn(s), -ECONNREFUSED);
	s->fault = 0;
	pat_notifier_free(s->notifier);
	s->notifier = notifier_of(s, "alone");
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 150);
	for (int i = 0; i < 150; i++) {
		(void)snprintf(name, sizeof(name), "\"t%d\"", i);
		assert_non_null(strstr(s->sent[i].subject, name));
	}
}

/* ---- Trouble. */

static void a_server_that_was_away_gets_it_all(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);

	s->fault = -ECONNREFUSED;
	for (int i = 0; i < 3; i++) {
		(void)token(s, ann, (const char *[]){ "a", "b", "c" }[i], 30 * DAY);
		s->now_s += 3600;
		assert_int_equal(turn(s), -ECONNREFUSED);
	}
	assert_int_equal(s->asked, 3); /* only the first is tried */
	pat_notifier_free(s->notifier);
	s->notifier = notifier_of(s, "alone");
	s->fault = 0;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 3);
	assert_sent(s, 0, "ann@x", "A token was generated: \"a\"");
}

/* Killed at any moment, one mail at most is sent again. */
static void the_place_moves_behind_each_mail(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);

	for (int i = 0; i < 3; i++)
		(void)token(s, ann, (const char *[]){ "a", "b", "c" }[i], 30 * DAY);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(s->sent[i].place, 1 + i);
}

static void what_is_a_day_old_is_not_sent(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);

	s->fault = -ECONNREFUSED;
	(void)token(s, ann, "old", 30 * DAY);
	s->now_s += PAT_NOTIFIER_AGE_S - 10;
	(void)token(s, ann, "new", 30 * DAY);
	s->now_s += 20;
	s->fault = 0;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
	assert_sent(s, 0, "ann@x", "A token was generated: \"new\"");
	/* Two days before its end nobody is told that there are seven left. */
	s->now_s = NOW + 28 * DAY;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
	s->now_s = NOW + 29 * DAY + 60;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 2);
	assert_sent(s, 1, "ann@x", "Your token \"old\" ends in 1 day");
}

static void a_recipient_who_is_refused_stops_nobody(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);
	int64_t ben = person(s, "ben@x");

	s->refused = "ann@x";
	s->how = PAT_MAIL_E_REFUSED;
	(void)token(s, ann, "a", 30 * DAY);
	(void)token(s, ben, "b", 30 * DAY);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
	assert_sent(s, 0, "ben@x", "A token was generated: \"b\"");
	s->refused = NULL;
	s->now_s += 3600;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
}

static void a_recipient_who_is_put_off_gets_it_later(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);
	int64_t ben = person(s, "ben@x");

	s->refused = "ann@x";
	s->how = PAT_MAIL_E_LATER;
	(void)token(s, ann, "a", 30 * DAY);
	(void)token(s, ben, "b", 30 * DAY);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
	assert_sent(s, 0, "ben@x", "A token was generated: \"b\"");
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->asked, 2);
	s->now_s += 60;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->asked, 3);
	s->now_s += 119;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->asked, 3);
	s->now_s += 1;
	s->refused = NULL;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 2);
	assert_sent(s, 1, "ann@x", "A token was generated: \"a\"");
	s->now_s += 3600;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 2);
}

/* A mailbox that is full for good: others get their mail, and memory has an end. */
static void a_full_mailbox_fills_nothing_else(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);
	int64_t ben = person(s, "ben@x");
	char name[32];

	s->refused = "ann@x";
	s->how = PAT_MAIL_E_LATER;
	for (int i = 0; i < 120; i++) {
		(void)snprintf(name, sizeof(name), "a%d", i);
		(void)token(s, ann, name, 30 * DAY);
		assert_int_equal(turn(s), 0);
	}
	(void)token(s, ben, "b", 30 * DAY);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
	size_t asked = s->asked;
	for (int minute = 0; minute < 180; minute++) {
		s->now_s += 60;
		assert_int_equal(turn(s), 0);
	}
	assert_true(s->asked - asked <= 8 * 12);
	asked = s->asked;
	s->now_s += 3600;
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->asked, asked);
}

/* Of several one sends; another goes on when it has not been heard of for a while. */
static void one_of_several_sends(void **state)
{
	struct scene *s = *state;
	int64_t ann = begin(s);
	struct pat_notifier *other = notifier_of(s, "other");

	(void)token(s, ann, "a", 30 * DAY);
	assert_int_equal(pat_notifier_turn(other), 0);
	assert_int_equal(s->n_sent, 0);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 1);
	(void)token(s, ann, "b", 30 * DAY);
	s->now_s += 59;
	assert_int_equal(pat_notifier_turn(other), 0);
	assert_int_equal(s->n_sent, 1);
	s->now_s += 1;
	assert_int_equal(pat_notifier_turn(other), 0);
	assert_int_equal(s->n_sent, 2);
	assert_int_equal(turn(s), 0);
	assert_int_equal(s->n_sent, 2);
	/* The same mail has the same name, whoever sends it. */
	assert_true(strncmp(s->sent[0].id, s->sent[1].id, 22) == 0);
	assert_string_equal(s->sent[0].id + 21, ".audit.2.1800000000");
	pat_notifier_free(other);
}

static void it_waits_ever_longer(void **state)
{
	unsigned before = 0;

	(void)state;
	for (unsigned faults = 0; faults < 20; faults++) {
		unsigned wait = pat_notifier_wait_s(faults);

		assert_true(wait > before || wait == 300);
		before = wait;
	}
	assert_int_equal(before, 300);
}

/* The thread ends at once, and gives its claim back. */
static void the_thread_ends_soon(void **state)
{
	struct scene *s = *state;
	struct pat_notice_view view;

	(void)begin(s);
	assert_int_equal(pat_notifier_start(s->notifier), 0);
	pat_notifier_free(s->notifier);
	assert_int_equal(pat_store_notice_look(s->store, &view), 0);
	assert_int_equal(view.until_s, 0);
	s->notifier = notifier_of(s, "alone");
}

int main(void)
{
#define test_of(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		test_of(the_past_is_past),
		test_of(a_token_that_was_generated),
		test_of(a_revoke_is_told_unless_it_was_ones_own),
		test_of(a_sign_in_is_told_to_who_wants_it),
		test_of(a_password_and_an_email_are_always_told),
		test_of(who_gets_nothing),
		test_of(the_end_of_a_token_is_told_twice),
		test_of(many_that_end_together_are_told_once_each),
		test_of(a_server_that_was_away_gets_it_all),
		test_of(the_place_moves_behind_each_mail),
		test_of(what_is_a_day_old_is_not_sent),
		test_of(a_recipient_who_is_refused_stops_nobody),
		test_of(a_recipient_who_is_put_off_gets_it_later),
		test_of(a_full_mailbox_fills_nothing_else),
		test_of(one_of_several_sends),
		test_of(it_waits_ever_longer),
		test_of(the_thread_ends_soon),
	};

	pat_log_level_set(PAT_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
