/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords: what may be one, and argon2id (RFC 9106) on a bounded number of hands.
 *
 * At most `parallel` hashes run at once and at most `waiting` more wait, so a storm of sign-ins costs
 * a known amount of memory and never starves the rest of the process.
 *
 * Whoever is known (a session, or an address the person has signed in from before) goes first, and has some of the places
 * to wait in kept for him: a storm from elsewhere, from however many addresses, fills the strangers' places only. Who was
 * let in before could be told from how long others wait, but only by somebody who sits at that very address.
 */
#ifndef PAT_CORE_PASSWORD_H
#define PAT_CORE_PASSWORD_H

#include "base/err.h"
#include "store/store.h"

#define PAT_PASSWORD_CHARS_MIN 15 /* code points; NIST SP 800-63B-4 for a single factor */
#define PAT_PASSWORD_BYTES_MAX 4096
#define PAT_PASSWORD_KEPT      4 /* one place in so many is not for strangers */

struct pat_password;

struct pat_password_config {
	unsigned memory_kib;
	unsigned passes;
	unsigned parallel;
	unsigned waiting;
	const char *common_file; /* NULL: no list of common passwords */
};

int pat_password_new(const struct pat_password_config *config, struct pat_password **ret,
                     struct pat_err *err) PAT_MUST_USE;
void pat_password_free(struct pat_password *password);

/* May this be a password of the person with this email and name? 0 or PAT_CORE_E_PASSWORD_…; cheap. */
int pat_password_check(const struct pat_password *password, const char *text, size_t len,
                       const char *email, const char *name) PAT_MUST_USE;

/* 0 with a PHC string; -EBUSY, -ENOMEM. */
int pat_password_hash(struct pat_password *password, bool known, const char *text, size_t len,
                      char ret[static PAT_PHC_BYTES_MAX + 1]) PAT_MUST_USE;

/* 0 when `text` belongs to `phc`, PAT_CORE_E_CREDENTIALS otherwise. NULL or "" for `phc` does the same work against a
 * hash nobody knows a password of. -EBUSY, -ENOMEM. */
int pat_password_verify(struct pat_password *password, bool known, const char *text, size_t len,
                        const char *phc) PAT_MUST_USE;

/* Whether `phc` was made with less than today's cost. */
bool pat_password_outdated(const struct pat_password *password, const char *phc);

#endif
