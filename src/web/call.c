/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of the four entries differ in their headers and in how a refusal looks: the product speaks
 * Figma's shape ("err"), everything else RFC 9457 alone.
 */
#include "web/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/crypto.h"
#include "base/log.h"
#include "files/files.h"

#define TAG_BYTES  16
#define WAIT_S_MAX 25

/* "Prefer: wait=10", in seconds (RFC 7240, section 4.3). A preference that can not be read is none. Nobody waits longer than nginx
 * waits for us. */
static unsigned wait_preferred_ms(const struct pat_request *request)
{
	const char *header = NULL;
	unsigned seconds = 0;

	if (pat_request_header(request, "HTTP_PREFER", &header) != PAT_HEADER_ONE)
		return WAIT_S_MAX * 1000;
	const char *wait = strcasestr(header, "wait=");
	if (!wait || (wait != header && wait[-1] != ' ' && wait[-1] != ','))
		return WAIT_S_MAX * 1000;
	for (wait += strlen("wait="); *wait >= '0' && *wait <= '9' && seconds < WAIT_S_MAX; wait++)
		seconds = seconds * 10 + (unsigned)(*wait - '0');
	return seconds > 0 && seconds < WAIT_S_MAX ? seconds * 1000 : WAIT_S_MAX * 1000;
}

void pat_call_init(struct pat_call *call, const struct pat_web_context *context,
                   const struct pat_request *request, struct pat_response *response)
{
	*call = (struct pat_call){
		.context = context, .request = request, .response = response, .route = ""
	};
	call->actor = (struct pat_actor){
		.via = "page",
		.address = request->address,
		.agent = request->agent,
		.request_id = request->request_id,
	};
	call->receipt.wait_ms = wait_preferred_ms(request);
}

void pat_call_done(struct pat_call *call)
{
	pat_signed_in_wipe(&call->who);
	call->signed_in = false;
}

void pat_signed_in_wipe(struct pat_signed_in *who)
{
	pat_wipe(who, sizeof(*who));
}

static void set_headers(struct pat_call *call, const char *content_type)
{
	struct pat_response *response = call->response;

	if (content_type)
		(void)pat_response_header(response, "Content-Type", content_type);
	if (call->request->entry == PAT_ENTRY_PRODUCT) {
		(void)pat_response_header(response, "Cache-Control", PAT_FILES_CACHE_CONTROL);
		(void)pat_response_header(response, "Vary", PAT_FILES_VARY);
	} else {
		(void)pat_response_header(response, "Cache-Control", "no-store");
	}
	(void)pat_response_header(response, "X-Content-Type-Options", "nosniff");
}

void pat_call_status(struct pat_call *call, int status)
{
	pat_response_clear(call->response);
	call->response->status = status;
	set_headers(call, NULL);
}

struct pat_json_writer pat_call_json(struct pat_call *call, int status)
{
	bool product = call->request->entry == PAT_ENTRY_PRODUCT;

	pat_response_clear(call->response);
	call->response->status = status;
	set_headers(call, product ? PAT_FILES_CONTENT_TYPE : "application/json");
	return (struct pat_json_writer){ .out = &call->response->body };
}

void pat_call_tag(struct pat_call *call)
{
	struct pat_response *response = call->response;
	uint8_t hash[PAT_SHA256_BYTES];
	char tag[2 * TAG_BYTES + 3] = "\"";
	const char *known = NULL;

	pat_sha256(pat_buf_str(&response->body), response->body.len, hash);
	pat_hex_encode(hash, TAG_BYTES, tag + 1);
	tag[2 * TAG_BYTES + 1] = '"';
	(void)pat_response_header(response, "ETag", tag);
	/* It may be one of several, or marked as weak: a text of 34 characters is found in no other way. */
	if (pat_request_header(call->request, "HTTP_IF_NONE_MATCH", &known) != PAT_HEADER_ONE ||
	    !strstr(known, tag) || pat_response_error(response) != 0)
		return;
	pat_buf_clear(&response->body);
	response->status = 304;
}

/* Figma's words where it has some (its clients parse them), else our own sentence. */
static void write_err(struct pat_json_writer *w, const struct pat_call_refusal *refusal,
                      const struct pat_problem *row, const char *detail)
{
	char words[PAT_JSON_FIELD_BYTES_MAX + 32];
	const char *err = detail;

	(void)snprintf(words, sizeof(words), "Invalid parameter: %.*s", PAT_JSON_FIELD_BYTES_MAX,
	               refusal->field ? refusal->field : "");
	if (refusal->err)
		err = refusal->err;
	else if (refusal->reason == PAT_REASON_NOT_FOUND)
		err = "Not found";
	else if (refusal->reason == PAT_REASON_TOKEN_MISSING)
		err = "Missing credentials";
	else if (refusal->reason == PAT_REASON_TOO_MANY_ATTEMPTS)
		err = "Rate limit exceeded";
	else if (row->status == 400 && refusal->field)
		err = words;
	pat_json_text(w, "err", err);
}

static void write_problem(struct pat_call *call, const struct pat_call_refusal *refusal,
                          const struct pat_problem *row)
{
	struct pat_json_writer w = { .out = &call->response->body };
	const char *detail = refusal->detail ? refusal->detail : row->detail;

	pat_json_open(&w, NULL, '{');
	pat_json_text(&w, "type", "about:blank");
	pat_json_text(&w, "title", pat_http_title(row->status));
	pat_json_number(&w, "status", row->status);
	pat_json_text(&w, "detail", detail);
	if (call->request->entry == PAT_ENTRY_PRODUCT)
		write_err(&w, refusal, row, detail);
	pat_json_text(&w, "reason", row->reason);
	if (refusal->field)
		pat_json_text(&w, "field", refusal->field);
	pat_json_close(&w, '}');
}

