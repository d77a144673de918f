/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and closing the core (what it loads is load.c's), and the one place where a change that the store has made durable is
 * applied to the index: the listener. It runs on the store's committing thread, in the order of the
 * changes, before the call that made the change returns; that is what makes "revoked" true when the
 * answer is sent.
 *
 * A token the index has no memory for stays out of it (the generate call sees that, takes the token
 * back and says so). A removal can not fail.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "core/node.h"
#include "core/private.h"

#define THROTTLE_ENTRIES 65536
#define SKEW_S           30
#define CHECK_EVERY_NS   1000000000ull

int64_t pat_core_now(struct pat_core *core)
{
	int64_t now = pat_clock_wall_s();
	int64_t latest = atomic_load(&core->latest_s);

	while (now > latest && !atomic_compare_exchange_weak(&core->latest_s, &latest, now))
		;
	return now > latest ? now : latest;
}

int pat_core_outcome(int store_outcome)
{
	switch (store_outcome) {
	case PAT_STORE_E_NOT_FOUND:
	case PAT_STORE_E_DISABLED:
		return PAT_CORE_E_NOT_FOUND;
	case PAT_STORE_E_PASSWORD_CHANGED:
		return PAT_CORE_E_CREDENTIALS;
	case PAT_STORE_E_EXISTS:
		return PAT_CORE_E_EMAIL_TAKEN;
	case PAT_STORE_E_NAME_TAKEN:
		return PAT_CORE_E_NAME_TAKEN;
	case PAT_STORE_E_LIMIT:
		return PAT_CORE_E_TOKEN_LIMIT;
	case PAT_STORE_E_REPLAYED:
		return PAT_CORE_E_REPLAYED;
	case PAT_STORE_E_IDEMPOTENCY_CONFLICT:
		return PAT_CORE_E_IDEMPOTENCY_CONFLICT;
	case PAT_STORE_E_ENDED:
		return PAT_CORE_E_TOKEN_ENDED;
	case PAT_STORE_E_REPLACED:
		return PAT_CORE_E_TOKEN_REPLACED;
	case PAT_STORE_E_WIDER:
		return PAT_CORE_E_SCOPE_NOT_HELD;
	case PAT_STORE_E_SETUP_DONE:
		return PAT_CORE_E_SETUP_DONE;
	case PAT_STORE_E_SETUP_CODE:
		return PAT_CORE_E_SETUP_CODE;
	default:
		return store_outcome <= 0 ? store_outcome : -EIO;
	}
}

/* Without memory for the narrower grant the wider one must not stay: rather no token, until the next start. */
static int index_narrow(struct pat_core *core, const struct pat_record *record)
{
	(void)pat_index_writer_expire(core->index, record->digest, record->expires_s);
	int r = pat_index_writer_regrant(core->index, record->digest, record->scopes,
	                                 record->limits);

	if (r < 0)
		pat_core_index_leave(core, record->digest);
	else
		pat_core_index_changed(core, record->digest, false);
	return r < 0 ? r : 0;
}

static int index_enter(struct pat_core *core, const struct pat_record *record)
{
	int r = pat_core_index_add(core->index, record);

	if (r == 0)
		pat_core_index_changed(core, record->digest, true);
	return r;
}

/* The store has the change already, so a journal that can not be written undoes nothing: it is said, and tried again
 * with the next one. */
static void journal_changes(struct pat_core *core, const struct pat_change *changes, size_t n)
{
	bool any = false;

	for (size_t i = 0; core->journal && i < n; i++) {
		if (changes[i].kind != PAT_CHANGE_TOKEN_REMOVED)
			continue;
		pat_journal_note(core->journal, changes[i].digest, changes[i].seq,
		                 pat_core_now(core));
		any = true;
	}
	int r = any ? pat_journal_sync(core->journal) : 0;
	if (r < 0)
		pat_log(PAT_LOG_ERROR, "journal.not_written", "error", pat_err_words(r), NULL);
}

static void listener(void *arg, const struct pat_change *changes, size_t n)
{
	struct pat_core *core = arg;

	journal_changes(core, changes, n);
	if (!core->index)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct pat_change *c = &changes[i];
		int r = 0;

		if (c->kind == PAT_CHANGE_TOKEN_REMOVED)
			pat_core_index_leave(core, c->digest);
		else if (c->kind == PAT_CHANGE_TOKEN_ADDED)
			r = index_enter(core, c->record);
		else if (c->kind == PAT_CHANGE_TOKEN_NARROWED)
			r = index_narrow(core, c->record);
		else if (c->kind == PAT_CHANGE_PRODUCT && core->node)
			pat_core_due_heard(core, c->seq);
		if (r < 0)
			pat_log(PAT_LOG_ERROR, "index.full", "error", pat_err_words(r), NULL);
		pat_index_writer_applied(core->index, pat_core_in_force(core, c->seq));
	}
	pat_core_node_changed(core);
}

