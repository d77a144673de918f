/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /api/v1/tokens/revoke: several tokens as one change, all or none. The records are written into the answer while
 * the change is being made, and logged when it is durable; if it fails, the refusal replaces them.
 */
#include "web/api.h"

#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "web/api_tokens.h"

#define IDS_MAX        100 /* named; also how many records the answer holds at most */
#define TOLD_BYTES_MAX (PAT_TID_BYTES * 65536)

enum {
	IDS,
	ALL,
	N_FIELDS
};

struct tids {
	size_t n;
	uint8_t list[IDS_MAX][PAT_TID_BYTES];
};

static bool has_tid(const struct tids *tids, const uint8_t *tid)
{
	for (size_t i = 0; i < tids->n; i++)
		if (memcmp(tids->list[i], tid, PAT_TID_BYTES) == 0)
			return true;
	return false;
}

/* Ids as the list gives them, each once. */
static bool read_ids(const json_t *ids, struct tids *ret)
{
	size_t n = json_array_size(ids);

	if (n == 0 || n > IDS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(ids, i));
		uint8_t *tid = ret->list[i];

		if (pat_hex_decode(text, strlen(text), tid, PAT_TID_BYTES) < 0 || has_tid(ret, tid))
			return false;
		ret->n++;
	}
	return true;
}

/* 0, or 1 after refusing. `ids` or `all: true`, one of them. */
static int read_what(struct pat_call *call, const struct pat_json_field *fields, struct tids *ret)
{
	const struct pat_json_field *ids = &fields[IDS];
	const struct pat_json_field *all = &fields[ALL];

	if (all->present && (ids->present || !all->flag))
		return pat_call_refuse(call, PAT_REASON_BAD_VALUE, all->name);
	if (all->present)
		return 0;
	if (!ids->present)
		return pat_call_refuse(call, PAT_REASON_MISSING_FIELD, ids->name);
	if (!read_ids(ids->list, ret))
		return pat_call_refuse(call, PAT_REASON_BAD_VALUE, ids->name);
	return 0;
}

struct telling {
	struct pat_call *call;
	struct pat_json_writer w;
	size_t n;
	struct pat_buf tids; /* of all, for the log */
};

static int tell(void *arg, const struct pat_record *record)
{
	struct telling *telling = arg;

	(void)pat_buf_add(&telling->tids, record->digest, PAT_TID_BYTES);
	if (telling->n++ < IDS_MAX) {
		pat_json_open(&telling->w, NULL, '{');
		pat_api_write_token(telling->call, &telling->w, record);
		pat_json_close(&telling->w, '}');
	}
	return pat_response_error(
		telling->call->response); /* what could not be told is taken back */
}

static void telling_done(struct telling *telling)
{
	pat_buf_done(&telling->tids);
}

static void log_revoked(const struct telling *telling)
{
	const struct pat_call *call = telling->call;
	char person[PAT_NUM_BYTES];
	char tid[PAT_TID_CHARS + 1];

	for (size_t i = 0; i < telling->tids.len; i += PAT_TID_BYTES) {
		pat_hex_encode(telling->tids.data + i, PAT_TID_BYTES, tid);
		pat_log(PAT_LOG_INFO, "token.revoked", "tid", tid, "person",
		        pat_num(person, call->who.person.id), "by", call->by, "address",
		        call->request->address, "request_id", call->request->request_id, NULL);
	}
}

static int revoke(struct pat_call *call, const struct tids *tids)
{
	pat_cleanup(telling_done) struct telling telling = { .call = call,
		                                             .w = pat_call_json(call, 200) };
	size_t revoked = 0;

	pat_buf_init(&telling.tids, TOLD_BYTES_MAX);
	pat_json_open(&telling.w, NULL, '{');
	pat_json_open(&telling.w, "tokens", '[');
	int r = pat_core_tokens_revoke(call->context->core, &call->who,
	                               tids->n > 0 ? tids->list : NULL, tids->n, &call->actor, tell,
	                               &telling, &revoked, &call->receipt);
	if (r == PAT_CORE_E_NOT_EFFECTIVE)
		log_revoked(&telling);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	pat_json_close(&telling.w, ']');
	pat_json_number(&telling.w, "revoked", (int64_t)revoked);
	pat_api_write_receipt(call, &telling.w);
	pat_json_close(&telling.w, '}');
	log_revoked(&telling);
	return 0;
}

int pat_api_tokens_revoke_post(struct pat_call *call)
{
	struct pat_json_field fields[N_FIELDS] = {
		[IDS] = { .name = "ids", .type = PAT_JSON_TEXTS, .flags = PAT_JSON_OPTIONAL },
		[ALL] = { .name = "all", .type = PAT_JSON_BOOL, .flags = PAT_JSON_OPTIONAL },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct tids tids = { 0 };

	int r = pat_call_read(call, fields, N_FIELDS, &body);
	if (r == 0)
		r = read_what(call, fields, &tids);
	return r == 0 ? revoke(call, &tids) : r;
}
