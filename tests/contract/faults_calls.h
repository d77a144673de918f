/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls of the store that the fault tests make, each always with the same arguments, and the stores that they start from.
 */
#ifndef PAT_TESTS_CONTRACT_FAULTS_CALLS_H
#define PAT_TESTS_CONTRACT_FAULTS_CALLS_H

#include "tests/contract/contract.h"

struct faults_call {
	const char *name;
	int (*run)(struct contract *c);
	int expected;
	bool before_setup; /* on a store without people */
	unsigned sessions_max;
};

extern const struct faults_call faults_calls[];
extern const size_t faults_calls_n;

/* Makes an empty store one that waits to be set up. */
void faults_fill_setup(struct contract *c);
/* Makes an empty store one with something of everything. */
void faults_fill(struct contract *c);

#endif
