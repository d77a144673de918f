/* SPDX-License-Identifier: Apache-2.0
 *
 * How a product's own people come to their tokens: its backend asks for a link, the browser that follows it trades the code in it
 * for a session. The code travels in the link's fragment, which browsers send to nobody, and in the body of one request.
 */
#include "web/api.h"

#include <stdio.h>

#include "base/log.h"
#include "web/basic.h"

#define PATH "/portal#"

/* ---- The link. */

static int refuse_unproven(struct pat_call *call, int result, unsigned retry_after_s)
{
	if (result != PAT_CORE_E_CREDENTIALS)
		return pat_call_refuse_core(call, result, NULL, retry_after_s);
	(void)pat_call_refuse_with(call,
	                           &(struct pat_call_refusal){
					   .reason = PAT_REASON_WRONG_CREDENTIALS,
					   .detail = "This takes a service's name and secret.",
				   });
	pat_basic_challenge(call);
	return 1;
}

/* The product asks at whatever address it has; people come by the public one. */
static void write_url(const struct pat_call *call, struct pat_json_writer *w,
                      const struct pat_secret *code)
{
	char url[PAT_WEB_URL_BYTES_MAX + 1];
	const char *base = call->context->public_url;

	(void)snprintf(url, sizeof(url), "%s%s%s" PATH "%s", base ? base : call->request->scheme,
	               base ? "" : "://", base ? "" : call->request->host, code->text);
	pat_json_text(w, "url", url);
	pat_wipe(url, sizeof(url));
}

static int answer_link(struct pat_call *call, const struct pat_service *service,
                       const struct pat_portal_answer *answer)
{
	char person[PAT_NUM_BYTES];
	struct pat_json_writer w = pat_call_json(call, 201);

	pat_json_open(&w, NULL, '{');
	write_url(call, &w, &answer->code);
	pat_json_time(&w, "expires_at", answer->expires_s);
	pat_json_close(&w, '}');
	pat_log(PAT_LOG_INFO, "portal.linked", "person", pat_num(person, answer->person), "service",
	        service->name, "address", call->request->address, "request_id",
	        call->request->request_id, NULL);
	return 0;
}

static int make_link(struct pat_call *call, const struct pat_service *service,
                     const struct pat_portal_request *request)
{
	struct pat_portal_answer answer = { 0 };
	char via[sizeof("service:") + PAT_LIMIT_PRODUCT_MAX];

	(void)snprintf(via, sizeof(via), "service:%s", service->name);
	call->actor.via = via;
	int r = pat_core_portal_link(call->context->core, service, request, &call->actor, &answer);
	r = r == 0 ? answer_link(call, service, &answer)
	           : refuse_unproven(call, r, answer.retry_after_s);
	pat_secret_done(&answer.code);
	call->actor.via = "service";
	return r;
}

int pat_api_portal_sessions_post(struct pat_call *call)
{
	struct pat_json_field fields[] = {
		{ .name = "subject", .type = PAT_JSON_TEXT },
		{ .name = "name", .type = PAT_JSON_TEXT },
		{ .name = "email", .type = PAT_JSON_TEXT, .flags = PAT_JSON_OPTIONAL },
		{ .name = "return_url", .type = PAT_JSON_TEXT },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct pat_service service;
	unsigned retry_after_s = 0;

	int r = pat_basic_prove(call, &service, &retry_after_s);
	if (r != 0)
		return refuse_unproven(call, r, retry_after_s);
	r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	return make_link(call, &service,
	                 &(struct pat_portal_request){
				 .subject = fields[0].text,
				 .name = fields[1].text,
				 .email = fields[2].present ? fields[2].text : NULL,
				 .return_url = fields[3].text,
			 });
}

/* ---- Opening it. */

static void log_opened(const struct pat_call *call, int result, const struct pat_signed_in *who)
{
	char person[PAT_NUM_BYTES];

	if (result < 0)
		return; /* not judged: the fault has a line of its own */
	pat_log(PAT_LOG_INFO, result == 0 ? "portal.opened" : "portal.refused", "person",
	        result == 0 ? pat_num(person, who->person.id) : NULL, "service",
	        result == 0 ? who->person.service : NULL, "address", call->request->address,
	        "request_id", call->request->request_id, NULL);
}

int pat_api_portal_post(struct pat_call *call)
{
	struct pat_json_field fields[] = { { .name = "code", .type = PAT_JSON_TEXT } };
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	pat_cleanup(pat_signed_in_wipe) struct pat_signed_in who = { 0 };

	int r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	r = pat_core_portal_open(call->context->core, fields[0].text, &call->actor, &who);
	log_opened(call, r, &who);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, who.retry_after_s);
	return pat_api_signed_in(call, 201, &who);
}
