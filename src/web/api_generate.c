/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /api/v1/tokens and /api/v1/tokens/{id}/rotate: the only answers in the whole product that hold a token. It is written
 * once into the response's buffer, which is wiped when it has been sent. An answer that got lost is not repeated:
 * the retry with the same Idempotency-Key tells the token's id, not its text.
 */
#include "web/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "web/api_limits.h"
#include "web/api_tokens.h"

#define DAYS_MAX 1000000 /* what the core is handed at most; its own limit is far below */

enum {
	EXPIRES_AT,
	EXPIRES_IN_DAYS,
	N_EXPIRY,
	NAME = N_EXPIRY,
	NOTE,
	SCOPES,
	LIMITS,
	N_FIELDS,
	OLD_ENDS_IN = N_EXPIRY,
	N_ROTATE_FIELDS,
};

#define EXPIRY_FIELDS                                                      \
	[EXPIRES_AT] = { .name = "expires_at",                             \
		         .type = PAT_JSON_TEXT,                            \
		         .flags = PAT_JSON_OPTIONAL | PAT_JSON_NULLABLE }, \
	[EXPIRES_IN_DAYS] = { .name = "expires_in_days",                   \
		              .type = PAT_JSON_INTEGER,                    \
		              .flags = PAT_JSON_OPTIONAL }

/* Of the body, and of what the address names. */
static void request_hash(const struct pat_call *call, uint8_t ret[static PAT_SHA256_BYTES])
{
	char both[PAT_SHA256_BYTES + PAT_TID_CHARS];

	pat_sha256(call->request->body, call->request->body_len, ret);
	if (call->id[0] == '\0')
		return;
	memset(both, 0, sizeof(both));       /* UNSAFE: fixed size */
	memcpy(both, ret, PAT_SHA256_BYTES); /* UNSAFE: fixed sizes */
	memcpy(both + PAT_SHA256_BYTES, call->id,
	       strnlen(call->id, PAT_TID_CHARS)); /* UNSAFE: bounded */
	pat_sha256(both, sizeof(both), ret);
}

/* 0, or 1 after refusing. */
static int read_key(struct pat_call *call, struct pat_token_request *request)
{
	const char *key = NULL;
	size_t i = 0;

	switch (pat_request_header(call->request, "HTTP_IDEMPOTENCY_KEY", &key)) {
	case PAT_HEADER_NONE:
		return 0;
	case PAT_HEADER_ONE:
		while (key[i] > 0x20 && key[i] < 0x7f)
			i++;
		if (key[i] == '\0' && i > 0 && i <= PAT_IDEMPOTENCY_KEY_MAX)
			break;
		return pat_call_refuse(call, PAT_REASON_IDEMPOTENCY_KEY_MALFORMED, NULL);
	case PAT_HEADER_MANY:
	default:
		return pat_call_refuse(call, PAT_REASON_IDEMPOTENCY_KEY_MALFORMED, NULL);
	}
	request->idempotency_key = key;
	request_hash(call, request->request_hash);
	return 0;
}

/* The token by which it is asked for, if it is one. */
static int read_maker(const struct pat_call *call, uint8_t maker[static PAT_TID_BYTES],
                      struct pat_token_request *request)
{
	if (!call->by)
		return 0;
	request->maker = maker;
	return pat_hex_decode(call->by, strlen(call->by), maker, PAT_TID_BYTES);
}

static int read_expires_at(struct pat_call *call, const struct pat_json_field *field,
                           struct pat_token_request *request)
{
	if (field->is_null) {
		request->expires_s = PAT_NEVER;
		return 0;
	}
	if (pat_time_parse(field->text, &request->expires_s) != 0)
		return pat_call_refuse(call, PAT_REASON_EXPIRY_MALFORMED, field->name);
	if (request->expires_s < 1) /* 0 would say "not given" to the core. */
		request->expires_s = 1;
	return 0;
}

static int read_expiry(struct pat_call *call, const struct pat_json_field *fields,
                       struct pat_token_request *request)
{
	const struct pat_json_field *at = &fields[EXPIRES_AT];
	const struct pat_json_field *days = &fields[EXPIRES_IN_DAYS];

