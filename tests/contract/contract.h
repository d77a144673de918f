/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the store's contract share. They speak to a store through store.h only; what they
 * need from the outside of it (a fresh place, a look behind its back) comes from a contract_backend,
 * so that another backend joins with one struct.
 */
#ifndef PAT_TESTS_CONTRACT_CONTRACT_H
#define PAT_TESTS_CONTRACT_CONTRACT_H

#include "tests/unit/test.h"

#include <pthread.h>

#include "store/store.h"

#define CONTRACT_CHANGES_MAX 4096
#define NOW                  1800000000 /* the tests' present */

struct contract;

struct contract_backend {
	const char *name;
	void (*start)(struct contract *c); /* an empty place; sets `location` */
	void (*stop)(struct contract *c);
	/* SQL behind the store's back, on a connection of its own. The tables are named alike everywhere. */
	void (*sql)(struct contract *c, const char *sql);
	int64_t (*sql_i64)(struct contract *c, const char *sql);
	/* What makes commits durable, counted; and whether all that was committed is. */
	uint64_t (*syncs)(void);
	bool (*durable)(void);
};

extern const struct contract_backend *contract_backend;

struct contract_change {
	int64_t seq;
	enum pat_change_kind kind;
	int64_t person;
	uint8_t digest[PAT_DIGEST_BYTES];
	bool has_record;
	struct pat_record record;
};

/* One test's store and what its listener heard. */
struct contract {
	char folder[64];
	char location[96];
	struct pat_store *store;
	struct pat_row_key key;
	unsigned sessions_max;
	bool shared;
	bool pruned;      /* changes were forgotten on purpose */
	size_t n_changes; /* the committing thread writes; read when no writer is at work */
	size_t n_batches;
	pthread_mutex_t gate; /* the listener passes it: hold it to keep the committing thread */
	bool looks;           /* look behind the store's back while listening */
	bool was_durable;     /* every batch so far was, when it was told */
	struct contract_change *changes;
};

/* cmocka's set-up and tear-down: *state is a struct contract with an open store. */
int contract_setup(void **state);
int contract_teardown(void **state);
#define contract_test(fn) cmocka_unit_test_setup_teardown(fn, contract_setup, contract_teardown)

void contract_open(struct contract *c);
/* Closes and opens again. */
void contract_reopen(struct contract *c);

/* ---- Short ways to say things. */

extern const struct pat_actor contract_actor;

int64_t contract_person(struct contract *c, const char *email);
/* A token of `owner` with a fresh digest; expires at NOW + 1000. Static: one per thread. */
struct pat_new_token *contract_token(int64_t owner, const char *name);
int contract_create(struct contract *c, const struct pat_new_token *token, struct pat_record *ret);
/* Creates it and must succeed; the record is in *ret. */
void contract_created(struct contract *c, int64_t owner, const char *name, struct pat_record *ret);
struct pat_session contract_session(int64_t person, uint8_t mark);
/* How many tokens the filter finds, at NOW. */
size_t contract_count(struct contract *c, int64_t owner, enum pat_token_filter filter);
/* How many a load hands out, and the head it names. */
size_t contract_load(struct contract *c, int64_t *ret_seq);
int64_t contract_head(struct contract *c);
/* The last audit record. */
struct pat_audit contract_last_audit(struct contract *c);

/* Numbers and audit ids have no gaps, each change has its audit record, and the listener heard all
 * changes since open in order. */
void contract_assert_whole(struct contract *c);

/* ---- The groups; each returns the number of failed tests. */
int contract_people_tests(void);
int contract_session_tests(void);
int contract_token_tests(void);
int contract_revoke_tests(void);
int contract_product_tests(void);
int contract_rotate_tests(void);
int contract_portal_tests(void);
int contract_notice_tests(void);
int contract_usage_tests(void);
int contract_tamper_tests(void);
int contract_order_tests(void);
/* Whether there may be `several` is the backend's. */
int contract_node_tests(bool several);
/* What is SQLite's own: files, locks, schema versions. */
int contract_sqlite_tests(void);
/* What is PostgreSQL's own: servers that will not do, crashes, fates, copies. */
int contract_postgres_tests(void);

#endif
