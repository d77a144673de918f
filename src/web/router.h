/* SPDX-License-Identifier: Apache-2.0
 *
 * From a request to its handler: a table of {entry, method, path, rule, handler}, the rules, and
 * nothing implicit. A path that is not in the table is 404, another method 405, a row without a rule
 * refuses (API-02). HEAD is GET.
 *
 * What a rule asks, in the order in which it is asked:
 *   PUBLIC       nothing
 *   SESSION      the same origin; a session; for unsafe methods its CSRF token
 *   SAME_ORIGIN  the same origin (there is no session yet)
 *   GATED        a person named by the gate
 *   HEALTH       that nginx's health location sent it
 * and then, of every route: no more body than its own maximum, and JSON where it takes a body.
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
	PAT_RULE_HEALTH,
};

struct pat_route {
	enum pat_entry entry;
	const char *method;
	const char *path; /* "{id}" stands for one segment of 1 to 64 bytes */
	enum pat_rule rule;
	size_t body_bytes_max; /* 0: takes no body */
	pat_handler_fn *handler;
};

/* How sessions are asked for; the core's two functions, or a test's. */
struct pat_session_ops {
	int (*session)(struct pat_core *core, const char *cookie, size_t len,
	               struct pat_signed_in *ret);
	bool (*csrf_ok)(const struct pat_signed_in *who, const char *token, size_t len);
};

struct pat_router {
	const struct pat_route *routes;
	size_t n_routes;
	const struct pat_session_ops *sessions;
};

/* Answers `call`; when it returns, the response has a status. Any thread. */
void pat_router_answer(const struct pat_router *router, struct pat_call *call);

/* Looks the caller's session up and sets `signed_in` and `who`: 0, signed in or not, or a fault. */
int pat_router_session(const struct pat_session_ops *sessions, struct pat_call *call) PAT_MUST_USE;

#endif
