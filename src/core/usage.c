/* SPDX-License-Identifier: Apache-2.0
 *
 * What usage cells know, between the index and the store. A cell leaves the index with its token, so it is read one last time
 * where every token leaves: in the store's listener, whoever ended the token and however many with it.
 */
#include "base/clock.h"
#include "core/private.h"

#define FOLD_BATCH 64

/* Workers write the cells, and what they write must not move our time: nothing was used in the future. */
int64_t pat_core_used_s(struct pat_core *core, int64_t last_used_s)
{
	int64_t now = pat_core_now(core);

	return last_used_s > now ? now : last_used_s;
}

void pat_core_usage_of(struct pat_core *core, const uint8_t digest[static PAT_DIGEST_BYTES],
                       struct pat_core_use *ret)
{
	*ret = (struct pat_core_use){ 0 };
	if (core->index &&
	    pat_index_writer_usage(core->index, digest, &ret->last_used_s, &ret->count))
		ret->last_used_s = pat_core_used_s(core, ret->last_used_s);
}

void pat_core_usage_add(struct pat_record *record, const struct pat_core_use *use)
{
	if (use->last_used_s > record->last_used_s)
		record->last_used_s = use->last_used_s;
	record->use_count += use->count;
}

void pat_core_usage_live(struct pat_core *core, struct pat_record *record)
{
	struct pat_core_use use;

	pat_core_usage_of(core, record->digest, &use);
	pat_core_usage_add(record, &use);
}

void pat_core_index_changed(struct pat_core *core, const uint8_t digest[static PAT_DIGEST_BYTES],
                            bool is_new)
{
	const struct pat_core_mirror *mirror = core->config.mirror;

	if (mirror)
		mirror->changed(mirror->arg, digest, is_new);
}

void pat_core_index_leave(struct pat_core *core, const uint8_t digest[static PAT_DIGEST_BYTES])
{
	struct pat_index_usage usage = { 0 };

	(void)pthread_mutex_lock(&core->left_lock);
	if (core->n_left < PAT_CORE_LEFT_MAX &&
	    pat_index_writer_usage_take(core->index, digest, &usage) && usage.count > 0)
		core->left[core->n_left++] = (struct pat_usage){ .number = usage.number,
			                                         .use_count_more = usage.count,
			                                         .last_used_s = pat_core_used_s(
									 core, usage.last_used_s) };
	(void)pthread_mutex_unlock(&core->left_lock);
	if (pat_index_writer_remove(core->index, digest) == 0)
		pat_core_index_changed(core, digest, false);
}

/* The last of them, as many as are stored at once. */
static size_t left_take(struct pat_core *core, struct pat_usage batch[static FOLD_BATCH])
{
	size_t n = 0;

	(void)pthread_mutex_lock(&core->left_lock);
	while (core->n_left > 0 && n < FOLD_BATCH)
		batch[n++] = core->left[--core->n_left];
	(void)pthread_mutex_unlock(&core->left_lock);
	return n;
}

static void left_give_back(struct pat_core *core, const struct pat_usage *batch, size_t n)
{
	(void)pthread_mutex_lock(&core->left_lock);
	for (size_t i = 0; i < n && core->n_left < PAT_CORE_LEFT_MAX; i++)
		core->left[core->n_left++] = batch[i];
	(void)pthread_mutex_unlock(&core->left_lock);
}

void pat_core_usage_settle(struct pat_core *core)
{
	struct pat_usage batch[FOLD_BATCH];

	for (size_t n = left_take(core, batch); n > 0; n = left_take(core, batch))
		if (pat_store_usage_fold(core->store, batch, n) != 0) {
			left_give_back(core, batch, n);
			return;
		}
}
