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

/* The longest is the name of a picture. */
#define PAT_CALL_ID_BYTES_MAX 500

/* What all calls share. Immutable while threads run. */
struct pat_web_context {
	struct pat_core *core;
	struct pat_files *files; /* NULL: the built-in product is off */
	const struct pat_catalogue *catalogue;
	const char *public_url;             /* NULL: whatever the request says */
	const char *api_docs_url;           /* NULL: none */
	const struct pat_buf *api_document; /* docs/openapi.yaml; NULL: none */
};

struct pat_session_ops;

/* What a route of the built-in product is about, for tokens that are limited to files and projects. */
enum pat_reach {
	PAT_REACH_ALL,     /* more than one of them: closed to such a token */
	PAT_REACH_FILE,    /* the file whose key stands first in the path */
	PAT_REACH_PROJECT, /* the project whose number does */
	PAT_REACH_NONE,    /* none of them */
};

struct pat_call {
	const struct pat_web_context *context;
	const struct pat_request *request;
	struct pat_response *response;
	struct pat_actor actor;
	const char *route;    /* the path as the table has it; "" before it is found */
	enum pat_reach reach; /* the route's */
	char id[PAT_CALL_ID_BYTES_MAX + 1];     /* what stood at the first {…} */
	char part[PAT_CALL_ID_BYTES_MAX + 1];   /* … at the second */
	const struct pat_session_ops *sessions; /* that were asked (router.h) */
	bool signed_in;
	/* With `signed_in`. With `by` only the person. */
	struct pat_signed_in who;
	const char *by; /* tid of the token that this is asked with; NULL: none */
	char via[sizeof("token:") + PAT_TID_CHARS]; /* what actor.via points at then */
	enum pat_reason refused;                    /* PAT_REASON_NONE: not refused */
	struct pat_receipt receipt; /* of what was taken away, where that was asked for */
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

/* The token lacks the scope that is needed, which is named in Figma's words: never the ones it has. */
int pat_call_refuse_scope(struct pat_call *call, const char *scope);

/* A result of the files product that is not 0. `why`: what is said instead of the reason's own sentence, or NULL. */
int pat_call_refuse_files(struct pat_call *call, int result, const char *why);

/* A result of the core that is not 0. `field` replaces the usual one; `retry_after_s` counts with
 * PAT_CORE_E_TOO_MANY. */
int pat_call_refuse_core(struct pat_call *call, int result, const char *field,
                         unsigned retry_after_s);

/* ---- Answering. */

/* Sets the status and the headers every answer of the request's entry has. */
void pat_call_status(struct pat_call *call, int status);

/* The same, and starts a JSON body. */
struct pat_json_writer pat_call_json(struct pat_call *call, int status);

/* Writes the whole address of a path of this server, as the request came to it. */
void pat_call_json_url(const struct pat_call *call, struct pat_json_writer *w, const char *key,
                       const char *path);
/* Tags a finished 200 with a hash of its body, or makes a 304 of it when the client says that it has this one. */
void pat_call_tag(struct pat_call *call);

/* Reads the body into `fields`. On 0 the caller owns `*ret`, to which the fields point. 1 when it has
 * been refused, or a negative fault. */
int pat_call_read(struct pat_call *call, struct pat_json_field *fields, size_t n,
                  json_t **ret) PAT_MUST_USE;

#endif
