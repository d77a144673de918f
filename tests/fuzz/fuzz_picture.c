/* SPDX-License-Identifier: Apache-2.0
 *
 * The look at pictures that people give: the first byte says of which kind the rest is meant to be.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/picture.h"

/* A picture is of one kind, ends where its bytes end, and is no picture with one byte less or more. */
static void check_whole(enum pat_picture_kind kind, const uint8_t *bytes, size_t len)
{
	uint8_t *more = calloc(1, len + 1);

	pat_assert(more);
	memcpy(more, bytes, len); /* UNSAFE: just allocated */
	pat_assert(pat_picture_check(kind, more, len + 1) != 0);
	pat_assert(pat_picture_check(kind, bytes, len - 1) != 0);
	for (int other = PAT_PICTURE_NONE; other <= PAT_PICTURE_WEBP; other++)
		pat_assert(other == (int)kind ||
		           pat_picture_check((enum pat_picture_kind)other, bytes, len) != 0);
	free(more);
}

bool pat_fuzz_accepts(const uint8_t *data, size_t size)
{
	if (size < 1)
		return false;
	enum pat_picture_kind kind = (enum pat_picture_kind)(data[0] % 4);
	if (pat_picture_check(kind, data + 1, size - 1) != 0)
		return false;
	check_whole(kind, data + 1, size - 1);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)pat_fuzz_accepts(data, size);
	return 0;
}
