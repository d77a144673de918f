/* SPDX-License-Identifier: Apache-2.0
 *
 * The router with a table and sessions of the test's own: rule × method × where the request says it
 * comes from × what it carries. And, of the real table, that every row has a rule.
 */
#include "tests/unit/test_web.h"

#include <errno.h>
#include <unistd.h>

#include "web/router.h"
#include "web/routes.h"

#define COOKIE "patd_session=0123456789012345678901234567890123456789abc"
#define CSRF   "right"

/* ---- A table and sessions to test with. */

static int handler_result;
static char handler_id[PAT_CALL_ID_BYTES_MAX + 1];
static char handler_part[PAT_CALL_ID_BYTES_MAX + 1];
static char handler_via[80];

static int handler(struct pat_call *call)
{
	(void)snprintf(handler_id, sizeof(handler_id), "%s", call->id);
	(void)snprintf(handler_part, sizeof(handler_part), "%s", call->part);
	(void)snprintf(handler_via, sizeof(handler_via), "%s %lld", call->actor.via,
	               (long long)call->actor.person);
	if (handler_result != 0)
		return handler_result;
	(void)pat_call_json(call, 200);
	return 0;
}

static const char *tagged_text = "one";

static int tagged_handler(struct pat_call *call)
{
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_json_text(&w, NULL, tagged_text);
	pat_call_tag(call);
	return 0;
}

static int forgetful_handler(struct pat_call *call)
{
	(void)call;
	return 0;
}

static int splitting_handler(struct pat_call *call)
{
	(void)pat_call_json(call, 200);
	(void)pat_response_header(call->response, "X-Name", "a\r\nX-Admin: 1");
	return 0;
}

