/* SPDX-License-Identifier: Apache-2.0
 *
 * What is easy to get wrong here: a use comes from another process, which may be taken over. Its numbers are looked up
 * in our own policies and our own index or mean nothing, its time is not believed when it is not ours, and how much is
 * opened and stored on its word is bounded.
 */
#include "core/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/tally.h"
#include "index/drain.h"
#include "index/policies.h"

#define POLICIES_KEPT 2u /* those in force, and those before */
#define OPENINGS_MAX  4u /* of policies, in a turn */
#define WORDS_KEPT    256u

/* What a use says of the operation, in numbers. */
struct numbers {
	uint64_t policies;
	uint64_t index;
	uint32_t op;
	uint8_t product;
	uint8_t flags;
	uint8_t n_scopes;
	uint8_t none;
	uint16_t scopes[PAT_RING_SCOPES];
};

struct words {
	bool there;
	struct numbers of;
	struct pat_usage_operation operation;
};

struct pat_intake {
	const char *directory;
	struct pat_drain *drain;
	struct pat_tally *tally;
	unsigned openings; /* left of this turn */
	size_t oldest;     /* of the policies */
	struct pat_policies policies[POLICIES_KEPT];
	struct words words[WORDS_KEPT]; /* by a hash of the numbers */
	/* The turn's. */
	struct pat_store *store;
	struct pat_index_reader *const *readers;
	int64_t now_s;
	int64_t times; /* of `use`, which is not added yet */
	struct pat_ring_use use;
};

int pat_intake_new(const char *directory, gid_t group, bool clients, struct pat_intake **ret,
                   struct pat_err *err)
{
	struct pat_intake *intake = calloc(1, sizeof(*intake));

	if (!intake)
		return pat_err_set(err, -ENOMEM, "out of memory");
	intake->directory = directory;
	int r = pat_tally_new(clients, &intake->tally);
	if (r < 0)
		(void)pat_err_set(err, r, "out of memory");
	if (r == 0)
		r = pat_drain_open(directory, group, &intake->drain, err);
	if (r < 0) {
		pat_intake_free(intake);
		return r;
	}
	*ret = intake;
	return 0;
}

void pat_intake_free(struct pat_intake *intake)
{
	if (!intake)
		return;
	for (size_t i = 0; i < POLICIES_KEPT; i++)
		pat_policies_done(&intake->policies[i]);
	pat_drain_close(intake->drain);
	pat_tally_free(intake->tally);
	free(intake);
}

void pat_intake_unlink(struct pat_intake *intake)
{
	pat_drain_unlink(intake->drain);
}

/* ---- Numbers into words. */

/* The policies of that generation, if they are still there. */
static const struct pat_policies *policies_of(struct pat_intake *in, uint64_t generation)
{
	if (generation == 0)
		return NULL;
	for (size_t i = 0; i < POLICIES_KEPT; i++)
		if (in->policies[i].generation == generation)
			return &in->policies[i];
	if (in->openings == 0)
		return NULL;
	in->openings--;
	struct pat_policies fresh = { 0 };
	if (pat_policies_open(&fresh, in->directory, generation) < 0)
		return NULL;
	struct pat_policies *place = &in->policies[in->oldest];
	in->oldest = (in->oldest + 1) % POLICIES_KEPT;
	pat_policies_done(place);
	*place = fresh;
	return place;
}

static bool has_scope(const char *scopes, const char *name, size_t len)
{
	const char *one = NULL;
	size_t one_len = 0;

	while (pat_scopes_next(&scopes, &one, &one_len))
		if (one_len == len && memcmp(one, name, len) == 0)
			return true;
	return false;
}

/* One more scope that it takes. When they no longer fit, nothing can be said of what it takes. */
static void scope_add(struct pat_usage_operation *operation, const char *name, size_t len)
{
	size_t at = strlen(operation->scopes);

	if (len == 0 || has_scope(operation->scopes, name, len))
		return;
	if (at + 1 + len > PAT_USAGE_SCOPES_MAX) {
		operation->judged = false;
		return;
	}
	if (at > 0)
		operation->scopes[at++] = ' ';
	memcpy(operation->scopes + at, name, len); /* UNSAFE: checked above */
	operation->scopes[at + len] = '\0';
}

/* As much of a text as fits, without half a character at its end. */
static void text_copy(struct pat_segment text, char *out, size_t max)
{
	size_t len = text.len;

	if (len > max)
		for (len = max; len > 0 && ((uint8_t)text.text[len] & 0xc0) == 0x80;)
			len--;
	memcpy(out, text.text, len); /* UNSAFE: bounded above */
	out[len] = '\0';
}

static void op_write(const struct pat_policies_product *product, uint32_t number,
                     struct pat_usage_operation *ret)
{
	const struct pat_policy *policy = &product->policy;
	const struct pat_policy_op *op = pat_policy_op_at(policy, number);
	const char *method = pat_method_name(op->method);

	text_copy((struct pat_segment){ product->name, product->name_len }, ret->product,
	          sizeof(ret->product) - 1);
	text_copy((struct pat_segment){ method, strlen(method) }, ret->method,
	          sizeof(ret->method) - 1);
	text_copy(pat_policy_text(policy, op->id.len > 0 ? op->id : op->path), ret->name,
	          sizeof(ret->name) - 1);
	for (uint32_t i = 0; i < op->n_needs; i++) {
		const struct pat_policy_need *need = pat_policy_need_at(policy, op->first_need + i);

		for (uint32_t k = 0; k < need->n_scopes; k++) {
			uint32_t scope = pat_policy_need_scope(policy, need, k);
			struct pat_segment name =
				pat_policy_text(policy, pat_policy_scope_at(policy, scope)->name);

			scope_add(ret, name.text, name.len);
		}
	}
}

