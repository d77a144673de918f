/* SPDX-License-Identifier: Apache-2.0
 *
 * What one does to a person: ending all of their sessions.
 */
#include "web/api.h"

#include "base/log.h"

int pat_api_person_sessions_delete(struct pat_call *call)
{
	int64_t person = 0;
	int64_t ended = 0;
	char actor[PAT_NUM_BYTES];
	char count[PAT_NUM_BYTES];

	if (!pat_http_number(call->id, &person))
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	int r = pat_core_sessions_end(call->context->core, &call->who, person, &call->actor,
	                              &ended);
	/* Who may not do it is not told whether that person exists. */
	if (r == PAT_CORE_E_NOT_ALLOWED)
		r = PAT_CORE_E_NOT_FOUND;
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	pat_log(PAT_LOG_INFO, "session.ended", "sessions", pat_num(count, ended), "of", call->id,
	        "person", pat_num(actor, call->who.person.id), "address", call->request->address,
	        "request_id", call->request->request_id, NULL);

	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_number(&w, "ended_sessions", ended);
	pat_json_close(&w, '}');
	if (person == call->who.person.id)
		pat_api_forget_session(call);
	return 0;
}
