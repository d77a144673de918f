/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in and out, and where one is signed in.
 */
#include "web/api.h"

#include "base/clock.h"
#include "base/log.h"
#include "files/avatar.h"
#include "web/cookie.h"

void pat_api_write_person(struct pat_json_writer *w, const char *key,
                          const struct pat_person *person)
{
	bool given = person->picture.kind != PAT_PICTURE_NONE;
	char path[PAT_FILES_AVATAR_PATH_BYTES];

	pat_files_avatar_path(person, path);
	pat_json_open(w, key, '{');
	pat_json_id(w, "id", person->id);
	pat_json_text(w, "email", person->email);
	pat_json_text(w, "name", person->name);
	pat_json_bool(w, "admin", person->admin);
	pat_json_text(w, "picture_url", given ? path : NULL);
	pat_json_close(w, '}');
}

/* What the page looks like to a product's own person, and where it leads back to; null for those with an account. */
static void write_portal(const struct pat_call *call, struct pat_json_writer *w,
                         const struct pat_signed_in *who)
{
	struct pat_service service = { 0 };

	if (!pat_core_portal_person(&who->person)) {
		pat_json_text(w, "portal", NULL);
		return;
	}
	/* Without the service it is the last that is heard of this session. */
	(void)!pat_core_portal_service(call->context->core, &who->person, &service);
	pat_json_open(w, "portal", '{');
	pat_json_text(w, "title", *service.title ? service.title : who->person.service);
	pat_json_text(w, "accent", *service.accent ? service.accent : NULL);
	pat_json_text(w, "return_url", who->session.return_url);
	pat_json_close(w, '}');
}

static void write_session(const struct pat_call *call, struct pat_json_writer *w,
                          const struct pat_signed_in *who)
{
	pat_json_open(w, NULL, '{');
	pat_json_text_n(w, "csrf_token", who->csrf.text, who->csrf.len);
	pat_api_write_person(w, "person", &who->person);
	pat_json_time(w, "expires_at", who->session.expires_s);
	write_portal(call, w, who);
	pat_json_close(w, '}');
}

void pat_api_set_cookie(struct pat_call *call, const struct pat_signed_in *who)
{
	int64_t left_s = who->session.expires_s - pat_clock_wall_s();

	pat_cookie_set(call->request, call->response, &who->cookie, left_s > 0 ? left_s : 0);
}

int pat_api_signed_in(struct pat_call *call, int status, const struct pat_signed_in *who)
{
	struct pat_json_writer w = pat_call_json(call, status);

	write_session(call, &w, who);
	pat_api_set_cookie(call, who);
	return 0;
}

void pat_api_forget_session(struct pat_call *call)
{
	(void)pat_response_header(call->response, "Clear-Site-Data",
	                          "\"cache\", \"cookies\", \"storage\"");
	pat_cookie_clear(call->request, call->response);
}

int pat_api_session_get(struct pat_call *call)
{
	struct pat_json_writer w = pat_call_json(call, 200);

	write_session(call, &w, &call->who);
	return 0;
}

/* LOG-01. The email is not logged: people type passwords into that field. */
static void log_sign_in(const struct pat_call *call, int result, const struct pat_signed_in *who)
{
	char person[PAT_NUM_BYTES];
	const char *event = result == 0                     ? "signin.ok"
	                    : result == PAT_CORE_E_TOO_MANY ? "signin.throttled"
	                                                    : "signin.failed";

	if (result < 0)
		return; /* not judged: the fault has a line of its own */
	pat_log(PAT_LOG_INFO, event, "person", result == 0 ? pat_num(person, who->person.id) : NULL,
	        "address", call->request->address, "request_id", call->request->request_id, NULL);
}

int pat_api_session_post(struct pat_call *call)
{
	struct pat_json_field fields[] = {
		{ .name = "email", .type = PAT_JSON_TEXT },
		{ .name = "password", .type = PAT_JSON_PASSWORD },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	pat_cleanup(pat_signed_in_wipe) struct pat_signed_in who = { 0 };

	int r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	r = pat_core_sign_in(call->context->core, fields[0].text, fields[1].text, fields[1].len,
	                     &call->actor, &who);
	log_sign_in(call, r, &who);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, who.retry_after_s);
	return pat_api_signed_in(call, 200, &who);
}

static void log_ended(const struct pat_call *call, const char *session)
{
	char person[PAT_NUM_BYTES];

	pat_log(PAT_LOG_INFO, "session.ended", "session", session, "person",
	        pat_num(person, call->who.person.id), "address", call->request->address,
	        "request_id", call->request->request_id, NULL);
}

int pat_api_session_delete(struct pat_call *call)
{
	char session[PAT_NUM_BYTES];

	int r = pat_core_sign_out(call->context->core, &call->who, &call->actor);
	if (r != 0 && r != PAT_CORE_E_SESSION && r != PAT_CORE_E_NOT_FOUND)
		return pat_call_refuse_core(call, r, NULL, 0);
	log_ended(call, pat_num(session, call->who.session.id));
	pat_call_status(call, 204);
	pat_api_forget_session(call);
	return 0;
}

struct list {
	struct pat_json_writer w;
	int64_t current;
};

static int list_session(void *arg, const struct pat_session *session)
{
	struct list *list = arg;
	struct pat_json_writer *w = &list->w;

	pat_json_open(w, NULL, '{');
	pat_json_id(w, "id", session->id);
	pat_json_time(w, "created_at", session->created_s);
	pat_json_time(w, "last_seen_at", session->seen_s);
	pat_json_time(w, "expires_at", session->expires_s);
	pat_json_text(w, "address", session->address);
	pat_json_text(w, "user_agent", session->agent);
	pat_json_bool(w, "current", session->id == list->current);
	pat_json_close(w, '}');
	return 0;
}

int pat_api_sessions_get(struct pat_call *call)
{
	struct list list = { .w = pat_call_json(call, 200), .current = call->who.session.id };

	pat_json_open(&list.w, NULL, '{');
	pat_json_open(&list.w, "sessions", '[');
	int r = pat_core_session_list(call->context->core, &call->who, list_session, &list);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	pat_json_close(&list.w, ']');
	pat_json_close(&list.w, '}');
	return 0;
}

int pat_api_sessions_delete(struct pat_call *call)
{
	int64_t id = 0;

	if (!pat_http_number(call->id, &id))
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	int r = pat_core_session_end(call->context->core, &call->who, id, &call->actor);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	log_ended(call, call->id);
	pat_call_status(call, 204);
	if (id == call->who.session.id)
		pat_api_forget_session(call);
	return 0;
}
