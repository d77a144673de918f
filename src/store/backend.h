/* SPDX-License-Identifier: Apache-2.0
 *
 * What a backend gives: one table of functions with the contract of store.h. store.c checks the
 * arguments and forwards; nobody else sees this header, and nobody asks which backend it has.
 *
 * Each member keeps what store.h says of the pat_store_ function of the same name. Pointers are never
 * NULL unless store.h allows it; actors are never NULL; texts that are too long were refused before.
 */
#ifndef PAT_STORE_BACKEND_H
#define PAT_STORE_BACKEND_H

#include "store/node.h"
#include "store/notice.h"
#include "store/rows.h"
#include "store/usage.h"

/* The first member of every backend's own struct. */
struct pat_store {
	const struct pat_store_ops *ops;
};

struct pat_store_ops {
	const char *name; /* for the operator */

	/* Sets (*ret)->ops. On failure leaves nothing open and a sentence in `err`. */
	int (*open)(const struct pat_store_config *config, struct pat_store **ret,
	            struct pat_err *err);
	/* Nobody else is calling. Queued writes were answered before; frees `store`. */
	void (*close)(struct pat_store *store);
	int (*check)(struct pat_store *store);
	int (*head)(struct pat_store *store, int64_t *ret_seq, int64_t *ret_time_s);

	/* The id in `person` is ignored, as are its disabled state, created_s, wishes and picture. */
	int (*person_create)(struct pat_store *store, const struct pat_person *person,
	                     const struct pat_actor *actor, int64_t now_s, int64_t *ret_id);
	int (*people_any)(struct pat_store *store, bool *ret);
	int (*setup_code_set)(struct pat_store *store, const uint8_t hash[static 32]);
	/* Compares the hashes in constant time. */
	int (*setup_complete)(struct pat_store *store, const uint8_t hash[static 32],
	                      const struct pat_person *person, const struct pat_actor *actor,
	                      int64_t now_s, int64_t *ret_id);
	int (*person_by_email)(struct pat_store *store, const char *email, struct pat_person *ret);
	int (*person_by_id)(struct pat_store *store, int64_t id, struct pat_person *ret);
	int (*person_list)(struct pat_store *store, int64_t after, unsigned limit,
	                   pat_person_fn *fn, void *arg);
	int (*person_set_password)(struct pat_store *store, int64_t id, const char *phc,
	                           const char *action, bool end_sessions, int64_t keep_session,
	                           const struct pat_actor *actor, int64_t now_s,
	                           int64_t *ret_ended);
	/* The email is judged against everybody else's, so that its case can be changed. */
	int (*person_set_profile)(struct pat_store *store, int64_t id, const char *name,
	                          const char *email, const struct pat_actor *actor, int64_t now_s,
	                          struct pat_person *ret);
	int (*person_set_wishes)(struct pat_store *store, int64_t id, unsigned wishes,
	                         const struct pat_actor *actor, int64_t now_s,
	                         struct pat_person *ret);
	int (*person_set_picture)(struct pat_store *store, int64_t id,
	                          const struct pat_picture *picture, const void *bytes, size_t len,
	                          const struct pat_actor *actor, int64_t now_s,
	                          struct pat_person *ret);
	int (*person_picture)(struct pat_store *store, int64_t id,
	                      const struct pat_picture *picture, struct pat_buf *out);
	/* Removals of tokens take their numbers before the person's own. */
	int (*person_set_disabled)(struct pat_store *store, int64_t id, bool disabled,
	                           const struct pat_actor *actor, int64_t now_s);

	/* Fills session->id only on 0. */
	int (*session_create)(struct pat_store *store, struct pat_session *session,
	                      const struct pat_actor *actor, int64_t now_s);
	int (*session_renew)(struct pat_store *store, int64_t old, struct pat_session *session,
	                     const struct pat_actor *actor, int64_t now_s);
	int (*password_change)(struct pat_store *store, int64_t old, struct pat_session *session,
	                       const char *phc, bool end_others, const struct pat_actor *actor,
	                       int64_t now_s, int64_t *ret_ended);
	int (*session_get)(struct pat_store *store, const uint8_t hash[static 32],
	                   struct pat_session *ret, struct pat_person *ret_person);
	/* A session that is gone is no error. */
	int (*session_touch)(struct pat_store *store, int64_t id, int64_t seen_s);
	int (*session_end)(struct pat_store *store, int64_t person, int64_t id,
	                   const struct pat_actor *actor, int64_t now_s);
	int (*sessions_end)(struct pat_store *store, int64_t person, int64_t keep,
	                    const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended);
	int (*session_list)(struct pat_store *store, int64_t person, pat_session_fn *fn, void *arg);
	int (*sessions_prune)(struct pat_store *store, int64_t expired_before_s,
	                      int64_t seen_before_s);
	int (*address_known)(struct pat_store *store, int64_t person, const char *address,
	                     bool *ret);

