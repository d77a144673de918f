/* SPDX-License-Identifier: Apache-2.0 */
#include "web/reactions.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE 1000

static int keep(void *arg, const struct pat_files_reaction *reaction)
{
	struct pat_reactions *all = arg;

	if (all->n == all->cap) {
		size_t cap = all->cap ? all->cap * 2 : 64;
		struct pat_files_reaction *each =
			reallocarray(all->each, cap, sizeof(all->each[0]));

		if (!each)
			return -ENOMEM;
		all->each = each;
		all->cap = cap;
	}
	all->each[all->n++] = *reaction;
	return 0;
}

/* They came oldest first: a sort that keeps that order within a comment. */
static int compare(const void *a, const void *b)
{
	const struct pat_files_reaction *left = a;
	const struct pat_files_reaction *right = b;

	if (left->comment != right->comment)
		return left->comment < right->comment ? -1 : 1;
	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return 0;
}

int pat_reactions_load(struct pat_reactions *reactions, struct pat_files *files,
                       const struct pat_files_caller *caller, const char *key)
{
	bool more = true;

	while (more) {
		int r = pat_files_reaction_list(files, caller, key, 0, (int64_t)reactions->n, PAGE,
		                                keep, reactions, &more);
		if (r != 0)
			return r;
	}
	if (reactions->n > 0)
		qsort(reactions->each, reactions->n, sizeof(reactions->each[0]), compare);
	return 0;
}

void pat_reactions_done(struct pat_reactions *reactions)
{
	free(reactions->each);
	*reactions = (struct pat_reactions){ 0 };
}

const struct pat_files_reaction *pat_reactions_of(const struct pat_reactions *reactions,
                                                  int64_t comment, size_t *ret_n)
{
	size_t from = 0;
	size_t to = reactions->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (reactions->each[middle].comment < comment)
			from = middle + 1;
		else
			to = middle;
	}
	to = from;
	while (to < reactions->n && reactions->each[to].comment == comment)
		to++;
	*ret_n = to - from;
	return &reactions->each[from];
}
