/* SPDX-License-Identifier: Apache-2.0
 *
 * What a token is limited to besides its scopes. Its canonical text is words, sorted by byte, each once, joined by one
 * space; that text is stored, MACed and interned, as scopes are. No limit is the empty text. A word is one of
 *
 *   aud=PRODUCT              it may be used for this product; without such a word, for all
 *   net=NETWORK              it may be used from there; without, from everywhere
 *   rate=N/S                 N requests in S seconds
 *   res=PRODUCT/PARAM=VALUE  where an operation of the product has this path parameter, it has to have this value, or
 *   res=PRODUCT/PARAM=VALUE* one that begins so; once a product's resources are limited, an operation of it that has
 *                            none of the limited parameters is not open at all
 *
 * Words of one kind are alternatives; kinds, and different parameters, must all be met. A value's bytes are percent-encoded
 * but for letters, digits and "-._~:@".
 */
#ifndef PAT_TOKEN_LIMITS_H
#define PAT_TOKEN_LIMITS_H

#include "token/network.h"

#define PAT_LIMITS_MAX            128u
#define PAT_LIMITS_TEXT_BYTES_MAX 8192u
#define PAT_LIMIT_PRODUCT_MAX     64u
#define PAT_LIMIT_PARAM_MAX       64u
#define PAT_LIMIT_VALUE_MAX       256u /* bytes, decoded */
#define PAT_LIMIT_REQUESTS_MAX    1000000u
#define PAT_LIMIT_WINDOW_S_MAX    86400u

enum pat_limit_kind {
	PAT_LIMIT_AUDIENCE,
	PAT_LIMIT_NETWORK,
	PAT_LIMIT_RATE,
	PAT_LIMIT_RESOURCE,
};

struct pat_limit {
	enum pat_limit_kind kind;
	char product[PAT_LIMIT_PRODUCT_MAX + 1]; /* AUDIENCE, RESOURCE */
	char param[PAT_LIMIT_PARAM_MAX + 1];     /* RESOURCE */
	char value[PAT_LIMIT_VALUE_MAX];         /* RESOURCE; decoded, not NUL-terminated */
	size_t value_len;
	bool prefix; /* RESOURCE: the value is a beginning */
	struct pat_network network;
	uint32_t requests; /* RATE */
	uint32_t window_s;
};

enum pat_limits_outcome {
	PAT_LIMITS_E_BAD_WORD = 1,
	PAT_LIMITS_E_DUPLICATE,
	PAT_LIMITS_E_TOO_MANY, /* words or bytes, or two rates */
};

/* Whether it is a product's name: a lower case letter, then those, digits and "-". */
bool pat_product_name_ok(const char *name, size_t len);

/* Reads one word. 0, or PAT_LIMITS_E_BAD_WORD also for one that is not spelled canonically. */
int pat_limit_parse(const char *word, size_t len, struct pat_limit *ret) PAT_MUST_USE;

/* Writes the word and its NUL; what it says must be within bounds. */
#define PAT_LIMIT_WORD_MAX \
	(16u + PAT_LIMIT_PRODUCT_MAX + PAT_LIMIT_PARAM_MAX + 3 * PAT_LIMIT_VALUE_MAX)
void pat_limit_format(const struct pat_limit *limit, char out[static PAT_LIMIT_WORD_MAX]);

/* Writes the canonical text of `n` words, which may be none, and its NUL. 0 or an outcome. */
int pat_limits_canonical(const char *const *words, size_t n,
                         char text[static PAT_LIMITS_TEXT_BYTES_MAX + 1]) PAT_MUST_USE;

/* 0 when `text` is canonical. For texts that come back from a store. */
int pat_limits_check(const char *text) PAT_MUST_USE;

/* Steps through a canonical text: `*cursor` starts at the text; false at its end, or at what is no limit. */
bool pat_limits_next(const char **cursor, struct pat_limit *ret);
/* Whether a canonical text has this product among its audiences. */
bool pat_limits_names_product(const char *text, const char *product);
/* Whether a canonical text has one of this kind. */
bool pat_limits_any(const char *text, enum pat_limit_kind kind);

#endif
