/* SPDX-License-Identifier: Apache-2.0
 *
 * The pages are static files that nginx serves; patd only says which one this visitor gets, by
 * X-Accel-Redirect into nginx's internal location /_pages/, or where to go instead.
 */
#include "web/api.h"

#include <string.h>

#include "base/codec.h"
#include "files/files.h"
#include "web/next.h"
#include "web/routes.h"

#define LOCATION_BYTES_MAX (3 * PAT_NEXT_BYTES_MAX + 64)

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
	pat_cleanup(pat_buf_done) struct pat_buf location = { 0 };

	pat_buf_init(&location, LOCATION_BYTES_MAX);
	(void)pat_buf_add_str(&location, "/signin?next=");
	pat_next_add(call->request, &location);
	return pat_buf_error(&location) ? pat_buf_error(&location)
	                                : go(call, pat_buf_str(&location));
}

#define PORTAL "/portal"

/* A product's own people have one page, and are sent there. */
static int show_signed_in(struct pat_call *call, const char *file)
{
	int r = pat_router_session(pat_routes_router.sessions, call);

	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	if (!call->signed_in)
		return go_sign_in(call);
	return pat_core_portal_person(&call->who.person) ? go(call, PORTAL) : show(call, file);
}

int pat_page_home(struct pat_call *call)
{
	return show_signed_in(call, call->context->files ? "files.html" : "home.html");
}

/* Whether there is such a file for this person is the page's to find out: it says so with a way on. */
int pat_page_file(struct pat_call *call)
{
	bool is_key = strlen(call->id) == PAT_FILES_KEY_CHARS &&
	              pat_base62_is(call->id, PAT_FILES_KEY_CHARS);

	if (!call->context->files || !is_key)
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	return show_signed_in(call, "file.html");
}

int pat_page_settings(struct pat_call *call)
{
	return show_signed_in(call, "settings.html");
}

/* Whom it is for, the code behind the "#" says, which comes with the page's first request. */
int pat_page_portal(struct pat_call *call)
{
	return show(call, "portal.html");
}

/* Where that page gets its sections from (web/assets/portal.js). Like every page, it holds nothing that is anybody's. */
int pat_page_portal_sections(struct pat_call *call)
{
	return show(call, "settings.html");
}

int pat_page_signin(struct pat_call *call)
{
	char next[PAT_NEXT_BYTES_MAX + 1];
	bool needed = false;

	int r = pat_core_setup_needed(call->context->core, &needed);
	if (r == 0 && needed)
		return go(call, "/setup");
	if (r == 0)
		r = pat_router_session(pat_routes_router.sessions, call);
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
