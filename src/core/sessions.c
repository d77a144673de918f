/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in, and what a browser's cookie stands for. The store keeps only the SHA-256 of a
 * cookie; the CSRF token is derived from the cookie, so it needs no place of its own and dies with it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "core/private.h"

#define TOUCH_EVERY_S 30

static void csrf_of(const char *cookie, size_t len, struct pat_secret *ret)
{
	static const char domain[] = "patd/csrf1:";
	char text[sizeof(domain) + PAT_SECRET_TEXT_MAX];
	uint8_t hash[32];

	pat_assert(len <= PAT_SECRET_TEXT_MAX);
	memcpy(text, domain, sizeof(domain) - 1);       /* UNSAFE: sized above */
	memcpy(text + sizeof(domain) - 1, cookie, len); /* UNSAFE: asserted above */
	pat_sha256(text, sizeof(domain) - 1 + len, hash);
	pat_wipe(text, sizeof(text));
	pat_base62_encode_256(hash, ret->text);
	ret->len = PAT_BASE62_256_CHARS;
	ret->text[ret->len] = '\0';
}

/* What a client calls itself, as visible ASCII: it is stored, logged and shown. */
static void agent_copy(const char *agent, char out[static PAT_AGENT_BYTES_MAX + 1])
{
	size_t n = 0;

	for (; agent[n] && n < PAT_AGENT_BYTES_MAX; n++)
		out[n] = agent[n] >= 0x20 && agent[n] < 0x7f ? agent[n] : '?';
	out[n] = '\0';
}

int pat_core_session_prepare(struct pat_core *core, const struct pat_person *person,
                             const struct pat_actor *actor, int64_t now, struct pat_signed_in *ret)
{
	struct pat_session *session = &ret->session;

	*session = (struct pat_session){
		.person = person->id,
		.created_s = now,
		.seen_s = now,
		.expires_s = now + core->config.session_max_s,
	};
	(void)snprintf(session->address, sizeof(session->address), "%s",
	               actor->address ? actor->address : "");
	agent_copy(actor->agent ? actor->agent : "", session->agent);
	int r = pat_secret_random(&ret->cookie);
	if (r < 0)
		return r;
	pat_sha256(ret->cookie.text, ret->cookie.len, session->hash);
	csrf_of(ret->cookie.text, ret->cookie.len, &ret->csrf);
	return 0;
}

int pat_core_session_finish(const struct pat_person *person, int stored, struct pat_signed_in *ret)
{
	if (stored != 0) {
		pat_secret_done(&ret->cookie);
		pat_secret_done(&ret->csrf);
		return stored;
	}
	ret->person = *person;
	pat_wipe(ret->person.password, sizeof(ret->person.password));
	return 0;
}

/* In place of the session `old`, if that is not 0. */
static int session_make(struct pat_core *core, int64_t old, const struct pat_person *person,
                        const struct pat_actor *actor, struct pat_signed_in *ret)
{
	int64_t now = pat_core_now(core);
	struct pat_actor self = *actor;
	int r = pat_core_session_prepare(core, person, actor, now, ret);

	if (r < 0)
		return r;
	self.person = person->id;
	/* Only while what was proven is still the password: a change ends the sessions that were there, and those on
	 * their way. */
	self.proven = *person->password ? person->password : NULL;
	r = old ? pat_store_session_renew(core->store, old, &ret->session, &self, now)
	        : pat_store_session_create(core->store, &ret->session, &self, now);
	if (old && r == PAT_STORE_E_NOT_FOUND)
		r = PAT_CORE_E_SESSION;
	else if (r > 0)
		r = PAT_CORE_E_CREDENTIALS;
	return pat_core_session_finish(person, r, ret);
}

int pat_core_session_start(struct pat_core *core, const struct pat_person *person,
                           const struct pat_actor *actor, struct pat_signed_in *ret)
{
	return session_make(core, 0, person, actor, ret);
}

/* A proof makes a session of its own, so that its beginning is when the person was last asked. */
bool pat_core_session_fresh(const struct pat_core *core, const struct pat_signed_in *who,
                            int64_t now_s)
{
	int64_t most_s = core->config.fresh_sign_in_s;

	return most_s == 0 || now_s - who->session.created_s <= most_s;
}

