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

#include "store/store.h"

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

	/* The id in `person` is ignored, as are its disabled state and created_s. */
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
	int (*person_list)(struct pat_store *store, pat_person_fn *fn, void *arg);
	int (*person_set_password)(struct pat_store *store, int64_t id, const char *phc,
	                           const char *action, bool end_sessions, int64_t keep_session,
	                           const struct pat_actor *actor, int64_t now_s,
	                           int64_t *ret_ended);
	/* Removals of tokens take their numbers before the person's own. */
	int (*person_set_disabled)(struct pat_store *store, int64_t id, bool disabled,
	                           const struct pat_actor *actor, int64_t now_s);

	/* Fills session->id only on 0. */
	int (*session_create)(struct pat_store *store, struct pat_session *session,
	                      const struct pat_actor *actor, int64_t now_s);
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

	/* Judges in this order: idempotency key, person, digest, name, limit. */
	int (*token_create)(struct pat_store *store, const struct pat_new_token *token,
	                    const struct pat_actor *actor, struct pat_record *ret);
	int (*token_revoke)(struct pat_store *store, int64_t person,
	                    const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
	                    int64_t now_s, struct pat_record *ret);
	int (*token_get)(struct pat_store *store, int64_t person,
	                 const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret);
	/* `limit` counts the records handed out, not the rows skipped. */
	int (*token_list)(struct pat_store *store, int64_t person, enum pat_token_filter filter,
	                  int64_t now_s, int64_t before, unsigned limit, pat_record_fn *fn,
	                  void *arg);
	/* One view: `fn` may be called from several threads, one call at a time, in any order. */
	int (*token_load)(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
	                  pat_record_fn *fn, void *arg);
	int (*token_count)(struct pat_store *store, int64_t *ret);
	int (*token_expired)(struct pat_store *store, int64_t from_s, int64_t to_s,
	                     pat_record_fn *fn, void *arg);
	/* Numbers that name no token are ignored. */
	int (*usage_fold)(struct pat_store *store, const struct pat_usage *usage, size_t n);

	int (*audit_list)(struct pat_store *store, int64_t after, unsigned limit, pat_audit_fn *fn,
	                  void *arg);
	int (*audit_verify)(struct pat_store *store, int64_t *ret_id);
};

extern const struct pat_store_ops pat_store_sqlite_ops;

#endif
