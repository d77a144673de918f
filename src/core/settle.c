/* SPDX-License-Identifier: Apache-2.0
 *
 * K: waiting until a change that was made here is in force everywhere. It is, when every node that has a row says so, or has no
 * row any more, or when every lease is over that began before the change was committed. The last alone makes it true; the
 * rows only make it quick.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/provoke.h"
#include "core/node.h"
#include "core/private.h"

#define MS          1000000ull
#define WAITING_MAX 16
#define CROWD_NS    (1000 * MS)
#define KEPT_MAX    1024

struct wait {
	struct pat_core_node *node;
	int64_t seq;
	uint64_t began_ns;
	int64_t lease_ms; /* the longest of any node */
	uint64_t cautious_until_ns;
	struct pat_receipt *receipt;
};

static unsigned ms_since(uint64_t began_ns)
{
	return (unsigned)((pat_clock_boot_ns() - began_ns) / MS);
}

/* The first look says whose rows there are: who comes later finds the change. */
static void nodes_note(struct wait *w)
{
	const struct pat_core_node *node = w->node;

	w->receipt->n = 0;
	for (size_t i = 0; i < node->n_rows; i++)
		if (node->rows[i].lease_ms > w->lease_ms)
			w->lease_ms = node->rows[i].lease_ms;
	for (size_t i = 0; i < node->n_rows && w->receipt->n < PAT_RECEIPT_NODES_MAX; i++) {
		struct pat_receipt_node *n = &w->receipt->nodes[w->receipt->n++];

		*n = (struct pat_receipt_node){ .how = PAT_RECEIPT_PENDING };
		(void)snprintf(n->incarnation, sizeof(n->incarnation), "%s",
		               node->rows[i].incarnation);
		(void)snprintf(n->label, sizeof(n->label), "%s", node->rows[i].label);
		if (strcmp(n->incarnation, node->own) == 0)
			n->how = PAT_RECEIPT_APPLIED; /* by the listener, before anybody is told */
	}
}

static const struct pat_node_row *row_find(const struct pat_core_node *node,
                                           const char *incarnation)
{
	for (size_t i = 0; i < node->n_rows; i++)
		if (strcmp(node->rows[i].incarnation, incarnation) == 0)
			return &node->rows[i];
	return NULL;
}

/* Where there are more than a receipt has room for, whoever has a row now is waited for. */
static bool rows_agree(const struct wait *w)
{
	const struct pat_core_node *node = w->node;

	for (size_t i = 0; i < node->n_rows; i++)
		if (node->rows[i].applied < w->seq &&
		    strcmp(node->rows[i].incarnation, node->own) != 0)
			return false;
	return true;
}

/* Whether all rows of the last look agree. */
static bool nodes_judge(struct wait *w)
{
	bool all = w->receipt->n < PAT_RECEIPT_NODES_MAX || rows_agree(w);

	for (size_t i = 0; i < w->receipt->n; i++) {
		struct pat_receipt_node *n = &w->receipt->nodes[i];

		if (n->how != PAT_RECEIPT_PENDING)
			continue;
		const struct pat_node_row *row = row_find(w->node, n->incarnation);
		if (!row || row->applied >= w->seq) {
			n->how = row ? PAT_RECEIPT_APPLIED : PAT_RECEIPT_GONE;
			n->ms = ms_since(w->began_ns);
		} else {
			all = false;
		}
	}
	return all;
}

static void expire(struct wait *w)
{
	for (size_t i = 0; i < w->receipt->n; i++) {
		struct pat_receipt_node *n = &w->receipt->nodes[i];

		if (n->how == PAT_RECEIPT_PENDING) {
			n->how = PAT_RECEIPT_EXPIRED;
			n->ms = ms_since(w->began_ns);
		}
	}
}

