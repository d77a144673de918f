/* SPDX-License-Identifier: Apache-2.0
 *
 * The place of a PostgreSQL store under test: an empty schema in a cluster of the tests' own, behind the wire of
 * postgres_proxy.h, and a look into it from outside.
 */
#ifndef PAT_TESTS_CONTRACT_POSTGRES_PLACE_H
#define PAT_TESTS_CONTRACT_POSTGRES_PLACE_H

#include "tests/contract/contract.h"

extern const struct contract_backend postgres_place;

/* From here on without the wire. */
void postgres_place_direct(struct contract *c);

/* ---- What is in it, for the fault tests. */

/* Keeps a copy of all rows under a name; puts it back. */
void postgres_place_keep(const char *name);
void postgres_place_put(const char *name);
/* All rows of all tables as one text, but for what pat_store_check() counts. */
struct postgres_state {
	char md5[40];
};
struct postgres_state postgres_place_state(void);

#endif
