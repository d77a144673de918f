/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching, rules, dispatch. The table is short and read linearly.
 */
#include "web/router.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "token/limits.h"
#include "token/scopes.h"
#include "web/cookie.h"
#include "web/origin.h"

/* Copies the segment that stands at a {…} and moves on behind it. */
static bool segment_take(const char **path, char out[static PAT_CALL_ID_BYTES_MAX + 1])
{
	size_t len = strcspn(*path, "/");

	if (len == 0 || len > PAT_CALL_ID_BYTES_MAX)
		return false;
	memcpy(out, *path, len); /* UNSAFE: len checked above */
	out[len] = '\0';
	*path += len;
	return true;
}

/* Whether `path` is of the form of `template`; what stands at its {…} is copied to the call. */
static bool path_matches(const char *template, const char *path, struct pat_call *call)
{
	char *places[] = { call->id, call->part };
	size_t n = 0;

	call->id[0] = call->part[0] = '\0';
	for (;;) {
		size_t same = strcspn(template, "{");

		if (template[same] == '\0')
			return strcmp(template, path) == 0;
		if (strncmp(template, path, same) != 0)
			return false;
		path += same;
		template += same + strcspn(template + same, "}") + 1;
		pat_assert(n < PAT_ARRAY_LEN(places));
		if (!segment_take(&path, places[n++]))
			return false;
	}
}

/* Real clients of the product send a trailing slash now and then; our own pages never do. */
static bool route_has_path(const struct pat_route *route, struct pat_call *call)
{
	const struct pat_request *request = call->request;
	char bare[256];
	size_t len = strlen(request->path);

	if (route->entry != request->entry)
		return false;
	if (request->entry != PAT_ENTRY_PRODUCT || len < 2 || len >= sizeof(bare) ||
	    request->path[len - 1] != '/')
		return path_matches(route->path, request->path, call);
	memcpy(bare, request->path, len - 1); /* UNSAFE: len checked above */
	bare[len - 1] = '\0';
	return path_matches(route->path, bare, call);
}

static bool route_has_method(const struct pat_route *route, const char *method)
{
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	return strcmp(route->method, method) == 0;
}

/* The route, or NULL after refusing. */
static const struct pat_route *find_route(const struct pat_router *router, struct pat_call *call)
{
	const struct pat_request *request = call->request;
	pat_cleanup(pat_buf_done) struct pat_buf allow = { 0 };

	pat_buf_init(&allow, 256);
	for (size_t i = 0; i < router->n_routes; i++) {
		const struct pat_route *route = &router->routes[i];

		if (!route_has_path(route, call))
			continue;
		if (route_has_method(route, request->method))
			return route;
		(void)pat_buf_addf(&allow, "%s%s%s", allow.len ? ", " : "", route->method,
		                   strcmp(route->method, "GET") == 0 ? ", HEAD" : "");
	}
	if (allow.len == 0) {
		(void)pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
		return NULL;
	}
	(void)pat_call_refuse(call, PAT_REASON_METHOD_NOT_ALLOWED, NULL);
	(void)pat_response_header(call->response, "Allow", pat_buf_str(&allow));
	return NULL;
}

/* A page that is left open asks on and on whether something has changed. */
static bool is_active(const struct pat_request *request)
{
	const char *tag = NULL;

	return !pat_request_is_safe(request) ||
	       pat_request_header(request, "HTTP_IF_NONE_MATCH", &tag) == PAT_HEADER_NONE;
}

int pat_router_session(const struct pat_session_ops *sessions, struct pat_call *call)
{
	const char *cookie = NULL;
	size_t len = 0;

	if (!pat_cookie_get(call->request, &cookie, &len))
		return 0;
	int r = sessions->session(call->context->core, cookie, len, is_active(call->request),
	                          &call->who);
	if (r == PAT_CORE_E_SESSION)
		return 0;
	if (r != 0)
		return r;
	call->signed_in = true;
	call->actor.person = call->who.person.id;
	return 0;
}

int pat_router_session_again(const struct pat_call *call)
{
	pat_cleanup(pat_signed_in_wipe) struct pat_signed_in who = { 0 };
	const char *cookie = NULL;
	size_t len = 0;

	if (!call->signed_in || !pat_cookie_get(call->request, &cookie, &len))
		return PAT_CORE_E_SESSION;
	int r = call->sessions->session(call->context->core, cookie, len, true, &who);
	if (r == 0 && who.person.id != call->who.person.id)
		return PAT_CORE_E_SESSION;
	return r;
}

static bool csrf_token_ok(const struct pat_session_ops *sessions, const struct pat_call *call)
{
	const char *token = NULL;

	return pat_request_header(call->request, "HTTP_X_CSRF_TOKEN", &token) == PAT_HEADER_ONE &&
	       sessions->csrf_ok(&call->who, token, strlen(token));
}

/* 0 to go on, 1 after refusing, or a fault. */
static int check_session(const struct pat_session_ops *sessions, const struct pat_route *route,
                         struct pat_call *call)
{
	enum pat_reason reason = PAT_REASON_NONE;

	if (!pat_origin_ok(call->request, call->context->public_url))
		return pat_call_refuse(call, PAT_REASON_CROSS_SITE_REQUEST, NULL);
	call->sessions = sessions;
	int r = pat_router_session(sessions, call);
	if (r != 0)
		return r;
	if (!call->signed_in)
		reason = PAT_REASON_SESSION_REQUIRED;
	else if (!pat_request_is_safe(call->request) && !csrf_token_ok(sessions, call))
		reason = PAT_REASON_CSRF_TOKEN_INVALID;
	else if (!route->portal && pat_core_portal_person(&call->who.person))
		reason = PAT_REASON_NOT_ALLOWED;
	if (reason == PAT_REASON_NONE)
		return 0;
	return pat_call_refuse(call, reason, NULL);
}

