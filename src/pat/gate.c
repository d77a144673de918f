/* SPDX-License-Identifier: Apache-2.0
 *
 * libpat's public face: one question, one answer, over the verifier.
 */
#include "pat/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "index/verify.h"
#include "token/network.h"

#define NEEDS_MAX       16
#define NEEDS_TEXT_MAX  2048
#define OWNER_BYTES     24
#define OPERATION_BYTES 256

struct pat_gate {
	struct pat_verifier *verifier;
	int64_t refreshed_s;
	/* Needs as they were asked last; they keep their numbers in the index while the question stays the same. */
	char needs_text[NEEDS_TEXT_MAX + 1];
	struct pat_need needs[NEEDS_MAX];
	size_t n_needs;
	/* What an answer points at. */
	char owner[OWNER_BYTES];
	char token_id[PAT_TID_CHARS + 1];
	char scopes[PAT_SCOPES_TEXT_BYTES_MAX + 1];
	char operation[OPERATION_BYTES];
};

unsigned pat_gate_abi(void)
{
	return PAT_GATE_ABI;
}

int pat_gate_open(const char *directory, struct pat_gate **ret)
{
	struct pat_gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return -ENOMEM;
	int r = pat_verifier_new(directory, &gate->verifier);
	if (r < 0) {
		free(gate);
		return r;
	}
	*ret = gate;
	return 0;
}

void pat_gate_close(struct pat_gate *gate)
{
	if (!gate)
		return;
	pat_verifier_free(gate->verifier);
	free(gate);
}

/* ---- The question. */

/* A question of a program that was compiled with another size: what it has beyond ours must be zeroes. */
static bool question_take(const struct pat_question *given, struct pat_question *ret)
{
	const uint8_t *bytes = (const uint8_t *)given;
	size_t size = given->size;

	if (size < sizeof(uint32_t))
		return false;
	for (size_t i = sizeof(*ret); i < size; i++)
		if (bytes[i] != 0)
			return false;
	*ret = (struct pat_question){ 0 };
	memcpy(ret, given, size < sizeof(*ret) ? size : sizeof(*ret)); /* UNSAFE: the smaller */
	return !ret->method == !ret->target && (!ret->method || ret->product);
}

static bool needs_take(struct pat_gate *gate, const char *text)
{
	text = text ? text : "";
	if (strcmp(text, gate->needs_text) == 0)
		return true;
	size_t len = strlen(text);
	gate->needs_text[0] = '\0';
	gate->n_needs = 0;
	if (len > NEEDS_TEXT_MAX)
		return false;
	memcpy(gate->needs_text, text, len + 1); /* UNSAFE: checked above */
	for (char *at = gate->needs_text; len > 0 && at; gate->n_needs++) {
		char *space = strchr(at, ' ');
		size_t n = space ? (size_t)(space - at) : strlen(at);

		if (n == 0 || gate->n_needs == NEEDS_MAX) {
			gate->needs_text[0] = '\0';
			gate->n_needs = 0;
			return false;
		}
		gate->needs[gate->n_needs] =
			(struct pat_need){ .n = 1, .scopes[0] = { .name = at, .len = n } };
		at = space ? space + 1 : NULL;
	}
	return true;
}

/* ---- The answer. */

static const char *keep(char *to, size_t room, const char *text, size_t len)
{
	if (len >= room)
		len = room - 1;
	memcpy(to, text, len); /* UNSAFE: checked above */
	to[len] = '\0';
	return to;
}

static void answer_give(const struct pat_answer *ours, struct pat_answer *given)
{
	uint32_t size = given->size;
	size_t n = size < sizeof(*ours) ? size : sizeof(*ours);

	memset(given, 0, size);
	memcpy(given, ours, n); /* UNSAFE: the smaller */
	given->size = size;
}

static enum pat_verdict judge(struct pat_gate *gate, const struct pat_question *q, int64_t now_s,
                              struct pat_operation *operation, struct pat_identity *id)
{
	struct pat_ask ask = { .needs = gate->needs, .n_needs = gate->n_needs };
	struct pat_credential credential = { 0 };
	struct pat_verifying verifying;
	struct pat_address address;

	/* begin() first: whatever comes after it is of the index that it has entered. */
	if (q->authorization)
		pat_credential_add_authorization(&credential, q->authorization,
		                                 strlen(q->authorization));
	if (q->token)
		pat_credential_add_header(&credential, q->token, strlen(q->token));
	pat_verify_begin(gate->verifier, &credential, &verifying);
	if (q->product) {
		ask.product = q->product;
		ask.product_len = strlen(q->product);
	}
	if (q->method) {
		enum pat_verdict verdict = pat_verify_operation(
			gate->verifier, ask.product, ask.product_len, q->method, strlen(q->method),
			q->target, strlen(q->target), operation);
		if (verdict != PAT_VERDICT_ALLOWED)
			return verdict;
		ask.operation = operation;
	}
	if (q->address && pat_address_parse(q->address, strlen(q->address), &address) == 0)
		ask.from = &address;
	return pat_verify_end(gate->verifier, &verifying, &ask, now_s, id);
}

static void fill(struct pat_gate *gate, enum pat_verdict verdict, const struct pat_identity *id,
                 const struct pat_operation *operation, struct pat_answer *ret)
{
	const struct pat_refusal *refusal = pat_verdict_refusal(verdict);

	ret->status = refusal->status;
	ret->reason = refusal->reason;
	ret->detail = refusal->detail;
	ret->rate_requests = id->rate.requests;
	ret->rate_window_s = id->rate.window_s;
	ret->rate_remaining = id->rate.remaining;
	ret->rate_reset_s = id->rate.reset_s;
	ret->retry_after_s = id->rate.retry_s;
	if (verdict != PAT_VERDICT_ALLOWED)
		return;
	ret->person = keep(gate->owner, sizeof(gate->owner), id->owner, id->owner_len);
	ret->token_id = keep(gate->token_id, sizeof(gate->token_id), id->tid, strlen(id->tid));
	ret->scopes = keep(gate->scopes, sizeof(gate->scopes), id->scopes, id->scopes_len);
	ret->expires_s = id->expires_s;
	if (operation) {
		struct pat_segment name = pat_verify_operation_name(operation);

		ret->operation =
			keep(gate->operation, sizeof(gate->operation), name.text, name.len);
	}
}

int pat_gate_ask(struct pat_gate *gate, const struct pat_question *question,
                 struct pat_answer *answer)
{
	struct pat_answer ours = { .status = 500,
		                   .reason = "question_malformed",
		                   .detail = "The question is none that this library can answer.",
		                   .person = "",
		                   .token_id = "",
		                   .scopes = "",
		                   .operation = "" };
	struct pat_identity id = { 0 };
	struct pat_operation operation;
	struct pat_question q;
	int64_t now_s = pat_clock_wall_s();

	if (now_s != gate->refreshed_s) {
		(void)pat_verifier_refresh(gate->verifier);
		gate->refreshed_s = now_s;
	}
	if (question_take(question, &q) && needs_take(gate, q.scopes)) {
		enum pat_verdict verdict = judge(gate, &q, now_s, &operation, &id);
		fill(gate, verdict, &id, q.method ? &operation : NULL, &ours);
	}
	answer_give(&ours, answer);
	return ours.status;
}
