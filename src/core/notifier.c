/* SPDX-License-Identifier: Apache-2.0
 *
 * What a newcomer would get wrong:
 *  - The place in the store moves on behind a mail that was sent, never before it.
 *  - A server in trouble stops everything, a recipient in trouble only what is for them: those mails are kept in memory and tried
 *    again. A restart forgets them; to hold the place back for them would send everything behind it twice.
 *  - Nobody may fill that memory alone, or their full mailbox would stop everybody's mail.
 */
#include "core/notifier.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/log.h"

#define CLAIM_S     60 /* longer than one mail may take */
#define TURN_S      1
#define ENDINGS_S   5 /* how often tokens that end are looked for */
#define WAIT_S_MAX  300
#define BATCH       64
#define KEPT_MAX    64
#define KEPT_OF_ONE 8 /* for one address */
#define KEPT_WAIT_S 60
#define KEPT_TRIES  12 /* the last after 300 s each: an hour in all */

/* A mail for a recipient whom the server does not take now. */
struct kept {
	struct pat_mail mail;
	enum pat_notice_kind kind;
	int64_t person;
	int64_t due_s;
	unsigned tries;
};

struct ending {
	struct pat_notice_mark mark;
	int64_t owner;
	uint8_t tid[PAT_TID_BYTES];
};

struct pat_notifier {
	struct pat_notifier_config config; /* its key is not kept */
	char holder[PAT_NOTICE_HOLDER_BYTES_MAX + 1];
	struct pat_notice_place place;
	struct pat_notice_state state;
	bool moved;       /* … since it was stored */
	unsigned n_dealt; /* of the next audit record's mails */
	bool sent;        /* something, since the place was stored */
	int64_t endings_looked_s;
	struct pat_notice notice; /* in hand */
	struct pat_audit audits[BATCH + 1];
	size_t n_audits;
	struct ending endings[BATCH];
	size_t n_endings;
	struct kept *kept[KEPT_MAX]; /* owned */
	size_t n_kept;
	uint64_t dropped;
	bool failing; /* the mailer, as the log was told */
	bool faulty;  /* … the store */
	pthread_t thread;
	bool runs;
	atomic_bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t wake;
};

/* ---- Beginning and ending. */

/* The same on every node and after every restart, and nothing that tells the key. */
static int installation_make(const struct pat_row_key *key, char out[static 17])
{
	static const char use[] = "patd: names of mails";
	uint8_t mac[PAT_SHA256_BYTES];

	int r = pat_hmac_sha256(key->bytes, use, sizeof(use) - 1, mac);
	pat_hex_encode(mac, 8, out);
	return r;
}

int pat_notifier_new(const struct pat_notifier_config *config, struct pat_notifier **ret)
{
	struct pat_notifier *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->config = *config;
	n->config.row_key = NULL;
	n->config.holder = n->holder;
	(void)snprintf(n->holder, sizeof(n->holder), "%s", config->holder);
	n->place.url = config->url;
	(void)pthread_mutex_init(&n->lock, NULL);
	pat_clock_cond_init(&n->wake);
	int r = installation_make(config->row_key, n->place.installation);
	if (r < 0)
		pat_notifier_free(PAT_TAKE(n));
	else
		*ret = n;
	return r;
}

static void kept_free(struct kept *kept)
{
	pat_mail_done(&kept->mail);
	free(kept);
}

static void notifier_stop(struct pat_notifier *n)
{
	if (!n->runs)
		return;
	(void)pthread_mutex_lock(&n->lock);
	atomic_store(&n->stopping, true);
	(void)pthread_cond_signal(&n->wake);
	(void)pthread_mutex_unlock(&n->lock);
	(void)pthread_join(n->thread, NULL);
}

void pat_notifier_free(struct pat_notifier *n)
{
	if (!n)
		return;
	notifier_stop(n);
	for (size_t i = 0; i < n->n_kept; i++)
		kept_free(n->kept[i]);
	(void)pthread_cond_destroy(&n->wake);
	(void)pthread_mutex_destroy(&n->lock);
	free(n);
}

/* ---- One mail. */

/* `how`: a pat_mail_outcome. */
static void say_not_taken(int how, enum pat_notice_kind kind, int64_t person,
                          const struct pat_mail_reply *reply)
{
	bool refused = how == PAT_MAIL_E_REFUSED;
	const char *event = refused ? "notice.refused" : "notice.deferred";
	char number[PAT_NUM_BYTES];
	char code[PAT_NUM_BYTES];

	pat_log(refused ? PAT_LOG_WARNING : PAT_LOG_INFO, event, "notice", pat_notice_name(kind),
	        "person", pat_num(number, person), "command", reply->command, "code",
	        pat_num(code, reply->code), NULL);
}