static int open_parts(struct pat_core *core, struct pat_err *err)
{
	const struct pat_core_config *config = &core->config;
	int64_t seq = 0;
	int64_t latest = 0;

	if (pat_token_format_init(&core->format, config->token_prefix) < 0)
		return pat_err_set(err, -EINVAL,
		                   "the token prefix must be 2 to 5 letters or digits");
	int r = pat_password_new(
		&(struct pat_password_config){ .memory_kib = config->argon2_memory_kib,
	                                       .passes = config->argon2_passes,
	                                       .parallel = config->argon2_parallel,
	                                       .waiting = config->argon2_waiting,
	                                       .common_file = config->common_passwords },
		&core->password, err);
	if (r < 0)
		return r;
	r = pat_throttle_new(THROTTLE_ENTRIES, &core->throttle);
	if (r < 0)
		return pat_err_set(err, r, "out of memory");
	r = config->journal ? pat_journal_open(config->journal, &core->journal, err) : 0;
	if (r < 0)
		return r;
	r = pat_store_open(&(struct pat_store_config){ .location = config->store,
	                                               .row_key = config->row_key,
	                                               .sessions_max = config->sessions_live_max,
	                                               .shared = config->node_label != NULL,
	                                               .listener = listener,
	                                               .listener_arg = core },
	                   &core->store, err);
	if (r < 0)
		return r;
	r = pat_store_key_check(core->store);
	if (r == PAT_STORE_E_KEY)
		return pat_err_set(
			err, -EINVAL,
			"row.key is not the key that the database was written with: copy it from another node, or from a backup;"
			" a new key, which ends all tokens, has the next number (row2)");
	if (r < 0)
		return pat_err_set(err, r, "cannot read the store: %s", pat_err_words(r));
	r = pat_store_head(core->store, &seq, &latest);
	if (r < 0)
		return pat_err_set(err, r, "cannot read the store: %s", pat_err_words(r));
	atomic_store(&core->latest_s, latest);
	core->reported_s = latest;
	r = config->index_directory && config->node_label ? pat_core_node_new(core, err) : 0;
	if (r < 0)
		return r;
	return config->index_directory ? pat_core_index_load(core, err)
	                               : pat_core_products_load(core, NULL, err);
}

static int64_t notifier_now(void *arg)
{
	return pat_core_now(arg);
}

/* One that serves alone is always the same: after a crash it goes on at once. One of several is another after each start. */
static int notifier_start(struct pat_core *core)
{
	const struct pat_core_config *config = &core->config;
	uint8_t random[16] = { 0 };
	char holder[2 * sizeof(random) + 1] = "alone";

	if (!config->mailer)
		return 0;
	int r = core->node ? pat_random(random, sizeof(random)) : 0;
	if (core->node)
		pat_hex_encode(random, sizeof(random), holder);
	if (r == 0)
		r = pat_notifier_new(&(struct pat_notifier_config){ .store = core->store,
		                                                    .mailer = config->mailer,
		                                                    .holder = holder,
		                                                    .url = config->pages_url,
		                                                    .row_key = &config->row_key,
		                                                    .now = notifier_now,
		                                                    .now_arg = core },
		                     &core->notifier);
	return r == 0 ? pat_notifier_start(core->notifier) : r;
}