static int check_same_origin(struct pat_call *call)
{
	if (pat_origin_ok(call->request, call->context->public_url))
		return 0;
	return pat_call_refuse(call, PAT_REASON_CROSS_SITE_REQUEST, NULL);
}

/* Whether the token has any of the scopes in a list with blanks. */
static bool has_any(const char *held, const char *scopes)
{
	char name[PAT_SCOPE_BYTES_MAX + 1];

	while (*scopes) {
		size_t len = strcspn(scopes, " ");

		pat_assert(len > 0 && len < sizeof(name));
		memcpy(name, scopes, len); /* UNSAFE: asserted above */
		name[len] = '\0';
		if (pat_scopes_has(held, name))
			return true;
		scopes += len + (scopes[len] == ' ');
	}
	return false;
}

/* The gate has judged the token; its scopes are judged here as well, because a product should not depend on how its gate
 * was configured. */
static int check_scopes(const struct pat_route *route, struct pat_call *call)
{
	char first[PAT_SCOPE_BYTES_MAX + 1];

	if (!route->scopes || has_any(call->request->scopes, route->scopes))
		return 0;
	(void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(route->scopes, " "),
	               route->scopes);
	return pat_call_refuse_scope(call, first);
}

static int check_gate(const struct pat_route *route, struct pat_call *call)
{
	if (call->request->entry != PAT_ENTRY_PRODUCT || call->request->user[0] == '\0')
		return pat_call_refuse(call, PAT_REASON_TOKEN_MISSING, NULL);
	return check_scopes(route, call);
}

/* The token is somebody's, and good; may it manage tokens? */
static int check_token(const struct pat_session_ops *sessions, const struct pat_route *route,
                       struct pat_call *call)
{
	const struct pat_request *request = call->request;
	int64_t person = 0;

	call->by = request->token_id;
	if (!pat_limits_names_product(request->limits, PAT_OWN_PRODUCT))
		return pat_call_refuse(call, PAT_REASON_TOKEN_AUDIENCE, NULL);
	int r = check_scopes(route, call);
	if (r != 0)
		return r;
	if (!pat_http_number(request->user, &person))
		return pat_call_refuse(call, PAT_REASON_NOT_ALLOWED, NULL);
	r = sessions->person(call->context->core, person, &call->who.person);
	if (r != 0)
		return r < 0 ? r : pat_call_refuse(call, PAT_REASON_NOT_ALLOWED, NULL);
	(void)snprintf(call->via, sizeof(call->via), "token:%s", call->by);
	call->actor.via = call->via;
	call->actor.person = person;
	return 0;
}

static int check_managed(const struct pat_session_ops *sessions, const struct pat_route *route,
                         struct pat_call *call)
{
	int r = call->request->user[0] ? check_token(sessions, route, call)
	                               : check_session(sessions, route, call);

	if (r == 0 && route->admin && !call->who.person.admin)
		return pat_call_refuse(call, PAT_REASON_NOT_ALLOWED, NULL);
	return r;
}

static int check_rule(const struct pat_router *router, const struct pat_route *route,
                      struct pat_call *call)
{
	switch (route->rule) {
	case PAT_RULE_PUBLIC:
	case PAT_RULE_SERVICE:
		return 0;
	case PAT_RULE_SESSION:
		return check_session(router->sessions, route, call);
	case PAT_RULE_SAME_ORIGIN:
		return check_same_origin(call);
	case PAT_RULE_GATED:
		return check_gate(route, call);
	case PAT_RULE_MANAGED:
		return check_managed(router->sessions, route, call);
	case PAT_RULE_HEALTH:
		if (call->request->entry == PAT_ENTRY_HEALTH)
			return 0;
		break;
	case PAT_RULE_NONE:
	default:
		break;
	}
	return pat_call_refuse(call, PAT_REASON_NOT_ALLOWED, NULL);
}

/* What is streamed is judged by its handler, whatever it says it is. */
static bool takes_json(const struct pat_route *route)
{
	return route->body_bytes_max > 0 && route->body_bytes_max <= PAT_SCGI_BODY_BYTES_MAX &&
	       !route->any_type;
}

static int check_body(const struct pat_route *route, struct pat_call *call)
{
	enum pat_reason reason = PAT_REASON_NONE;

	if (call->request->content_length > route->body_bytes_max)
		reason = PAT_REASON_BODY_TOO_LARGE;
	else if (route->entry == PAT_ENTRY_API && takes_json(route) &&
	         !pat_request_is_json(call->request))
		reason = PAT_REASON_JSON_REQUIRED;
	if (reason == PAT_REASON_NONE)
		return 0;
	return pat_call_refuse(call, reason, NULL);
}

void pat_router_answer(const struct pat_router *router, struct pat_call *call)
{
	const struct pat_route *route = find_route(router, call);

	if (!route)
		return;
	call->route = route->path;
	call->reach = route->reach;
	int r = check_rule(router, route, call);
	if (r == 0)
		r = check_body(route, call);
	if (r == 0)
		r = route->handler(call);
	/* A fault, or a handler that forgot to answer: neither may pass for a success. */
	if (r >= 0)
		r = call->response->status == 0 ? -EPROTO : pat_response_error(call->response);
	if (r < 0)
		(void)pat_call_refuse_core(call, r, NULL, 0);
}
