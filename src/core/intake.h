/* SPDX-License-Identifier: Apache-2.0
 *
 * What tokens are used for: taken out of the usage rings, put into words, added up (tally.h), and stored. The
 * housekeeper's alone.
 */
#ifndef PAT_CORE_INTAKE_H
#define PAT_CORE_INTAKE_H

#include "base/err.h"
#include "index/reader.h"
#include "store/usage.h"

struct pat_intake;

/* `clients`: whether addresses and agents are kept. `directory` is the index's, and must outlive it. */
int pat_intake_new(const char *directory, gid_t group, bool clients, struct pat_intake **ret,
                   struct pat_err *err) PAT_MUST_USE;
/* Accepts NULL. */
void pat_intake_free(struct pat_intake *intake);
/* For the end of the whole product: the rings' file goes. */
void pat_intake_unlink(struct pat_intake *intake);

/* Takes out what is in the rings; about once a second. `readers` are views of the index's generations in which scopes may be
 * numbered; each may be NULL. Stores only when there is no more room. */
void pat_intake_take(struct pat_intake *intake, struct pat_store *store,
                     struct pat_index_reader *const readers[static 2], int64_t now_s);
/* Stores what was taken, as one transaction. A fault is logged, and what could not be stored is kept for the next time as
 * long as there is room. */
void pat_intake_store(struct pat_intake *intake, struct pat_store *store);

#endif
