/* SPDX-License-Identifier: Apache-2.0
 *
 * The pages are static files that nginx serves; patd only says which one this visitor gets, by
 * X-Accel-Redirect into nginx's internal location /_pages/, or where to go instead.
 */
#include "web/api.h"

#include "web/next.h"
#include "web/routes.h"

static int show(struct pat_call *call, const char *file)
{
	pat_call_status(call, 200);
	(void)pat_response_header(call->response, "Content-Type", "text/html; charset=utf-8");
	(void)pat_response_headerf(call->response, "X-Accel-Redirect", "/_pages/%s", file);
	return 0;
}

static int go(struct pat_call *call, const char *path)
{
	pat_call_status(call, 302);
	(void)pat_response_header(call->response, "Location", path);
	return 0;
}

static int go_sign_in(struct pat_call *call)
{
	/* The path is one of the table's, so it needs no encoding (RFC 3986 section 3.4 allows "/"). */
	pat_call_status(call, 302);
	(void)pat_response_headerf(call->response, "Location", "/signin?next=%s",
	                           call->request->path);
	return 0;
}

static int show_signed_in(struct pat_call *call, const char *file)
{
	int r = pat_router_session(&pat_routes_sessions, call);

	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	return call->signed_in ? show(call, file) : go_sign_in(call);
}

int pat_page_home(struct pat_call *call)
{
	return show_signed_in(call, "home.html");
}

int pat_page_settings(struct pat_call *call)
{
	return show_signed_in(call, "settings.html");
}

int pat_page_signin(struct pat_call *call)
{
	char next[PAT_NEXT_BYTES_MAX + 1];
	bool needed = false;

	int r = pat_core_setup_needed(call->context->core, &needed);
	if (r == 0 && needed)
		return go(call, "/setup");
	if (r == 0)
		r = pat_router_session(&pat_routes_sessions, call);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	if (!call->signed_in)
		return show(call, "signin.html");
	pat_next_get(call->request, next);
	return go(call, next);
}

int pat_page_setup(struct pat_call *call)
{
	bool needed = false;

	int r = pat_core_setup_needed(call->context->core, &needed);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	return needed ? show(call, "setup.html") : go(call, "/signin");
}
