/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that runs out when told to: SQLite's, libcrypto's, and our own objects' (link with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=strdup). Tests only.
 */
#ifndef PAT_TESTS_CONTRACT_FAULTY_MALLOC_H
#define PAT_TESTS_CONTRACT_FAULTY_MALLOC_H

#include "base/base.h"

/* Before any use of SQLite or libcrypto in the process. */
void faulty_malloc_register(void);
/* The n-th allocation from here (from 1), of any thread, fails. */
void faulty_malloc_arm(int n);
/* Whether it came. Nothing fails any more. */
bool faulty_malloc_disarm(void);

/* Counts an allocation; whether it is the one to fail. For those who have a door of their own. */
bool faulty_malloc_fails(void);
/* Opens libpq's (faulty_libpq.c, which is linked into the tests that want it). */
void faulty_libpq_register(void);

/* The most bytes that our own objects asked for at once since the last call. */
size_t faulty_malloc_largest(void);

#endif