/* clang-format off */
#define ROW(entry_, method_, path_, rule_, body_, ...) \
	{ .entry = PAT_ENTRY_##entry_, .method = method_, .path = path_, .rule = rule_, .body_bytes_max = body_, .handler = __VA_ARGS__ }

static const struct pat_route table[] = {
	ROW(API, "GET", "/ruled-by-nothing", PAT_RULE_NONE, 0, handler),
	ROW(API, "POST", "/ruled-by-nothing", 99, 100, handler),
	ROW(API, "GET", "/public", PAT_RULE_PUBLIC, 0, handler),
	ROW(API, "GET", "/session", PAT_RULE_SESSION, 0, handler),
	ROW(API, "POST", "/session", PAT_RULE_SESSION, 10, handler),
	ROW(API, "DELETE", "/session", PAT_RULE_SESSION, 0, handler),
	ROW(API, "POST", "/origin", PAT_RULE_SAME_ORIGIN, 10, handler),
	ROW(API, "GET", "/managed", PAT_RULE_MANAGED, 0, handler, .scopes = "tokens:read"),
	ROW(API, "DELETE", "/managed", PAT_RULE_MANAGED, 0, handler, .scopes = "tokens:write"),
	ROW(API, "GET", "/portal", PAT_RULE_SESSION, 0, handler, .portal = true),
	ROW(API, "POST", "/portal/managed", PAT_RULE_MANAGED, 0, handler, .scopes = "tokens:write", .portal = true),
	ROW(API, "DELETE", "/administered", PAT_RULE_MANAGED, 0, handler, .scopes = "admin:write", .admin = true),
	ROW(API, "GET", "/things/{id}/parts/{part}", PAT_RULE_PUBLIC, 0, handler),
	ROW(API, "GET", "/things/{id}/parts/{part}/end", PAT_RULE_PUBLIC, 0, handler),
	ROW(API, "GET", "/things/{id}/parts", PAT_RULE_PUBLIC, 0, handler),
	ROW(API, "GET", "/tagged", PAT_RULE_PUBLIC, 0, tagged_handler),
	ROW(API, "GET", "/forgetful", PAT_RULE_PUBLIC, 0, forgetful_handler),
	ROW(API, "GET", "/splitting", PAT_RULE_PUBLIC, 0, splitting_handler),
	ROW(API, "GET", "/gated-elsewhere", PAT_RULE_GATED, 0, handler),
	ROW(API, "GET", "/health-elsewhere", PAT_RULE_HEALTH, 0, handler),
	ROW(PRODUCT, "GET", "/v1/me", PAT_RULE_GATED, 100, handler),
	ROW(PRODUCT, "GET", "/v1/scoped", PAT_RULE_GATED, 0, handler, .scopes = "a:read b:read"),
	ROW(HEALTH, "GET", "/livez", PAT_RULE_HEALTH, 0, handler),
};
/* clang-format on */

static int session_result;
static bool session_admin;
static const char *session_service = ""; /* … of a product's own person */

static bool was_active;

static int fake_session(struct pat_core *core, const char *cookie, size_t len, bool active,
                        struct pat_signed_in *ret)
{
	(void)core;
	(void)cookie;
	was_active = active;
	assert_int_equal(len, 43);
	if (session_result == 0)
		ret->person = (struct pat_person){ .id = 7, .admin = session_admin };
	(void)snprintf(ret->person.service, sizeof(ret->person.service), "%s", session_service);
	return session_result;
}

static bool fake_csrf_ok(const struct pat_signed_in *who, const char *token, size_t len)
{
	return who->person.id == 7 && len == strlen(CSRF) && memcmp(token, CSRF, len) == 0;
}

/* 7 is an administrator; 8 is none; 9 is gone; of 10 nobody can say. */
static int fake_person(struct pat_core *core, int64_t id, struct pat_person *ret)
{
	(void)core;
	if (id == 9)
		return PAT_CORE_E_NOT_FOUND;
	if (id == 10)
		return -EIO;
	*ret = (struct pat_person){ .id = id, .admin = id == 7 };
	return 0;
}

static const struct pat_session_ops sessions = { .session = fake_session,
	                                         .csrf_ok = fake_csrf_ok,
	                                         .person = fake_person };
static const struct pat_router router = {
	.routes = table,
	.n_routes = PAT_ARRAY_LEN(table),
	.sessions = &sessions,
};

/* ---- Asking. */

struct ask {
	const char *entry;
	const char *method;
	const char *path;
	const char *cookie;
	const char *csrf;
	const char *origin;
	const char *site;
	const char *type;
	const char *body;
	const char *user;
	const char *scopes;
	const char *token_id;
	const char *limits;
	const char *match; /* If-None-Match */
	const char *public_url;
};

struct told {
	int status;
	char route[80];
	char head[2048];
	char body[2048];
};

/* Adds a pair when there is a value. */
static void pair(const char **pairs, size_t *n, const char *name, const char *value)
{
	if (!value)
		return;
	pairs[(*n)++] = name;
	pairs[(*n)++] = value;
}

static struct told ask(const struct ask *a)
{
	const char *pairs[32] = { 0 };
	size_t n = 0;
	struct pat_web_context context = { .public_url = a->public_url };
	pat_cleanup(test_request_done) struct test_request t;
	pat_cleanup(pat_response_done) struct pat_response response = { 0 };
	pat_cleanup(pat_call_done) struct pat_call call;
	struct told told;

	pair(pairs, &n, "PATD_ENTRY", a->entry ? a->entry : "api");
	pair(pairs, &n, "REQUEST_METHOD", a->method);
	pair(pairs, &n, "DOCUMENT_URI", a->path);
	pair(pairs, &n, "REQUEST_SCHEME", "http");
	pair(pairs, &n, "HTTP_HOST", "pat.example:8080");
	pair(pairs, &n, "HTTP_COOKIE", a->cookie);
	pair(pairs, &n, "HTTP_X_CSRF_TOKEN", a->csrf);
	pair(pairs, &n, "HTTP_ORIGIN", a->origin);
	pair(pairs, &n, "HTTP_SEC_FETCH_SITE", a->site);
	pair(pairs, &n, "CONTENT_TYPE", a->type);
	pair(pairs, &n, "PAT_USER", a->user);
	pair(pairs, &n, "PAT_SCOPES", a->scopes);
	pair(pairs, &n, "PAT_TOKEN_ID", a->token_id);
	pair(pairs, &n, "PAT_LIMITS", a->limits);
	pair(pairs, &n, "HTTP_IF_NONE_MATCH", a->match);
	test_request_init(&t, pairs, a->body, a->public_url);
	pat_response_init(&response);
	pat_call_init(&call, &context, &t.request, &response);
	pat_router_answer(&router, &call);
	told.status = response.status;
	(void)snprintf(told.route, sizeof(told.route), "%s", call.route);
	assert_int_equal(pat_response_error(&response), 0);
	(void)snprintf(told.head, sizeof(told.head), "%s", pat_buf_str(&response.head));
	(void)snprintf(told.body, sizeof(told.body), "%s", pat_buf_str(&response.body));
	return told;
}

static void expect(const char *what, const struct ask *a, int status, const char *reason)
{
	struct told told = ask(a);
	char member[80];

	(void)snprintf(member, sizeof(member), "\"reason\":\"%s\"", reason ? reason : "");
	if (told.status != status || (reason && !strstr(told.body, member)))
		fail_msg("%s: %d %s instead of %d %s", what, told.status, told.body, status,
		         reason ? reason : "");
}

/* ---- Paths and methods. */

static void paths_and_methods_are_matched(void **state)
{
	static const struct {
		const char *entry;
		const char *method;
		const char *path;
		int status;
		const char *allow;
	} cases[] = {
		{ "api", "GET", "/public", 200, NULL },
		{ "api", "HEAD", "/public", 200, NULL },
		{ "api", "GET", "/Public", 404, NULL },
		{ "api", "GET", "/public/", 404, NULL },
		{ "api", "GET", "/public/x", 404, NULL },
		{ "api", "GET", "/publi", 404, NULL },
		{ "api", "GET", "", 404, NULL },
		{ "api", "GET", "public", 404, NULL },
		{ "api", "POST", "/public", 405, "Allow: GET, HEAD\r\n" },
		{ "api", "PUT", "/session", 405, "Allow: GET, HEAD, POST, DELETE\r\n" },
		{ "api", "TRACE", "/origin", 405, "Allow: POST\r\n" },
		{ "api", "OPTIONS", "/public", 405, "Allow: GET, HEAD\r\n" },
		{ "api", "get", "/public", 405, "Allow: GET, HEAD\r\n" },
		{ "api", "", "/public", 405, "Allow: GET, HEAD\r\n" },
		{ "api", "HEAD", "/origin", 405, "Allow: POST\r\n" },
		{ "pages", "GET", "/public", 404, NULL },
		{ "product", "GET", "/public", 404, NULL },
		{ "", "GET", "/public", 404, NULL },
		{ "none", "GET", "/public", 404, NULL },
		{ "api", "GET", "/livez", 404, NULL },
		{ "api", "GET", "/things//parts", 404, NULL },
		{ "api", "GET", "/things/parts", 404, NULL },
		{ "api", "GET", "/things/a/b/parts", 404, NULL },
		{ "api", "GET", "/things/a/part", 404, NULL },
		{ "api", "GET", "/things/a/parts/", 404, NULL },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct ask a = { .entry = cases[i].entry,
			         .method = cases[i].method,
			         .path = cases[i].path };
		struct told told = ask(&a);

		if (told.status != cases[i].status ||
		    (cases[i].allow && !strstr(told.head, cases[i].allow)))
			fail_msg("%s %s: %d %s", cases[i].method, cases[i].path, told.status,
			         told.head);
	}
}

static void an_id_is_one_bounded_segment(void **state)
{
	char path[PAT_CALL_ID_BYTES_MAX + 64];

	(void)state;
	(void)ask(&(struct ask){ .method = "GET", .path = "/things/a%2F.-_/parts" });
	assert_string_equal(handler_id, "a%2F.-_");
	(void)snprintf(path, sizeof(path), "/things/%0*d/parts", PAT_CALL_ID_BYTES_MAX, 0);
	assert_int_equal(ask(&(struct ask){ .method = "GET", .path = path }).status, 200);
	(void)snprintf(path, sizeof(path), "/things/%0*d/parts", PAT_CALL_ID_BYTES_MAX + 1, 0);
	assert_int_equal(ask(&(struct ask){ .method = "GET", .path = path }).status, 404);
}

/* LOG-03: what is logged as the path is never what the client wrote. */
static void the_route_is_named_as_the_table_has_it(void **state)
{
	(void)state;
	assert_string_equal(
		ask(&(struct ask){ .method = "GET", .path = "/things/pat_secret/parts" }).route,
		"/things/{id}/parts");
	assert_string_equal(ask(&(struct ask){ .method = "GET", .path = "/pat_secret" }).route, "");
	assert_string_equal(
		ask(&(struct ask){ .method = "PUT", .path = "/things/pat_secret/parts" }).route,
		"");
}

/* ---- What the client has already. */

static void an_answer_that_the_client_has_is_not_sent(void **state)
{
	struct ask a = { .method = "GET", .path = "/tagged" };
	char tag[64] = "";
	char several[200];

	(void)state;
	struct told first = ask(&a);
	assert_int_equal(first.status, 200);
	assert_int_equal(sscanf(strstr(first.head, "ETag: "), "ETag: %63s", tag), 1);
	assert_int_equal(strlen(tag), 34);
	(void)snprintf(several, sizeof(several), "W/\"x\", W/%s, \"y\"", tag);
	const char *const same[] = { tag, several };
	for (size_t i = 0; i < PAT_ARRAY_LEN(same); i++) {
		a.match = same[i];
		struct told told = ask(&a);
		assert_int_equal(told.status, 304);
		assert_string_equal(told.body, "");
		assert_non_null(strstr(told.head, tag));
	}
	tag[5] ^= 1;
	const char *const other[] = { "", "*", "\"\"", tag };
	for (size_t i = 0; i < PAT_ARRAY_LEN(other); i++) {
		a.match = other[i];
		assert_int_equal(ask(&a).status, 200);
	}
	a.match = several;
	tagged_text = "two";
	struct told changed = ask(&a);
	assert_int_equal(changed.status, 200);
	assert_string_equal(changed.body, "\"two\"");
	tagged_text = "one";
}

/* A page that stands open and asks by itself must not keep its session for ever. */
static void asking_whether_something_changed_is_no_activity(void **state)
{
	static const struct {
		const char *method;
		const char *match;
		bool active;
	} cases[] = {
		{ "GET", NULL, true },       { "GET", "\"x\"", false }, { "HEAD", "\"x\"", false },
		{ "GET", "", false },        { "POST", NULL, true },    { "POST", "\"x\"", true },
		{ "DELETE", "\"x\"", true },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct ask a = { .method = cases[i].method,
			         .path = "/session",
			         .cookie = COOKIE,
			         .csrf = CSRF,
			         .type = "application/json",
			         .match = cases[i].match };

		was_active = !cases[i].active;
		assert_int_equal(ask(&a).status, 200);
		assert_int_equal(was_active, cases[i].active);
	}
}

/* ---- Rules. */

static void a_route_without_a_rule_refuses(void **state)
{
	struct ask a = {
		.method = "GET", .path = "/ruled-by-nothing", .cookie = COOKIE, .csrf = CSRF
	};

	(void)state;
	expect("GET", &a, 403, "not_allowed");
	a.method = "POST";
	a.type = "application/json";
	expect("POST", &a, 403, "not_allowed");
	a = (struct ask){ .method = "GET", .path = "/gated-elsewhere", .user = "7" };
	expect("gated", &a, 401, "token_missing");
	a = (struct ask){ .method = "GET", .path = "/health-elsewhere" };
	expect("health", &a, 403, "not_allowed");
}

#define OURS "http://pat.example:8080"

static const struct {
	const char *origin;
	const char *site;
	bool safe_ok;   /* GET */
	bool unsafe_ok; /* POST, DELETE */
} origins[] = {
	{ NULL, NULL, true, true },
	{ OURS, NULL, true, true },
	{ OURS, "same-origin", true, true },
	{ NULL, "same-origin", true, true },
	{ "HTTP://PAT.example:8080", NULL, true, true },
	{ NULL, "none", true, false },
	{ NULL, "same-site", false, false },
	{ NULL, "cross-site", false, false },
	{ NULL, "Same-Origin", false, false },
	{ NULL, "", false, false },
	{ OURS, "cross-site", false, false },
	{ OURS, "same-site", false, false },
	{ "null", NULL, false, false },
	{ "", NULL, false, false },
	{ "null", "same-origin", false, false },
	{ "https://pat.example:8080", NULL, false, false },
	{ "http://pat.example", NULL, false, false },
	{ "http://pat.example:8081", NULL, false, false },
	{ "http://evil.example", NULL, false, false },
	{ "http://evil.example", "same-origin", false, false },
	{ "http://pat.example:8080.evil.example", NULL, false, false },
	{ "http://pat.example:8080/", NULL, false, false },
	{ "http://evil.pat.example:8080", NULL, false, false },
	{ "http://pat.example:8080@evil.example", NULL, false, false },
	{ "file://", NULL, false, false },
	{ "file://pat.example:8080", NULL, false, false },
	{ "http:\\\\pat.example:8080", NULL, false, false },
	{ "http://pat.example:8080 http://pat.example:8080", NULL, false, false },
};

static void other_origins_are_refused(void **state)
{
	static const struct {
		const char *method;
		const char *path;
	} routes[] = { { "GET", "/session" },
		       { "HEAD", "/session" },
		       { "POST", "/session" },
		       { "DELETE", "/session" },
		       { "POST", "/origin" } };

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(origins); i++) {
		for (size_t j = 0; j < PAT_ARRAY_LEN(routes); j++) {
			bool safe = strcmp(routes[j].method, "GET") == 0 ||
			            strcmp(routes[j].method, "HEAD") == 0;
			bool ok = safe ? origins[i].safe_ok : origins[i].unsafe_ok;
			struct ask a = { .method = routes[j].method,
				         .path = routes[j].path,
				         .cookie = COOKIE,
				         .csrf = CSRF,
				         .type = "application/json",
				         .origin = origins[i].origin,
				         .site = origins[i].site };

			expect(origins[i].origin ? origins[i].origin : "(none)", &a, ok ? 200 : 403,
			       ok ? NULL : "cross_site_request");
		}
	}
}

