/* SPDX-License-Identifier: Apache-2.0
 *
 * OAuth's standard endpoints, for whoever asks by them already: introspection (RFC 7662), revocation (RFC 7009), and the
 * metadata that tells where they are (RFC 8414). Services prove themselves with HTTP Basic (RFC 6749, section 2.3.1).
 * Errors are those of RFC 6749, section 5.2: {"error": …}.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "token/credential.h"
#include "web/api.h"
#include "web/basic.h"
#include "web/form.h"

#define TOKEN_BYTES_MAX 256 /* a longer one is none */

static int answer_error(struct pat_call *call, int status, const char *error)
{
	struct pat_json_writer w = pat_call_json(call, status);

	pat_json_open(&w, NULL, '{');
	pat_json_text(&w, "error", error);
	pat_json_close(&w, '}');
	return 0;
}

/* ---- Who asks. */

/* 0 with the service; 1 when it has been answered; or a fault. */
static int prove(struct pat_call *call, struct pat_service *ret)
{
	unsigned retry_after_s = 0;
	int r = pat_basic_prove(call, ret, &retry_after_s);

	if (r == PAT_CORE_E_TOO_MANY)
		return pat_call_refuse_core(call, r, NULL, retry_after_s);
	if (r <= 0)
		return r;
	(void)answer_error(call, 401, "invalid_client");
	pat_basic_challenge(call);
	return 1;
}

struct question {
	char buffer[TOKEN_BYTES_MAX];
	struct pat_credential token; /* into the buffer; wipe that */
};

/* The token in question, in RFC 8959's spelling too. 0, or 1 when it has been answered. */
static int question_read(struct pat_call *call, struct question *ret)
{
	size_t len = 0;
	char hint[TOKEN_BYTES_MAX];
	size_t hint_len = 0;
	const struct pat_request *request = call->request;
	const char *type = request->content_type;

	*ret = (struct question){ 0 };
	if (strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0 ||
	    (type[33] != '\0' && type[33] != ';' && type[33] != ' ')) {
		(void)answer_error(call, 400, "invalid_request");
		return 1;
	}
	int r = pat_form_get(request->body, request->body_len, "token", ret->buffer,
	                     sizeof(ret->buffer), &len);
	/* What is too long is no token, and that is an answer. */
	if (r == PAT_FORM_E_TOO_LONG)
		len = 0;
	/* What the hint says changes nothing; said twice it is refused like anything else. */
	if (pat_form_get(request->body, request->body_len, "token_type_hint", hint, sizeof(hint),
	                 &hint_len) == PAT_FORM_E_MALFORMED)
		r = PAT_FORM_E_MALFORMED;
	if (r != 0 && r != PAT_FORM_E_TOO_LONG) {
		pat_wipe(ret, sizeof(*ret));
		(void)answer_error(call, 400, "invalid_request");
		return 1;
	}
	pat_credential_add_header(&ret->token, ret->buffer, len);
	return 0;
}

/* ---- The questions. */

static void write_audience(struct pat_json_writer *w, const char *limits)
{
	struct pat_limit limit;

	if (!pat_limits_any(limits, PAT_LIMIT_AUDIENCE))
		return;
	pat_json_open(w, "aud", '[');
	while (pat_limits_next(&limits, &limit))
		if (limit.kind == PAT_LIMIT_AUDIENCE)
			pat_json_text(w, NULL, limit.product);
	pat_json_close(w, ']');
}

static int answer_active(struct pat_call *call, const struct pat_introspection *i)
{
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_json_open(&w, NULL, '{');
	pat_json_bool(&w, "active", i->active);
	if (i->active) {
		pat_json_text(&w, "scope", i->scopes);
		pat_json_text(&w, "sub", i->owner);
		pat_json_text(&w, "token_type", "Bearer");
		pat_json_number(&w, "iat", i->issued_s);
		if (i->expires_s != 0)
			pat_json_number(&w, "exp", i->expires_s);
		pat_json_text(&w, "jti", i->tid);
		write_audience(&w, i->limits);
	}
	pat_json_close(&w, '}');
	return 0;
}

int pat_api_introspect(struct pat_call *call)
{
	pat_cleanup(pat_freep) struct pat_introspection *i = calloc(1, sizeof(*i));
	struct pat_service service;
	struct question q;

	if (!i)
		return -ENOMEM;
	int r = prove(call, &service);
	if (r == 0)
		r = question_read(call, &q);
	if (r == 0)
		r = pat_core_introspect(call->context->core, &service, q.token.text, q.token.len,
		                        i);
	pat_wipe(&q, sizeof(q));
	return r == 0 ? answer_active(call, i) : r;
}

static void log_revoked(const struct pat_call *call, const struct pat_service *service,
                        const struct pat_record *record)
{
	char tid[PAT_TID_CHARS + 1];
	char person[PAT_NUM_BYTES];

	pat_record_tid(record->digest, tid);
	pat_log(PAT_LOG_INFO, "token.revoked", "tid", tid, "person", pat_num(person, record->owner),
	        "service", service->name, "address", call->request->address, "request_id",
	        call->request->request_id, NULL);
}

/* 200 for what is no token as well (RFC 7009, section 2.2): what was wanted is so. */
int pat_api_revoke_form(struct pat_call *call)
{
	pat_cleanup(pat_freep) struct pat_record *record = calloc(1, sizeof(*record));
	struct pat_service service;
	struct question q;

	if (!record)
		return -ENOMEM;
	int r = prove(call, &service);
	if (r == 0)
		r = question_read(call, &q);
	if (r != 0)
		return r;
	call->actor.via = "service";
	r = pat_core_service_revoke(call->context->core, q.token.text, q.token.len, &call->actor,
	                            record);
	pat_wipe(&q, sizeof(q));
	if (pat_core_made(r))
		log_revoked(call, &service, record);
	if (r != 0 && r != PAT_CORE_E_NOT_FOUND)
		return r < 0 ? r : -EIO;
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_close(&w, '}');
	return 0;
}

int pat_api_oauth_metadata(struct pat_call *call)
{
	static const char *const lists[] = { "introspection_endpoint_auth_methods_supported",
		                             "revocation_endpoint_auth_methods_supported" };
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_json_open(&w, NULL, '{');
	pat_call_json_url(call, &w, "issuer", "");
	pat_call_json_url(call, &w, "introspection_endpoint", "/introspect");
	pat_call_json_url(call, &w, "revocation_endpoint", "/revoke");
	for (size_t i = 0; i < PAT_ARRAY_LEN(lists); i++) {
		pat_json_open(&w, lists[i], '[');
		pat_json_text(&w, NULL, "client_secret_basic");
		pat_json_close(&w, ']');
	}
	/* RFC 8414 wants it said; nothing is authorised here by that way. */
	pat_json_open(&w, "response_types_supported", '[');
	pat_json_close(&w, ']');
	pat_json_close(&w, '}');
	return 0;
}
