/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of the n-th fails: an allocation, or a file operation in one of its ways. Tests only.
 */
#ifndef PAT_TESTS_CONTRACT_FAULTY_H
#define PAT_TESTS_CONTRACT_FAULTY_H

#include "tests/contract/faulty_malloc.h"
#include "tests/contract/faulty_vfs.h"

enum fault {
	FAULT_MEMORY,
	FAULT_IO,
	FAULT_FULL,
	FAULT_GONE
};

static inline void arm(enum fault fault, int n)
{
	if (fault == FAULT_MEMORY)
		faulty_malloc_arm(n);
	else
		faulty_vfs_arm(fault == FAULT_IO     ? FAULTY_IO
		               : fault == FAULT_FULL ? FAULTY_FULL
		                                     : FAULTY_GONE,
		               n);
}

/* Whether the failure came. */
static inline bool disarm(enum fault fault)
{
	return fault == FAULT_MEMORY ? faulty_malloc_disarm() : faulty_vfs_disarm();
}

#endif