static void say_sent(enum pat_notice_kind kind, int64_t person)
{
	char number[PAT_NUM_BYTES];

	pat_log(PAT_LOG_INFO, "notice.sent", "notice", pat_notice_name(kind), "person",
	        pat_num(number, person), NULL);
}

static void say_failing(struct pat_notifier *n, const struct pat_mail_reply *reply)
{
	char code[PAT_NUM_BYTES];

	if (!n->failing)
		pat_log(PAT_LOG_ERROR, "notice.failed", "error", reply->error, "command",
		        reply->command, "code", pat_num(code, reply->code), NULL);
	n->failing = true;
}

/* What the mailer said of the server: 0, E_LATER, or a fault; a refusal is said and done with. */
static int send_one(struct pat_notifier *n, const struct pat_mail *mail, enum pat_notice_kind kind,
                    int64_t person)
{
	const struct pat_mailer *mailer = n->config.mailer;
	struct pat_mail_reply reply = { .code = 0 };

	int r = mailer->send(mailer->arg, mail, &n->stopping, &reply);
	if (r == -ECANCELED)
		return r;
	if (r < 0) {
		say_failing(n, &reply);
		return r;
	}
	if (n->failing)
		pat_log(PAT_LOG_INFO, "notice.resumed", NULL);
	n->failing = false;
	if (r == 0)
		say_sent(kind, person);
	else
		say_not_taken(r, kind, person, &reply);
	return r == PAT_MAIL_E_LATER ? r : 0;
}

static size_t kept_for(const struct pat_notifier *n, const char *address)
{
	size_t count = 0;

	for (size_t i = 0; i < n->n_kept; i++)
		count += strcmp(n->kept[i]->mail.to, address) == 0;
	return count;
}

/* Takes the mail. Where there is no room: too much for one address is dropped, and too much at all is a server in trouble. */
static int keep(struct pat_notifier *n, struct pat_mail *mail, int64_t now_s)
{
	if (kept_for(n, mail->to) >= KEPT_OF_ONE) {
		n->dropped++;
		return 0;
	}
	struct kept *kept = n->n_kept < KEPT_MAX ? malloc(sizeof(*kept)) : NULL;
	if (!kept)
		return n->n_kept < KEPT_MAX ? -ENOMEM : -EBUSY;
	*kept = (struct kept){ .mail = *mail,
		               .kind = n->notice.kind,
		               .person = n->notice.person.id,
		               .due_s = now_s + KEPT_WAIT_S };
	*mail = (struct pat_mail){ 0 };
	n->kept[n->n_kept++] = kept;
	return 0;
}

/* Sends the notice in hand: 0 when it is dealt with, or a fault. */
static int notice_send(struct pat_notifier *n, int64_t now_s)
{
	pat_cleanup(pat_mail_done) struct pat_mail mail = { 0 };

	pat_mail_init(&mail);
	n->sent = true;
	int r = pat_notice_write(&n->notice, &n->place, now_s, &mail);
	if (r < 0)
		return r;
	r = send_one(n, &mail, n->notice.kind, n->notice.person.id);
	return r == PAT_MAIL_E_LATER ? keep(n, &mail, now_s) : r;
}

/* Sends it, unless it is about something too long ago. */
static int notice_deal(struct pat_notifier *n, int64_t at_s, int64_t now_s)
{
	if (n->notice.kind == PAT_NOTICE_NONE)
		return 0;
	if (now_s - at_s > PAT_NOTIFIER_AGE_S) {
		n->dropped++;
		return 0;
	}
	return notice_send(n, now_s);
}

/* ---- Those that are kept. */

static void kept_drop(struct pat_notifier *n, size_t i)
{
	kept_free(n->kept[i]);
	n->kept[i] = n->kept[--n->n_kept];
}

static int kept_retry(struct pat_notifier *n, int64_t now_s)
{
	for (size_t i = n->n_kept; i-- > 0;) {
		struct kept *kept = n->kept[i];

		if (kept->due_s > now_s)
			continue;
		int r = send_one(n, &kept->mail, kept->kind, kept->person);
		if (r < 0)
			return r;
		if (r == PAT_MAIL_E_LATER && ++kept->tries < KEPT_TRIES) {
			int64_t wait_s = (int64_t)KEPT_WAIT_S << kept->tries;

			kept->due_s = now_s + (wait_s < WAIT_S_MAX ? wait_s : WAIT_S_MAX);
			continue;
		}
		n->dropped += r == PAT_MAIL_E_LATER;
		kept_drop(n, i);
	}
	return 0;
}

/* ---- The place. */

