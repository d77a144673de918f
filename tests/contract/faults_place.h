/* SPDX-License-Identifier: Apache-2.0
 *
 * For the fault tests: a store's file put back to a known state, and its whole content as one hash,
 * as it is and as it would be found after a crash.
 */
#ifndef PAT_TESTS_CONTRACT_FAULTS_PLACE_H
#define PAT_TESTS_CONTRACT_FAULTS_PLACE_H

#include "tests/contract/contract.h"

/* A closed store's file, kept. */
struct faults_base {
	uint8_t *bytes;
	size_t len;
};

void faults_base_take(struct contract *c, struct faults_base *ret);
/* Nothing else is left in the folder. */
void faults_base_put(struct contract *c, const struct faults_base *base);
void faults_base_done(struct faults_base *base);

struct faults_state {
	uint8_t hash[32];
};

/* All rows of all tables, but for what pat_store_check() counts. */
struct faults_state faults_state_now(struct contract *c);
/* The same of a copy of the files, as recovery after a crash reads them. */
struct faults_state faults_state_crashed(struct contract *c);
bool faults_state_same(struct faults_state a, struct faults_state b);

#endif
