/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person changes of himself. Who one is, GET /api/v1/session tells.
 */
#include "web/api.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"

/* The log has numbers; what was and what is, nobody needs to read there. */
static void log_change(const struct pat_call *call, const char *event)
{
	char person[PAT_NUM_BYTES];

	pat_log(PAT_LOG_INFO, event, "person", pat_num(person, call->who.person.id), "address",
	        call->request->address, "request_id", call->request->request_id, NULL);
}

static int answer(struct pat_call *call, const struct pat_person *person)
{
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_api_write_person(&w, NULL, person);
	return 0;
}

static int refuse(struct pat_call *call, int result, unsigned retry_after_s)
{
	if (result == PAT_CORE_E_CREDENTIALS)
		return pat_api_refuse_current(call);
	if (result == PAT_CORE_E_PASSWORD_REQUIRED)
		return pat_call_refuse_with(
			call,
			&(struct pat_call_refusal){
				.reason = PAT_REASON_MISSING_FIELD,
				.field = "current_password",
				.detail = "Changing the email address takes your current password.",
			});
	return pat_call_refuse_core(call, result, NULL, retry_after_s);
}

int pat_api_me_patch(struct pat_call *call)
{
	struct pat_json_field fields[] = {
		{ .name = "name", .type = PAT_JSON_TEXT, .flags = PAT_JSON_OPTIONAL },
		{ .name = "email", .type = PAT_JSON_TEXT, .flags = PAT_JSON_OPTIONAL },
		{ .name = "current_password",
		  .type = PAT_JSON_PASSWORD,
		  .flags = PAT_JSON_OPTIONAL },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct pat_profile_answer changed;

	int r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	struct pat_profile_request request = { .name = fields[0].text,
		                               .email = fields[1].text,
		                               .current = fields[2].text,
		                               .current_len = fields[2].len };
	r = pat_core_profile_change(call->context->core, &call->who, &request, &call->actor,
	                            &changed);
	if (r != 0)
		return refuse(call, r, changed.retry_after_s);
	if (changed.renamed)
		log_change(call, "person.renamed");
	if (changed.email_changed)
		log_change(call, "person.email_changed");
	return answer(call, &changed.person);
}

/* ---- The picture. */

static_assert(PAT_PICTURE_BYTES_MAX <= PAT_SCGI_BODY_BYTES_MAX, "a picture is a body in memory");

/* What the media type says, its parameters left out; PAT_PICTURE_NONE: nothing we take. */
static enum pat_picture_kind said_kind(const char *content_type)
{
	static const struct {
		const char *type;
		enum pat_picture_kind kind;
	} kinds[] = {
		{ "image/png", PAT_PICTURE_PNG },
		{ "image/jpeg", PAT_PICTURE_JPEG },
		{ "image/webp", PAT_PICTURE_WEBP },
	};
	size_t len = strcspn(content_type, "; \t");

	for (size_t i = 0; i < PAT_ARRAY_LEN(kinds); i++)
		if (strlen(kinds[i].type) == len &&
		    strncasecmp(kinds[i].type, content_type, len) == 0)
			return kinds[i].kind;
	return PAT_PICTURE_NONE;
}

static int change_picture(struct pat_call *call, enum pat_picture_kind kind)
{
	struct pat_profile_answer changed;

	int r = pat_core_picture_change(call->context->core, &call->who, kind, call->request->body,
	                                call->request->body_len, &call->actor, &changed);
	if (r != 0)
		return refuse(call, r, changed.retry_after_s);
	if (changed.picture_changed && kind == PAT_PICTURE_NONE)
		log_change(call, "person.picture_removed");
	else if (changed.picture_changed)
		log_change(call, "person.picture_changed");
	return answer(call, &changed.person);
}

int pat_api_me_picture_put(struct pat_call *call)
{
	enum pat_picture_kind kind = said_kind(call->request->content_type);

	if (kind == PAT_PICTURE_NONE)
		return pat_call_refuse(call, PAT_REASON_PICTURE_TYPE_UNKNOWN, NULL);
	return change_picture(call, kind);
}

int pat_api_me_picture_delete(struct pat_call *call)
{
	return change_picture(call, PAT_PICTURE_NONE);
}
