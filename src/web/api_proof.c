/* SPDX-License-Identifier: Apache-2.0
 *
 * Proving one's password anew, where the operator wants a recent sign-in before a token is generated. The session lives on
 * with a new cookie and a new CSRF token.
 */
#include "web/api.h"

#include "base/log.h"

static void log_proof(const struct pat_call *call, int result)
{
	char person[PAT_NUM_BYTES];
	const char *event = result == 0                     ? "proof.ok"
	                    : result == PAT_CORE_E_TOO_MANY ? "proof.throttled"
	                                                    : "proof.failed";

	if (result < 0)
		return; /* not judged: the fault has a line of its own */
	pat_log(PAT_LOG_INFO, event, "person", pat_num(person, call->who.person.id), "address",
	        call->request->address, "request_id", call->request->request_id, NULL);
}

static int refuse(struct pat_call *call, int result, unsigned retry_after_s)
{
	struct pat_call_refusal wrong = {
		.reason = PAT_REASON_WRONG_CREDENTIALS,
		.field = "password",
		.detail = "The password is wrong.",
	};

	if (result == PAT_CORE_E_CREDENTIALS)
		return pat_call_refuse_with(call, &wrong);
	return pat_call_refuse_core(call, result, NULL, retry_after_s);
}

int pat_api_proof_post(struct pat_call *call)
{
	struct pat_json_field fields[] = {
		{ .name = "password", .type = PAT_JSON_PASSWORD },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	pat_cleanup(pat_signed_in_wipe) struct pat_signed_in fresh = { 0 };

	int r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	r = pat_core_session_prove(call->context->core, &call->who, fields[0].text, fields[0].len,
	                           &call->actor, &fresh);
	log_proof(call, r);
	if (r != 0)
		return refuse(call, r, fresh.retry_after_s);
	return pat_api_signed_in(call, 200, &fresh);
}
