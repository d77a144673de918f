/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching, rules, dispatch. The table is short and read linearly.
 */
#include "web/router.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "web/cookie.h"
#include "web/origin.h"

/* Whether `path` is of the form of `template`; what stands at {id} is copied to `id`. */
static bool path_matches(const char *template, const char *path,
                         char id[static PAT_CALL_ID_BYTES_MAX + 1])
{
	static const char mark[] = "{id}";
	const char *at = strstr(template, mark);

	if (!at)
		return strcmp(template, path) == 0;
	size_t head = (size_t)(at - template);
	if (strncmp(template, path, head) != 0)
		return false;

	size_t len = strcspn(path + head, "/");
	if (len == 0 || len > PAT_CALL_ID_BYTES_MAX ||
	    strcmp(at + sizeof(mark) - 1, path + head + len) != 0)
		return false;
	memcpy(id, path + head, len); /* UNSAFE: len checked above */
	id[len] = '\0';
	return true;
}

/* Real clients of the product send a trailing slash now and then; our own pages never do. */
static bool route_has_path(const struct pat_route *route, const struct pat_request *request,
                           char id[static PAT_CALL_ID_BYTES_MAX + 1])
{
	char bare[256];
	size_t len = strlen(request->path);

	if (route->entry != request->entry)
		return false;
	if (request->entry != PAT_ENTRY_PRODUCT || len < 2 || len >= sizeof(bare) ||
	    request->path[len - 1] != '/')
		return path_matches(route->path, request->path, id);
	memcpy(bare, request->path, len - 1); /* UNSAFE: len checked above */
	bare[len - 1] = '\0';
	return path_matches(route->path, bare, id);
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

		if (!route_has_path(route, request, call->id))
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

int pat_router_session(const struct pat_session_ops *sessions, struct pat_call *call)
{
	const char *cookie = NULL;
	size_t len = 0;

	if (!pat_cookie_get(call->request, &cookie, &len))
		return 0;
	int r = sessions->session(call->context->core, cookie, len, &call->who);
	if (r == PAT_CORE_E_SESSION)
		return 0;
	if (r != 0)
		return r;
	call->signed_in = true;
	call->actor.person = call->who.person.id;
	return 0;
}

static bool csrf_token_ok(const struct pat_session_ops *sessions, const struct pat_call *call)
{
	const char *token = NULL;

	return pat_request_header(call->request, "HTTP_X_CSRF_TOKEN", &token) == PAT_HEADER_ONE &&
	       sessions->csrf_ok(&call->who, token, strlen(token));
}

/* 0 to go on, 1 after refusing, or a fault. */
static int check_session(const struct pat_session_ops *sessions, struct pat_call *call)
{
	enum pat_reason reason = PAT_REASON_NONE;

	if (!pat_origin_ok(call->request, call->context->public_url))
		return pat_call_refuse(call, PAT_REASON_CROSS_SITE_REQUEST, NULL);
	int r = pat_router_session(sessions, call);
	if (r != 0)
		return r;
	if (!call->signed_in)
		reason = PAT_REASON_SESSION_REQUIRED;
	else if (!pat_request_is_safe(call->request) && !csrf_token_ok(sessions, call))
		reason = PAT_REASON_CSRF_TOKEN_INVALID;
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

static int check_rule(const struct pat_router *router, const struct pat_route *route,
                      struct pat_call *call)
{
	switch (route->rule) {
	case PAT_RULE_PUBLIC:
		return 0;
	case PAT_RULE_SESSION:
		return check_session(router->sessions, call);
	case PAT_RULE_SAME_ORIGIN:
		return check_same_origin(call);
	case PAT_RULE_GATED:
		if (call->request->entry == PAT_ENTRY_PRODUCT && call->request->user[0] != '\0')
			return 0;
		return pat_call_refuse(call, PAT_REASON_TOKEN_MISSING, NULL);
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

static int check_body(const struct pat_route *route, struct pat_call *call)
{
	enum pat_reason reason = PAT_REASON_NONE;

	if (call->request->body_len > route->body_bytes_max)
		reason = PAT_REASON_BODY_TOO_LARGE;
	else if (route->entry == PAT_ENTRY_API && route->body_bytes_max > 0 &&
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