/* With the lock. True: it is in force everywhere. */
static bool wait_all(struct wait *w, uint64_t until_ns)
{
	struct pat_core_node *node = w->node;
	uint64_t look = node->look_wanted; /* one that begins from now on */
	bool noted = false;

	for (;;) {
		uint64_t now_ns = pat_clock_boot_ns();
		uint64_t over_ns = w->began_ns + pat_core_lease_over_ns(w->lease_ms);

		pat_pause("K");
		if (node->looks_ended >= look) {
			if (!noted)
				nodes_note(w);
			noted = true;
			if (nodes_judge(w) && now_ns >= w->cautious_until_ns)
				return true;
			look = node->looks_ended + 1;
		}
		if (now_ns >= over_ns) {
			expire(w);
			return true;
		}
		if (now_ns >= until_ns)
			return false;
		(void)pat_core_node_await(node, look, until_ns < over_ns ? until_ns : over_ns);
	}
}

static int lease_longest(void *arg, const struct pat_node_row *row)
{
	int64_t *longest = arg;

	if (row->lease_ms > *longest)
		*longest = row->lease_ms;
	return 0;
}

/* Nobody else is there now, but nodes that have ended may have left verifiers with a lease. */
static void outlast(struct pat_core *core)
{
	struct pat_node *node = NULL;
	int64_t longest = 0;

	if (core->index || pat_node_open(core->store, "", 0, &node) != 0)
		return;
	if (pat_node_connect(node) < 0 || pat_node_list(node, lease_longest, &longest) < 0)
		longest = core->config.lease_ms;
	pat_node_close(node);
	uint64_t over_ns = pat_clock_boot_ns() + pat_core_lease_over_ns(longest);
	while (longest > 0 && pat_clock_boot_ns() < over_ns)
		(void)poll(NULL, 0, 10);
}

/* ---- Records. */

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

/* Another commit before the answer would double what a revoke takes, and adds nothing to its truth. */
static void keep(struct pat_core *core, const struct pat_actor *actor,
                 const struct pat_receipt *receipt)
{
	struct pat_core_node *node = core->node;

	(void)pthread_mutex_lock(&node->kept_lock);
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

void pat_core_settle_note(struct pat_core *core)
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

/* ---- Waiting. */

/* Waiting takes a thread of those that answer everybody: most may wait as long as a dead node makes them, and more than that only
 * as long as a living one takes. */
static uint64_t patience_ns(const struct pat_core_node *node, const struct pat_receipt *receipt)
{
	uint64_t most = node->waiting > WAITING_MAX ? CROWD_NS : UINT64_MAX;
	uint64_t given = receipt->wait_ms > 0 ? receipt->wait_ms * MS : UINT64_MAX;

	return most < given ? most : given;
}

int pat_core_settle(struct pat_core *core, const struct pat_actor *actor,
                    struct pat_receipt *receipt)
{
	struct pat_core_node *node = core->node;
	struct pat_receipt unread = { 0 };
	uint64_t now_ns = pat_clock_boot_ns();

	receipt = receipt ? receipt : &unread;
	*receipt = (struct pat_receipt){ .wait_ms = receipt->wait_ms };
	if (!node) {
		outlast(core);
		receipt->effective = true;
		return 0;
	}
	struct wait w = { .node = node,
		          .seq = pat_node_told(node->store),
		          .began_ns = now_ns,
		          .lease_ms = core->config.lease_ms,
		          .cautious_until_ns = atomic_load(&node->cautious_until_ns),
		          .receipt = receipt };
	receipt->seq = w.seq;
	(void)pthread_mutex_lock(&node->lock);
	node->waiting++;
	node->look_wanted = node->looks_begun + 1;
	pat_core_node_ring(node);
	uint64_t patience = patience_ns(node, receipt);
	receipt->effective = wait_all(&w, patience == UINT64_MAX ? UINT64_MAX : now_ns + patience);
	node->waiting--;
	(void)pthread_mutex_unlock(&node->lock);
	receipt->ms = ms_since(w.began_ns);
	if (receipt->effective)
		keep(core, actor, receipt);
	return receipt->effective ? 0 : PAT_CORE_E_NOT_EFFECTIVE;
}
