/* SPDX-License-Identifier: Apache-2.0
 *
 * The other nodes, as this one's thread sees them: their rows, since when each says what it says, and what follows when it has
 * said so for too long. Whoever waits for them waits for a look that began after what they wait for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/provoke.h"
#include "core/node.h"
#include "core/private.h"

#define MS           1000000ull
#define LIST_WAIT_NS (1000 * MS)
#define RATE_PERCENT 1 /* how far apart two machines' clocks may go */
#define MARGIN_NS    (50 * MS)

uint64_t pat_core_lease_over_ns(int64_t lease_ms)
{
	if (pat_breaks("SHORT_WAIT"))
		return (uint64_t)lease_ms * MS;
	return (uint64_t)lease_ms * MS * (100 + RATE_PERCENT) / (100 - RATE_PERCENT) + MARGIN_NS;
}

/* A row and since when it says the same. Those that say the same for L' are of nodes whose lease is over. */
struct pat_core_watched {
	char incarnation[PAT_INCARNATION_CHARS + 1];
	int64_t counter;
	uint64_t since_ns;
	bool there;
};

static struct pat_core_watched *watched_find(struct pat_core_node *node, const char *incarnation)
{
	for (size_t i = 0; i < node->n_watched; i++)
		if (strcmp(node->watched[i].incarnation, incarnation) == 0)
			return &node->watched[i];
	struct pat_core_watched *grown =
		reallocarray(node->watched, node->n_watched + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	node->watched = grown;
	struct pat_core_watched *w = &grown[node->n_watched++];
	*w = (struct pat_core_watched){ .counter = -1 };
	(void)snprintf(w->incarnation, sizeof(w->incarnation), "%s", incarnation);
	return w;
}

struct look {
	struct pat_node_row *rows; /* owned until they are taken */
	size_t n;
	size_t cap;
};

static void look_done(struct look *look)
{
	free(look->rows);
}

static int look_one(void *arg, const struct pat_node_row *row)
{
	struct look *look = arg;

	if (look->n == look->cap) {
		size_t cap = look->cap ? 2 * look->cap : 16;
		struct pat_node_row *grown = reallocarray(look->rows, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		look->rows = grown;
		look->cap = cap;
	}
	look->rows[look->n++] = *row;
	return 0;
}

static void watched_forget(struct pat_core_node *node)
{
	size_t kept = 0;

	for (size_t i = 0; i < node->n_watched; i++)
		if (node->watched[i].there)
			node->watched[kept++] = node->watched[i];
	node->n_watched = kept;
}

/* Since when a row says what it says. */
static uint64_t heard(struct pat_core_node *node, const struct pat_node_row *row, uint64_t now_ns)
{
	struct pat_core_watched *w = watched_find(node, row->incarnation);

	if (!w)
		return now_ns;
	w->there = true;
	if (w->counter != row->counter) {
		w->counter = row->counter;
		w->since_ns = now_ns;
	}
	return w->since_ns;
}

int pat_core_others_look(struct pat_core_node *node)
{
	pat_cleanup(look_done) struct look look = { 0 };

	(void)pthread_mutex_lock(&node->lock);
	uint64_t begun = ++node->looks_begun;
	(void)pthread_mutex_unlock(&node->lock);
	int r = pat_node_list(node->store, look_one, &look);
	node->looked_ns = pat_clock_boot_ns();
	if (r < 0)
		return r;
	pat_cleanup(pat_freep) uint64_t *heard_ns = calloc(look.n + 1, sizeof(*heard_ns));
	if (!heard_ns)
		return -ENOMEM;
	for (size_t i = 0; i < node->n_watched; i++)
		node->watched[i].there = false;
	for (size_t i = 0; i < look.n; i++)
		heard_ns[i] = heard(node, &look.rows[i], node->looked_ns);
	watched_forget(node);
	(void)pthread_mutex_lock(&node->lock);
	free(node->rows);
	free(node->heard_ns);
	node->rows = PAT_TAKE(look.rows);
	node->heard_ns = PAT_TAKE(heard_ns);
	node->n_rows = look.n;
	node->rows_partial = look.n == PAT_NODES_MAX;
	node->looks_ended = begun;
	(void)snprintf(node->own, sizeof(node->own), "%s", pat_node_incarnation(node->store));
	bool partial = node->rows_partial;
	(void)pthread_cond_broadcast(&node->seen);
	(void)pthread_mutex_unlock(&node->lock);
	if (partial)
		pat_log(PAT_LOG_ERROR, "node.too_many", "hint",
		        "the table of nodes has more rows than there can be nodes; those that do not move are taken away after their lease",
		        NULL);
	return 0;
}

static int reap_one(struct pat_core_node *node, const struct pat_node_row *row)
{
	pat_pause("G");
	int r = pat_breaks("UNGUARDED_REAP")
	                ? pat_node_leave(node->store, row->incarnation)
	                : pat_node_reap(node->store, row->incarnation, row->counter);

	if (r == 0)
		pat_log(PAT_LOG_WARNING, "node.reaped", "node", row->incarnation, "label",
		        row->label, NULL);
	return r == PAT_NODE_E_MOVED ? 0 : r;
}

/* Our own row is not taken for another's; it counts as long as this thread runs. */
int pat_core_others_reap(struct pat_core_node *node)
{
	uint64_t now_ns = pat_clock_boot_ns();
	int r = 0;

	for (size_t i = 0; i < node->n_rows && r == 0; i++) {
		const struct pat_node_row *row = &node->rows[i];

		if (now_ns - node->heard_ns[i] >= pat_core_lease_over_ns(row->lease_ms) &&
		    strcmp(row->incarnation, pat_node_incarnation(node->store)) != 0)
			r = reap_one(node, row);
	}
	return r;
}

/* ---- For whoever asks about them. */

static void wait_some(struct pat_core_node *node, uint64_t until_ns)
{
	struct timespec at;
	uint64_t now_ns = pat_clock_boot_ns();
	uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(left_ns / 1000000000u);
	at.tv_nsec += (long)(left_ns % 1000000000u);
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	(void)pthread_cond_timedwait(&node->seen, &node->lock, &at);
}

bool pat_core_node_await(struct pat_core_node *node, uint64_t look, uint64_t until_ns)
{
	while (node->looks_ended < look && pat_clock_boot_ns() < until_ns)
		wait_some(node, until_ns);
	return node->looks_ended >= look;
}

static int list(struct pat_core *core, pat_core_node_fn *fn, void *arg)
{
	struct pat_core_node *node = core->node;
	int64_t told = pat_node_told(node->store);
	uint64_t now_ns = pat_clock_boot_ns();
	int r = 0;

	for (size_t i = 0; i < node->n_rows && r == 0; i++) {
		const struct pat_node_row *row = &node->rows[i];
		uint64_t silent_ns = now_ns > node->heard_ns[i] ? now_ns - node->heard_ns[i] : 0;

		r = fn(arg, &(struct pat_core_node_view){
				    .incarnation = row->incarnation,
				    .label = row->label,
				    .lease_ms = row->lease_ms,
				    .behind = told > row->applied ? told - row->applied : 0,
				    .silent_ms = (unsigned)(silent_ns / MS),
				    .self = strcmp(row->incarnation, node->own) == 0 });
	}
	return r;
}

const char *pat_core_node_state(const struct pat_core_node_view *node)
{
	return node->silent_ms < node->lease_ms ? "serving" : "silent";
}

int pat_core_node_list(struct pat_core *core, pat_core_node_fn *fn, void *arg)
{
	struct pat_core_node *node = core->node;

	if (!node)
		return 0;
	(void)pthread_mutex_lock(&node->lock);
	node->waiting++;
	node->look_wanted = node->looks_begun + 1;
	pat_core_node_ring(node);
	bool seen =
		pat_core_node_await(node, node->look_wanted, pat_clock_boot_ns() + LIST_WAIT_NS);
	node->waiting--;
	int r = seen ? list(core, fn, arg) : -EAGAIN;
	(void)pthread_mutex_unlock(&node->lock);
	return r;
}