static void two_segments_are_handed_over(void **state)
{
	static const struct {
		const char *path;
		int status;
		const char *id;
		const char *part;
	} cases[] = {
		{ "/things/a/parts/b", 200, "a", "b" },
		{ "/things/a/parts/b/end", 200, "a", "b" },
		{ "/things/parts/parts/end", 200, "parts", "end" },
		{ "/things/a/parts", 200, "a", "" }, /* nothing left of another row's try */
		{ "/things/a/parts/", 404, NULL, NULL },
		{ "/things/a/parts//end", 404, NULL, NULL },
		{ "/things//parts/b", 404, NULL, NULL },
		{ "/things/a/parts/b/ends", 404, NULL, NULL },
		{ "/things/a/parts/b/c/end", 404, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		expect(cases[i].path, &(struct ask){ .method = "GET", .path = cases[i].path },
		       cases[i].status, NULL);
		if (cases[i].status != 200)
			continue;
		assert_string_equal(handler_id, cases[i].id);
		assert_string_equal(handler_part, cases[i].part);
	}
}

static void any_of_a_routes_scopes_opens_it(void **state)
{
	static const struct {
		const char *scopes;
		int status;
	} cases[] = {
		{ "a:read", 200 },         { "b:read", 200 }, { "a:read b:read", 200 },
		{ "0 b:read z", 200 },     { "a:rea", 403 },  { "a:read2", 403 },
		{ "b:write c:read", 403 }, { "", 403 },       { NULL, 403 },
		{ "a:readb:read", 403 },
	};
	struct ask a = { .entry = "product", .method = "GET", .path = "/v1/scoped", .user = "7" };

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		a.scopes = cases[i].scopes;
		expect(cases[i].scopes ? cases[i].scopes : "none", &a, cases[i].status,
		       cases[i].status == 403 ? "insufficient_scope" : NULL);
	}
	a.scopes = "secret:scope";
	struct told told = ask(&a);
	assert_non_null(strstr(told.body, "This endpoint requires the a:read scope"));
	assert_non_null(strstr(told.head, "WWW-Authenticate: Bearer error=\"insufficient_scope\", "
	                                  "scope=\"a:read\"\r\n"));
	assert_null(strstr(told.body, "secret:scope"));
	a.user = NULL;
	expect("nobody", &a, 401, "token_missing");
	a.entry = "api";
	a.user = "7";
	a.scopes = "a:read";
	expect("not through the gate", &a, 404, "not_found");
}

