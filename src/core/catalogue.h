/* SPDX-License-Identifier: Apache-2.0
 *
 * The scopes people can choose from, with the words that describe them: data read from a JSON file
 * (share/scopes/figma.json), not code. patd's own are share/scopes/patd.json.
 */
#ifndef PAT_CORE_CATALOGUE_H
#define PAT_CORE_CATALOGUE_H

#include "base/err.h"
#include "token/scopes.h"

struct pat_scope {
	char *scope;
	char *description;
	char *category;
	bool writes; /* changes data */
	bool deprecated;
	bool admin; /* only administrators may give it to a token */
};

struct pat_catalogue {
	struct pat_scope *scopes;
	size_t n;
};

/* Reads `path`. On failure `err` names the file and what is wrong with it. */
int pat_catalogue_load(const char *path, struct pat_catalogue **ret,
                       struct pat_err *err) PAT_MUST_USE;
void pat_catalogue_free(struct pat_catalogue *catalogue);

/* NULL when there is none of that name, or no catalogue. */
const struct pat_scope *pat_catalogue_find(const struct pat_catalogue *catalogue,
                                           const char *scope);

#endif
