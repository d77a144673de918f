/* SPDX-License-Identifier: Apache-2.0
 *
 * libpat: may this request pass? For products that ask in their own process, without a proxy in between. The answer comes
 * from the memory that patd shares on this machine: nothing is sent, and what was revoked is refused from the moment the
 * revoke has been acknowledged.
 *
 *   struct pat_gate *gate;                                   one per thread
 *   if (pat_gate_open("/run/patd", &gate) < 0) …
 *   struct pat_question q = PAT_QUESTION("shop");
 *   q.authorization = …; q.method = …; q.target = …; q.address = …;
 *   struct pat_answer a = PAT_ANSWER;
 *   if (pat_gate_ask(gate, &q, &a) != 200)  refuse with a.status and a.reason
 *
 * The ABI: structures begin with their size, as the program was compiled, and grow at their end only. A newer library
 * leaves alone what an older program does not know; an older library takes a newer program's zeroes for what it does
 * not know, and refuses anything else (500). What is not in this header is not for programs outside patd.
 */
#ifndef PAT_VERIFY_H
#define PAT_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PAT_GATE_ABI 1

/* The library's, to be held against the header's. */
unsigned pat_gate_abi(void);

struct pat_gate;

/* `directory`: patd's runtime folder (runtime_dir in patd.conf(5); `patd check` names it). The index need not be there yet: until patd has
 * loaded it every answer is 503. 0, or -ENOMEM. A gate belongs to one thread at a time; there may be many. */
int pat_gate_open(const char *directory, struct pat_gate **ret);
/* NULL is fine. Answers of this gate must not be read any more. */
void pat_gate_close(struct pat_gate *gate);

/* What is asked. Texts end with a NUL, belong to the caller, and are read during the call only; NULL is "none". Set `size`, and
 * zero the rest (PAT_QUESTION). */
struct pat_question {
	uint32_t size;
	/* The credential as the request has it: the Authorization header's value ("Bearer pat_…", RFC 6750, section 2.1), and that of a
	 * header for bare tokens. Both may be there if they say the same; 400 if not. A header that came twice is never one value:
	 * refuse such a request yourself. */
	const char *authorization;
	const char *token;
	/* Whom the request is for: a token that is limited to products is refused without (403). */
	const char *product;
	/* The request in question, method in capitals and target as it came (path and query, undecoded): judged by the product's policy,
	 * which must be imported. Both or neither. */
	const char *method;
	const char *target;
	/* Scopes the token needs, joined by single spaces: all of them, at most 16. Besides those of the policy. */
	const char *scopes;
	/* The client's address, IPv4 or IPv6, without a port. A token that is limited to networks is refused without (403). Never
	 * take it from a header that a client can write. */
	const char *address;
};

struct pat_answer {
	uint32_t size;
	/* 200: it may pass. 400, 401, 403, 404, 405, 429, 503: it may not, and this is the HTTP status to refuse it with. 500: the question
	 * is none that this library can answer. */
	int32_t status;
	/* The cause in a word ("token_expired"; docs/operations.md lists them), and in a sentence. "" with 200. They live as long as the
	 * library. */
	const char *reason;
	const char *detail;
	/* With 200: the person's id, the token's id, and its scopes, joined by spaces. They live until the next call with the gate. */
	const char *person;
	const char *token_id;
	const char *scopes;
	/* With a policy: the operation's id, or its path template. The same life. */
	const char *operation;
	int64_t expires_s; /* Unix time; 0: never */
	/* Of a token with a rate (0 requests: it has none), draft-ietf-httpapi-ratelimit-headers: */
	uint32_t rate_requests;
	uint32_t rate_window_s;
	uint32_t rate_remaining;
	uint32_t rate_reset_s;
	uint32_t retry_after_s; /* with 429 */
	uint32_t reserved;
};

#define PAT_QUESTION(product_)                                                              \
	{                                                                                   \
		sizeof(struct pat_question), NULL, NULL, (product_), NULL, NULL, NULL, NULL \
	}
#define PAT_ANSWER                                                                               \
	{                                                                                        \
		sizeof(struct pat_answer), 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, \
			0, 0                                                                     \
	}

/* Judges, counts an allowed request as a use of its token, and takes one of its rate. Returns answer->status. Never blocks, never
 * allocates, and makes no system call but for the clock, and about once a second to see whether the index is still the one. */
int pat_gate_ask(struct pat_gate *gate, const struct pat_question *question,
                 struct pat_answer *answer);

#ifdef __cplusplus
}
#endif

#endif
