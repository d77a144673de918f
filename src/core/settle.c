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

#define MS         1000000ull
#define CROWD_NS   (300 * MS)
#define PERSON_MAX 4

struct wait {
	struct pat_core_node *node;
	int64_t seq;
	uint64_t began_ns;
	int64_t lease_ms; /* the longest of any node; until their rows are seen, the longest there can be */
	int64_t own_lease_ms;
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
	w->lease_ms = node->rows_partial ? PAT_LEASE_MS_MAX : w->own_lease_ms;
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
	bool all =
		!w->node->rows_partial && (w->receipt->n < PAT_RECEIPT_NODES_MAX || rows_agree(w));

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

/* False: the store does not say. */
static bool longest_read(struct pat_core *core, int64_t *ret_ms)
{
	struct pat_node *node = NULL;

	*ret_ms = 0;
	int r = pat_node_open(core->store, "", 0, &node);
	if (r != 0)
		return r == PAT_NODE_E_ALONE;
	r = pat_node_connect(node);
	if (r >= 0)
		r = pat_node_list(node, lease_longest, ret_ms);
	if (r == 0 && !pat_core_history_known(core, node) && *ret_ms < core->config.lease_ms)
		*ret_ms = core->config.lease_ms; /* rows may be missing */
	pat_node_close(node);
	return r == 0;
}

/* Nobody else is there now, but nodes that have ended may have left verifiers with a lease. */
static void outlast(struct pat_core *core)
{
	uint64_t began_ns = pat_clock_boot_ns();
	int64_t longest_ms = PAT_LEASE_MS_MAX;
	bool known = false;

	if (core->index)
		return;
	do {
		int64_t read_ms = 0;

		if (!known && longest_read(core, &read_ms)) {
			known = true;
			longest_ms = read_ms;
		} else {
			(void)poll(NULL, 0, 10);
		}
	} while (longest_ms > 0 &&
	         pat_clock_boot_ns() < began_ns + pat_core_lease_over_ns(longest_ms));
}

/* Waiting takes a thread of those that answer everybody: some may wait as long as a dead node makes them, and a few of one person's
 * calls; more than that only as long as living ones take. */
static uint64_t patience_ns(const struct pat_core *core, unsigned of_person,
                            const struct pat_receipt *receipt)
{
	bool crowd = core->node->waiting > core->config.waiting_max || of_person > PERSON_MAX;
	uint64_t most = crowd ? CROWD_NS : UINT64_MAX;
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
		          .lease_ms = PAT_LEASE_MS_MAX,
		          .own_lease_ms = core->config.lease_ms,
		          .cautious_until_ns = atomic_load(&node->cautious_until_ns),
		          .receipt = receipt };
	receipt->seq = w.seq;
	/* The command line, and services, are nobody's. */
	unsigned nobodys = 0;
	unsigned *of_person = actor->person > 0
	                              ? &node->waiting_of[actor->person % PAT_CORE_WAITING_OF]
	                              : &nobodys;

	(void)pthread_mutex_lock(&node->lock);
	node->waiting++;
	(*of_person)++;
	node->look_wanted = node->looks_begun + 1;
	pat_core_node_ring(node);
	uint64_t patience = patience_ns(core, *of_person, receipt);
	receipt->effective = wait_all(&w, patience == UINT64_MAX ? UINT64_MAX : now_ns + patience);
	node->waiting--;
	(*of_person)--;
	(void)pthread_mutex_unlock(&node->lock);
	receipt->ms = ms_since(w.began_ns);
	if (receipt->effective)
		pat_core_receipt_keep(core, actor, receipt);
	return receipt->effective ? 0 : PAT_CORE_E_NOT_EFFECTIVE;
}
