/* SPDX-License-Identifier: Apache-2.0
 *
 * The table. A row without a rule refuses; a change here is a change of docs/openapi.yaml.
 */
#include "web/routes.h"

#include "files/files.h"
#include "web/api.h"

#define SMALL 16384 /* a form's worth of JSON, two passwords of 4 KiB with escapes included */
#define LARGE PAT_SCGI_BODY_BYTES_MAX

/* clang-format off */
#define ROUTE(entry_, method_, path_, rule_, body_, handler_, ...) \
	{ .entry = PAT_ENTRY_##entry_, .method = method_, .path = path_, .rule = PAT_RULE_##rule_, \
	  .body_bytes_max = body_, .handler = handler_, __VA_ARGS__ }
#define API(method, path, rule, body, handler, ...) ROUTE(API, method, path, rule, body, handler, __VA_ARGS__)
/* By one's own token, or by a session. */
#define MANAGED(method, path, body, handler, scopes_, ...) \
	ROUTE(API, method, path, MANAGED, body, handler, .scopes = scopes_, __VA_ARGS__)
#define ADMIN(method, path, body, handler, scopes_) MANAGED(method, path, body, handler, scopes_, .admin = true)
#define PAGES(method, path, rule, body, handler) ROUTE(PAGES, method, path, rule, body, handler, )
#define HEALTH(method, path, rule, body, handler) ROUTE(HEALTH, method, path, rule, body, handler, )
/* Any one of the scopes opens it; a refusal names the first. */
#define GATED(method, path, body, handler, scopes_, ...) \
	ROUTE(PRODUCT, method, path, GATED, body, handler, .scopes = scopes_, __VA_ARGS__)
/* Clients of the product may send a body with anything; it is looked at where one is expected. `patd run` refuses it where
 * connections are counted (edge_conf.c). */
#define READ(path, handler, scopes, ...) GATED("GET", path, LARGE, handler, scopes, __VA_ARGS__)
/* Open to products' own people, who have an account nowhere here (core/portal.c). */
#define FOR_PORTAL .portal = true
#define OF_FILE    .reach = PAT_REACH_FILE
#define OF_PROJECT .reach = PAT_REACH_PROJECT
#define OF_NONE    .reach = PAT_REACH_NONE