int pat_core_prove(struct pat_core *core, const struct pat_person *person, const char *account,
                   const char *password, size_t password_len, bool in_session,
                   const struct pat_actor *actor, unsigned *ret_retry_after_s)
{
	bool known = false;

	if (person->id != 0 && actor->address) {
		int r = pat_store_address_known(core->store, person->id, actor->address, &known);
		if (r < 0)
			return r;
	}
	*ret_retry_after_s = pat_throttle_attempt(core->throttle, account, actor->address, known,
	                                          pat_clock_boot_ns());
	if (*ret_retry_after_s > 0)
		return PAT_CORE_E_TOO_MANY;
	if (password_len > PAT_PASSWORD_BYTES_MAX)
		password_len = 0; /* nobody has it; the same work as for any wrong one */
	int r = pat_password_verify(core->password, known || in_session, password, password_len,
	                            person->password);
	if (r == 0)
		pat_throttle_success(core->throttle, account, actor->address);
	else if (r < 0)
		pat_throttle_undo(core->throttle, account, actor->address);
	return r;
}

/* A password that was just proven is hashed again when the cost has risen since. Best effort; a password that was
 * changed meanwhile stays changed. */
static void rehash(struct pat_core *core, struct pat_person *person, const char *password,
                   size_t len, const struct pat_actor *actor)
{
	struct pat_actor self = *actor;
	char phc[PAT_PHC_BYTES_MAX + 1];
	int64_t ended = 0;

	if (!pat_password_outdated(core->password, person->password))
		return;
	self.proven = person->password;
	if (pat_password_hash(core->password, true, password, len, phc) == 0 &&
	    pat_store_person_set_password(core->store, person->id, phc, "password.rehashed", false,
	                                  0, &self, pat_core_now(core), &ended) == 0)
		memcpy(person->password, phc, sizeof(phc)); /* UNSAFE: same size */
}

int pat_core_sign_in(struct pat_core *core, const char *email, const char *password,
                     size_t password_len, const struct pat_actor *actor, struct pat_signed_in *ret)
{
	struct pat_person person = { 0 };

	*ret = (struct pat_signed_in){ 0 };
	int r = pat_store_person_by_email(core->store, email, &person);
	if (r < 0)
		return r;
	if (r > 0 || person.disabled)
		person = (struct pat_person){
			0
		}; /* the same path and the same work as for a wrong password */
	r = pat_core_prove(core, &person, email, password, password_len, false, actor,
	                   &ret->retry_after_s);
	if (r == 0) {
		rehash(core, &person, password, password_len, actor);
		r = pat_core_session_start(core, &person, actor, ret);
	}
	pat_wipe(&person, sizeof(person));
	return r;
}

int pat_core_session_prove(struct pat_core *core, const struct pat_signed_in *who,
                           const char *password, size_t password_len, const struct pat_actor *actor,
                           struct pat_signed_in *ret)
{
	struct pat_person person = { 0 };

	*ret = (struct pat_signed_in){ 0 };
	int r = pat_core_outcome(pat_store_person_by_id(core->store, who->person.id, &person));
	if (r == 0)
		r = pat_core_prove(core, &person, person.email, password, password_len, true, actor,
		                   &ret->retry_after_s);
	if (r == 0) {
		rehash(core, &person, password, password_len, actor);
		r = session_make(core, who->session.id, &person, actor, ret);
	}
	pat_wipe(&person, sizeof(person));
	return r;
}

int pat_core_session(struct pat_core *core, const char *cookie, size_t cookie_len, bool active,
                     struct pat_signed_in *ret)
{
	uint8_t hash[32];
	int64_t now = pat_core_now(core);