	/* Judges in this order: idempotency key, person, maker, the one replaced, digest, name, limit. */
	int (*token_create)(struct pat_store *store, const struct pat_new_token *token,
	                    const struct pat_actor *actor, struct pat_record *ret);
	int (*token_revoke)(struct pat_store *store, int64_t person,
	                    const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
	                    int64_t now_s, struct pat_record *ret);
	/* `fn` may be NULL; `tids` are all different. */
	int (*tokens_revoke)(struct pat_store *store, int64_t person,
	                     const uint8_t (*tids)[PAT_TID_BYTES], size_t n_tids,
	                     const struct pat_actor *actor, int64_t now_s, pat_record_fn *fn,
	                     void *arg, size_t *ret_revoked);
	int (*token_narrow)(struct pat_store *store, int64_t person,
	                    const uint8_t tid[static PAT_TID_BYTES], const char *scopes,
	                    const struct pat_actor *actor, int64_t now_s, struct pat_record *ret);
	int (*token_get)(struct pat_store *store, int64_t person,
	                 const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret);
	/* The limit counts the records handed out, not the rows skipped. */
	int (*token_list)(struct pat_store *store, int64_t person,
	                  const struct pat_token_query *query, pat_record_fn *fn, void *arg);
	/* One view: `fn` may be called from several threads, one call at a time, in any order. */
	int (*token_load)(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
	                  pat_record_fn *fn, void *arg);
	int (*token_owner)(struct pat_store *store, const uint8_t tid[static PAT_TID_BYTES],
	                   int64_t *ret);
	int (*token_count)(struct pat_store *store, int64_t *ret);
	int (*token_expired)(struct pat_store *store, int64_t from_s, int64_t to_s,
	                     pat_record_fn *fn, void *arg);
	int (*token_ending)(struct pat_store *store, const struct pat_notice_mark *after,
	                    int64_t to_s, unsigned limit, pat_record_fn *fn, void *arg);
	/* Numbers that name no token are ignored. */
	int (*usage_fold)(struct pat_store *store, const struct pat_usage *usage, size_t n);
	int (*usage_note)(struct pat_store *store, const struct pat_usage_notes *notes);
	int (*usage_view)(struct pat_store *store, int64_t number, int64_t now_s,
	                  struct pat_usage_view *ret);
	int (*usage_prune)(struct pat_store *store, int64_t now_s, bool *ret_more);

	int (*product_put)(struct pat_store *store, const struct pat_product *product,
	                   const struct pat_actor *actor, int64_t now_s, int64_t *ret_seq);
	int (*product_remove)(struct pat_store *store, const char *name,
	                      const struct pat_actor *actor, int64_t now_s);
	int (*product_list)(struct pat_store *store, pat_product_fn *fn, void *arg);

	int (*service_add)(struct pat_store *store, const struct pat_service *service,
	                   const struct pat_actor *actor, int64_t now_s);
	int (*service_change)(struct pat_store *store, const struct pat_service *before,
	                      const struct pat_service *after, const struct pat_actor *actor,
	                      int64_t now_s);
	int (*service_remove)(struct pat_store *store, const char *name,
	                      const struct pat_actor *actor, int64_t now_s);
	int (*service_get)(struct pat_store *store, const char *name, struct pat_service *ret);
	int (*service_list)(struct pat_store *store, pat_service_fn *fn, void *arg);

	int (*portal_link)(struct pat_store *store, const struct pat_person *person,
	                   const struct pat_portal_link *link, const struct pat_actor *actor,
	                   int64_t now_s, int64_t *ret_id);
	int (*portal_open)(struct pat_store *store, const uint8_t hash[static 32],
	                   struct pat_session *session, const struct pat_actor *actor,
	                   int64_t now_s, struct pat_person *ret);
	int (*portal_person)(struct pat_store *store, const char *service, const char *subject,
	                     struct pat_person *ret);

	int (*notice_look)(struct pat_store *store, struct pat_notice_view *ret);
	int (*notice_claim)(struct pat_store *store, const struct pat_notice_claim *claim,
	                    struct pat_notice_state *ret);
	int (*notice_advance)(struct pat_store *store, const char *holder, int64_t until_s,
	                      const struct pat_notice_state *state);
	int (*notice_release)(struct pat_store *store, const char *holder);
	int (*former_email)(struct pat_store *store, int64_t audit,
	                    char ret[static PAT_EMAIL_BYTES_MAX + 1]);

	int (*audit_list)(struct pat_store *store, int64_t after, unsigned limit, pat_audit_fn *fn,
	                  void *arg);
	int (*audit_note)(struct pat_store *store, const struct pat_actor *actor,
	                  const char *action, const char *object, int64_t seq, int64_t now_s);
	int (*audit_verify)(struct pat_store *store, int64_t *ret_id);
	int (*key_check)(struct pat_store *store);

	/* NULL: there is never anybody else. */
	int (*node_open)(struct pat_store *store, const char *label, int64_t lease_ms,
	                 struct pat_node **ret);

	/* Looks at a location without changing anything: why it would be refused. NULL: there is nothing to ask beforehand. */
	int (*examine)(const char *location, struct pat_err *err);
	/* Hands out every row of a table in the order of its key. */
	int (*rows_read)(struct pat_store *store, enum pat_rows_table table, pat_row_fn *fn,
	                 void *arg);
	/* Runs `fill` in one transaction on an empty store. Its result, if it is not 0, takes everything back. */
	int (*rows_write)(struct pat_store *store, pat_rows_fill_fn *fill, void *arg);
};

/* What stands in place of the email of a product's own person, which no email can be: theirs collides with nobody's. The same for
 * every backend, so that a row that is copied stays what it is. */
#define PAT_PORTAL_KEY_BYTES (sizeof("portal:") + 2 * PAT_SHA256_BYTES)
void pat_store_portal_key(const struct pat_person *person, char ret[static PAT_PORTAL_KEY_BYTES]);

extern const struct pat_store_ops pat_store_sqlite_ops;
extern const struct pat_store_ops pat_store_postgres_ops;

#endif
