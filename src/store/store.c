/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's front: what callers promise is asserted here, once for all backends, and the call goes
 * on to the backend that the location names. Everything asserted is the programmer's to keep; what
 * came from a client (an email's length, a name) must have been judged by the caller before.
 */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/crypto.h"
#include "store/backend.h"

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool pat_store_location_is_url(const char *location)
{
	return starts_with(location, "postgresql://") || starts_with(location, "postgres://");
}

/* Everything before the last @ may be a password, however it was meant: what is shown is what comes after. */
void pat_store_location_show(const char *location, char out[static PAT_STORE_LOCATION_MAX + 1])
{
	size_t len = strcspn(location, pat_store_location_is_url(location) ? "?#" : "");
	const char *host = location;

	if (!pat_store_location_is_url(location)) {
		(void)snprintf(out, PAT_STORE_LOCATION_MAX + 1, "%s", location);
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (location[i] == '@')
			host = location + i + 1;
	const char *scheme_end = strstr(location, "://") + 3;
	bool masked = host != location;
	host = masked ? host : scheme_end;
	(void)snprintf(out, PAT_STORE_LOCATION_MAX + 1, "%.*s%s%.*s%s",
	               (int)(scheme_end - location), location, masked ? "***@" : "",
	               (int)(location + len - host), host, location[len] ? "?***" : "");
}

static const struct pat_store_ops *ops_of(const char *location)
{
	return pat_store_location_is_url(location) ? &pat_store_postgres_ops
	                                           : &pat_store_sqlite_ops;
}

int pat_store_examine(const char *location, struct pat_err *err)
{
	pat_assert(location);
	return ops_of(location)->examine ? ops_of(location)->examine(location, err) : 0;
}

int pat_store_open(const struct pat_store_config *config, struct pat_store **ret,
                   struct pat_err *err)
{
	pat_assert(config);
	pat_assert(config->location);
	pat_assert(ret);

	if (config->location[0] == '\0')
		return pat_err_set(err, -EINVAL, "the store's location is empty");
	return ops_of(config->location)->open(config, ret, err);
}

void pat_store_close(struct pat_store *store)
{
	if (store)
		store->ops->close(store);
}

int pat_store_check(struct pat_store *store)
{
	pat_assert(store);
	return store->ops->check(store);
}

int pat_store_head(struct pat_store *store, int64_t *ret_seq, int64_t *ret_time_s)
{
	pat_assert(store);
	pat_assert(ret_seq);
	pat_assert(ret_time_s);
	return store->ops->head(store, ret_seq, ret_time_s);
}

/* Texts in the struct end within it: an array filled by hand might not. */
static void assert_person(const struct pat_person *person)
{
	pat_assert(person);
	pat_assert(memchr(person->email, '\0', sizeof(person->email)));
	pat_assert(memchr(person->name, '\0', sizeof(person->name)));
	pat_assert(memchr(person->password, '\0', sizeof(person->password)));
	pat_assert(person->email[0] != '\0');
}

int pat_store_person_create(struct pat_store *store, const struct pat_person *person,
                            const struct pat_actor *actor, int64_t now_s, int64_t *ret_id)
{
	pat_assert(store);
	assert_person(person);
	pat_assert(actor);
	pat_assert(ret_id);
	return store->ops->person_create(store, person, actor, now_s, ret_id);
}

int pat_store_people_any(struct pat_store *store, bool *ret)
{
	pat_assert(store);
	pat_assert(ret);
	return store->ops->people_any(store, ret);
}

int pat_store_setup_code_set(struct pat_store *store, const uint8_t hash[static 32])
{
	pat_assert(store);
	return store->ops->setup_code_set(store, hash);
}

int pat_store_setup_complete(struct pat_store *store, const uint8_t hash[static 32],
                             const struct pat_person *person, const struct pat_actor *actor,
                             int64_t now_s, int64_t *ret_id)
{
	pat_assert(store);
	assert_person(person);
	pat_assert(actor);
	pat_assert(ret_id);
	return store->ops->setup_complete(store, hash, person, actor, now_s, ret_id);
}

int pat_store_person_by_email(struct pat_store *store, const char *email, struct pat_person *ret)
{
	pat_assert(store);
	pat_assert(email);
	pat_assert(ret);
	return store->ops->person_by_email(store, email, ret);
}

int pat_store_person_by_id(struct pat_store *store, int64_t id, struct pat_person *ret)
{
	pat_assert(store);
	pat_assert(ret);
	return store->ops->person_by_id(store, id, ret);
}

int pat_store_person_list(struct pat_store *store, int64_t after, unsigned limit, pat_person_fn *fn,
                          void *arg)
{
	pat_assert(store);
	pat_assert(fn);
	return store->ops->person_list(store, after, limit, fn, arg);
}

int pat_store_person_set_password(struct pat_store *store, int64_t id, const char *phc,
                                  const char *action, bool end_sessions, int64_t keep_session,
                                  const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended)
{
	pat_assert(store);
	pat_assert(phc);
	pat_assert(strlen(phc) <= PAT_PHC_BYTES_MAX);
	pat_assert(action);
	pat_assert(actor);
	pat_assert(ret_ended);
	return store->ops->person_set_password(store, id, phc, action, end_sessions, keep_session,
	                                       actor, now_s, ret_ended);
}

int pat_store_person_set_profile(struct pat_store *store, int64_t id, const char *name,
                                 const char *email, const struct pat_actor *actor, int64_t now_s,
                                 struct pat_person *ret)
{
	pat_assert(store);
	pat_assert(!name || strlen(name) <= PAT_PERSON_NAME_BYTES_MAX);
	pat_assert(!email || (email[0] != '\0' && strlen(email) <= PAT_EMAIL_BYTES_MAX));
	pat_assert(actor);
	pat_assert(ret);
	return store->ops->person_set_profile(store, id, name, email, actor, now_s, ret);
}

int pat_store_person_set_wishes(struct pat_store *store, int64_t id, unsigned wishes,
                                const struct pat_actor *actor, int64_t now_s,
                                struct pat_person *ret)
{
	pat_assert(store);
	pat_assert((wishes & ~(unsigned)PAT_WISHES_ALL) == 0);
	pat_assert(actor);
	pat_assert(ret);
	return store->ops->person_set_wishes(store, id, wishes, actor, now_s, ret);
}

bool pat_picture_same(const struct pat_picture *a, const struct pat_picture *b)
{
	return a->kind == b->kind &&
	       (a->kind == PAT_PICTURE_NONE || pat_memeq(a->hash, b->hash, sizeof(a->hash)));
}

int pat_store_person_set_picture(struct pat_store *store, int64_t id,
                                 const struct pat_picture *picture, const void *bytes, size_t len,
                                 const struct pat_actor *actor, int64_t now_s,
                                 struct pat_person *ret)
{
	pat_assert(store);
	pat_assert(picture);
	pat_assert((picture->kind == PAT_PICTURE_NONE) == (len == 0));
	pat_assert(bytes || len == 0);
	pat_assert(len <= PAT_PICTURE_BYTES_MAX);
	pat_assert(actor);
	pat_assert(ret);
	return store->ops->person_set_picture(store, id, picture, bytes, len, actor, now_s, ret);
}

int pat_store_person_picture(struct pat_store *store, int64_t id, const struct pat_picture *picture,
                             struct pat_buf *out)
{
	pat_assert(store);
	pat_assert(picture);
	pat_assert(picture->kind != PAT_PICTURE_NONE);
	pat_assert(out);
	return store->ops->person_picture(store, id, picture, out);
}

int pat_store_person_set_disabled(struct pat_store *store, int64_t id, bool disabled,
                                  const struct pat_actor *actor, int64_t now_s)
{
	pat_assert(store);
	pat_assert(actor);
	return store->ops->person_set_disabled(store, id, disabled, actor, now_s);
}

int pat_store_session_create(struct pat_store *store, struct pat_session *session,
                             const struct pat_actor *actor, int64_t now_s)
{
	pat_assert(store);
	pat_assert(session);
	pat_assert(memchr(session->address, '\0', sizeof(session->address)));
	pat_assert(memchr(session->agent, '\0', sizeof(session->agent)));
	pat_assert(actor);
	return store->ops->session_create(store, session, actor, now_s);
}

int pat_store_session_renew(struct pat_store *store, int64_t old, struct pat_session *session,
                            const struct pat_actor *actor, int64_t now_s)
{
	pat_assert(store);
	pat_assert(session);
	pat_assert(memchr(session->address, '\0', sizeof(session->address)));
	pat_assert(memchr(session->agent, '\0', sizeof(session->agent)));
	pat_assert(actor);
	return store->ops->session_renew(store, old, session, actor, now_s);
}

int pat_store_password_change(struct pat_store *store, int64_t old, struct pat_session *session,
                              const char *phc, bool end_others, const struct pat_actor *actor,
                              int64_t now_s, int64_t *ret_ended)
{
	pat_assert(store);
	pat_assert(old > 0);
	pat_assert(session);
	pat_assert(phc);
	pat_assert(strlen(phc) <= PAT_PHC_BYTES_MAX);
	pat_assert(actor);
	pat_assert(ret_ended);
	return store->ops->password_change(store, old, session, phc, end_others, actor, now_s,
	                                   ret_ended);
}

int pat_store_session_get(struct pat_store *store, const uint8_t hash[static 32],
                          struct pat_session *ret, struct pat_person *ret_person)
{
	pat_assert(store);
	pat_assert(ret);
	pat_assert(ret_person);
	return store->ops->session_get(store, hash, ret, ret_person);
}

int pat_store_session_touch(struct pat_store *store, int64_t id, int64_t seen_s)
{
	pat_assert(store);
	return store->ops->session_touch(store, id, seen_s);
}

int pat_store_session_end(struct pat_store *store, int64_t person, int64_t id,
                          const struct pat_actor *actor, int64_t now_s)
{
	pat_assert(store);
	pat_assert(actor);
	return store->ops->session_end(store, person, id, actor, now_s);
}

int pat_store_sessions_end(struct pat_store *store, int64_t person, int64_t keep,
                           const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended)
{
	pat_assert(store);
	pat_assert(actor);
	pat_assert(ret_ended);
	return store->ops->sessions_end(store, person, keep, actor, now_s, ret_ended);
}

int pat_store_session_list(struct pat_store *store, int64_t person, pat_session_fn *fn, void *arg)
{
	pat_assert(store);
	pat_assert(fn);
	return store->ops->session_list(store, person, fn, arg);
}

int pat_store_sessions_prune(struct pat_store *store, int64_t expired_before_s,
                             int64_t seen_before_s)
{
	pat_assert(store);
	return store->ops->sessions_prune(store, expired_before_s, seen_before_s);
}

int pat_store_address_known(struct pat_store *store, int64_t person, const char *address, bool *ret)
{
	pat_assert(store);
	pat_assert(address);
	pat_assert(ret);
	return store->ops->address_known(store, person, address, ret);
}

int pat_store_token_create(struct pat_store *store, const struct pat_new_token *token,
                           const struct pat_actor *actor, struct pat_record *ret)
{
	pat_assert(store);
	pat_assert(token);
	pat_assert(memchr(token->record.name, '\0', sizeof(token->record.name)));
	pat_assert(memchr(token->record.note, '\0', sizeof(token->record.note)));
	pat_assert(memchr(token->record.hint, '\0', sizeof(token->record.hint)));
	pat_assert(memchr(token->record.scopes, '\0', sizeof(token->record.scopes)));
	pat_assert(pat_scopes_check(token->record.scopes) == 0);
	pat_assert(memchr(token->record.limits, '\0', sizeof(token->record.limits)));
	pat_assert(pat_limits_check(token->record.limits) == 0);
	pat_assert(!token->idempotency_key || token->idempotency_key[0] != '\0');
	pat_assert(!token->idempotency_key ||
	           strlen(token->idempotency_key) <= PAT_IDEMPOTENCY_KEY_MAX);
	pat_assert(actor);
	pat_assert(ret);
	return store->ops->token_create(store, token, actor, ret);
}

int pat_store_token_revoke(struct pat_store *store, int64_t person,
                           const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                           int64_t now_s, struct pat_record *ret)
{
	pat_assert(store);
	pat_assert(actor);
	pat_assert(ret);
	return store->ops->token_revoke(store, person, tid, actor, now_s, ret);
}

int pat_store_tokens_revoke(struct pat_store *store, int64_t person,
                            const uint8_t (*tids)[PAT_TID_BYTES], size_t n_tids,
                            const struct pat_actor *actor, int64_t now_s, pat_record_fn *fn,
                            void *arg, size_t *ret_revoked)
{
	pat_assert(store);
	pat_assert(tids || n_tids == 0);
	pat_assert(actor);
	pat_assert(ret_revoked);
	return store->ops->tokens_revoke(store, person, tids, n_tids, actor, now_s, fn, arg,
	                                 ret_revoked);
}

int pat_store_token_narrow(struct pat_store *store, int64_t person,
                           const uint8_t tid[static PAT_TID_BYTES], const char *scopes,
                           const struct pat_actor *actor, int64_t now_s, struct pat_record *ret)
{
	pat_assert(store);
	pat_assert(scopes);
	pat_assert(pat_scopes_check(scopes) == 0);
	pat_assert(actor);
	pat_assert(ret);
	return store->ops->token_narrow(store, person, tid, scopes, actor, now_s, ret);
}

int pat_store_token_get(struct pat_store *store, int64_t person,
                        const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret)
{
	pat_assert(store);
	pat_assert(ret);
	return store->ops->token_get(store, person, tid, ret);
}

int pat_store_token_list(struct pat_store *store, int64_t person,
                         const struct pat_token_query *query, pat_record_fn *fn, void *arg)
{
	pat_assert(store);
	pat_assert(query);
	pat_assert(query->ended_after_s <= query->now_s);
	pat_assert(fn);
	return store->ops->token_list(store, person, query, fn, arg);
}

int pat_store_token_load(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
                         pat_record_fn *fn, void *arg)
{
	pat_assert(store);
	pat_assert(ret_seq);
	pat_assert(fn);
	return store->ops->token_load(store, expired_before_s, ret_seq, fn, arg);
}

int pat_store_token_owner(struct pat_store *store, const uint8_t tid[static PAT_TID_BYTES],
                          int64_t *ret)
{
	pat_assert(store);
	pat_assert(tid);
	pat_assert(ret);
	return store->ops->token_owner(store, tid, ret);
}

int pat_store_token_count(struct pat_store *store, int64_t *ret)
{
	pat_assert(store);
	pat_assert(ret);
	return store->ops->token_count(store, ret);
}

int pat_store_token_expired(struct pat_store *store, int64_t from_s, int64_t to_s,
                            pat_record_fn *fn, void *arg)
{
	pat_assert(store);
	pat_assert(fn);
	return store->ops->token_expired(store, from_s, to_s, fn, arg);
}

int pat_store_token_ending(struct pat_store *store, const struct pat_notice_mark *after,
                           int64_t to_s, unsigned limit, pat_record_fn *fn, void *arg)
{
	pat_assert(store);
	pat_assert(after);
	pat_assert(fn);
	return store->ops->token_ending(store, after, to_s, limit, fn, arg);
}

int pat_store_usage_fold(struct pat_store *store, const struct pat_usage *usage, size_t n)
{
	pat_assert(store);
	pat_assert(usage || n == 0);
	if (n == 0)
		return 0;
	return store->ops->usage_fold(store, usage, n);
}

int pat_store_usage_note(struct pat_store *store, const struct pat_usage_notes *notes)
{
	pat_assert(store);
	pat_assert(notes);
	if (notes->n_done == 0 && notes->n_seen == 0 && notes->n_last == 0)
		return 0;
	return store->ops->usage_note(store, notes);
}

int pat_store_usage_view(struct pat_store *store, int64_t number, int64_t now_s,
                         struct pat_usage_view *ret)
{
	pat_assert(store);
	pat_assert(ret);
	return store->ops->usage_view(store, number, now_s, ret);
}

int pat_store_usage_prune(struct pat_store *store, int64_t now_s, bool *ret_more)
{
	pat_assert(store);
	pat_assert(ret_more);
	return store->ops->usage_prune(store, now_s, ret_more);
}

/* ---- Notices. */

int pat_store_notice_look(struct pat_store *store, struct pat_notice_view *ret)
{
	pat_assert(store);
	pat_assert(ret);
	return store->ops->notice_look(store, ret);
}

int pat_store_notice_claim(struct pat_store *store, const struct pat_notice_claim *claim,
                           struct pat_notice_state *ret)
{
	pat_assert(store);
	pat_assert(claim);
	pat_assert(strlen(claim->holder) <= PAT_NOTICE_HOLDER_BYTES_MAX);
	pat_assert(ret);
	return store->ops->notice_claim(store, claim, ret);
}

int pat_store_notice_advance(struct pat_store *store, const char *holder, int64_t until_s,
                             const struct pat_notice_state *state)
{
	pat_assert(store);
	pat_assert(holder);
	pat_assert(state);
	return store->ops->notice_advance(store, holder, until_s, state);
}

int pat_store_notice_release(struct pat_store *store, const char *holder)
{
	pat_assert(store);
	pat_assert(holder);
	return store->ops->notice_release(store, holder);
}

int pat_store_former_email(struct pat_store *store, int64_t audit,
                           char ret[static PAT_EMAIL_BYTES_MAX + 1])
{
	pat_assert(store);
	return store->ops->former_email(store, audit, ret);
}

/* ---- Audit. */

int pat_store_audit_list(struct pat_store *store, int64_t after, unsigned limit, pat_audit_fn *fn,
                         void *arg)
{
	pat_assert(store);
	pat_assert(fn);
	return store->ops->audit_list(store, after, limit, fn, arg);
}

int pat_store_audit_note(struct pat_store *store, const struct pat_actor *actor, const char *action,
                         const char *object, int64_t seq, int64_t now_s)
{
	pat_assert(store);
	pat_assert(actor);
	pat_assert(action);
	pat_assert(object);
	return store->ops->audit_note(store, actor, action, object, seq, now_s);
}

int pat_store_key_check(struct pat_store *store)
{
	pat_assert(store);
	return store->ops->key_check(store);
}

int pat_store_audit_verify(struct pat_store *store, int64_t *ret_id)
{
	pat_assert(store);
	pat_assert(ret_id);
	return store->ops->audit_verify(store, ret_id);
}

/* ---- Nodes: what follows is the backend's own (node.h). */

int pat_node_open(struct pat_store *store, const char *label, int64_t lease_ms,
                  struct pat_node **ret)
{
	pat_assert(store);
	pat_assert(label);
	pat_assert(ret);
	if (!store->ops->node_open)
		return PAT_NODE_E_ALONE;
	return strnlen(label, PAT_NODE_LABEL_MAX + 1) > PAT_NODE_LABEL_MAX
	               ? -EINVAL
	               : store->ops->node_open(store, label, lease_ms, ret);
}

/* ---- Products. */

int pat_store_product_put(struct pat_store *store, const struct pat_product *product,
                          const struct pat_actor *actor, int64_t now_s, int64_t *ret_seq)
{
	pat_assert(store);
	pat_assert(product);
	pat_assert(pat_product_name_ok(product->name, strlen(product->name)));
	pat_assert(strlen(product->reading) <= PAT_PRODUCT_READING_MAX);
	pat_assert(product->document_len > 0);
	pat_assert(product->document_len <= PAT_PRODUCT_DOCUMENT_MAX);
	pat_assert(actor);
	pat_assert(ret_seq);
	return store->ops->product_put(store, product, actor, now_s, ret_seq);
}

int pat_store_product_remove(struct pat_store *store, const char *name,
                             const struct pat_actor *actor, int64_t now_s)
{
	pat_assert(store);
	pat_assert(name);
	pat_assert(actor);
	return store->ops->product_remove(store, name, actor, now_s);
}

int pat_store_product_list(struct pat_store *store, pat_product_fn *fn, void *arg)
{
	pat_assert(store);
	pat_assert(fn);
	return store->ops->product_list(store, fn, arg);
}

/* ---- Services. */

static void service_assert(const struct pat_service *service)
{
	pat_assert(service);
	pat_assert(memchr(service->name, '\0', sizeof(service->name)));
	pat_assert(memchr(service->product, '\0', sizeof(service->product)));
	pat_assert(pat_product_name_ok(service->name, strlen(service->name)));
	pat_assert(memchr(service->origins, '\0', sizeof(service->origins)));
	pat_assert(memchr(service->title, '\0', sizeof(service->title)));
	pat_assert(memchr(service->accent, '\0', sizeof(service->accent)));
}

int pat_store_service_add(struct pat_store *store, const struct pat_service *service,
                          const struct pat_actor *actor, int64_t now_s)
{
	pat_assert(store);
	service_assert(service);
	pat_assert(actor);
	return store->ops->service_add(store, service, actor, now_s);
}

int pat_store_service_change(struct pat_store *store, const struct pat_service *before,
                             const struct pat_service *after, const struct pat_actor *actor,
                             int64_t now_s)
{
	pat_assert(store);
	service_assert(before);
	service_assert(after);
	pat_assert(strcmp(before->name, after->name) == 0);
	pat_assert(before->created_s == after->created_s);
	pat_assert(actor);
	return store->ops->service_change(store, before, after, actor, now_s);
}

int pat_store_service_remove(struct pat_store *store, const char *name,
                             const struct pat_actor *actor, int64_t now_s)
{
	pat_assert(store);
	pat_assert(name);
	pat_assert(actor);
	return store->ops->service_remove(store, name, actor, now_s);
}

int pat_store_service_get(struct pat_store *store, const char *name, struct pat_service *ret)
{
	pat_assert(store);
	pat_assert(name);
	pat_assert(ret);
	return store->ops->service_get(store, name, ret);
}

int pat_store_service_list(struct pat_store *store, pat_service_fn *fn, void *arg)
{
	pat_assert(store);
	pat_assert(fn);
	return store->ops->service_list(store, fn, arg);
}

/* ---- Products' own people. */

/* The hash keeps "Ada" from "ada", which are the same as emails. */
void pat_store_portal_key(const struct pat_person *person, char ret[static PAT_PORTAL_KEY_BYTES])
{
	char text[PAT_KNOWN_AS_BYTES_MAX + 1];
	uint8_t hash[PAT_SHA256_BYTES];

	(void)snprintf(text, sizeof(text), "%s:%s", person->service, person->subject);
	pat_sha256(text, strlen(text), hash);
	(void)snprintf(ret, PAT_PORTAL_KEY_BYTES, "portal:");
	pat_hex_encode(hash, sizeof(hash), ret + strlen(ret));
}

int pat_store_portal_link(struct pat_store *store, const struct pat_person *person,
                          const struct pat_portal_link *link, const struct pat_actor *actor,
                          int64_t now_s, int64_t *ret_id)
{
	pat_assert(store);
	pat_assert(person);
	pat_assert(person->service[0] != '\0');
	pat_assert(person->subject[0] != '\0');
	pat_assert(link);
	pat_assert(strlen(link->return_url) <= PAT_RETURN_URL_BYTES_MAX);
	pat_assert(actor);
	pat_assert(ret_id);
	return store->ops->portal_link(store, person, link, actor, now_s, ret_id);
}

int pat_store_portal_open(struct pat_store *store, const uint8_t hash[static 32],
                          struct pat_session *session, const struct pat_actor *actor, int64_t now_s,
                          struct pat_person *ret)
{
	pat_assert(store);
	pat_assert(session);
	pat_assert(actor);
	pat_assert(ret);
	return store->ops->portal_open(store, hash, session, actor, now_s, ret);
}

int pat_store_portal_person(struct pat_store *store, const char *service, const char *subject,
                            struct pat_person *ret)
{
	pat_assert(store);
	pat_assert(service);
	pat_assert(subject);
	pat_assert(ret);
	return store->ops->portal_person(store, service, subject, ret);
}
