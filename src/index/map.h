/* SPDX-License-Identifier: Apache-2.0
 *
 * A file of the index in memory, where huge pages fit.
 *
 * A look-up at random meets three or four pages of a file of a hundred megabytes, and in nginx, between two
 * system calls, none of them is in the TLB. In pages of 2 MiB the way to each is shorter and lies in the
 * cache. The kernel makes them of a tmpfs file when it is asked to, whatever the mount was told (madvise(2),
 * MADV_COLLAPSE, since Linux 6.1), and a mapping has them when file and address agree modulo 2 MiB. Without
 * them everything works as well, only slower: nobody is told when the kernel refuses.
 */
#ifndef PAT_INDEX_MAP_H
#define PAT_INDEX_MAP_H

#include "base/base.h"

#define PAT_MAP_HUGE_BYTES (2ull << 20)

/* The file's first `bytes`, shared, at a multiple of PAT_MAP_HUGE_BYTES; NULL with errno. */
void *pat_map_file(int fd, size_t bytes, int protection);

/* Asks for huge pages under [at, at + bytes), as far as whole ones lie in it. What is there already stays, and
 * whoever touches it meanwhile waits for the copy (milliseconds). Memory must be backed: a hole would be filled. */
void pat_map_collapse(void *at, size_t bytes);

#endif
