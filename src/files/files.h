/* SPDX-License-Identifier: Apache-2.0
 *
 * The built-in product, as a foreign product would be written: it sees the person and the scopes that
 * the gate hands over, asks the core for that person's name, and knows nothing of tokens.
 */
#ifndef PAT_FILES_FILES_H
#define PAT_FILES_FILES_H

#include "base/base.h"

/* Headers of every answer under /v1, as Figma's clients know them. */
#define PAT_FILES_CONTENT_TYPE  "application/json; charset=utf-8"
#define PAT_FILES_CACHE_CONTROL "no-cache, no-store"
#define PAT_FILES_VARY          "X-Figma-Token,Authorization,Accept-Encoding"

enum pat_files_outcome {
	PAT_FILES_E_NOT_FOUND = 1,
	PAT_FILES_E_SCOPE, /* the caller lacks the scope that the operation names */
};

/* Who calls, and under which base URL the product is reached (for links in answers). */
struct pat_files_caller {
	int64_t person;
	const char *scopes; /* canonical, token/scopes.h */
	const char *scheme;
	const char *host;
};

#endif
