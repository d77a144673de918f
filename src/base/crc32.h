/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAT_BASE_CRC32_H
#define PAT_BASE_CRC32_H

#include "base/base.h"

/* CRC-32 of IEEE 802.3, as zlib computes it. A checksum against typing errors, not authentication. Any thread. */
uint32_t pat_crc32(const void *bytes, size_t len);

/* The same by tables alone, as processors without a carry-less multiplication compute it. */
uint32_t pat_crc32_by_tables(const void *bytes, size_t len);

#endif
