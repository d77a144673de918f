/* SPDX-License-Identifier: Apache-2.0
 *
 * What a fuzz target is: libFuzzer's entry point, and the verdict that replay.c holds against the names
 * of the corpus files. A broken invariant is an assertion.
 */
#ifndef PAT_TESTS_FUZZ_FUZZ_H
#define PAT_TESTS_FUZZ_FUZZ_H

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether the parser under test accepts these bytes. */
bool pat_fuzz_accepts(const uint8_t *data, size_t size);

#endif
