/* SPDX-License-Identifier: Apache-2.0
 *
 * Receipts on their way into the audit records. They are written there by the housekeeper: another commit before the answer would
 * double what a revoke takes, and adds nothing to its truth.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/node.h"
#include "core/private.h"

#define KEPT_MAX 1024

/* What a record of a receipt says, and of whom. */
struct pat_core_kept {
	int64_t seq;
	int64_t at_s;
	int64_t actor;
	char via[80];
	char object[80];
	char address[PAT_ADDRESS_BYTES_MAX + 1];
	char request_id[PAT_REQUEST_ID_BYTES_MAX + 1];
};

static void copy(char *to, size_t room, const char *from)
{
	(void)snprintf(to, room, "%s", from ? from : "");
}

static void kept_fill(struct pat_core *core, struct pat_core_kept *kept,
                      const struct pat_actor *actor, const struct pat_receipt *receipt)
{
	size_t stopped = 0;

	for (size_t i = 0; i < receipt->n; i++)
		stopped += receipt->nodes[i].how == PAT_RECEIPT_APPLIED;
	*kept = (struct pat_core_kept){ .seq = receipt->seq,
		                        .at_s = pat_core_now(core),
		                        .actor = actor->person };
	(void)snprintf(kept->object, sizeof(kept->object), "nodes:%zu/%zu ms:%u", stopped,
	               receipt->n, receipt->ms);
	copy(kept->via, sizeof(kept->via), actor->via);
	copy(kept->address, sizeof(kept->address), actor->address);
	copy(kept->request_id, sizeof(kept->request_id), actor->request_id);
}

/* Whoever asks again is told again, but a record says once that everything up to a change is in force: calls that change nothing
 * leave none. */
static bool is_said(struct pat_core_node *node, const struct pat_actor *actor,
                    const struct pat_receipt *receipt)
{
	struct pat_core_said *said = &node->said[actor->person % PAT_CORE_WAITING_OF];
	bool same = said->person == actor->person && said->seq == receipt->seq;

	*said = (struct pat_core_said){ .person = actor->person, .seq = receipt->seq };
	return same && actor->person > 0;
}

void pat_core_receipt_keep(struct pat_core *core, const struct pat_actor *actor,
                           const struct pat_receipt *receipt)
{
	struct pat_core_node *node = core->node;

	(void)pthread_mutex_lock(&node->kept_lock);
	if (is_said(node, actor, receipt)) {
		(void)pthread_mutex_unlock(&node->kept_lock);
		return;
	}
	if (!node->kept)
		node->kept = calloc(KEPT_MAX, sizeof(*node->kept));
	if (node->kept && node->n_kept < KEPT_MAX)
		kept_fill(core, &node->kept[node->n_kept++], actor, receipt);
	else
		pat_log(PAT_LOG_WARNING, "receipt.not_recorded", NULL);
	(void)pthread_mutex_unlock(&node->kept_lock);
}

/* The oldest; what comes meanwhile stands behind it. */
static bool kept_first(struct pat_core_node *node, struct pat_core_kept *ret)
{
	(void)pthread_mutex_lock(&node->kept_lock);
	bool any = node->n_kept > 0;
	if (any)
		*ret = node->kept[0];
	(void)pthread_mutex_unlock(&node->kept_lock);
	return any;
}

static void kept_drop_first(struct pat_core_node *node)
{
	(void)pthread_mutex_lock(&node->kept_lock);
	node->n_kept--;
	memmove(node->kept, node->kept + 1,
	        node->n_kept * sizeof(*node->kept)); /* UNSAFE: in the array */
	(void)pthread_mutex_unlock(&node->kept_lock);
}

void pat_core_receipts_write(struct pat_core *core)
{
	struct pat_core_kept kept;
	int r = 0;

	while (core->node && r == 0 && kept_first(core->node, &kept)) {
		struct pat_actor actor = { .person = kept.actor,
			                   .via = kept.via,
			                   .address = kept.address,
			                   .request_id = kept.request_id };

		r = pat_store_audit_note(core->store, &actor, "change.effective", kept.object,
		                         kept.seq, kept.at_s);
		if (r == 0)
			kept_drop_first(core->node);
	}
}
