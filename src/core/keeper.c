/* SPDX-License-Identifier: Apache-2.0
 *
 * The housekeeper: one thread that once a second raises the index's clock floor and empties the usage rings, and less
 * often folds usage into the store, reports tokens that have expired, drops those that expired long ago from the
 * index, and forgets old sessions and old usage. Nothing here is needed for a verdict to be right; a fault is
 * logged and tried again at the next turn.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/node.h"
#include "core/private.h"

#define FOLD_EVERY_S   10
#define FORGET_EVERY_S 600
#define FOLD_BATCH     512
#define SLICE          65536
#define PRUNE_MAX      64 /* transactions in a turn of forgetting */
#define FORMER_REST_S  3  /* by then every worker has opened the new generation */

struct fold {
	struct pat_core *core;
	struct pat_usage batch[FOLD_BATCH];
	struct pat_usage_cell *cells[FOLD_BATCH];
	size_t n;
	bool failed;
};

static void fold_flush(struct fold *fold)
{
	if (fold->n == 0)
		return;
	int r = pat_store_usage_fold(fold->core->store, fold->batch, fold->n);
	if (r != 0) {
		/* Keep what was counted for the next turn. */
		for (size_t i = 0; i < fold->n; i++)
			(void)atomic_fetch_add(&fold->cells[i]->count,
			                       (uint32_t)fold->batch[i].use_count_more);
		pat_log(PAT_LOG_WARNING, "usage.not_stored", "error",
		        r < 0 ? pat_err_words(r) : "refused", NULL);
		fold->failed = true;
	}
	fold->n = 0;
}

static void fold_cell(void *arg, const struct pat_index_hit *hit,
                      const uint8_t digest[PAT_DIGEST_BYTES], struct pat_usage_cell *cell)
{
	struct fold *fold = arg;

	(void)digest;
	if (fold->failed || atomic_load_explicit(&cell->count, memory_order_relaxed) == 0)
		return;
	fold->batch[fold->n] = (struct pat_usage){
		.number = (int64_t)hit->number,
		.use_count_more = atomic_exchange(&cell->count, 0),
		.last_used_s = pat_core_used_s(fold->core, atomic_load(&cell->last_used_s)),
	};
	fold->cells[fold->n++] = cell;
	if (fold->n == FOLD_BATCH)
		fold_flush(fold);
}

static void fold_cells(struct pat_core *core, struct pat_index_reader *reader)
{
	static _Thread_local struct fold fold;
	uint64_t from = 0;

	fold.core = core;
	fold.n = 0;
	fold.failed = false;
	while (from < pat_index_reader_visit(reader, from, SLICE, fold_cell, &fold) && !fold.failed)
		from += SLICE;
	fold_flush(&fold);
}

/* What the workers' rings hold. */
static void take_usage(struct pat_core *core)
{
	struct pat_index_reader *const readers[2] = { core->own, core->former };

	pat_intake_take(core->intake, core->store, readers, pat_core_now(core));
}

static void fold_usage(struct pat_core *core)
{
	pat_core_usage_settle(core);
	fold_cells(core, core->own);
	pat_intake_store(core->intake, core->store);
}

struct expiry {
	struct pat_core *core;
	bool any;
};

static int report_expired(void *arg, const struct pat_record *record)
{
	char tid[PAT_TID_CHARS + 1];
	char owner[PAT_NUM_BYTES];
	struct expiry *expiry = arg;

	expiry->any = true;
	pat_core_index_changed(expiry->core, record->digest, false);
	pat_record_tid(record->digest, tid);
	pat_log(PAT_LOG_INFO, "token.expired", "tid", tid, "person", pat_num(owner, record->owner),
	        NULL);
	return 0;
}

/* Reports what has expired since the last time. The store is then told the time, as the use of no token: should the
 * machine start again with an earlier clock and no index, what has expired stays so. */
