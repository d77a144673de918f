/* SPDX-License-Identifier: Apache-2.0
 *
 * The person behind the token, and pictures, of people and of files: those need no token, because clients fetch them
 * without.
 */
#include "base/clock.h"
#include "files/avatar.h"
#include "web/api.h"
#include "web/product.h"

/* Figma's `User & { email }`. */
int pat_product_me(struct pat_call *call)
{
	struct pat_person person = { 0 };
	int64_t id = 0;

	if (!pat_http_number(call->request->user, &id))
		return pat_call_refuse(call, PAT_REASON_TOKEN_MISSING, NULL);
	call->actor.person = id;
	int r = pat_core_person_get(call->context->core, id, &person);
	if (r == PAT_CORE_E_NOT_FOUND)
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	if (r != 0)
		return r;
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_people_write_person(call, &w, &person);
	pat_json_text(&w, "email", person.email);
	pat_json_close(&w, '}');
	pat_wipe(&person, sizeof(person));
	return 0;
}

static void answer_picture(struct pat_call *call, const char *type, const char *cache_control)
{
	struct pat_response *response = call->response;

	response->status = 200;
	(void)pat_response_header(response, "Content-Type", type);
	(void)pat_response_header(response, "Cache-Control", cache_control);
	(void)pat_response_header(response, "X-Content-Type-Options", "nosniff");
}

int pat_product_avatar(struct pat_call *call)
{
	struct pat_files_avatar_type type;

	int r = pat_files_avatar(call->context->core, call->id, &call->response->body, &type);
	if (r == PAT_FILES_E_NOT_FOUND)
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	if (r == 0)
		answer_picture(call, type.content_type, type.cache_control);
	return r;
}

/* The address is the permission, so that caches of others keep it to themselves; its end is in it. */
int pat_product_picture(struct pat_call *call)
{
	const char *type = NULL;

	if (!call->context->files)
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	call->response->body.max = PAT_PRODUCT_ANSWER_BYTES_MAX;
	int r = pat_files_picture_read(call->context->files, call->id, pat_clock_wall_s(),
	                               &call->response->body, &type);
	if (r > 0)
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	if (r == 0)
		answer_picture(call, type, "private, max-age=3600");
	return r;
}
