/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing one's own password. The session lives on with a new cookie and a new CSRF token.
 */
#include "web/api.h"

#include <string.h>

#include "base/log.h"

int pat_api_refuse_current(struct pat_call *call)
{
	return pat_call_refuse_with(call, &(struct pat_call_refusal){
						  .reason = PAT_REASON_WRONG_CREDENTIALS,
						  .field = "current_password",
						  .detail = "The current password is wrong.",
					  });
}

static int answer(struct pat_call *call, const struct pat_signed_in *fresh)
{
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_json_open(&w, NULL, '{');
	pat_json_number(&w, "ended_sessions", fresh->ended);
	pat_json_text_n(&w, "csrf_token", fresh->csrf.text, fresh->csrf.len);
	pat_json_close(&w, '}');
	pat_api_set_cookie(call, fresh);
	return 0;
}

int pat_api_password_post(struct pat_call *call)
{
	struct pat_json_field fields[] = {
		{ .name = "current_password", .type = PAT_JSON_PASSWORD },
		{ .name = "new_password", .type = PAT_JSON_PASSWORD },
		{ .name = "end_other_sessions", .type = PAT_JSON_BOOL, .flags = PAT_JSON_OPTIONAL },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	pat_cleanup(pat_signed_in_wipe) struct pat_signed_in fresh = { 0 };
	char person[PAT_NUM_BYTES];
	char ended[PAT_NUM_BYTES];

	int r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	r = pat_core_password_change(call->context->core, &call->who, fields[0].text, fields[0].len,
	                             fields[1].text, fields[1].len,
	                             !fields[2].present || fields[2].flag, &call->actor, &fresh);
	if (r == PAT_CORE_E_CREDENTIALS)
		return pat_api_refuse_current(call);
	if (r != 0)
		return pat_call_refuse_core(call, r, "new_password", fresh.retry_after_s);
	pat_log(PAT_LOG_INFO, "password.changed", "person", pat_num(person, call->who.person.id),
	        "ended_sessions", pat_num(ended, fresh.ended), "address", call->request->address,
	        "request_id", call->request->request_id, NULL);
	return answer(call, &fresh);
}
