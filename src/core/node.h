/* SPDX-License-Identifier: Apache-2.0
 *
 * One of several nodes on one store: a thread that renews this node's lease, follows what others change, tells them what is in
 * force here, answers verifiers that ask, and takes dead nodes' rows away. docs/design/nodes.md has the protocol; the steps
 * are called as there, N1 to N5, K and G. For src/core only.
 */
#ifndef PAT_CORE_NODE_H
#define PAT_CORE_NODE_H

#include "core/core.h"
#include "index/writer.h"
#include "store/node.h"

/* Persons are told apart by so many remainders: two that share one share what they may wait. */
#define PAT_CORE_WAITING_OF 1024

struct pat_core_node {
	struct pat_node *store; /* the node's thread only, once it runs */
	enum pat_index_consistency consistency;
	uint64_t lease_ns; /* L */
	pthread_t thread;
	atomic_bool runs;
	atomic_bool stopping;
	int bell;            /* an eventfd: something is to be done */
	int asks;            /* a FIFO: verifiers' bell */
	atomic_bool changed; /* something was changed here that others should look at */

	uint64_t began_ns; /* before the node registered: the first lease is counted from here */
	_Atomic uint64_t lease_end_ns;
	_Atomic uint64_t cautious_until_ns; /* until then no row, or its absence, proves anything */
	_Atomic int64_t skew_s;             /* the store's clock less ours */

	/* The thread's. */
	bool registered;
	bool anew;                              /* what is known here is of another history */
	bool history_noted;                     /* … is in the journal */
	char former[PAT_INCARNATION_CHARS + 1]; /* a row whose process serves no more; "": none */
	struct pat_index_question answered;     /* the last of verifiers' questions */
	uint64_t rounds;
	struct pat_core_watched
		*watched; /* owned; the others' rows, since when they count no more */
	size_t n_watched;

	pthread_mutex_t kept_lock;
	struct pat_core_kept
		*kept; /* owned; under that: receipts that are not in the audit records yet */
	size_t n_kept;
	struct pat_core_said {
		int64_t person;
		int64_t seq;
	} said[PAT_CORE_WAITING_OF]; /* under that: of persons, the last receipt that was kept */

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t seen;
	unsigned waiting;                         /* for a look at the others' rows */
	unsigned waiting_of[PAT_CORE_WAITING_OF]; /* … of one person's calls */
	uint64_t looks_begun; /* a look is of everything that was committed before it began */
	uint64_t looks_ended;
	uint64_t look_wanted;
	char own[PAT_INCARNATION_CHARS + 1]; /* which row is this node's, at the last look */
	struct pat_node_row *rows;           /* owned; of the last look */
	uint64_t *heard_ns;                  /* owned; since when each says what it says */
	size_t n_rows;
	bool rows_partial; /* there are more */
	uint64_t looked_ns;
};

/* src/core/receipts.c: remembers what a change's receipt says; and, for the housekeeper, writes it into the audit records. */
void pat_core_receipt_keep(struct pat_core *core, const struct pat_actor *actor,
                           const struct pat_receipt *receipt);
void pat_core_receipts_write(struct pat_core *core);

/* src/core/others.c, for the node's thread: K's and G's view of all rows, and G itself, by the last view. */
int pat_core_others_look(struct pat_core_node *node) PAT_MUST_USE;
int pat_core_others_reap(struct pat_core_node *node) PAT_MUST_USE;

/* Whether the journal says that by no history but the store's present one anybody serves. */
bool pat_core_history_known(const struct pat_core *core, struct pat_node *node);

/* L': how long one measures until a lease of that length that began before is over by its own clock. */
uint64_t pat_core_lease_over_ns(int64_t lease_ms);

/* Registers a node: before the index is loaded. */
int pat_core_node_new(struct pat_core *core, struct pat_err *err) PAT_MUST_USE;
/* Starts the thread; the index is there, and has no lease yet. */
int pat_core_node_start(struct pat_core *core) PAT_MUST_USE;
/* Ends the thread. The lease that is left bridges the time until another process takes over. */
void pat_core_node_stop(struct pat_core *core);
/* Takes the row away: nobody answers from the index any more. */
void pat_core_node_leave(struct pat_core *core);
void pat_core_node_free(struct pat_core *core);

/* The first lease, on an index that was loaded after registering and is not published yet. */
void pat_core_node_begin(struct pat_core *core);
/* 0, or why verifiers can not be answered now. */
int pat_core_node_ready(struct pat_core *core, struct pat_err *err) PAT_MUST_USE;
enum pat_index_consistency pat_core_node_consistency(const struct pat_core *core);
const char *pat_core_node_incarnation(const struct pat_core *core);

/* Wakes the thread. Any thread. */
void pat_core_node_ring(struct pat_core_node *node);
/* With the lock: waits until that look has ended, or `until_ns`, or is woken for no reason; false: it has not ended. */
bool pat_core_node_await(struct pat_core_node *node, uint64_t look, uint64_t until_ns);
/* For the listener: something was changed, unless it was heard of from others. */
void pat_core_node_changed(struct pat_core *core);

#endif
