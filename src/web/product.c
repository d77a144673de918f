/* SPDX-License-Identifier: Apache-2.0
 *
 * The built-in product's routes: hands src/files what the gate said, and gives its answers Figma's
 * shape.
 */
#include "web/api.h"

#include "files/avatar.h"
#include "files/me.h"

static int refuse_scope(struct pat_call *call)
{
	struct pat_call_refusal refusal = {
		.reason = PAT_REASON_INSUFFICIENT_SCOPE,
		/* Figma's words without its list of the scopes held, which is nobody's business. */
		.err = "Invalid scope(s). This endpoint requires the " PAT_FILES_ME_SCOPE " scope",
	};

	int r = pat_call_refuse_with(call, &refusal);
	(void)pat_response_header(call->response, "WWW-Authenticate",
	                          "Bearer error=\"insufficient_scope\", scope=\"" PAT_FILES_ME_SCOPE
	                          "\"");
	return r;
}

int pat_product_me(struct pat_call *call)
{
	struct pat_files_caller caller = {
		.scopes = call->request->scopes,
		.scheme = call->request->scheme,
		.host = call->request->host,
	};

	if (!pat_http_number(call->request->user, &caller.person))
		return pat_call_refuse(call, PAT_REASON_TOKEN_MISSING, NULL);
	call->actor.person = caller.person;
	(void)pat_call_json(call, 200);
	int r = pat_files_me(call->context->core, &caller, &call->response->body);
	if (r == PAT_FILES_E_SCOPE)
		return refuse_scope(call);
	if (r == PAT_FILES_E_NOT_FOUND)
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	return r;
}

int pat_product_avatar(struct pat_call *call)
{
	struct pat_response *response = call->response;

	response->status = 200;
	(void)pat_response_header(response, "Content-Type", PAT_FILES_AVATAR_CONTENT_TYPE);
	(void)pat_response_header(response, "Cache-Control", "public, max-age=86400");
	(void)pat_response_header(response, "X-Content-Type-Options", "nosniff");
	int r = pat_files_avatar(call->id, &response->body);
	return r == PAT_FILES_E_NOT_FOUND ? pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL) : r;
}
