/* SPDX-License-Identifier: Apache-2.0
 *
 * A machine of the simulation: an index that verifiers look into, and a patd, which is the code under test (core/node.c, others.c,
 * settle.c, receipts.c, load.c) on a store, an index and a journal of the simulation's.
 */
#ifndef PAT_SIM_MACHINE_H
#define PAT_SIM_MACHINE_H

#include "core/node.h"
#include "core/private.h"
#include "database.h"

/* An index: what its file would have in it. */
struct generation {
	uint64_t number;
	bool live[TOKENS_MAX];
	bool closed[TOKENS_MAX]; /* by policies */
	uint64_t lease_end_ns;
	int64_t applied;
	uint64_t asks;
	uint64_t asks_heard;
	uint64_t asks_failed;
	enum pat_index_consistency consistency;
	char node[PAT_INCARNATION_CHARS + 1];
};

struct patd {
	int machine;
	int process;
	bool up; /* serves, and its thread runs */
	bool dead;
	struct pat_core *core;
	struct pat_store *store;
};

struct machine {
	int number;
	int edge;                   /* the verifiers' process */
	struct generation *current; /* NULL: there is no index */
	struct patd *patd;
	int bell; /* 0: none */
	bool journal[TOKENS_MAX];
	char history[PAT_HISTORY_BYTES]; /* in the journal */
	int64_t lease_ms;
	bool strict;
};

extern struct machine machines[MACHINES];
extern const char *broken_step; /* "": none */
extern bool verbose;
extern unsigned pauses; /* of a hundred steps, how many take longer */

void machine_begin(int number, int64_t lease_ms, bool strict);
/* Starts a patd, which tries again until it is up. */
void patd_start(struct machine *m);
/* kill -9 */
void patd_kill(struct machine *m);
/* In one's own time: the edge first. As a task of nobody's. */
void patd_stop(struct machine *m);

/* ---- What a process does for a client, as a task of it. */

enum request_kind {
	GENERATE,
	REVOKE,
	CLOSE,
	LIST,
};

struct request {
	enum request_kind kind;
	struct patd *patd;
	unsigned token;
	bool done;
	int result;
	struct pat_receipt receipt;
};

/* 0, or why not; -EPIPE: the process has ended. */
int request_send(struct request *request);

enum answer {
	ACCEPTED,
	REFUSED,
	UNAVAILABLE
};
/* As a task of the machine's edge. */
enum answer verify(struct machine *m, unsigned token);

/* ---- What the store of the simulation tells (store.c). */

struct pat_store *store_new(struct patd *patd);
int store_open(struct pat_store *store);
void store_drop(struct pat_store *store);
int store_change(struct pat_store *store, enum pat_change_kind kind, unsigned token);
int store_tokens(struct pat_store *store, int64_t *ret_seq, enum token_state *ret);
/* The listener: in the order of numbers. */
void listener(struct patd *patd, const struct db_change *changes, const bool *live, size_t n);

#endif