static void the_public_url_is_an_origin_of_ours(void **state)
{
	struct ask a = { .method = "POST",
		         .path = "/origin",
		         .type = "application/json",
		         .origin = "https://tokens.acme.example" };

	(void)state;
	expect("not configured", &a, 403, "cross_site_request");
	a.public_url = "https://tokens.acme.example";
	expect("configured", &a, 200, NULL);
	a.origin = "https://tokens.acme.example.evil";
	expect("longer", &a, 403, "cross_site_request");
	a.origin = "http://tokens.acme.example";
	expect("other scheme", &a, 403, "cross_site_request");
}

static void sessions_and_csrf_tokens_are_asked_for(void **state)
{
	static const struct {
		const char *method;
		const char *cookie;
		const char *csrf;
		int session_result;
		int status;
		const char *reason;
	} cases[] = {
		{ "GET", COOKIE, NULL, 0, 200, NULL },
		{ "GET", NULL, NULL, 0, 401, "session_required" },
		{ "GET", NULL, CSRF, 0, 401, "session_required" },
		{ "GET", COOKIE, NULL, PAT_CORE_E_SESSION, 401, "session_required" },
		{ "GET", COOKIE, NULL, -EIO, 503, "unavailable" },
		{ "GET", COOKIE, NULL, -EBUSY, 503, "busy" },
		{ "GET", COOKIE "; " COOKIE, NULL, 0, 401, "session_required" },
		{ "POST", COOKIE, CSRF, 0, 200, NULL },
		{ "POST", COOKIE, NULL, 0, 403, "csrf_token_invalid" },
		{ "POST", COOKIE, "", 0, 403, "csrf_token_invalid" },
		{ "POST", COOKIE, "wrong", 0, 403, "csrf_token_invalid" },
		{ "POST", COOKIE, "righ", 0, 403, "csrf_token_invalid" },
		{ "POST", COOKIE, "right ", 0, 403, "csrf_token_invalid" },
		{ "POST", NULL, CSRF, 0, 401, "session_required" },
		{ "POST", COOKIE, CSRF, PAT_CORE_E_SESSION, 401, "session_required" },
		{ "DELETE", COOKIE, CSRF, 0, 200, NULL },
		{ "DELETE", COOKIE, NULL, 0, 403, "csrf_token_invalid" },
		{ "DELETE", NULL, NULL, 0, 401, "session_required" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct ask a = { .method = cases[i].method,
			         .path = "/session",
			         .cookie = cases[i].cookie,
			         .csrf = cases[i].csrf,
			         .type = "application/json" };

		session_result = cases[i].session_result;
		expect(cases[i].method, &a, cases[i].status, cases[i].reason);
		session_result = 0;
	}
}

/* With a token, whatever the browser says besides; without one, as a session. */
static void a_token_or_a_session_manages(void **state)
{
	static const struct {
		const char *method;
		const char *user;
		const char *scopes;
		const char *limits;
		int status;
		const char *reason;
	} cases[] = {
		{ "GET", "8", "tokens:read", "aud=patd", 200, NULL },
		{ "GET", "8", "a tokens:read z", "aud=files aud=patd net=::/0", 200, NULL },
		{ "DELETE", "8", "tokens:write", "aud=patd", 200, NULL },
		{ "GET", "8", "tokens:write", "aud=patd", 403, "insufficient_scope" },
		{ "DELETE", "8", "tokens:read", "aud=patd", 403, "insufficient_scope" },
		{ "GET", "8", "", "aud=patd", 403, "insufficient_scope" },
		{ "GET", "8", "tokens:read", "", 403, "token_audience" },
		{ "GET", "8", "tokens:read", "aud=files", 403, "token_audience" },
		{ "GET", "8", "tokens:read", "aud=patd2", 403, "token_audience" },
		{ "GET", "8", "tokens:read", "res=patd/a=b", 403, "token_audience" },
		{ "GET", "9", "tokens:read", "aud=patd", 403, "not_allowed" },
		{ "GET", "10", "tokens:read", "aud=patd", 503, "unavailable" },
		{ "GET", "u_42", "tokens:read", "aud=patd", 403, "not_allowed" },
		{ "GET", "-", "tokens:read", "aud=patd", 403, "not_allowed" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct ask a = { .method = cases[i].method,
			         .path = "/managed",
			         .cookie = COOKIE,
			         .origin = "https://evil.example",
			         .site = "cross-site",
			         .user = cases[i].user,
			         .scopes = cases[i].scopes,
			         .token_id = "00112233445566778899aabbccddeeff",
			         .limits = cases[i].limits };

		session_result = -EIO; /* nobody may ask */
		expect(cases[i].limits, &a, cases[i].status, cases[i].reason);
		session_result = 0;
		if (cases[i].status == 200)
			assert_string_equal(handler_via,
			                    "token:00112233445566778899aabbccddeeff 8");
	}
	struct ask a = { .method = "DELETE", .path = "/managed", .scopes = "tokens:write" };

	expect("nobody", &a, 401, "session_required");
	a.cookie = COOKIE;
	expect("no CSRF token", &a, 403, "csrf_token_invalid");
	a.csrf = CSRF;
	expect("a session", &a, 200, NULL);
	assert_string_equal(handler_via, "page 7");
	a.site = "cross-site";
	expect("another site", &a, 403, "cross_site_request");
}

static void administrators_administer(void **state)
{
	struct ask a = { .method = "DELETE",
		         .path = "/administered",
		         .user = "7",
		         .scopes = "admin:write",
		         .limits = "aud=patd" };

	(void)state;
	expect("an administrator's", &a, 200, NULL);
	a.scopes = "admin:read tokens:write";
	expect("without the scope", &a, 403, "insufficient_scope");
	a.scopes = "admin:write";
	a.user = "8";
	expect("somebody else's", &a, 403, "not_allowed");
	a = (struct ask){
		.method = "DELETE", .path = "/administered", .cookie = COOKIE, .csrf = CSRF
	};
	expect("a session", &a, 403, "not_allowed");
	session_admin = true;
	expect("an administrator's session", &a, 200, NULL);
	session_admin = false;
}

/* What does not say that it is for them is not. */
static void a_products_own_people_have_what_is_for_them(void **state)
{
	static const char *const closed[] = { "/session", "/managed", "/administered" };
	struct ask a = { .method = "GET", .path = "/portal", .cookie = COOKIE, .csrf = CSRF };

	(void)state;
	session_service = "shop";
	session_admin = true; /* were they ever */
	expect("theirs", &a, 200, NULL);
	a.method = "POST";
	a.path = "/portal/managed";
	expect("theirs, to manage", &a, 200, NULL);
	a.method = "DELETE";
	for (size_t i = 0; i < PAT_ARRAY_LEN(closed); i++) {
		a.path = closed[i];
		expect(closed[i], &a, 403, "not_allowed");
	}
	session_service = "";
	session_admin = false;
	a.method = "GET";
	a.path = "/portal";
	expect("somebody with an account", &a, 200, NULL);
	/* To the gate they are no number, and their tokens name another product. */
	a = (struct ask){ .method = "POST",
		          .path = "/portal/managed",
		          .user = "shop:7",
		          .scopes = "tokens:write",
		          .limits = "aud=shop" };
	expect("their token", &a, 403, "token_audience");
	a.limits = "aud=patd";
	expect("one that names patd", &a, 403, "not_allowed");
}

static void two_csrf_tokens_are_none(void **state)
{
	static const char *const pairs[] = { "PATD_ENTRY",
		                             "api",
		                             "REQUEST_METHOD",
		                             "DELETE",
		                             "DOCUMENT_URI",
		                             "/session",
		                             "HTTP_COOKIE",
		                             COOKIE,
		                             "HTTP_X_CSRF_TOKEN",
		                             CSRF,
		                             "HTTP_X_CSRF_TOKEN",
		                             CSRF,
		                             NULL };
	static const struct pat_web_context context = { 0 };
	pat_cleanup(test_request_done) struct test_request t;
	pat_cleanup(pat_response_done) struct pat_response response = { 0 };
	pat_cleanup(pat_call_done) struct pat_call call;

	(void)state;
	test_request_init(&t, pairs, NULL, NULL);
	pat_response_init(&response);
	pat_call_init(&call, &context, &t.request, &response);
	pat_router_answer(&router, &call);
	assert_int_equal(response.status, 403);
}

static void gate_and_health_are_nginx_s_word(void **state)
{
	struct ask a = { .entry = "product", .method = "GET", .path = "/v1/me" };
	struct told told = ask(&a);

	(void)state;
	assert_int_equal(told.status, 401);
	assert_non_null(strstr(told.head, "WWW-Authenticate: Bearer\r\n"));
	assert_non_null(strstr(told.body, "\"err\":\"Missing credentials\""));
	a.user = "7";
	expect("gated", &a, 200, NULL);
	a.path = "/v1/me/";
	expect("a slash at its end", &a, 200, NULL);
	a.path = "/v1/other";
	told = ask(&a);
	assert_int_equal(told.status, 404);
	assert_non_null(strstr(told.body, "\"err\":\"Not found\""));
	assert_non_null(strstr(told.head, "Vary: X-Figma-Token,Authorization,Accept-Encoding\r\n"));
	a = (struct ask){ .entry = "health", .method = "GET", .path = "/livez" };
	expect("health", &a, 200, NULL);
}

/* ---- Bodies and faults. */

static void bodies_are_bounded_and_json(void **state)
{
	struct ask a = { .method = "POST",
		         .path = "/origin",
		         .type = "application/json",
		         .body = "0123456789" };

	(void)state;
	expect("as much as fits", &a, 200, NULL);
	a.body = "0123456789a";
	expect("one more", &a, 413, "body_too_large");
	a.body = "{}";
	a.type = "text/plain";
	expect("a form's type", &a, 415, "json_required");
	a.type = NULL;
	expect("no type", &a, 415, "json_required");
	a = (struct ask){ .method = "GET", .path = "/public", .body = "x" };
	expect("where none belongs", &a, 413, "body_too_large");
	a = (struct ask){
		.entry = "product", .method = "GET", .path = "/v1/me", .user = "7", .body = "{}"
	};
	expect("what clients of the product send", &a, 200, NULL);
}

static void faults_are_no_successes(void **state)
{
	static const struct {
		int result;
		const char *reason;
		const char *retry;
	} cases[] = {
		{ -EIO, "unavailable", "Retry-After: 5\r\n" },
		{ -ENOMEM, "unavailable", "Retry-After: 5\r\n" },
		{ -EBUSY, "busy", "Retry-After: 1\r\n" },
		{ PAT_STORE_UNKNOWN, "change_unknown", "Retry-After: 5\r\n" },
		{ -ENOSPC, "storage_full", "Retry-After: 30\r\n" },
	};
	struct ask a = { .method = "GET", .path = "/public" };

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		handler_result = cases[i].result;
		expect(cases[i].reason, &a, 503, cases[i].reason);
		assert_non_null(strstr(ask(&a).head, cases[i].retry));
	}
	handler_result = 0;
	a.path = "/forgetful";
	expect("no answer", &a, 503, "unavailable");
	a.path = "/splitting";
	expect("a header that would split", &a, 503, "unavailable");
	assert_null(strstr(ask(&a).head, "X-Admin"));
}

static void answers_are_not_kept_by_caches(void **state)
{
	static const char *const paths[] = { "/public", "/nowhere", "/session" };

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(paths); i++) {
		struct told told = ask(&(struct ask){ .method = "GET", .path = paths[i] });

		assert_non_null(strstr(told.head, "Cache-Control: no-store\r\n"));
		assert_non_null(strstr(told.head, "X-Content-Type-Options: nosniff\r\n"));
		assert_null(strstr(told.head, "Access-Control"));
	}
}