/* The place, and the claim with it. -ESTALE: that is another's by now. */
static int place_store(struct pat_notifier *n)
{
	if (!n->moved)
		return 0;
	int64_t until_s = n->config.now(n->config.now_arg) + CLAIM_S;
	int r = pat_store_notice_advance(n->config.store, n->config.holder, until_s, &n->state);
	n->moved = r < 0;
	n->sent = n->sent && r < 0;
	return r > 0 ? -ESTALE : r;
}

/* Behind each mail, so that little is sent twice. */
static int place_pass(struct pat_notifier *n)
{
	n->moved = true;
	return n->sent ? place_store(n) : 0;
}

/* ---- Audit records. */

static int audit_keep(void *arg, const struct pat_audit *audit)
{
	struct pat_notifier *n = arg;

	n->audits[n->n_audits++] = *audit;
	return 0;
}

/* A change of an email is told at both addresses. */
static int audit_deal(struct pat_notifier *n, const struct pat_audit *audit,
                      const struct pat_audit *before, int64_t now_s)
{
	int r = pat_notice_of_audit(n->config.store, audit, before, &n->notice);
	bool email = n->notice.kind == PAT_NOTICE_EMAIL;

	if (r == 0 && n->n_dealt == 0) {
		r = notice_deal(n, audit->at_s, now_s);
		n->n_dealt += r == 0;
	}
	if (r == 0 && email)
		r = pat_notice_to_former(n->config.store, &n->notice);
	if (r == 0 && email)
		r = notice_deal(n, audit->at_s, now_s);
	return r;
}

/* 0, 1 when there are more, or a fault. One record more than is new, to know what came before the first. */
static int audits_deal(struct pat_notifier *n, int64_t now_s)
{
	int64_t after = n->state.audit;

	n->n_audits = 0;
	int r = pat_store_audit_list(n->config.store, after > 0 ? after - 1 : 0, BATCH + 1,
	                             audit_keep, n);
	for (size_t i = 0; r == 0 && i < n->n_audits; i++) {
		const struct pat_audit *audit = &n->audits[i];

		if (audit->id <= after)
			continue;
		r = audit_deal(n, audit, i > 0 ? audit - 1 : NULL, now_s);
		if (r != 0)
			break;
		n->state.audit = audit->id;
		n->n_dealt = 0;
		r = place_pass(n);
	}
	return r == 0 && n->n_audits == BATCH + 1 ? 1 : r;
}

/* ---- Tokens that end. */

static int ending_keep(void *arg, const struct pat_record *record)
{
	struct pat_notifier *n = arg;
	struct ending *ending = &n->endings[n->n_endings++];

	ending->mark = (struct pat_notice_mark){ record->expires_s, record->number };
	ending->owner = record->owner;
	memcpy(ending->tid, record->digest, sizeof(ending->tid)); /* UNSAFE: its first half */
	return 0;
}

static int endings_find(struct pat_notifier *n, enum pat_lead lead, int64_t now_s)
{
	n->n_endings = 0;
	return pat_store_token_ending(n->config.store, &n->state.marks[lead],
	                              now_s + pat_notice_lead_s(lead), BATCH, ending_keep, n);
}

static int endings_deal(struct pat_notifier *n, enum pat_lead lead, int64_t now_s)
{
	int r = endings_find(n, lead, now_s);

	for (size_t i = 0; r == 0 && i < n->n_endings; i++) {
		const struct ending *ending = &n->endings[i];

		r = pat_notice_of_token(n->config.store, ending->owner, ending->tid, lead, now_s,
		                        &n->notice);
		if (r == 0)
			r = notice_deal(n, ending->mark.expires_s - pat_notice_lead_s(lead), now_s);
		if (r != 0)
			break;
		n->state.marks[lead] = ending->mark;
		r = place_pass(n);
	}
	return r == 0 && n->n_endings == BATCH ? 1 : r;
}

/* ---- A turn. */

static struct pat_notice_claim claim_of(const struct pat_notifier *n, int64_t now_s)
{
	struct pat_notice_claim claim = { .holder = n->config.holder,
		                          .now_s = now_s,
		                          .until_s = now_s + CLAIM_S };

	/* All that is to be told of by now is past. */
	for (int lead = 0; lead < PAT_LEADS; lead++)
		claim.marks[lead] =
			(struct pat_notice_mark){ now_s + pat_notice_lead_s((enum pat_lead)lead),
			                          INT64_MAX };
	return claim;
}

