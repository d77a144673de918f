/* SPDX-License-Identifier: Apache-2.0
 *
 * The place of an SQLite store under test: a folder on a tmpfs, and a look into its file with plain
 * SQLite. The file system is the one of faulty_vfs.h.
 */
#ifndef PAT_TESTS_CONTRACT_SQLITE_PLACE_H
#define PAT_TESTS_CONTRACT_SQLITE_PLACE_H

#include "tests/contract/contract.h"

extern const struct contract_backend sqlite_place;

#endif
