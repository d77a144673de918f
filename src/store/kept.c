/* SPDX-License-Identifier: Apache-2.0 */
#include "store/kept.h"

#include <stdlib.h>

struct pat_record *pat_kept_add(struct pat_kept *kept, const struct pat_record *record)
{
	if (kept->n == kept->cap) {
		size_t cap = kept->cap ? 2 * kept->cap : 4;
		struct pat_record **grown =
			reallocarray(kept->list, cap, sizeof(struct pat_record *));

		if (!grown)
			return NULL;
		kept->list = grown;
		kept->cap = cap;
	}
	struct pat_record *copy = malloc(sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = *record;
	kept->list[kept->n++] = copy;
	return copy;
}

void pat_kept_done(struct pat_kept *kept)
{
	for (size_t i = 0; i < kept->n; i++)
		free(kept->list[i]);
	free(kept->list);
	*kept = (struct pat_kept){ 0 };
}
