/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading: the index, built from the store while nobody sees it, and put in the place of the one that verifiers use.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/node.h"
#include "core/private.h"

int pat_core_index_add(struct pat_index_writer *index, const struct pat_record *record)
{
	char number[PAT_NUM_BYTES];
	const char *owner = record->known_as[0] ? record->known_as : pat_num(number, record->owner);

	return pat_index_writer_add(index, &(struct pat_index_entry){
						   .digest = record->digest,
						   .number = record->number,
						   .owner = owner,
						   .scopes = record->scopes,
						   .limits = record->limits,
						   .issued_s = record->issued_s,
						   .expires_s = record->expires_s,
					   });
}

/* ---- What was put back. */

struct load {
	struct pat_index_writer *index;    /* owned until it is taken */
	const struct pat_journal *journal; /* NULL: none */
	int64_t seq;
	struct pat_core_undead undead;
};

static void load_done(struct load *load)
{
	free(load->undead.list);
	pat_index_writer_free(load->index);
}

static int undead_keep(struct pat_core_undead *undead, int64_t owner,
                       const uint8_t digest[static PAT_DIGEST_BYTES])
{
	if (undead->n == undead->cap) {
		size_t cap = undead->cap ? 2 * undead->cap : 64;
		struct pat_core_undead_token *grown =
			reallocarray(undead->list, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		undead->list = grown;
		undead->cap = cap;
	}
	struct pat_core_undead_token *token = &undead->list[undead->n++];
	token->owner = owner;
	memcpy(token->digest, digest, PAT_DIGEST_BYTES); /* UNSAFE: fixed sizes */
	return 0;
}

/* A revoke is one-way: what was brought back is revoked again. It is in no index, so while the store can not take the change
 * it is dead all the same. Those that are left are tried again. */
static void reassert(struct pat_core *core, struct pat_core_undead *undead, bool first)
{
	static const struct pat_actor self = { .via = "system" };
	pat_cleanup(pat_freep) struct pat_record *record = malloc(sizeof(*record));
	char tid[PAT_TID_CHARS + 1];
	size_t left = 0;

	for (size_t i = 0; i < undead->n; i++) {
		const struct pat_core_undead_token *token = &undead->list[i];
		int r = record ? pat_store_token_revoke(core->store, token->owner, token->digest,
		                                        &self, pat_core_now(core), record)
		               : -ENOMEM;

		pat_record_tid(token->digest, tid);
		if (first || r >= 0)
			pat_log(PAT_LOG_WARNING, "revocation.reasserted", "tid", tid, "stored",
			        r == 0 ? "yes" : "no", NULL);
		if (r < 0)
			undead->list[left++] = *token;
	}
	undead->n = left;
}

/* The first try, and what is left of it for the housekeeper. Without memory to remember it, it is the next start's. */
static void reassert_first(struct pat_core *core, struct pat_core_undead *undead)
{
	reassert(core, undead, true);
	(void)pthread_mutex_lock(&core->undead_lock);
	for (size_t i = 0; i < undead->n; i++)
		(void)!undead_keep(&core->undead, undead->list[i].owner, undead->list[i].digest);
	(void)pthread_mutex_unlock(&core->undead_lock);
}

void pat_core_reassert(struct pat_core *core)
{
	(void)pthread_mutex_lock(&core->undead_lock);
	if (core->undead.n > 0)
		reassert(core, &core->undead, false);
	(void)pthread_mutex_unlock(&core->undead_lock);
}

/* ---- Building. */

static int load_one(void *arg, const struct pat_record *record)
{
	struct load *load = arg;

	if (load->journal && pat_journal_has(load->journal, record->digest))
		return undead_keep(&load->undead, record->owner, record->digest);
	int r = pat_core_index_add(load->index, record);
	return r == PAT_INDEX_E_EXISTS ? 0 : r;
}

static bool index_there(const char *directory)
{
	char path[4200];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, PAT_INDEX_FILE);
	return access(path, F_OK) == 0;
}

/* The index of the run before, if it is there: its usage is still to be taken, and what had expired for it stays
 * expired, even if the clock was set back in between. */
static void former_open(struct pat_core *core)
{
	if (!index_there(core->config.index_directory) ||
	    pat_index_reader_new(core->config.index_directory, &core->former) < 0 ||
	    pat_index_reader_enter(core->former, pat_clock_boot_ns) != 0)
		return;
	int64_t floor_s = pat_index_reader_clock_floor_s(core->former);
	if (floor_s > atomic_load(&core->latest_s))
		atomic_store(&core->latest_s, floor_s);
}

