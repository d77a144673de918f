/* SPDX-License-Identifier: Apache-2.0 */
#include "index/map.h"

#include <errno.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* asm-generic/mman-common.h, younger than this C library's headers */
#endif

static uint8_t *round_up(uint8_t *at)
{
	return at + (-(uintptr_t)at & (PAT_MAP_HUGE_BYTES - 1));
}

/* mmap() has no word for "at a multiple of": address space that is large enough for one is taken first, and what
 * lies before and behind it given back. */
void *pat_map_file(int fd, size_t bytes, int protection)
{
	if (bytes > SIZE_MAX - PAT_MAP_HUGE_BYTES) {
		errno = ENOMEM;
		return NULL;
	}
	size_t room = bytes + PAT_MAP_HUGE_BYTES;
	uint8_t *taken =
		mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (taken == MAP_FAILED)
		return NULL;
	uint8_t *at = round_up(taken);
	void *map = mmap(at, bytes, protection, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd, 0);
	if (map == MAP_FAILED) {
		int error = errno;

		(void)munmap(taken, room);
		errno = error;
		return NULL;
	}
	uint8_t *end = at + (bytes + 4095) / 4096 * 4096;
	if (at > taken)
		(void)munmap(taken, (size_t)(at - taken));
	if (taken + room > end)
		(void)munmap(end, (size_t)(taken + room - end));
	return map;
}

void pat_map_collapse(void *at, size_t bytes)
{
	uint8_t *from = round_up(at);
	uint8_t *end = (uint8_t *)at + bytes;
	uint8_t *upto = end - ((uintptr_t)end & (PAT_MAP_HUGE_BYTES - 1));

	if (upto > from)
		(void)madvise(from, (size_t)(upto - from), MADV_COLLAPSE);
}