const struct pat_route pat_routes[] = {
	API("GET", "/api/v1/setup", PUBLIC, 0, pat_api_setup_get),
	API("POST", "/api/v1/setup", SAME_ORIGIN, SMALL, pat_api_setup_post),
	API("GET", "/api/v1/session", SESSION, 0, pat_api_session_get, FOR_PORTAL),
	API("POST", "/api/v1/session", SAME_ORIGIN, SMALL, pat_api_session_post),
	API("DELETE", "/api/v1/session", SESSION, 0, pat_api_session_delete, FOR_PORTAL),
	API("POST", "/api/v1/session/proof", SESSION, SMALL, pat_api_proof_post),
	API("PATCH", "/api/v1/me", SESSION, SMALL, pat_api_me_patch),
	API("PUT", "/api/v1/me/picture", SESSION, PAT_PICTURE_BYTES_MAX, pat_api_me_picture_put, .any_type = true),
	API("DELETE", "/api/v1/me/picture", SESSION, 0, pat_api_me_picture_delete),
	API("GET", "/api/v1/notifications", SESSION, 0, pat_api_notifications_get),
	API("PATCH", "/api/v1/notifications", SESSION, SMALL, pat_api_notifications_patch),
	API("POST", "/api/v1/password", SESSION, SMALL, pat_api_password_post),
	API("GET", "/api/v1/sessions", SESSION, 0, pat_api_sessions_get, FOR_PORTAL),
	API("DELETE", "/api/v1/sessions", SESSION, 0, pat_api_sessions_delete_others, FOR_PORTAL),
	API("DELETE", "/api/v1/sessions/{id}", SESSION, 0, pat_api_sessions_delete, FOR_PORTAL),
	API("DELETE", "/api/v1/people/{id}/sessions", SESSION, 0, pat_api_person_sessions_delete),
	API("POST", "/api/v1/portal", SAME_ORIGIN, SMALL, pat_api_portal_post),
	API("GET", "/api/v1/openapi.yaml", PUBLIC, 0, pat_api_openapi_get),

	MANAGED("GET", "/api/v1/scopes", 0, pat_api_scopes_get, "tokens:read", FOR_PORTAL),
	MANAGED("GET", "/api/v1/tokens", 0, pat_api_tokens_get, "tokens:read", FOR_PORTAL),
	MANAGED("POST", "/api/v1/tokens", LARGE, pat_api_tokens_post, "tokens:write", FOR_PORTAL),
	MANAGED("POST", "/api/v1/tokens/revoke", SMALL, pat_api_tokens_revoke_post, "tokens:write", FOR_PORTAL),
	MANAGED("GET", "/api/v1/tokens/{id}", 0, pat_api_token_get, "tokens:read", FOR_PORTAL),
	MANAGED("PATCH", "/api/v1/tokens/{id}", LARGE, pat_api_token_patch, "tokens:write", FOR_PORTAL),
	MANAGED("DELETE", "/api/v1/tokens/{id}", 0, pat_api_token_delete, "tokens:write", FOR_PORTAL),
	MANAGED("POST", "/api/v1/tokens/{id}/rotate", SMALL, pat_api_token_rotate, "tokens:write", FOR_PORTAL),
	MANAGED("GET", "/api/v1/tokens/{id}/usage", 0, pat_api_token_usage_get, "tokens:read", FOR_PORTAL),

	ADMIN("GET", "/api/v1/admin/people", 0, pat_api_admin_people_get, "admin:read"),
	ADMIN("PATCH", "/api/v1/admin/people/{id}", SMALL, pat_api_admin_person_patch, "admin:write"),
	ADMIN("GET", "/api/v1/admin/people/{id}/tokens", 0, pat_api_admin_person_tokens_get, "admin:read"),
	ADMIN("DELETE", "/api/v1/admin/tokens/{id}", 0, pat_api_admin_token_delete, "admin:write"),
	ADMIN("GET", "/api/v1/admin/audit", 0, pat_api_admin_audit_get, "admin:read"),
	ADMIN("GET", "/api/v1/admin/nodes", 0, pat_api_admin_nodes_get, "admin:read"),

	/* Services prove themselves in the handler, with a credential of their own. */
	API("POST", "/introspect", SERVICE, SMALL, pat_api_introspect, .any_type = true),
	API("POST", "/revoke", SERVICE, SMALL, pat_api_revoke_form, .any_type = true),
	API("POST", "/api/v1/portal_sessions", SERVICE, SMALL, pat_api_portal_sessions_post),
	API("GET", "/.well-known/oauth-authorization-server", PUBLIC, 0, pat_api_oauth_metadata),

	API("GET", "/api/v1/team", SESSION, 0, pat_api_team_get),
	API("GET", "/api/v1/projects", SESSION, 0, pat_api_projects_get),
	API("POST", "/api/v1/projects", SESSION, SMALL, pat_api_projects_post),
	API("PATCH", "/api/v1/projects/{id}", SESSION, SMALL, pat_api_project_patch),
	API("DELETE", "/api/v1/projects/{id}", SESSION, 0, pat_api_project_delete),
	API("GET", "/api/v1/files", SESSION, 0, pat_api_files_get),
	API("POST", "/api/v1/files", SESSION, PAT_DOCUMENT_BYTES_MAX, pat_api_files_post),
	API("GET", "/api/v1/files/{key}", SESSION, 0, pat_api_file_get),
	API("PATCH", "/api/v1/files/{key}", SESSION, SMALL, pat_api_file_patch),
	API("DELETE", "/api/v1/files/{key}", SESSION, 0, pat_api_file_delete),
	API("POST", "/api/v1/files/{key}/restore", SESSION, 0, pat_api_file_restore),
	API("POST", "/api/v1/files/{key}/purge", SESSION, 0, pat_api_file_purge),
	API("GET", "/api/v1/files/{key}/document", SESSION, 0, pat_api_document_get, .document = true),
	API("GET", "/api/v1/files/{key}/layers", SESSION, 0, pat_api_layers_get, .document = true),
	API("GET", "/api/v1/files/{key}/picture", SESSION, 0, pat_api_picture_get, .document = true),
	API("GET", "/api/v1/files/{key}/versions", SESSION, 0, pat_api_versions_get),
	API("POST", "/api/v1/files/{key}/versions", SESSION, PAT_DOCUMENT_BYTES_MAX, pat_api_versions_post),
	API("DELETE", "/api/v1/files/{key}/versions/{version}", SESSION, 0, pat_api_version_delete),
	API("GET", "/api/v1/files/{key}/images", SESSION, 0, pat_api_images_get, .document = true),
	API("POST", "/api/v1/files/{key}/images", SESSION, PAT_FILES_FILL_BYTES_MAX, pat_api_images_post),
	API("DELETE", "/api/v1/files/{key}/images/{ref}", SESSION, 0, pat_api_image_delete),
	API("GET", "/api/v1/files/{key}/shares", SESSION, 0, pat_api_shares_get),
	API("PUT", "/api/v1/files/{key}/shares", SESSION, SMALL, pat_api_shares_put),
	API("DELETE", "/api/v1/files/{key}/shares/{person}", SESSION, 0, pat_api_share_delete),
	API("GET", "/api/v1/files/{key}/comments", SESSION, 0, pat_api_comments_get),
	API("POST", "/api/v1/files/{key}/comments", SESSION, LARGE, pat_api_comments_post),
	API("PATCH", "/api/v1/files/{key}/comments/{id}", SESSION, SMALL, pat_api_comment_patch),
	API("DELETE", "/api/v1/files/{key}/comments/{id}", SESSION, 0, pat_api_comment_delete),
	API("POST", "/api/v1/files/{key}/reactions", SESSION, SMALL, pat_api_reactions_post),
	API("DELETE", "/api/v1/files/{key}/reactions", SESSION, 0, pat_api_reactions_delete),

	PAGES("GET", "/", PUBLIC, 0, pat_page_home),
	PAGES("GET", "/files/{key}", PUBLIC, 0, pat_page_file),
	PAGES("GET", "/settings/account", PUBLIC, 0, pat_page_settings),
	PAGES("GET", "/settings/notifications", PUBLIC, 0, pat_page_settings),
	PAGES("GET", "/settings/security", PUBLIC, 0, pat_page_settings),
	PAGES("GET", "/settings/nodes", PUBLIC, 0, pat_page_settings),
	PAGES("GET", "/signin", PUBLIC, 0, pat_page_signin),
	PAGES("GET", "/setup", PUBLIC, 0, pat_page_setup),
	PAGES("GET", "/portal", PUBLIC, 0, pat_page_portal),
	PAGES("GET", "/portal/sections", PUBLIC, 0, pat_page_portal_sections),
	PAGES("GET", "/avatars/{id}", PUBLIC, 0, pat_product_avatar),
	PAGES("GET", "/pictures/{name}", PUBLIC, 0, pat_product_picture),

	/* What a token asks about itself, whatever it is for. */
	GATED("GET", "/api/v1/self", 0, pat_api_self_get, NULL, OF_NONE),
	GATED("DELETE", "/api/v1/self", 0, pat_api_self_delete, NULL, OF_NONE),

	READ("/v1/me", pat_product_me, "current_user:read", OF_NONE),
	READ("/v1/files/{key}", pat_product_file, "file_content:read", .document = true, OF_FILE),
	READ("/v1/files/{key}/nodes", pat_product_nodes, "file_content:read", .document = true, OF_FILE),
	READ("/v1/files/{key}/meta", pat_product_file_meta, "file_metadata:read", OF_FILE),
	READ("/v1/files/{key}/images", pat_product_fills, "file_content:read", OF_FILE),
	READ("/v1/images/{key}", pat_product_images, "file_content:read", .document = true, OF_FILE),
	READ("/v1/files/{key}/versions", pat_product_versions, "file_versions:read", OF_FILE),
	READ("/v1/files/{key}/comments", pat_product_comments_get, "file_comments:read", OF_FILE),
	GATED("POST", "/v1/files/{key}/comments", LARGE, pat_product_comments_post, "file_comments:write", OF_FILE),
	GATED("DELETE", "/v1/files/{key}/comments/{comment}", LARGE, pat_product_comment_delete, "file_comments:write", OF_FILE),
	READ("/v1/files/{key}/comments/{comment}/reactions", pat_product_reactions_get, "file_comments:read", OF_FILE),
	GATED("POST", "/v1/files/{key}/comments/{comment}/reactions", LARGE, pat_product_reactions_post, "file_comments:write", OF_FILE),
	GATED("DELETE", "/v1/files/{key}/comments/{comment}/reactions", LARGE, pat_product_reactions_delete, "file_comments:write", OF_FILE),
	READ("/v1/teams/{team}/projects", pat_product_team_projects, "projects:read"),
	READ("/v1/projects/{project}/files", pat_product_project_files, "projects:read", OF_PROJECT),
	READ("/v1/projects/{project}/meta", pat_product_project_meta, "project_metadata:read", OF_PROJECT),
	READ("/v2/teams/{team}/folders", pat_product_team_folders, "folders:read"),
	READ("/v2/folders/{folder}/folders", pat_product_folder_folders, "folders:read", OF_PROJECT),
	READ("/v2/folders/{folder}/files", pat_product_project_files, "folders:read", OF_PROJECT),
	READ("/v2/folders/{folder}/meta", pat_product_project_meta, "folder_metadata:read", OF_PROJECT),
	READ("/v1/files/{key}/components", pat_product_file_components, "library_content:read", OF_FILE),
	READ("/v1/files/{key}/component_sets", pat_product_file_component_sets, "library_content:read", OF_FILE),
	READ("/v1/files/{key}/styles", pat_product_file_styles, "library_content:read", OF_FILE),
	READ("/v1/teams/{team}/components", pat_product_team_components, "team_library_content:read"),
	READ("/v1/teams/{team}/component_sets", pat_product_team_component_sets, "team_library_content:read"),
	READ("/v1/teams/{team}/styles", pat_product_team_styles, "team_library_content:read"),
	READ("/v1/components/{asset}", pat_product_component, "library_assets:read"),
	READ("/v1/component_sets/{asset}", pat_product_component_set, "library_assets:read"),
	READ("/v1/component_set/{asset}", pat_product_component_set, "library_assets:read"), /* figma-js writes it so */
	READ("/v1/styles/{asset}", pat_product_style, "library_assets:read"),

	HEALTH("GET", "/livez", HEALTH, 0, pat_health_live),
	HEALTH("GET", "/readyz", HEALTH, 0, pat_health_ready),
};
/* clang-format on */
const size_t pat_routes_len = PAT_ARRAY_LEN(pat_routes);

static const struct pat_session_ops sessions = {
	.session = pat_core_session,
	.csrf_ok = pat_core_csrf_ok,
	.person = pat_core_person_get,
};

const struct pat_router pat_routes_router = {
	.routes = pat_routes,
	.n_routes = PAT_ARRAY_LEN(pat_routes),
	.sessions = &sessions,
};