	*ret = (struct pat_signed_in){ 0 };
	if (cookie_len != PAT_BASE62_256_CHARS || !pat_base62_is(cookie, cookie_len))
		return PAT_CORE_E_SESSION;
	pat_sha256(cookie, cookie_len, hash);
	int r = pat_store_session_get(core->store, hash, &ret->session, &ret->person);
	if (r != 0)
		return r > 0 ? PAT_CORE_E_SESSION : r;
	pat_wipe(ret->person.password, sizeof(ret->person.password));
	if (now >= ret->session.expires_s ||
	    now - ret->session.seen_s >= core->config.session_idle_s)
		return PAT_CORE_E_SESSION;
	if (active && now - ret->session.seen_s >= TOUCH_EVERY_S)
		(void)!pat_store_session_touch(core->store, ret->session.id, now);
	csrf_of(cookie, cookie_len, &ret->csrf);
	return 0;
}

bool pat_core_csrf_ok(const struct pat_signed_in *who, const char *token, size_t len)
{
	return who->csrf.len > 0 && len == who->csrf.len && pat_memeq(who->csrf.text, token, len);
}

int pat_core_sign_out(struct pat_core *core, const struct pat_signed_in *who,
                      const struct pat_actor *actor)
{
	int r = pat_store_session_end(core->store, who->person.id, who->session.id, actor,
	                              pat_core_now(core));

	return r == PAT_STORE_E_NOT_FOUND ? 0 : pat_core_outcome(r);
}

int pat_core_session_list(struct pat_core *core, const struct pat_signed_in *who,
                          pat_session_fn *fn, void *arg)
{
	return pat_store_session_list(core->store, who->person.id, fn, arg);
}

int pat_core_session_end(struct pat_core *core, const struct pat_signed_in *who, int64_t id,
                         const struct pat_actor *actor)
{
	return pat_core_outcome(
		pat_store_session_end(core->store, who->person.id, id, actor, pat_core_now(core)));
}

int pat_core_sessions_end_others(struct pat_core *core, const struct pat_signed_in *who,
                                 const struct pat_actor *actor, int64_t *ret_ended)
{
	return pat_core_outcome(pat_store_sessions_end(core->store, who->person.id, who->session.id,
	                                               actor, pat_core_now(core), ret_ended));
}

int pat_core_sessions_end(struct pat_core *core, const struct pat_signed_in *who, int64_t person,
                          const struct pat_actor *actor, int64_t *ret_ended)
{
	struct pat_person there;

	if (person != who->person.id && !who->person.admin)
		return PAT_CORE_E_NOT_ALLOWED;
	int r = pat_store_person_by_id(core->store, person, &there);
	pat_wipe(&there, sizeof(there));
	if (r == 0)
		r = pat_store_sessions_end(core->store, person, 0, actor, pat_core_now(core),
		                           ret_ended);
	return pat_core_outcome(r);
}

int pat_core_password_change(struct pat_core *core, const struct pat_signed_in *who,
                             const char *current, size_t current_len, const char *fresh,
                             size_t fresh_len, bool end_others, const struct pat_actor *actor,
                             struct pat_signed_in *ret)
{
	struct pat_person person;
	struct pat_actor self = *actor;
	char phc[PAT_PHC_BYTES_MAX + 1];
	int64_t now = pat_core_now(core);

	*ret = (struct pat_signed_in){ 0 };
	int r = pat_core_outcome(pat_store_person_by_id(core->store, who->person.id, &person));
	if (r == 0)
		r = pat_core_prove(core, &person, person.email, current, current_len, true, actor,
		                   &ret->retry_after_s);
	if (r == 0 && current_len == fresh_len && pat_memeq(current, fresh, fresh_len))
		r = PAT_CORE_E_PASSWORD_UNCHANGED;
	if (r == 0)
		r = pat_password_check(core->password, fresh, fresh_len, person.email, person.name);
	if (r == 0)
		r = pat_password_hash(core->password, true, fresh, fresh_len, phc);
	/* The session goes on under a new cookie, so that one seen before the change is worth nothing. */
	if (r == 0)
		r = pat_core_session_prepare(core, &person, actor, now, ret);
	self.person = person.id;
	self.proven = person.password;
	if (r == 0) {
		r = pat_store_password_change(core->store, who->session.id, &ret->session, phc,
		                              end_others, &self, now, &ret->ended);
		r = r == PAT_STORE_E_NOT_FOUND ? PAT_CORE_E_SESSION : pat_core_outcome(r);
		r = pat_core_session_finish(&person, r, ret);
	}
	pat_wipe(&person, sizeof(person));
	return r;
}
