/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's front: what callers promise is asserted here, once for all backends, and the call goes
 * on to the backend that the location names. Everything asserted is the programmer's to keep; what
 * came from a client (an email's length, a name) must have been judged by the caller before.
 */
#include "store/store.h"

#include <errno.h>
#include <string.h>

#include "store/backend.h"

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

int pat_store_open(const struct pat_store_config *config, struct pat_store **ret,
                   struct pat_err *err)
{
	pat_assert(config);
	pat_assert(config->location);
	pat_assert(ret);

	if (starts_with(config->location, "postgresql://") ||
	    starts_with(config->location, "postgres://"))
		return pat_err_set(
			err, -ENOTSUP,
			"PostgreSQL is not supported by this build; give the path of an SQLite file");
	if (config->location[0] == '\0')
		return pat_err_set(err, -EINVAL, "the store's location is empty");
	return pat_store_sqlite_ops.open(config, ret, err);
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

int pat_store_person_list(struct pat_store *store, pat_person_fn *fn, void *arg)
{
	pat_assert(store);
	pat_assert(fn);
	return store->ops->person_list(store, fn, arg);
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
	pat_assert(memchr(token->record.hint, '\0', sizeof(token->record.hint)));
	pat_assert(memchr(token->record.scopes, '\0', sizeof(token->record.scopes)));
	pat_assert(pat_scopes_check(token->record.scopes) == 0);
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

int pat_store_token_get(struct pat_store *store, int64_t person,
                        const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret)
{
	pat_assert(store);
	pat_assert(ret);
	return store->ops->token_get(store, person, tid, ret);
}

int pat_store_token_list(struct pat_store *store, int64_t person, enum pat_token_filter filter,
                         int64_t now_s, int64_t before, unsigned limit, pat_record_fn *fn,
                         void *arg)
{
	pat_assert(store);
	pat_assert(fn);
	return store->ops->token_list(store, person, filter, now_s, before, limit, fn, arg);
}

int pat_store_token_load(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
                         pat_record_fn *fn, void *arg)
{
	pat_assert(store);
	pat_assert(ret_seq);
	pat_assert(fn);
	return store->ops->token_load(store, expired_before_s, ret_seq, fn, arg);
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

int pat_store_usage_fold(struct pat_store *store, const struct pat_usage *usage, size_t n)
{
	pat_assert(store);
	pat_assert(usage || n == 0);
	if (n == 0)
		return 0;
	return store->ops->usage_fold(store, usage, n);
}

int pat_store_audit_list(struct pat_store *store, int64_t after, unsigned limit, pat_audit_fn *fn,
                         void *arg)
{
	pat_assert(store);
	pat_assert(fn);
	return store->ops->audit_list(store, after, limit, fn, arg);
}

int pat_store_audit_verify(struct pat_store *store, int64_t *ret_id)
{
	pat_assert(store);
	pat_assert(ret_id);
	return store->ops->audit_verify(store, ret_id);
}
