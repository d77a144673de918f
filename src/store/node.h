/* SPDX-License-Identifier: Apache-2.0
 *
 * One of several patd that keep one database: what it tells the others and learns of them. docs/design/nodes.md has the protocol;
 * these are its steps, N1 to N5 of a node's rounds, K of a revoke's wait, and G of the reaper. Who calls them, and when, is
 * the core's (core/node.c).
 *
 * A node is a row of the database with a random key, its incarnation, that nobody else ever uses. One thread uses a node;
 * others may ask for its incarnation. All that the listener is told comes through the store it was opened of.
 */
#ifndef PAT_STORE_NODE_H
#define PAT_STORE_NODE_H

#include "store/store.h"

#define PAT_NODE_LABEL_MAX     63
#define PAT_INCARNATION_CHARS  32
#define PAT_NODE_HINTS_CHANGED 1 /* somebody has changed something */
#define PAT_NODE_HINTS_APPLIED 2 /* somebody has applied something */

struct pat_node;

struct pat_node_row {
	char incarnation[PAT_INCARNATION_CHARS + 1];
	char label[PAT_NODE_LABEL_MAX + 1];
	int64_t counter;  /* of its rounds */
	int64_t applied;  /* every change up to here is what its verifiers know */
	int64_t lease_ms; /* how long it answers after a round's beginning, by its own clock */
};

/* What a node finds in the database. */
struct pat_node_view {
	int64_t head;       /* the last change */
	int64_t database_s; /* the server's clock */
};

typedef int pat_node_fn(void *arg, const struct pat_node_row *row);

enum pat_node_outcome {
	PAT_NODE_E_ALONE = 1, /* the store is of a kind that has no others */
	PAT_NODE_E_REAPED,    /* the node's row is gone: others take it for dead */
	PAT_NODE_E_MOVED,     /* the row counts on, or is gone */
	PAT_NODE_E_ANEW, /* what verifiers know is of another history, or too old: it has to be loaded anew */
};

/* Connects to nothing yet. `label` is what administrators see. Of a store that was opened alone a node can only look. E_ALONE. */
int pat_node_open(struct pat_store *store, const char *label, int64_t lease_ms,
                  struct pat_node **ret) PAT_MUST_USE;
/* Leaves the row where it is; see pat_node_leave(). Before the store is closed. */
void pat_node_close(struct pat_node *node);

/* Connects, if it is not connected, and makes sure that it is the same database. 0; E_ANEW: its history has branched off, because
 * a standby has taken over; -ESTALE: it is another database, or a server that was left behind; -ECONNREFUSED and its like. */
int pat_node_connect(struct pat_node *node) PAT_MUST_USE;
/* N2, the first time: a new incarnation, whose row is durable wherever the database has been told to keep it. */
int pat_node_register(struct pat_node *node) PAT_MUST_USE;
/* N2: counts the round, as durably, and says up to where what is in force here is known to follow this server's changes: numbers of
 * another history are not to be taken for its own, so who has to load anew says 0. E_REAPED. */
int pat_node_raise(struct pat_node *node, int64_t applied) PAT_MUST_USE;
/* N3 and N4: tells the listener every change that was committed before the call. E_ANEW. */
int pat_node_follow(struct pat_node *node, struct pat_node_view *ret) PAT_MUST_USE;
/* N5: tells the others what the listener knows. `changed`: this node has changed something that they should look at. Losing it
 * only delays. */
int pat_node_acknowledge(struct pat_node *node, int64_t applied, bool changed) PAT_MUST_USE;
/* K: all rows, of a view that begins with the call; at most PAT_NODES_MAX. */
#define PAT_NODES_MAX 1024
int pat_node_list(struct pat_node *node, pat_node_fn *fn, void *arg) PAT_MUST_USE;
/* G: removes the row if it still counts so. E_MOVED. */
int pat_node_reap(struct pat_node *node, const char *incarnation, int64_t counter) PAT_MUST_USE;
/* Forgets the changes that every node has applied. */
int pat_node_prune(struct pat_node *node) PAT_MUST_USE;
/* Removes a row whose process serves nothing any more: one's own, or that of the process before in one's place. */
int pat_node_leave(struct pat_node *node, const char *incarnation) PAT_MUST_USE;

/* Which database it is, and which of its histories: another text when a standby has taken over. "" before the first connection. */
#define PAT_NODE_HISTORY_BYTES 80
const char *pat_node_history(const struct pat_node *node);
/* "" before the first registration. */
const char *pat_node_incarnation(const struct pat_node *node);
/* The number of the last change that the listener was told. Any thread. */
int64_t pat_node_told(struct pat_node *node);

/* ---- Loading anew. While it is held nobody tells the listener anything; writers wait. */

void pat_node_hold(struct pat_node *node);
void pat_node_release(struct pat_node *node);
/* Held: the listener knows everything up to `seq`, and is told the rest, up to `*ret_told`. If that fails, whatever it was told, it counts as knowing
 * what it knew. */
int pat_node_resume(struct pat_node *node, int64_t seq, int64_t *ret_told) PAT_MUST_USE;

/* ---- Hints: of others, that something is worth a look. They may be lost, and decide nothing. */

/* What to wait for with poll(), for reading; -1: not connected. */
int pat_node_socket(const struct pat_node *node);
/* PAT_NODE_HINTS_… that came since the last call. */
unsigned pat_node_hints(struct pat_node *node);

#endif