/* ---- The real table. */

static void every_real_route_has_a_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < pat_routes_len; i++) {
		const struct pat_route *route = &pat_routes[i];
		bool safe = strcmp(route->method, "GET") == 0;

		assert_int_not_equal(route->rule, PAT_RULE_NONE);
		assert_non_null(route->handler);
		assert_int_equal(route->entry == PAT_ENTRY_PRODUCT, route->rule == PAT_RULE_GATED);
		assert_true(route->rule != PAT_RULE_MANAGED || route->scopes);
		assert_int_equal(route->admin, strstr(route->path, "/admin/") != NULL);
		if (route->rule == PAT_RULE_GATED)
			assert_true(route->scopes || route->reach == PAT_REACH_NONE);
		else if (!safe)
			assert_true(route->rule == PAT_RULE_SESSION ||
			            route->rule == PAT_RULE_MANAGED ||
			            route->rule == PAT_RULE_SERVICE ||
			            route->rule == PAT_RULE_SAME_ORIGIN);
		for (size_t j = 0; j < i; j++)
			assert_false(pat_routes[j].entry == route->entry &&
			             strcmp(pat_routes[j].path, route->path) == 0 &&
			             strcmp(pat_routes[j].method, route->method) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_and_methods_are_matched),
		cmocka_unit_test(an_id_is_one_bounded_segment),
		cmocka_unit_test(the_route_is_named_as_the_table_has_it),
		cmocka_unit_test(an_answer_that_the_client_has_is_not_sent),
		cmocka_unit_test(asking_whether_something_changed_is_no_activity),
		cmocka_unit_test(a_route_without_a_rule_refuses),
		cmocka_unit_test(other_origins_are_refused),
		cmocka_unit_test(two_segments_are_handed_over),
		cmocka_unit_test(any_of_a_routes_scopes_opens_it),
		cmocka_unit_test(the_public_url_is_an_origin_of_ours),
		cmocka_unit_test(sessions_and_csrf_tokens_are_asked_for),
		cmocka_unit_test(a_token_or_a_session_manages),
		cmocka_unit_test(administrators_administer),
		cmocka_unit_test(a_products_own_people_have_what_is_for_them),
		cmocka_unit_test(two_csrf_tokens_are_none),
		cmocka_unit_test(gate_and_health_are_nginx_s_word),
		cmocka_unit_test(bodies_are_bounded_and_json),
		cmocka_unit_test(faults_are_no_successes),
		cmocka_unit_test(answers_are_not_kept_by_caches),
		cmocka_unit_test(every_real_route_has_a_rule),
	};

	pat_json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