/* A scope that a location asks for. One whose generation is gone is not known. */
static void number_write(struct pat_intake *in, const struct numbers *numbers, size_t i,
                         struct pat_usage_operation *ret)
{
	const struct pat_scope_name *name = NULL;

	for (size_t k = 0; k < 2 && !name; k++)
		if (in->readers[k])
			name = pat_index_reader_scope_name(in->readers[k], numbers->index,
			                                   numbers->scopes[i]);
	if (name)
		scope_add(ret, name->text, name->len);
	else
		ret->judged = false;
}

static void words_make(struct pat_intake *in, const struct numbers *numbers,
                       struct pat_usage_operation *ret)
{
	const struct pat_policies *policies = policies_of(in, numbers->policies);

	*ret = (struct pat_usage_operation){ .judged = numbers->flags & PAT_RING_JUDGED };
	if (policies && numbers->product < policies->n &&
	    numbers->op < pat_policy_op_count(&policies->products[numbers->product].policy))
		op_write(&policies->products[numbers->product], numbers->op, ret);
	else if (numbers->policies != 0)
		ret->judged = false;
	for (size_t i = 0; i < numbers->n_scopes; i++)
		number_write(in, numbers, i, ret);
}

static const struct pat_usage_operation *words_of(struct pat_intake *in,
                                                  const struct pat_ring_use *use)
{
	struct numbers numbers = {
		.policies = use->policies,
		.index = use->index,
		.op = use->op,
		.product = use->product,
		.flags = use->flags,
		.n_scopes = use->n_scopes < PAT_RING_SCOPES ? use->n_scopes : PAT_RING_SCOPES,
	};

	memcpy(numbers.scopes, use->scopes,
	       numbers.n_scopes * sizeof(numbers.scopes[0])); /* UNSAFE: bounded above */
	uint64_t mix = numbers.policies ^ numbers.index ^ numbers.op ^
	               ((uint64_t)numbers.product << 32) ^ ((uint64_t)numbers.scopes[0] << 16);
	struct words *words = &in->words[(mix * 0x9e3779b97f4a7c15u >> 32) % WORDS_KEPT];
	if (!words->there || memcmp(&words->of, &numbers, sizeof(numbers)) != 0) {
		words_make(in, &numbers, &words->operation);
		words->of = numbers;
		words->there = true;
	}
	return &words->operation;
}

/* ---- Taking. */

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Adds the use that was held back. */
static void add_held(struct pat_intake *in)
{
	const struct pat_ring_use *use = &in->use;

	/* Nothing was used in the future, or so long ago that it is forgotten. */
	if (in->times == 0 || use->number == 0 || use->number > INT64_MAX ||
	    use->at_s < in->now_s - (int64_t)PAT_USAGE_DAYS * PAT_DAY_S)
		return;
	if (pat_tally_full(in->tally))
		pat_intake_store(in, in->store);
	struct pat_tally_use one = {
		.number = (int64_t)use->number,
		.at_s = min64(use->at_s, in->now_s),
		.times = in->times,
		.operation = words_of(in, use),
		.agent = use->agent,
		.agent_len = use->agent_len < PAT_RING_AGENT_BYTES ? use->agent_len
		                                                   : PAT_RING_AGENT_BYTES,
	};
	memcpy(one.address.bytes, use->address, sizeof(use->address)); /* UNSAFE: same size */
	pat_tally_add(in->tally, &one);
}

/* The same again, as it comes in hundreds when somebody is in a hurry, is added as one. */
static void take_one(void *arg, const struct pat_ring_use *use)
{
	struct pat_intake *in = arg;
	size_t len = use->agent_len < PAT_RING_AGENT_BYTES ? use->agent_len : PAT_RING_AGENT_BYTES;

	if (in->times > 0 &&
	    memcmp(&in->use, use, offsetof(struct pat_ring_use, agent) + len) == 0) {
		in->times++;
		return;
	}
	add_held(in);
	in->use = *use;
	in->times = 1;
}

void pat_intake_take(struct pat_intake *in, struct pat_store *store,
                     struct pat_index_reader *const readers[static 2], int64_t now_s)
{
	in->store = store;
	in->readers = readers;
	in->now_s = now_s;
	in->openings = OPENINGS_MAX;
	(void)pat_drain_take(in->drain, take_one, in);
	add_held(in);
	in->times = 0;
}

/* ---- Storing. */

void pat_intake_store(struct pat_intake *in, struct pat_store *store)
{
	struct pat_usage_notes notes;
	char number[PAT_NUM_BYTES];
	uint64_t dropped = pat_drain_dropped(in->drain);

	if (dropped > 0)
		pat_log(PAT_LOG_INFO, "usage.dropped", "uses", pat_num(number, (int64_t)dropped),
		        NULL);
	pat_tally_notes(in->tally, &notes);
	int r = pat_store_usage_note(store, &notes);
	if (r != 0)
		pat_log(PAT_LOG_WARNING, "usage.not_stored", "error",
		        r < 0 ? pat_err_words(r) : "refused", NULL);
	if (r == 0 || pat_tally_full(in->tally))
		pat_tally_clear(in->tally);
}
