/* SPDX-License-Identifier: Apache-2.0 */
#include "index/resting.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

#define BLOCK_SLOTS 1023u /* 8 KiB a block */

struct resting_slot {
	uint32_t slot;
	uint32_t since_s; /* of CLOCK_BOOTTIME */
};

struct pat_resting_block {
	struct pat_resting_block *next;
	struct resting_slot slots[BLOCK_SLOTS];
};

static uint32_t now_s(void)
{
	return (uint32_t)(pat_clock_boot_ns() / 1000000000u);
}

int pat_resting_push(struct pat_resting *resting, uint32_t slot)
{
	if (!resting->last || resting->tail == BLOCK_SLOTS) {
		struct pat_resting_block *block = calloc(1, sizeof(*block));

		if (!block)
			return -ENOMEM;
		if (resting->last)
			resting->last->next = block;
		else
			resting->first = block;
		resting->last = block;
		resting->tail = 0;
	}
	resting->last->slots[resting->tail++] =
		(struct resting_slot){ .slot = slot, .since_s = now_s() };
	return 0;
}

bool pat_resting_take(struct pat_resting *resting, uint32_t *ret_slot)
{
	if (pat_resting_ready(resting, 1) == 0)
		return false;
	*ret_slot = resting->first->slots[resting->head++].slot;
	if (resting->first == resting->last) {
		if (resting->head == resting->tail)
			resting->head = resting->tail = 0;
	} else if (resting->head == BLOCK_SLOTS) {
		struct pat_resting_block *empty = resting->first;

		resting->first = empty->next;
		resting->head = 0;
		free(empty);
	}
	return true;
}

size_t pat_resting_ready(const struct pat_resting *resting, size_t most)
{
	const struct pat_resting_block *block = resting->first;
	size_t at = resting->head;
	size_t n = 0;

	if (!block || (block == resting->last && at == resting->tail))
		return 0;
	uint32_t now = now_s();
	while (block && n < most) {
		if (at == (block == resting->last ? resting->tail : BLOCK_SLOTS)) {
			block = block->next;
			at = 0;
			continue;
		}
		if (now - block->slots[at++].since_s < PAT_RESTING_S)
			break;
		n++;
	}
	return n;
}

void pat_resting_done(struct pat_resting *resting)
{
	struct pat_resting_block *block = resting->first;

	while (block) {
		struct pat_resting_block *next = block->next;

		free(block);
		block = next;
	}
	*resting = (struct pat_resting){ 0 };
}
