/* SPDX-License-Identifier: Apache-2.0
 *
 * The verdict: may this request pass? Format, digest, look-up, expiry, product, network, scopes, resources, rate, in
 * that order, and the usage mark of an allowed request. Where a product has a policy, which operation a request is
 * comes first: pat_verify_operation().
 *
 *   struct pat_verifier *v;                     one per thread
 *   pat_credential_add_authorization(&c, ...);  what the request presents
 *   switch (pat_verify(v, &c, &ask, now_s, &id)) { ... }
 */
#ifndef PAT_INDEX_VERIFY_H
#define PAT_INDEX_VERIFY_H

#include "index/reader.h"
#include "token/credential.h"
#include "token/scopes.h"

struct pat_verifier;

enum pat_verdict {
	PAT_VERDICT_ALLOWED = 0,
	PAT_VERDICT_MISSING,     /* 401, no credential presented */
	PAT_VERDICT_AMBIGUOUS,   /* 400, two credentials that differ */
	PAT_VERDICT_MALFORMED,   /* 401, not a token */
	PAT_VERDICT_UNKNOWN,     /* 401, well-formed, not valid: never issued, or revoked */
	PAT_VERDICT_EXPIRED,     /* 401 */
	PAT_VERDICT_SCOPE,       /* 403, lacks a required scope */
	PAT_VERDICT_UNAVAILABLE, /* 503, neither yes nor no */
	PAT_VERDICT_AUDIENCE,    /* 403, not for this product */
	PAT_VERDICT_NETWORK,     /* 403, not from there */
	PAT_VERDICT_RESOURCE,    /* 404, not one of those it is limited to */
	PAT_VERDICT_RATE,        /* 429 */
	PAT_VERDICT_CLOSED,      /* 403, an operation that no token may do */
	PAT_VERDICT_PATH,        /* 400, a path that others might read differently */
	PAT_VERDICT_ROUTE,       /* 404, no operation of the product has this path */
	PAT_VERDICT_METHOD,      /* 405, none has this method */
	PAT_VERDICT_PRODUCT,     /* 404, there is no product of this name */
};
#define PAT_VERDICTS 17

/* One requirement: any one of these scopes is enough. A list of needs must all be met. Memory the caller
 * holds; the names must outlive it. The numbers are the verifier's cache. Not shared between threads. */
#define PAT_NEED_SCOPES_MAX 16
struct pat_need {
	size_t n;
	uint64_t generation; /* of the index the numbers belong to; 0 = not yet looked up */
	uint64_t scope_count;
	struct {
		const char *name;
		size_t len;
		int64_t number;
	} scopes[PAT_NEED_SCOPES_MAX];
};

/* Which operation of a product a request is. Memory the caller holds, and must not copy; what it points at lives until
 * the next pat_verify_operation() on the verifier, and until the target goes. */
struct pat_operation {
	const struct pat_policies_product *product;
	struct pat_policy_match match; /* with METHOD only `methods` */
	struct pat_path path;          /* with PATH `path.why` */
};

/* ALLOWED: go on and judge the token. PATH, ROUTE, METHOD, PRODUCT: refuse, whoever asks. UNAVAILABLE: also when no
 * product of that name has a policy, and there are products whose policy nobody could read. `method` in capitals. */
enum pat_verdict pat_verify_operation(struct pat_verifier *verifier, const char *product,
                                      size_t product_len, const char *method, size_t method_len,
                                      const char *target, size_t target_len,
                                      struct pat_operation *ret) PAT_MUST_USE;

/* Its name: the operation's id, or its template where the document gives it none. Lives as long as the operation. */
struct pat_segment pat_verify_operation_name(const struct pat_operation *operation);

/* What is asked about a token. Starts with {0}: whether it is valid. */
struct pat_ask {
	struct pat_need *needs; /* besides the operation's */
	size_t n_needs;
	const char *
		product; /* whom the request is for; without, a token that is limited to products may not */
	size_t product_len;
	bool any_product; /* whichever the token is for, and whatever it reaches there: it asks about itself */
	const struct pat_operation *operation; /* the operation, or NULL */
	const struct pat_address *from;        /* where the request comes from, or NULL */
	bool again; /* a second look at the same request: no rate is taken, and none is refused */
};

/* Whom and what an allowed token stands for. Copies of small things; what points elsewhere points into
 * the index or the policies and lives until the next call on the verifier. On EXPIRED and what is judged after it, it
 * is filled too (for logs); on SCOPE `missing` is the need that was not met. Otherwise zeroed. */
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
	const char *limits;
	size_t limits_len;
	const struct pat_need *missing; /* one of the asker's, or the verifier's own */
	struct pat_rate rate;           /* when it was judged; on RATE with `retry_s` */
};

/* `index_directory` is where patd keeps the index. -ENOMEM. */
int pat_verifier_new(const char *index_directory, struct pat_verifier **ret) PAT_MUST_USE;
void pat_verifier_free(struct pat_verifier *verifier);
void pat_verifier_freep(struct pat_verifier **verifier);

/* About once a second, off the hot path: pat_index_reader_refresh(). */
bool pat_verifier_refresh(struct pat_verifier *verifier);

/* `now_s` is the wall clock, read after the request was complete. */
enum pat_verdict pat_verify(struct pat_verifier *verifier, const struct pat_credential *credential,
                            const struct pat_ask *ask, int64_t now_s,
                            struct pat_identity *ret) PAT_MUST_USE;

/* The same in steps, for a caller who has work of its own to do meanwhile: each step asks memory for what the next one
 * reads. begin(); work; approach(), optional; work; end(). A token is not looked at before end(); every change that was
 * applied before begin() is seen. Steps of several verifications may alternate on
 * the verifier's thread, so that a caller who has many to do waits for memory once. */
struct pat_verifying {
	enum pat_verdict so_far; /* ALLOWED: not refused yet */
	uint8_t digest[PAT_DIGEST_BYTES];
	char tid[PAT_TID_CHARS + 1];
	/* When the node has to be asked before this answer may be given: pat_verify_ask(). Set with ALLOWED. */
	enum pat_index_consistency asks;
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
                                const struct pat_verifying *verifying, const struct pat_ask *ask,
                                int64_t now_s, struct pat_identity *ret) PAT_MUST_USE;

/* Asking the node for what has been made elsewhere (pat_index_reader_ask()), for a caller who can wait meanwhile. */
void pat_verify_ask(struct pat_verifier *verifier, struct pat_index_question *ret);
/* Enters the index first; UNAVAILABLE is NOBODY. */
enum pat_index_answer pat_verify_answer(struct pat_verifier *verifier,
                                        struct pat_index_question *question);
/* After begin(): every change up to here is in. */
uint64_t pat_verify_applied(const struct pat_verifier *verifier);

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