/* Tokens first: a product that changes while they are read is told of as a change behind them. */
static int build(struct pat_core *core, struct load *load, struct pat_err *err)
{
	const struct pat_core_config *config = &core->config;
	int64_t expected = 0;

	int r = pat_store_token_count(core->store, &expected);
	if (r < 0)
		return pat_err_set(err, r, "cannot count the tokens: %s", pat_err_words(r));
	r = pat_index_writer_new(
		&(struct pat_index_config){ .directory = config->index_directory,
	                                    .group = config->index_group,
	                                    .format = &core->format,
	                                    .tokens_max = config->index_tokens_max,
	                                    .tokens_expected = (uint64_t)expected,
	                                    .consistency = pat_core_node_consistency(core),
	                                    .node = pat_core_node_incarnation(core) },
		&load->index, err);
	if (r < 0)
		return r;
	r = pat_store_token_load(core->store,
	                         pat_core_now(core) - config->expired_keep_days * 86400, &load->seq,
	                         load_one, load);
	if (r < 0)
		return pat_err_set(err, r, "cannot load the tokens into the index: %s",
		                   pat_err_words(r));
	(void)pthread_mutex_lock(&core->import_lock);
	r = pat_core_products_load(core, load->index, err);
	(void)pthread_mutex_unlock(&core->import_lock);
	if (r < 0 && (!err || !err->text[0]))
		return pat_err_set(err, r, "cannot load the products: %s", pat_err_words(r));
	return r;
}

static void log_loaded(struct pat_core *core, uint64_t began_ns)
{
	struct pat_index_stats stats;
	char tokens[PAT_NUM_BYTES];
	char ms[PAT_NUM_BYTES];

	pat_index_writer_stats(core->index, &stats);
	pat_log(PAT_LOG_INFO, "index.loaded", "tokens", pat_num(tokens, (int64_t)stats.live), "ms",
	        pat_num(ms, (int64_t)((pat_clock_boot_ns() - began_ns) / 1000000)), NULL);
}

static int readers_open(struct pat_core *core, struct pat_err *err)
{
	const struct pat_core_config *config = &core->config;

	int r = pat_index_reader_new(config->index_directory, &core->own);
	if (r == 0)
		r = pat_index_reader_new(config->index_directory, &core->asked);
	if (r < 0)
		return pat_err_set(err, r, "cannot read the index back: %s", pat_err_words(r));
	r = pat_intake_new(config->index_directory, config->index_group, config->usage_addresses,
	                   &core->intake, err);
	if (r < 0)
		return r;
	/* Should all be taken, what services ask about is counted without being told of. */
	(void)!pat_ring_claim(&core->asked_ring, config->index_directory);
	return 0;
}

int pat_core_index_load(struct pat_core *core, struct pat_err *err)
{
	pat_cleanup(load_done) struct load load = { .journal = core->journal };
	uint64_t began_ns = pat_clock_boot_ns();

	former_open(core);
	int r = build(core, &load, err);
	if (r < 0)
		return r;
	core->index = PAT_TAKE(load.index);
	bool former = core->former && pat_index_reader_refresh(core->former);
	pat_index_writer_forget_older(core->index,
	                              former ? pat_index_reader_generation(core->former) : 0);
	if (core->node)
		pat_core_node_begin(core);
	r = pat_index_writer_publish(core->index, load.seq, pat_core_now(core), err);
	core->published = true;
	if (r == 0)
		r = readers_open(core, err);
	if (r < 0)
		return r;
	reassert_first(core, &load.undead);
	log_loaded(core, began_ns);
	return 0;
}

/* ---- Loading anew. */

/* From here to the return nobody is told anything, so nobody says that a change is in force. */
static int put_in_place(struct pat_core *core, struct load *load, uint64_t lease_end_ns,
                        struct pat_err *err)
{
	pat_node_hold(core->node->store);
	pat_index_writer_swap(core->index, load->index);
	int64_t told = 0;
	int r = pat_node_resume(core->node->store, load->seq, &told);
	if (r == 0) {
		pat_index_writer_lease(core->index, lease_end_ns);
		r = pat_index_writer_publish(core->index, told, pat_core_now(core), err);
	}
	if (r != 0)
		pat_index_writer_swap(core->index, load->index);
	else if (core->config.mirror)
		core->config.mirror->renewed(core->config.mirror->arg);
	pat_node_release(core->node->store);
	return r;
}

int pat_core_index_renew(struct pat_core *core, uint64_t lease_end_ns, struct pat_err *err)
{
	pat_cleanup(pat_journal_closep) struct pat_journal *journal = NULL;
	pat_cleanup(pat_index_reader_freep) struct pat_index_reader *former = NULL;
	pat_cleanup(load_done) struct load load = { 0 };
	uint64_t began_ns = pat_clock_boot_ns();

	/* What was revoked since this process began counts as well. */
	int r = core->config.journal ? pat_journal_open(core->config.journal, &journal, err) : 0;
	load.journal = journal;
	if (r == 0)
		r = build(core, &load, err);
	if (r == 0)
		r = pat_index_reader_new(core->config.index_directory, &former);
	if (r == 0)
		r = put_in_place(core, &load, lease_end_ns, err);
	if (r != 0) {
		/* Products may have been read into what is not used. */
		pat_core_due_end(core, false);
		return r;
	}
	/* Its usage is still to be taken. */
	former = atomic_exchange(&core->left_behind, former);
	reassert_first(core, &load.undead);
	log_loaded(core, began_ns);
	return 0;
}