static void expire(struct pat_core *core, int64_t now)
{
	struct pat_usage moment = { .last_used_s = now };
	struct expiry expiry = { .core = core };

	int r = pat_store_token_expired(core->store, core->reported_s, now, report_expired,
	                                &expiry);
	if (r == 0 && expiry.any)
		r = pat_store_usage_fold(core->store, &moment, 1);
	if (r == 0)
		core->reported_s = now;
}

/* A transaction after the other, so that nobody waits long behind one. What is left is the next turn's. */
static void forget_usage(struct pat_core *core, int64_t now)
{
	bool more = true;
	int r = 0;

	for (int i = 0; i < PRUNE_MAX && more && r == 0; i++)
		r = pat_store_usage_prune(core->store, now, &more);
	if (r < 0)
		pat_log(PAT_LOG_WARNING, "usage.not_pruned", "error", pat_err_words(r), NULL);
}

static void forget(struct pat_core *core, int64_t now)
{
	int64_t before = now - core->config.expired_keep_days * 86400;
	uint64_t dropped = 0;

	for (uint64_t from = 0;
	     from < pat_index_writer_drop_expired(core->index, before, from, SLICE, &dropped);)
		from += SLICE;
	int r = pat_store_sessions_prune(core->store, now, now - core->config.session_idle_s);
	if (r < 0)
		pat_log(PAT_LOG_WARNING, "sessions.not_pruned", "error", pat_err_words(r), NULL);
	forget_usage(core, now);
}

/* Waits a second; false when it is time to stop. */
static bool keep_going(struct pat_core *core)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	(void)pthread_mutex_lock(&core->stop_lock);
	if (!core->stopping)
		(void)pthread_cond_timedwait(&core->stop_wake, &core->stop_lock, &until);
	bool stop = core->stopping;
	(void)pthread_mutex_unlock(&core->stop_lock);
	return !stop;
}

/* An index that was loaded anew has left one behind. */
static void look_behind(struct pat_core *core, uint64_t turn, uint64_t *since)
{
	if (core->former)
		return;
	core->former = atomic_exchange(&core->left_behind, NULL);
	*since = turn;
}

static void take_former(struct pat_core *core)
{
	fold_cells(core, core->former);
	pat_index_reader_free(core->former);
	core->former = NULL;
	pat_index_writer_forget_others(core->index);
}

static void *keeper_run(void *arg)
{
	struct pat_core *core = arg;

	uint64_t former_since = 0;

	for (uint64_t turn = 1; keep_going(core); turn++) {
		int64_t now = pat_core_now(core);

		pat_index_writer_tick(core->index, now);
		(void)pat_index_reader_refresh(core->own);
		pat_core_products_refresh(core);
		take_usage(core);
		pat_core_receipts_write(core);
		pat_core_reassert(core);
		if (core->former && turn >= former_since + FORMER_REST_S)
			take_former(core);
		look_behind(core, turn, &former_since);
		if (turn % FOLD_EVERY_S == 0) {
			fold_usage(core);
			expire(core, now);
		}
		if (turn % FORGET_EVERY_S == 1)
			forget(core, now);
	}
	if (core->former)
		take_former(core);
	take_usage(core);
	pat_core_receipts_write(core);
	fold_usage(core);
	expire(core, pat_core_now(core));
	return NULL;
}

int pat_core_keeper_start(struct pat_core *core)
{
	int r = pthread_create(&core->housekeeper, NULL, keeper_run, core);

	core->housekeeper_runs = r == 0;
	return -r;
}

void pat_core_keeper_stop(struct pat_core *core)
{
	if (!core->housekeeper_runs)
		return;
	(void)pthread_mutex_lock(&core->stop_lock);
	core->stopping = true;
	(void)pthread_cond_signal(&core->stop_wake);
	(void)pthread_mutex_unlock(&core->stop_lock);
	(void)pthread_join(core->housekeeper, NULL);
	core->housekeeper_runs = false;
}