	if (at->present && days->present)
		return pat_call_refuse(call, PAT_REASON_EXPIRY_CONFLICT, at->name);
	if (at->present)
		return read_expires_at(call, at, request);
	if (!days->present)
		return 0;
	if (days->number < 1)
		return pat_call_refuse(call, PAT_REASON_EXPIRY_IN_PAST, days->name);
	request->expires_days = days->number < DAYS_MAX ? days->number : DAYS_MAX;
	return 0;
}

static int read_scopes(struct pat_call *call, const struct pat_json_field *field,
                       const char **scopes, struct pat_token_request *request)
{
	size_t n = json_array_size(field->list);

	if (n > PAT_SCOPES_MAX)
		return pat_call_refuse(call, PAT_REASON_TOO_MANY_SCOPES, field->name);
	for (size_t i = 0; i < n; i++)
		scopes[i] = json_string_value(json_array_get(field->list, i));
	request->scopes = scopes;
	request->n_scopes = n;
	return 0;
}

/* Names the scope that was wrong, where it is fit to be repeated. */
static int refuse_scope(struct pat_call *call, int result, const struct pat_token_request *request,
                        size_t bad)
{
	const char *field = NULL;
	struct pat_call_refusal refusal = { .reason = pat_reason_of_core(result, &field),
		                            .field = "scopes" };
	char detail[PAT_SCOPE_BYTES_MAX + 64];

	if (bad < request->n_scopes &&
	    pat_scope_name_ok(request->scopes[bad], strlen(request->scopes[bad]))) {
		(void)snprintf(detail, sizeof(detail),
		               result == PAT_CORE_E_SCOPE_UNKNOWN ? "There is no scope %s."
		                                                  : "%s is given twice.",
		               request->scopes[bad]);
		refusal.detail = detail;
	}
	return pat_call_refuse_with(call, &refusal);
}

/* A token can not enter its owner's password. */
static int refuse_stale(struct pat_call *call, int result)
{
	if (!call->by)
		return pat_call_refuse_core(call, result, NULL, 0);
	return pat_call_refuse_with(
		call,
		&(struct pat_call_refusal){
			.reason = PAT_REASON_REAUTHENTICATION_REQUIRED,
			.detail = "Generating takes a recent sign-in here, which a token is not.",
		});
}

static int refuse(struct pat_call *call, int result, const struct pat_token_request *request,
                  const struct pat_token_answer *answer)
{
	switch (result) {
	case PAT_CORE_E_SCOPE_UNKNOWN:
	case PAT_CORE_E_SCOPE_DUPLICATE:
		return refuse_scope(call, result, request, answer->bad_scope);
	case PAT_CORE_E_EXPIRY_IN_PAST:
	case PAT_CORE_E_EXPIRY_TOO_FAR:
	case PAT_CORE_E_BEYOND_EXPIRY:
		return pat_call_refuse_core(
			call, result, request->expires_days ? "expires_in_days" : "expires_at", 0);
	case PAT_CORE_E_REAUTHENTICATE:
		return refuse_stale(call, result);
	default:
		return pat_call_refuse_core(call, result, NULL, answer->retry_after_s);
	}
}

/* `old`: the one in whose place it was made, or NULL. */
static int answer_created(struct pat_call *call, const struct pat_token_answer *answer,
                          const struct pat_record *old, bool replayed)
{
	struct pat_json_writer w = pat_call_json(call, replayed ? 200 : 201);

	pat_json_open(&w, NULL, '{');
	pat_api_write_token(call, &w, &answer->record);
	if (!replayed)
		pat_json_text_n(&w, "token", answer->token.text, answer->token.len);
	if (old) {
		pat_json_open(&w, "replaced", '{');
		pat_api_write_token(call, &w, old);
		pat_json_close(&w, '}');
		pat_json_bool(&w, "effective", call->receipt.effective);
		pat_api_write_receipt(call, &w);
	}
	pat_json_close(&w, '}');
	return 0;
}

