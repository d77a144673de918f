/* SPDX-License-Identifier: Apache-2.0
 *
 * What mail one wants, and whether this server sends any. What is always sent (a password, an email changed) has no switch.
 */
#include "web/api.h"

#include "base/log.h"

static const struct {
	const char *name;
	enum pat_wish wish;
} wishes[] = {
	{ "token_endings", PAT_WISH_ENDINGS },
	{ "token_changes", PAT_WISH_TOKENS },
	{ "sign_ins", PAT_WISH_SIGN_INS },
};
#define N_WISHES PAT_ARRAY_LEN(wishes)

static int answer(struct pat_call *call, const struct pat_person *person)
{
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_json_open(&w, NULL, '{');
	pat_json_bool(&w, "sends_mail", pat_core_settings(call->context->core)->mailer != NULL);
	for (size_t i = 0; i < N_WISHES; i++)
		pat_json_bool(&w, wishes[i].name, (person->wishes & wishes[i].wish) != 0);
	pat_json_close(&w, '}');
	return 0;
}

int pat_api_notifications_get(struct pat_call *call)
{
	return answer(call, &call->who.person);
}

/* What was said changes, the rest stays. */
static unsigned wishes_after(unsigned before, const struct pat_json_field *fields)
{
	for (size_t i = 0; i < N_WISHES; i++) {
		if (!fields[i].present)
			continue;
		before &= ~(unsigned)wishes[i].wish;
		before |= fields[i].flag ? (unsigned)wishes[i].wish : 0;
	}
	return before;
}

int pat_api_notifications_patch(struct pat_call *call)
{
	struct pat_json_field fields[N_WISHES] = { 0 };
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct pat_profile_answer changed;
	char person[PAT_NUM_BYTES];

	for (size_t i = 0; i < N_WISHES; i++)
		fields[i] = (struct pat_json_field){ .name = wishes[i].name,
			                             .type = PAT_JSON_BOOL,
			                             .flags = PAT_JSON_OPTIONAL };
	int r = pat_call_read(call, fields, N_WISHES, &body);
	if (r != 0)
		return r;
	r = pat_core_wishes_change(call->context->core, &call->who,
	                           wishes_after(call->who.person.wishes, fields), &call->actor,
	                           &changed);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, changed.retry_after_s);
	if (changed.wishes_changed)
		pat_log(PAT_LOG_INFO, "person.wishes_changed", "person",
		        pat_num(person, changed.person.id), "address", call->request->address,
		        "request_id", call->request->request_id, NULL);
	return answer(call, &changed.person);
}