int pat_core_open(const struct pat_core_config *config, struct pat_core **ret, struct pat_err *err)
{
	struct pat_core *core = calloc(1, sizeof(*core));

	if (!core)
		return pat_err_set(err, -ENOMEM, "out of memory");
	core->config = *config;
	(void)pthread_mutex_init(&core->stop_lock, NULL);
	pat_clock_cond_init(&core->stop_wake);
	(void)pthread_mutex_init(&core->import_lock, NULL);
	(void)pthread_mutex_init(&core->due_lock, NULL);
	(void)pthread_mutex_init(&core->left_lock, NULL);
	(void)pthread_mutex_init(&core->undead_lock, NULL);
	(void)pthread_mutex_init(&core->asked_lock, NULL);
	(void)pthread_rwlock_init(&core->products_lock, NULL);
	int r = open_parts(core, err);
	if (r == 0 && core->index) {
		r = pat_core_keeper_start(core);
		if (r == 0 && core->node)
			r = pat_core_node_start(core);
		if (r == 0)
			r = notifier_start(core);
		if (r < 0)
			(void)pat_err_set(err, r, "cannot start a thread: %s", pat_err_words(r));
	}
	if (r < 0) {
		/* Nobody has served as this node, so nobody has to wait for it. */
		if (!core->published)
			pat_core_node_leave(core);
		pat_core_close(core);
		return r;
	}
	*ret = core;
	return 0;
}

void pat_core_close(struct pat_core *core)
{
	if (!core)
		return;
	pat_notifier_free(PAT_TAKE(core->notifier));
	pat_core_node_stop(core);
	pat_core_keeper_stop(core);
	pat_core_node_free(core);
	pat_store_close(core->store);
	pat_journal_close(core->journal);
	pat_index_reader_free(core->former);
	pat_index_reader_free(core->own);
	pat_intake_free(core->intake);
	pat_index_reader_free(core->asked);
	pat_ring_release(&core->asked_ring);
	pat_index_writer_free(core->index);
	pat_throttle_free(core->throttle);
	pat_password_free(core->password);
	pat_core_products_done(core);
	(void)pthread_rwlock_destroy(&core->products_lock);
	(void)pthread_mutex_destroy(&core->asked_lock);
	(void)pthread_mutex_destroy(&core->undead_lock);
	free(core->undead.list);
	(void)pthread_mutex_destroy(&core->due_lock);
	(void)pthread_mutex_destroy(&core->import_lock);
	(void)pthread_mutex_destroy(&core->left_lock);
	(void)pthread_cond_destroy(&core->stop_wake);
	(void)pthread_mutex_destroy(&core->stop_lock);
	pat_wipe(&core->config.row_key, sizeof(core->config.row_key));
	free(core);
}

void pat_core_end(struct pat_core *core)
{
	if (!core)
		return;
	pat_notifier_free(PAT_TAKE(core->notifier));
	pat_core_node_stop(core);
	pat_core_keeper_stop(core);
	if (core->index)
		pat_index_writer_retire(core->index);
	pat_core_node_leave(core);
	if (core->intake)
		pat_intake_unlink(core->intake);
	pat_core_close(core);
}

/* Asking costs a commit, and anybody may ask whether we are ready: once a second is enough. */
static int store_check(struct pat_core *core)
{
	uint64_t now_ns = pat_clock_boot_ns();
	uint64_t before_ns = atomic_load(&core->checked_ns);

	if (before_ns == 0 || now_ns - before_ns >= CHECK_EVERY_NS) {
		atomic_store(&core->checked_ns, now_ns);
		atomic_store(&core->checked, pat_store_check(core->store));
	}
	return atomic_load(&core->checked);
}

int pat_core_ready(struct pat_core *core, struct pat_err *err)
{
	int64_t behind = pat_core_now(core) - pat_clock_wall_s();
	int r = core->node ? pat_core_node_ready(core, err) : 0;

	if (r < 0)
		return r;
	r = store_check(core);
	if (r != 0)
		return pat_err_set(err, r < 0 ? r : -EIO, "store: a change cannot be made now (%s)",
		                   r < 0 ? pat_err_words(r) : "refused");
	if (core->config.index_directory && !core->index)
		return pat_err_set(err, -EIO, "index: not loaded");
	if (behind > SKEW_S)
		return pat_err_set(
			err, -ERANGE,
			"clock: the wall clock is %lld seconds behind what was already seen",
			(long long)behind);
	return 0;
}

const struct pat_core_config *pat_core_settings(const struct pat_core *core)
{
	return &core->config;
}
