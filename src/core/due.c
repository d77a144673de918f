/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of products that were heard of and are not in force yet. A token's change is in force when the listener returns; a
 * product's document has to be read first, by whoever comes first, and that takes time in which other changes are heard of. Until it is
 * done, nobody may be told that more is in force than what came before it.
 */
#include "core/private.h"

void pat_core_due_heard(struct pat_core *core, int64_t seq)
{
	(void)pthread_mutex_lock(&core->due_lock);
	if (core->due_seq == 0)
		core->due_seq = seq;
	(void)pthread_mutex_unlock(&core->due_lock);
}

void pat_core_due_begin(struct pat_core *core)
{
	(void)pthread_mutex_lock(&core->due_lock);
	core->loading_seq = core->due_seq;
	core->due_seq = 0;
	(void)pthread_mutex_unlock(&core->due_lock);
}

void pat_core_due_end(struct pat_core *core, bool in_force)
{
	(void)pthread_mutex_lock(&core->due_lock);
	if (!in_force && core->loading_seq != 0)
		core->due_seq = core->loading_seq;
	else if (!in_force && core->due_seq == 0)
		core->due_seq =
			INT64_MAX; /* no change that is known, and still to be tried again */
	core->loading_seq = 0;
	(void)pthread_mutex_unlock(&core->due_lock);
}

int64_t pat_core_due(struct pat_core *core)
{
	(void)pthread_mutex_lock(&core->due_lock);
	int64_t seq = core->loading_seq != 0 ? core->loading_seq : core->due_seq;
	(void)pthread_mutex_unlock(&core->due_lock);
	return seq;
}

int64_t pat_core_in_force(struct pat_core *core, int64_t told)
{
	int64_t due = pat_core_due(core);

	return due != 0 && due <= told ? due - 1 : told;
}

void pat_core_products_refresh(struct pat_core *core)
{
	if (pat_core_due(core) == 0)
		return;
	(void)pthread_mutex_lock(&core->import_lock);
	/* Whoever had the lock may have done it. */
	if (pat_core_due(core) != 0)
		(void)!pat_core_products_load(core, core->index, NULL);
	(void)pthread_mutex_unlock(&core->import_lock);
}