static void answer_done(struct pat_token_answer *answer)
{
	pat_secret_done(&answer->token);
}

static int generate(struct pat_call *call, const struct pat_token_request *request)
{
	pat_cleanup(answer_done) struct pat_token_answer answer = { 0 };

	int r = pat_core_token_create(call->context->core, &call->who, request, &call->actor,
	                              &answer);
	if (r != 0 && r != PAT_CORE_E_REPLAYED)
		return refuse(call, r, request, &answer);
	if (r == 0)
		pat_api_log_token(call, "token.created", &answer.record);
	return answer_created(call, &answer, NULL, r == PAT_CORE_E_REPLAYED);
}

int pat_api_tokens_post(struct pat_call *call)
{
	struct pat_json_field fields[N_FIELDS] = {
		EXPIRY_FIELDS,
		[NAME] = { .name = "name", .type = PAT_JSON_TEXT },
		[NOTE] = { .name = "note", .type = PAT_JSON_TEXT, .flags = PAT_JSON_OPTIONAL },
		[SCOPES] = { .name = "scopes", .type = PAT_JSON_TEXTS },
		[LIMITS] = { .name = "limits",
		             .type = PAT_JSON_OBJECT,
		             .flags = PAT_JSON_OPTIONAL | PAT_JSON_NULLABLE },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	pat_cleanup(pat_freep) struct pat_api_limits *limits = calloc(1, sizeof(*limits));
	struct pat_token_request request = { 0 };
	const char *scopes[PAT_SCOPES_MAX];
	uint8_t maker[PAT_TID_BYTES];

	if (!limits)
		return -ENOMEM;

	int r = read_maker(call, maker, &request);
	if (r == 0)
		r = read_key(call, &request);
	if (r == 0)
		r = pat_call_read(call, fields, N_FIELDS, &body);
	if (r == 0)
		r = read_scopes(call, &fields[SCOPES], scopes, &request);
	if (r == 0)
		r = read_expiry(call, fields, &request);
	if (r == 0 && fields[LIMITS].value)
		r = pat_api_read_limits(call, fields[LIMITS].value, limits);
	if (r != 0)
		return r;
	request.limits = limits->words;
	request.n_limits = limits->n;
	request.name = fields[NAME].text;
	request.note = fields[NOTE].text;
	return generate(call, &request);
}

static int rotate(struct pat_call *call, const uint8_t tid[static PAT_TID_BYTES],
                  struct pat_token_request *request)
{
	pat_cleanup(answer_done) struct pat_token_answer answer = { 0 };
	pat_cleanup(pat_freep) struct pat_record *old = malloc(sizeof(*old));

	if (!old)
		return -ENOMEM;
	int r = pat_core_token_rotate(call->context->core, &call->who, tid, request, &call->actor,
	                              &answer, old, &call->receipt);
	if (r != 0 && r != PAT_CORE_E_REPLAYED)
		return refuse(call, r, request, &answer);
	if (r == 0) {
		pat_api_log_token(call, "token.created", &answer.record);
		pat_api_log_token(call, "token.rotated", old);
	}
	return answer_created(call, &answer, old, r == PAT_CORE_E_REPLAYED);
}

int pat_api_token_rotate(struct pat_call *call)
{
	struct pat_json_field fields[N_ROTATE_FIELDS] = {
		EXPIRY_FIELDS,
		[OLD_ENDS_IN] = { .name = "old_ends_in_seconds", .type = PAT_JSON_INTEGER },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct pat_token_request request = { 0 };
	uint8_t maker[PAT_TID_BYTES];
	uint8_t tid[PAT_TID_BYTES];

	if (!pat_api_parse_tid(call, tid))
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	int r = read_maker(call, maker, &request);
	if (r == 0)
		r = read_key(call, &request);
	if (r == 0)
		r = pat_call_read(call, fields, N_ROTATE_FIELDS, &body);
	if (r == 0)
		r = read_expiry(call, fields, &request);
	if (r != 0)
		return r;
	request.old_ends_in_s = fields[OLD_ENDS_IN].number;
	return rotate(call, tid, &request);
}
