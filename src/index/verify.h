/* SPDX-License-Identifier: Apache-2.0
 *
 * The verdict: may this request pass? Format, digest, look-up, expiry, scopes, in that order, and
 * the usage mark of an allowed request. Pure but for the two clocks, which the caller hands in.
 *
 *   struct pat_verifier *v;                     one per thread
 *   pat_credential_add_authorization(&c, ...);  what the request presents
 *   switch (pat_verify(v, &c, needs, n, now_s, &id)) { ... }
 */
#ifndef PAT_INDEX_VERIFY_H
#define PAT_INDEX_VERIFY_H

#include "index/reader.h"
#include "token/credential.h"
#include "token/scopes.h"

enum pat_verdict {
	PAT_VERDICT_ALLOWED = 0,
	PAT_VERDICT_MISSING,     /* 401, no credential presented */
	PAT_VERDICT_AMBIGUOUS,   /* 400, two credentials that differ */
	PAT_VERDICT_MALFORMED,   /* 401, not a token */
	PAT_VERDICT_UNKNOWN,     /* 401, well-formed, not valid: never issued, or revoked */
	PAT_VERDICT_EXPIRED,     /* 401 */
	PAT_VERDICT_SCOPE,       /* 403, lacks a required scope */
	PAT_VERDICT_UNAVAILABLE, /* 503, neither yes nor no */
};
#define PAT_VERDICTS 8

/* One requirement: any one of these scopes is enough. A list of needs must all be met. Memory the caller
 * holds; the names must outlive it. The numbers are the verifier's cache. Not shared between threads. */
#define PAT_NEED_SCOPES_MAX 16
struct pat_need {
	size_t n;
	struct {
		const char *name;
		size_t len;
		int64_t number;
	} scopes[PAT_NEED_SCOPES_MAX];
	uint64_t generation; /* of the index the numbers belong to; 0 = not yet looked up */
	uint64_t scope_count;
};

/* Whom and what an allowed token stands for. Copies of small things; `scopes` and `owner` point into
 * the index and live until the next call on the verifier. On EXPIRED and SCOPE it is filled too (for logs);
 * on SCOPE `missing` is the need that was not met. Otherwise zeroed. */
struct pat_identity {
	char tid[PAT_TID_CHARS + 1];
	uint8_t digest[PAT_DIGEST_BYTES];
	const char *owner;
	size_t owner_len;
	const char *scopes;
	size_t scopes_len;
	uint32_t issued_s;
	uint32_t expires_s; /* 0 = never */
	uint64_t number;
	size_t missing;
};

struct pat_verifier;

/* `index_directory` is where patd keeps the index. -ENOMEM. */
int pat_verifier_new(const char *index_directory, struct pat_verifier **ret) PAT_MUST_USE;
void pat_verifier_free(struct pat_verifier *verifier);
void pat_verifier_freep(struct pat_verifier **verifier);

/* About once a second, off the hot path: pat_index_reader_refresh(). */
bool pat_verifier_refresh(struct pat_verifier *verifier);

/* `needs` may be NULL with n_needs 0. `now_s` is the wall clock, read after the request was complete. */
enum pat_verdict pat_verify(struct pat_verifier *verifier, const struct pat_credential *credential,
                            struct pat_need *needs, size_t n_needs, int64_t now_s,
                            struct pat_identity *ret);

/* The same in steps, for a caller who has work of its own to do meanwhile: each step asks memory for what the next one
 * reads. begin(); work; approach(), optional; work; end(). A token is not looked at before end(); every change that was
 * applied before begin() is seen. Steps of several verifications may alternate on
 * the verifier's thread, so that a caller who has many to do waits for memory once. */
struct pat_verifying {
	enum pat_verdict so_far; /* ALLOWED: not refused yet */
	uint8_t digest[PAT_DIGEST_BYTES];
	char tid[PAT_TID_CHARS + 1];
};
void pat_verify_begin(struct pat_verifier *verifier, const struct pat_credential *credential,
                      struct pat_verifying *ret);
/* Begins with a token that was presented and digested before in this request: a second look after an internal
 * redirect. */
void pat_verify_begin_digest(struct pat_verifier *verifier,
                             const uint8_t digest[static PAT_DIGEST_BYTES],
                             struct pat_verifying *ret);
void pat_verify_approach(struct pat_verifier *verifier, const struct pat_verifying *verifying);
enum pat_verdict pat_verify_end(struct pat_verifier *verifier,
                                const struct pat_verifying *verifying, struct pat_need *needs,
                                size_t n_needs, int64_t now_s,
                                struct pat_identity *ret) PAT_MUST_USE;

/* The refusal, as products and clients see it (docs/refusals in docs/operations.md): status, the machine
 * word, and the plain words that Figma's clients parse. Static strings. ALLOWED: 200, "", "". */
struct pat_refusal {
	int status;
	const char *reason;       /* "token_expired" */
	const char *title;        /* "Unauthorized" */
	const char *err;          /* "Token expired" */
	const char *detail;       /* a sentence for people */
	const char *bearer_error; /* RFC 6750 section 3.1, or NULL */
};
const struct pat_refusal *pat_verdict_refusal(enum pat_verdict verdict);

#endif
