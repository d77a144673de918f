/* SPDX-License-Identifier: Apache-2.0
 *
 * One request being answered: what handlers get, and the few ways in which they answer. A handler
 * reads, calls the core once, and writes; every refusal goes through here, so that it is worded, typed
 * and logged in one place.
 */
#ifndef PAT_WEB_CALL_H
#define PAT_WEB_CALL_H

#include "core/core.h"
#include "web/http.h"
#include "web/json.h"
#include "web/outcome.h"

#define PAT_CALL_ID_BYTES_MAX 64

/* What all calls share. Immutable while threads run. */
struct pat_web_context {
	struct pat_core *core;
	const struct pat_catalogue *catalogue;
	const char *public_url; /* NULL: whatever the request says */
};

struct pat_call {
	const struct pat_web_context *context;
	const struct pat_request *request;
	struct pat_response *response;
	struct pat_actor actor;
	const char *route; /* the path as the table has it; "" before it is found */
	char id[PAT_CALL_ID_BYTES_MAX + 1]; /* what stood at {id} */
	bool signed_in;
	struct pat_signed_in who; /* with `signed_in` */
	enum pat_reason refused;  /* PAT_REASON_NONE: not refused */
};

/* What a handler answers is in the response. 0; 1 when it has refused; or a negative fault, which
 * becomes a 503. */
typedef int pat_handler_fn(struct pat_call *call);

void pat_call_init(struct pat_call *call, const struct pat_web_context *context,
                   const struct pat_request *request, struct pat_response *response);

/* Wipes the session. */
void pat_call_done(struct pat_call *call);

/* For pat_cleanup, where a handler makes a session. */
void pat_signed_in_wipe(struct pat_signed_in *who);

/* ---- Refusing. Each replaces whatever was answered and returns 1, for `return pat_call_refuse(…)`. */

struct pat_call_refusal {
	enum pat_reason reason;
	const char *field;      /* NULL: none at fault */
	const char *detail;     /* NULL: the reason's own sentence */
	const char *err;        /* the product's own words for it, or NULL */
	unsigned retry_after_s; /* 0: the reason's own */
};

int pat_call_refuse(struct pat_call *call, enum pat_reason reason, const char *field);
int pat_call_refuse_with(struct pat_call *call, const struct pat_call_refusal *refusal);

/* A result of the core that is not 0. `field` replaces the usual one; `retry_after_s` counts with
 * PAT_CORE_E_TOO_MANY. */
int pat_call_refuse_core(struct pat_call *call, int result, const char *field,
                         unsigned retry_after_s);

/* ---- Answering. */

/* Sets the status and the headers every answer of the request's entry has. */
void pat_call_status(struct pat_call *call, int status);

/* The same, and starts a JSON body. */
struct pat_json_writer pat_call_json(struct pat_call *call, int status);

/* Reads the body into `fields`. On 0 the caller owns `*ret`, to which the fields point. 1 when it has
 * been refused, or a negative fault. */
int pat_call_read(struct pat_call *call, struct pat_json_field *fields, size_t n,
                  json_t **ret) PAT_MUST_USE;

#endif
