/* SPDX-License-Identifier: Apache-2.0
 *
 * The first run: the one-time code makes the first administrator.
 */
#include "web/api.h"

#include "base/log.h"

int pat_api_setup_get(struct pat_call *call)
{
	bool needed = false;

	int r = pat_core_setup_needed(call->context->core, &needed);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_bool(&w, "needed", needed);
	pat_json_close(&w, '}');
	return 0;
}

int pat_api_setup_post(struct pat_call *call)
{
	struct pat_json_field fields[] = {
		{ .name = "code", .type = PAT_JSON_TEXT },
		{ .name = "email", .type = PAT_JSON_TEXT },
		{ .name = "name", .type = PAT_JSON_TEXT },
		{ .name = "password", .type = PAT_JSON_PASSWORD },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	pat_cleanup(pat_signed_in_wipe) struct pat_signed_in who = { 0 };
	char person[PAT_NUM_BYTES];

	int r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	r = pat_core_setup_complete(call->context->core, fields[0].text, fields[1].text,
	                            fields[2].text, fields[3].text, fields[3].len, &call->actor,
	                            &who);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, who.retry_after_s);
	pat_log(PAT_LOG_INFO, "setup.done", "person", pat_num(person, who.person.id), "address",
	        call->request->address, "request_id", call->request->request_id, NULL);
	return pat_api_signed_in(call, 201, &who);
}
