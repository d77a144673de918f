/* SPDX-License-Identifier: Apache-2.0
 *
 * From a request to its handler: a table of {entry, method, path, rule, handler}, the rules, and
 * nothing implicit. A path that is not in the table is 404, another method 405, a row without a rule
 * refuses (API-02). HEAD is GET.
 *
 * What a rule asks, in the order in which it is asked:
 *   PUBLIC       nothing
 *   SESSION      the same origin; a session; for unsafe methods its CSRF token; that a product's own person has only what is
 *                for them
 *   SAME_ORIGIN  the same origin (there is no session yet)
 *   GATED        a person named by the gate, and one of the route's scopes
 *   MANAGED      of a request with a token: that it is limited to patd as its product, and one of the route's scopes, whatever
 *                cookies came with it; of one without: as SESSION. Where the route is for administrators, that the person is
 *                one now
 *   HEALTH       that nginx's health location sent it
 * A request that only asks whether something has changed (If-None-Match) counts as no activity of the session.
 * And then, of every route: no more body than its own maximum, and JSON where it takes a body that is held in memory.
 */
#ifndef PAT_WEB_ROUTER_H
#define PAT_WEB_ROUTER_H

#include "web/call.h"

enum pat_rule {
	PAT_RULE_NONE, /* refuses */
	PAT_RULE_PUBLIC,
	PAT_RULE_SESSION,
	PAT_RULE_SAME_ORIGIN,
	PAT_RULE_GATED,
	PAT_RULE_MANAGED,
	PAT_RULE_HEALTH,
	PAT_RULE_SERVICE, /* the handler asks for a service's own credential, which no browser sends by itself */
};

struct pat_route {
	enum pat_entry entry;
	const char *method;
	/* "{…}" stands for one segment of 1 to PAT_CALL_ID_BYTES_MAX bytes; at most two of them. */
	const char *path;
	enum pat_rule rule;
	/* 0: takes no body; more than PAT_SCGI_BODY_BYTES_MAX: it is streamed (request->inflow). */
	size_t body_bytes_max;
	pat_handler_fn *handler;
	/* GATED, MANAGED: any one of these, with blanks between them; a refusal names the first. NULL: any token will do. */
	const char *scopes;
	/* Opens a document, and may answer with one: the edge bounds how many are under way. */
	bool document;
	/* The body is the thing itself, whose type the handler judges. Not with a method that another site's form can send
	 * (Fetch, section 2.2.1). */
	bool any_type;
	enum pat_reach reach; /* GATED */
	bool admin;           /* MANAGED: for administrators */
	bool portal; /* SESSION, MANAGED: open to products' own people, to whom all else is closed */
};

/* The product that a token has to be limited to for routes that are MANAGED: scopes alone do not say whose they are. */
#define PAT_OWN_PRODUCT "patd"

/* How sessions and people are asked for; the core's functions, or a test's. */
struct pat_session_ops {
	int (*session)(struct pat_core *core, const char *cookie, size_t len, bool active,
	               struct pat_signed_in *ret);
	bool (*csrf_ok)(const struct pat_signed_in *who, const char *token, size_t len);
	int (*person)(struct pat_core *core, int64_t id, struct pat_person *ret);
};

struct pat_router {
	const struct pat_route *routes;
	size_t n_routes;
	const struct pat_session_ops *sessions;
};

/* Answers `call`; when it returns, the response has a status. Any thread. */
void pat_router_answer(const struct pat_router *router, struct pat_call *call);

/* Whether the session of a route that asks for one is still there, for a handler that took long: 0, PAT_CORE_E_SESSION, or a
 * fault. */
int pat_router_session_again(const struct pat_call *call) PAT_MUST_USE;

/* Looks the caller's session up and sets `signed_in` and `who`: 0, signed in or not, or a fault. */
int pat_router_session(const struct pat_session_ops *sessions, struct pat_call *call) PAT_MUST_USE;

#endif
