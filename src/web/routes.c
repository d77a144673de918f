/* SPDX-License-Identifier: Apache-2.0
 *
 * The table. A row without a rule refuses; a change here is a change of docs/openapi.yaml.
 */
#include "web/routes.h"

#include "web/api.h"

#define SMALL 16384 /* a form's worth of JSON, two passwords of 4 KiB with escapes included */
#define LARGE PAT_SCGI_BODY_BYTES_MAX

/* clang-format off */
const struct pat_route pat_routes[] = {
	{ PAT_ENTRY_API, "GET", "/api/v1/setup", PAT_RULE_PUBLIC, 0, pat_api_setup_get },
	{ PAT_ENTRY_API, "POST", "/api/v1/setup", PAT_RULE_SAME_ORIGIN, SMALL, pat_api_setup_post },
	{ PAT_ENTRY_API, "GET", "/api/v1/session", PAT_RULE_SESSION, 0, pat_api_session_get },
	{ PAT_ENTRY_API, "POST", "/api/v1/session", PAT_RULE_SAME_ORIGIN, SMALL, pat_api_session_post },
	{ PAT_ENTRY_API, "DELETE", "/api/v1/session", PAT_RULE_SESSION, 0, pat_api_session_delete },
	{ PAT_ENTRY_API, "POST", "/api/v1/password", PAT_RULE_SESSION, SMALL, pat_api_password_post },
	{ PAT_ENTRY_API, "GET", "/api/v1/sessions", PAT_RULE_SESSION, 0, pat_api_sessions_get },
	{ PAT_ENTRY_API, "DELETE", "/api/v1/sessions/{id}", PAT_RULE_SESSION, 0, pat_api_sessions_delete },
	{ PAT_ENTRY_API, "DELETE", "/api/v1/people/{id}/sessions", PAT_RULE_SESSION, 0, pat_api_person_sessions_delete },
	{ PAT_ENTRY_API, "GET", "/api/v1/scopes", PAT_RULE_SESSION, 0, pat_api_scopes_get },
	{ PAT_ENTRY_API, "GET", "/api/v1/tokens", PAT_RULE_SESSION, 0, pat_api_tokens_get },
	{ PAT_ENTRY_API, "POST", "/api/v1/tokens", PAT_RULE_SESSION, LARGE, pat_api_tokens_post },
	{ PAT_ENTRY_API, "GET", "/api/v1/tokens/{id}", PAT_RULE_SESSION, 0, pat_api_token_get },
	{ PAT_ENTRY_API, "DELETE", "/api/v1/tokens/{id}", PAT_RULE_SESSION, 0, pat_api_token_delete },

	{ PAT_ENTRY_PAGES, "GET", "/", PAT_RULE_PUBLIC, 0, pat_page_home },
	{ PAT_ENTRY_PAGES, "GET", "/settings/account", PAT_RULE_PUBLIC, 0, pat_page_settings },
	{ PAT_ENTRY_PAGES, "GET", "/settings/security", PAT_RULE_PUBLIC, 0, pat_page_settings },
	{ PAT_ENTRY_PAGES, "GET", "/signin", PAT_RULE_PUBLIC, 0, pat_page_signin },
	{ PAT_ENTRY_PAGES, "GET", "/setup", PAT_RULE_PUBLIC, 0, pat_page_setup },
	{ PAT_ENTRY_PAGES, "GET", "/avatars/{id}", PAT_RULE_PUBLIC, 0, pat_product_avatar },

	/* Clients of the product may send a body with anything; it is not looked at. */
	{ PAT_ENTRY_PRODUCT, "GET", "/v1/me", PAT_RULE_GATED, LARGE, pat_product_me },

	{ PAT_ENTRY_HEALTH, "GET", "/livez", PAT_RULE_HEALTH, 0, pat_health_live },
	{ PAT_ENTRY_HEALTH, "GET", "/readyz", PAT_RULE_HEALTH, 0, pat_health_ready },
};
/* clang-format on */
const size_t pat_routes_len = PAT_ARRAY_LEN(pat_routes);

const struct pat_session_ops pat_routes_sessions = {
	.session = pat_core_session,
	.csrf_ok = pat_core_csrf_ok,
};