/* Whether there is anything to do, so that nothing is written where there is not, and by nobody who may not. */
static int work_find(struct pat_notifier *n, bool endings, int64_t now_s, bool *ret)
{
	struct pat_notice_view view;

	int r = pat_store_notice_look(n->config.store, &view);
	*ret = r == PAT_STORE_E_NOT_FOUND;
	if (r != 0)
		return r < 0 ? r : 0;
	if (strcmp(view.holder, n->config.holder) != 0 && view.until_s > now_s)
		return 0;
	n->state = view.state;
	*ret = view.audit > view.state.audit;
	for (int lead = 0; r == 0 && endings && !*ret && lead < PAT_LEADS; lead++) {
		r = endings_find(n, (enum pat_lead)lead, now_s);
		*ret = n->n_endings > 0;
	}
	return r;
}

static int work_claim(struct pat_notifier *n, int64_t now_s)
{
	struct pat_notice_claim claim = claim_of(n, now_s);
	int64_t before = n->state.audit;

	int r = pat_store_notice_claim(n->config.store, &claim, &n->state);
	if (n->state.audit != before)
		n->n_dealt = 0; /* that was another record */
	n->moved = n->sent = false;
	return r > 0 ? -ESTALE : r;
}

/* 0, 1 when there is more, or a fault. */
static int work_do(struct pat_notifier *n, bool endings, int64_t now_s)
{
	int r = audits_deal(n, now_s);
	int more = r > 0;

	for (int lead = 0; r >= 0 && endings && lead < PAT_LEADS; lead++) {
		r = endings_deal(n, (enum pat_lead)lead, now_s);
		more |= r > 0;
	}
	/* Whatever went wrong, what was dealt with before is. */
	int stored = place_store(n);
	if (r < 0 || stored < 0)
		return r < 0 ? r : stored;
	return more;
}

static void say_dropped(struct pat_notifier *n)
{
	char count[PAT_NUM_BYTES];

	if (n->dropped > 0)
		pat_log(PAT_LOG_WARNING, "notice.dropped", "count",
		        pat_num(count, (int64_t)n->dropped), NULL);
	n->dropped = 0;
}

int pat_notifier_turn(struct pat_notifier *n)
{
	int64_t now_s = n->config.now(n->config.now_arg);
	bool endings = now_s - n->endings_looked_s >= ENDINGS_S;
	bool work = false;

	int r = kept_retry(n, now_s);
	if (r == 0)
		r = work_find(n, endings, now_s, &work);
	if (r == 0 && work)
		r = work_claim(n, now_s);
	if (r == 0 && work)
		r = work_do(n, endings, now_s);
	if (endings && r == 0)
		n->endings_looked_s = now_s;
	say_dropped(n);
	return r == -ESTALE ? 0 : r; /* another sends */
}

/* ---- The thread. */

unsigned pat_notifier_wait_s(unsigned faults)
{
	return faults == 0 ? TURN_S : faults > 8 ? WAIT_S_MAX : 1u << faults;
}

/* False when it is time to end. */
static bool keep_going(struct pat_notifier *n, unsigned wait_s)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_s;
	(void)pthread_mutex_lock(&n->lock);
	while (!atomic_load(&n->stopping) &&
	       pthread_cond_timedwait(&n->wake, &n->lock, &until) != ETIMEDOUT)
		;
	(void)pthread_mutex_unlock(&n->lock);
	return !atomic_load(&n->stopping);
}

/* What the mailer did not say: that the store cannot be read. Once, until it can. */
static void say_fault(struct pat_notifier *n, int fault)
{
	if (!n->failing && !n->faulty && fault < 0 && fault != -ECANCELED)
		pat_log(PAT_LOG_ERROR, "notice.failed", "error", pat_err_words(fault), NULL);
	n->faulty = fault < 0;
}

static void *notifier_run(void *arg)
{
	struct pat_notifier *n = arg;
	unsigned faults = 0;
	int r = 0;

	while (keep_going(n, r > 0 ? 0 : pat_notifier_wait_s(faults))) {
		r = pat_notifier_turn(n);
		faults = r < 0 ? faults + (faults < 9) : 0;
		say_fault(n, r);
	}
	n->dropped = n->n_kept;
	say_dropped(n);
	(void)!pat_store_notice_release(n->config.store, n->config.holder);
	return NULL;
}

/* Where nobody has ever sent mail the present is now, not when the thread comes to it. What fails here is tried again there. */
static void begin(struct pat_notifier *n)
{
	struct pat_notice_view view;

	if (pat_store_notice_look(n->config.store, &view) == PAT_STORE_E_NOT_FOUND)
		(void)!work_claim(n, n->config.now(n->config.now_arg));
}

int pat_notifier_start(struct pat_notifier *n)
{
	begin(n);
	int r = pthread_create(&n->thread, NULL, notifier_run, n);

	n->runs = r == 0;
	return -r;
}
