/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether one token may do no more than another: its scopes, and what it is limited to. All texts are canonical
 * (token/scopes.h, token/limits.h). Pure.
 *
 * Limits of one kind are alternatives, so fewer of them are less, but none at all is everything: a kind that the other is
 * limited by has to be there. Of resources every parameter of every product counts by itself, and where the other limits a
 * product by some parameters no further one may be named: an operation that has only that would be opened by it.
 * A rate is never within a rate: each token counts its own, and two of them would be twice as fast.
 */
#ifndef PAT_TOKEN_SUBSET_H
#define PAT_TOKEN_SUBSET_H

#include "token/limits.h"
#include "token/scopes.h"

/* Whether every scope of `some` is in `all`. */
bool pat_subset_scopes(const char *some, const char *all);

/* Whether whatever passes the limits `some` passes `all`. */
bool pat_subset_limits(const char *some, const char *all);

/* Adds to `text` those of `all` of which it says nothing: of audiences and networks when it has none, of resources those of
 * each parameter that it does not name. 0, or PAT_LIMITS_E_TOO_MANY with `text` as it was. */
int pat_subset_limits_fill(char text[static PAT_LIMITS_TEXT_BYTES_MAX + 1],
                           const char *all) PAT_MUST_USE;

#endif