/* LOG-01: what somebody was not allowed to do. A missing session is everyday and is left out. */
static void log_denied(const struct pat_call *call, const struct pat_problem *row)
{
	char person[PAT_NUM_BYTES];

	pat_log(PAT_LOG_INFO, "access.denied", "reason", row->reason, "method",
	        call->request->method, "path", call->route, "person",
	        call->who.person.id ? pat_num(person, call->who.person.id) : NULL, "by", call->by,
	        "address", call->request->address, "request_id", call->request->request_id, NULL);
}

int pat_call_refuse_with(struct pat_call *call, const struct pat_call_refusal *refusal)
{
	const struct pat_problem *row = pat_problem_of(refusal->reason);
	unsigned retry_after_s =
		refusal->retry_after_s ? refusal->retry_after_s : row->retry_after_s;
	bool product = call->request->entry == PAT_ENTRY_PRODUCT;

	pat_response_clear(call->response);
	call->refused = refusal->reason;
	call->response->status = row->status;
	set_headers(call, product ? PAT_FILES_CONTENT_TYPE : "application/problem+json");
	if (retry_after_s > 0 && (row->status == 429 || row->status == 503))
		(void)pat_response_headerf(call->response, "Retry-After", "%u", retry_after_s);
	if (product && row->status == 401)
		(void)pat_response_header(call->response, "WWW-Authenticate", "Bearer");
	write_problem(call, refusal, row);
	if (row->status == 403)
		log_denied(call, row);
	return 1;
}

int pat_call_refuse(struct pat_call *call, enum pat_reason reason, const char *field)
{
	return pat_call_refuse_with(call,
	                            &(struct pat_call_refusal){ .reason = reason, .field = field });
}

int pat_call_refuse_scope(struct pat_call *call, const char *scope)
{
	char err[PAT_SCOPE_BYTES_MAX + 64];

	(void)snprintf(err, sizeof(err), "Invalid scope(s). This endpoint requires the %s scope",
	               scope);
	int r = pat_call_refuse_with(
		call,
		&(struct pat_call_refusal){ .reason = PAT_REASON_INSUFFICIENT_SCOPE, .err = err });
	(void)pat_response_headerf(call->response, "WWW-Authenticate",
	                           "Bearer error=\"insufficient_scope\", scope=\"%s\"", scope);
	return r;
}

static void log_fault(const struct pat_call *call, int result)
{
	if (result < 0)
		pat_log(PAT_LOG_ERROR, "http.fault", "error", strerrorname_np(-result), "method",
		        call->request->method, "path", call->route, "request_id",
		        call->request->request_id, NULL);
}

int pat_call_refuse_files(struct pat_call *call, int result, const char *why)
{
	struct pat_call_refusal refusal = { .detail = why };

	log_fault(call, result);
	refusal.reason = pat_reason_of_files(result, &refusal.field);
	return pat_call_refuse_with(call, &refusal);
}

int pat_call_refuse_core(struct pat_call *call, int result, const char *field,
                         unsigned retry_after_s)
{
	const char *usual_field = NULL;
	enum pat_reason reason = pat_reason_of_core(result, &usual_field);

	log_fault(call, result);
	return pat_call_refuse_with(call,
	                            &(struct pat_call_refusal){
					    .reason = reason,
					    .field = usual_field && field ? field : usual_field,
					    .retry_after_s = retry_after_s,
				    });
}

void pat_call_json_url(const struct pat_call *call, struct pat_json_writer *w, const char *key,
                       const char *path)
{
	char url[PAT_WEB_URL_BYTES_MAX + 1];

	(void)snprintf(url, sizeof(url), "%s://%s%s", call->request->scheme, call->request->host,
	               path);
	pat_json_text(w, key, url);
}

/* A text with U+0000 is refused as what it is a bad value of. */
static enum pat_reason reason_of_nul(const char *field)
{
	if (strcmp(field, "name") == 0)
		return PAT_REASON_NAME_BAD_CHARACTERS;
	if (strcmp(field, "note") == 0)
		return PAT_REASON_NOTE_BAD_CHARACTERS;
	if (strcmp(field, "email") == 0)
		return PAT_REASON_EMAIL_MALFORMED;
	if (strcmp(field, "scopes") == 0)
		return PAT_REASON_UNKNOWN_SCOPE;
	return PAT_REASON_BAD_VALUE;
}

int pat_call_read(struct pat_call *call, struct pat_json_field *fields, size_t n, json_t **ret)
{
	pat_cleanup(pat_json_decrefp) json_t *value = NULL;
	char fault[PAT_JSON_FIELD_BYTES_MAX + 1] = "";

	int r = pat_json_decode(call->request->body, call->request->body_len, &value);
	if (r == 0)
		r = pat_json_read(value, fields, n, fault);
	if (r < 0)
		return r;
	if (r != 0) {
		enum pat_reason reason =
			r == PAT_JSON_E_NUL ? reason_of_nul(fault) : pat_reason_of_json(r);

		return pat_call_refuse(call, reason, fault[0] ? fault : NULL);
	}
	*ret = PAT_TAKE(value);
	return 0;
}
