/* SPDX-License-Identifier: Apache-2.0
 *
 * /api/v1/self: a token asks about itself, or ends itself. Who it is, the gate says.
 */
#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "web/api.h"
#include "web/api_tokens.h"

/* 0, or 1 after refusing. */
static int self(struct pat_call *call, struct pat_signed_in *who, uint8_t tid[static PAT_TID_BYTES])
{
	const char *id = call->request->token_id;

	if (pat_hex_decode(id, strlen(id), tid, PAT_TID_BYTES) < 0)
		return pat_call_refuse(call, PAT_REASON_TOKEN_MISSING, NULL);
	/* A product's own person is no number to the gate. */
	if (!pat_http_number(call->request->user, &who->person.id)) {
		int r = pat_core_token_owner(call->context->core, tid, &who->person.id);
		if (r != 0)
			return pat_call_refuse_core(call, r, NULL, 0);
	}
	call->actor.person = who->person.id;
	call->actor.via = "token";
	return 0;
}

static int answer(struct pat_call *call, const struct pat_record *record)
{
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_json_open(&w, NULL, '{');
	pat_api_write_token(call, &w, record);
	pat_json_open(&w, "owner", '{');
	/* As the gate tells products. */
	pat_json_text(&w, "id", call->request->user);
	pat_json_close(&w, '}');
	pat_json_close(&w, '}');
	return 0;
}

int pat_api_self_get(struct pat_call *call)
{
	struct pat_signed_in who = { 0 };
	struct pat_record record;
	uint8_t tid[PAT_TID_BYTES];

	int r = self(call, &who, tid);
	if (r != 0)
		return r;
	r = pat_core_token_get(call->context->core, &who, tid, &record);
	return r == 0 ? answer(call, &record) : pat_call_refuse_core(call, r, NULL, 0);
}

int pat_api_self_delete(struct pat_call *call)
{
	struct pat_signed_in who = { 0 };
	struct pat_record record;
	uint8_t tid[PAT_TID_BYTES];
	char person[PAT_NUM_BYTES];

	int r = self(call, &who, tid);
	if (r != 0)
		return r;
	r = pat_core_token_revoke(call->context->core, &who, tid, &call->actor, &record,
	                          &call->receipt);
	if (pat_core_made(r))
		pat_log(PAT_LOG_INFO, "token.revoked", "tid", call->request->token_id, "person",
		        pat_num(person, who.person.id), "via", "token", "address",
		        call->request->address, "request_id", call->request->request_id, NULL);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	return answer(call, &record);
}
