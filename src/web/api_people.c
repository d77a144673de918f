/* SPDX-License-Identifier: Apache-2.0
 *
 * Ending many sessions at once: one's own but this one, or all of a person.
 */
#include "web/api.h"

#include "base/log.h"

static void answer(struct pat_call *call, const char *of, int64_t ended)
{
	char actor[PAT_NUM_BYTES];
	char count[PAT_NUM_BYTES];

	pat_log(PAT_LOG_INFO, "session.ended", "sessions", pat_num(count, ended), "of", of,
	        "person", pat_num(actor, call->who.person.id), "address", call->request->address,
	        "request_id", call->request->request_id, NULL);

	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_number(&w, "ended_sessions", ended);
	pat_json_close(&w, '}');
}

int pat_api_sessions_delete_others(struct pat_call *call)
{
	int64_t ended = 0;
	char person[PAT_NUM_BYTES];

	int r = pat_core_sessions_end_others(call->context->core, &call->who, &call->actor, &ended);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	answer(call, pat_num(person, call->who.person.id), ended);
	return 0;
}

int pat_api_person_sessions_delete(struct pat_call *call)
{
	int64_t person = 0;
	int64_t ended = 0;

	if (!pat_http_number(call->id, &person))
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	int r = pat_core_sessions_end(call->context->core, &call->who, person, &call->actor,
	                              &ended);
	/* Who may not do it is not told whether that person exists. */
	if (r == PAT_CORE_E_NOT_ALLOWED)
		r = PAT_CORE_E_NOT_FOUND;
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	answer(call, call->id, ended);
	if (person == call->who.person.id)
		pat_api_forget_session(call);
	return 0;
}
