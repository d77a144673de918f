/* SPDX-License-Identifier: Apache-2.0
 *
 * The store: people, sessions, tokens, audit records and the numbered changes, durable. The
 * contract speaks of these nouns, never of SQL; a backend is one `struct pat_store_ops`.
 *
 * What every backend promises:
 *
 *  - A call that returns 0 for a change is durable: it survives kill -9 and a pulled plug. The change
 *    and its audit record are one transaction.
 *  - Every change to what verifiers know (token created, revoked; person disabled, enabled) takes the
 *    next number of one gap-free sequence, in commit order. After its transaction is durable and
 *    before the call returns, the listener is told, in number order, one batch at a time.
 *  - Concurrent writers share commits.
 *  - A failed call changed nothing. -EIO, -ENOMEM, -ENOSPC (disk full: nothing lost, works again when
 *    space returns), -EBUSY (too many waiting; try again).
 *  - Rows that grant power are checked on their way out (token/record.h). A row that fails its MAC is
 *    never returned as a token: single reads answer NOT_FOUND, lists and loads skip it, and each is
 *    logged once as "store.row_tampered".
 *
 * Any thread may call anything at any time between open and close, except from the listener.
 * Strings handed in are copied; strings handed out live in the caller's struct, or, in callbacks,
 * until the callback returns. Times are handed in: the store reads no clock.
 */
#ifndef PAT_STORE_STORE_H
#define PAT_STORE_STORE_H

#include "base/base.h"
#include "base/err.h"
#include "token/record.h"

#define PAT_EMAIL_BYTES_MAX       254
#define PAT_PERSON_NAME_CHARS_MAX 100
#define PAT_PERSON_NAME_BYTES_MAX (4 * PAT_PERSON_NAME_CHARS_MAX)
#define PAT_PHC_BYTES_MAX         127 /* crypto_pwhash_STRBYTES - 1 */
#define PAT_ADDRESS_BYTES_MAX     45  /* an IPv6 address as text */
#define PAT_AGENT_BYTES_MAX       256
#define PAT_IDEMPOTENCY_KEY_MAX   64
#define PAT_REQUEST_ID_BYTES_MAX  64

struct pat_store;

enum pat_store_outcome {
	PAT_STORE_E_NOT_FOUND = 1,
	PAT_STORE_E_EXISTS,     /* person: the email is taken */
	PAT_STORE_E_NAME_TAKEN, /* token: a live token of this person has this name */
	PAT_STORE_E_LIMIT,      /* token: the person has as many live tokens as allowed */
	PAT_STORE_E_REPLAYED,   /* idempotency: done before; the record is the earlier one */
	PAT_STORE_E_IDEMPOTENCY_CONFLICT, /* idempotency: the key was used for another request */
	PAT_STORE_E_DISABLED,             /* the person is disabled */
	PAT_STORE_E_SETUP_DONE,           /* set-up: somebody exists already */
	PAT_STORE_E_SETUP_CODE,           /* set-up: wrong or replaced code */
	PAT_STORE_E_DIGEST_EXISTS, /* token: this digest is stored already; nothing was changed */
	PAT_STORE_E_PASSWORD_CHANGED, /* what actor->proven says is no longer the person's password */
	PAT_STORE_E_CHAIN,            /* audit: a record is missing or not what patd wrote */
};

/* Who does a thing, for the audit record. Zeroed fields are unknown. */
struct pat_actor {
	int64_t person;  /* 0: the system or the command line */
	const char *via; /* "page", "cli", "system" */
	const char *address;
	const char *agent;
	const char *request_id;
	/* The PHC string that was proven for this, or NULL: a session and a password are only made while it is still the
	 * person's (E_PASSWORD_CHANGED), because proving takes long and a reset may come in between. */
	const char *proven;
};

struct pat_person {
	int64_t id;                          /* from 1, never reused */
	char email[PAT_EMAIL_BYTES_MAX + 1]; /* unique, compared case-insensitively (ASCII) */
	char name[PAT_PERSON_NAME_BYTES_MAX + 1];
	char password[PAT_PHC_BYTES_MAX + 1]; /* PHC string; "" = cannot sign in */
	bool admin;
	bool disabled;
	int64_t created_s;
};

struct pat_session {
	int64_t id;
	uint8_t hash[32]; /* SHA-256 of the cookie's value */
	int64_t person;
	int64_t created_s;
	int64_t seen_s;
	int64_t expires_s; /* absolute end */
	char address[PAT_ADDRESS_BYTES_MAX + 1];
	char agent[PAT_AGENT_BYTES_MAX + 1];
};

enum pat_change_kind {
	PAT_CHANGE_TOKEN_ADDED = 1,
	PAT_CHANGE_TOKEN_REMOVED = 2,
	PAT_CHANGE_PERSON_DISABLED =
		3, /* its tokens' removals are changes of their own, before it */
	PAT_CHANGE_PERSON_ENABLED = 4,
};

/* What the listener is told. */
struct pat_change {
	int64_t seq;
	enum pat_change_kind kind;
	int64_t person;
	uint8_t digest[PAT_DIGEST_BYTES]; /* tokens only */
	const struct pat_record *record;  /* PAT_CHANGE_TOKEN_ADDED only; valid during the call */
};

/* Called on the store's committing thread with a batch in seq order, after it is durable and before
 * its writers return. Must not call the store. Returns nothing: a verifier that cannot be told must
 * be made to say "unavailable" by the listener itself. */
typedef void pat_store_listener_fn(void *arg, const struct pat_change *changes, size_t n);

struct pat_store_config {
	const char *location; /* a backend's own: SQLite: the path of the database file */
	struct pat_row_key row_key;
	pat_store_listener_fn *listener; /* may be NULL */
	void *listener_arg;
};

struct pat_new_token {
	struct pat_record record; /* number, seq, key_id, mac, state are the store's to fill */
	unsigned live_max;        /* live: not revoked and not expired at now_s */
	int64_t now_s;
	const char *idempotency_key; /* NULL: none */
	uint8_t request_hash[32];    /* what the key was used for; with a key only */
};

typedef int pat_person_fn(void *arg,
                          const struct pat_person *person); /* non-zero stops and is returned */
typedef int pat_session_fn(void *arg, const struct pat_session *session);
typedef int pat_record_fn(void *arg, const struct pat_record *record);

enum pat_token_filter {
	PAT_TOKENS_ALL,
	PAT_TOKENS_LIVE,
	PAT_TOKENS_ENDED
};

struct pat_usage {
	int64_t number; /* pat_record.number */
	int64_t last_used_s;
	int64_t use_count_more; /* added */
};

struct pat_audit {
	int64_t id;  /* gap-free from 1 */
	int64_t seq; /* of the change, 0 when verifiers do not care */
	int64_t at_s;
	int64_t actor;
	char via[16];
	char action[32]; /* "token.created", "person.disabled", … */
	char object[80]; /* "token:<tid>", "person:7", "session:9" */
	char address[PAT_ADDRESS_BYTES_MAX + 1];
	char agent[PAT_AGENT_BYTES_MAX + 1];
	char request_id[PAT_REQUEST_ID_BYTES_MAX + 1];
};
typedef int pat_audit_fn(void *arg, const struct pat_audit *audit);

/* Opens, creating and migrating as needed. Refuses, with the reason in `err`: a schema newer than this
 * binary (-EPROTO), a file that is no store (-EINVAL), one already open elsewhere for writing (-EBUSY),
 * I/O errors. A migration interrupted anywhere is repeated from its start at the next open. */
int pat_store_open(const struct pat_store_config *config, struct pat_store **ret,
                   struct pat_err *err) PAT_MUST_USE;
void pat_store_close(struct pat_store *store);

/* 0 when a change could be made now (writes and rolls back), else what a write would have returned. */
int pat_store_check(struct pat_store *store) PAT_MUST_USE;

/* The number of the last change, and the largest time any row carries: the wall clock's floor. */
int pat_store_head(struct pat_store *store, int64_t *ret_seq, int64_t *ret_time_s) PAT_MUST_USE;

/* ---- People. Each change leaves an audit record. */

/* E_EXISTS. */
int pat_store_person_create(struct pat_store *store, const struct pat_person *person,
                            const struct pat_actor *actor, int64_t now_s,
                            int64_t *ret_id) PAT_MUST_USE;
/* Whether anybody exists. */
int pat_store_people_any(struct pat_store *store, bool *ret) PAT_MUST_USE;
/* Remembers the hash of the one-time set-up code, replacing an earlier one. E_SETUP_DONE. */
int pat_store_setup_code_set(struct pat_store *store, const uint8_t hash[static 32]) PAT_MUST_USE;
/* Creates the first person and uses the code up, in one transaction. E_SETUP_DONE, E_SETUP_CODE. */
int pat_store_setup_complete(struct pat_store *store, const uint8_t hash[static 32],
                             const struct pat_person *person, const struct pat_actor *actor,
                             int64_t now_s, int64_t *ret_id) PAT_MUST_USE;
/* E_NOT_FOUND. */
int pat_store_person_by_email(struct pat_store *store, const char *email,
                              struct pat_person *ret) PAT_MUST_USE;
int pat_store_person_by_id(struct pat_store *store, int64_t id,
                           struct pat_person *ret) PAT_MUST_USE;
/* In order of id. */
int pat_store_person_list(struct pat_store *store, pat_person_fn *fn, void *arg) PAT_MUST_USE;
/* Sets the password and ends the person's sessions except `keep_session` (0: all). E_NOT_FOUND.
 * `action` is the audit word: "password.changed" or "password.rehashed" (which ends no session). */
int pat_store_person_set_password(struct pat_store *store, int64_t id, const char *phc,
                                  const char *action, bool end_sessions, int64_t keep_session,
                                  const struct pat_actor *actor, int64_t now_s,
                                  int64_t *ret_ended) PAT_MUST_USE;
/* Disabling revokes every live token and ends every session in the same transaction; enabling brings
 * none of them back. Repeating it is 0 and changes nothing. E_NOT_FOUND. */
int pat_store_person_set_disabled(struct pat_store *store, int64_t id, bool disabled,
                                  const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;

/* ---- Sessions. */

/* `session->id` is filled. E_DISABLED when the person is disabled, E_NOT_FOUND when there is none. */
int pat_store_session_create(struct pat_store *store, struct pat_session *session,
                             const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;
/* Session and person of a cookie's hash; E_NOT_FOUND also for a disabled person's. Limits are the
 * caller's to judge. */
int pat_store_session_get(struct pat_store *store, const uint8_t hash[static 32],
                          struct pat_session *ret, struct pat_person *ret_person) PAT_MUST_USE;
/* Last seen; may be lost in a crash. */
int pat_store_session_touch(struct pat_store *store, int64_t id, int64_t seen_s) PAT_MUST_USE;
/* Ends one session of `person`. E_NOT_FOUND. */
int pat_store_session_end(struct pat_store *store, int64_t person, int64_t id,
                          const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;
/* Ends all of the person's but `keep` (0: all). */
int pat_store_sessions_end(struct pat_store *store, int64_t person, int64_t keep,
                           const struct pat_actor *actor, int64_t now_s,
                           int64_t *ret_ended) PAT_MUST_USE;
/* The person's, newest first. */
int pat_store_session_list(struct pat_store *store, int64_t person, pat_session_fn *fn,
                           void *arg) PAT_MUST_USE;
/* Forgets sessions that expired before, or were last seen before, the given times. */
int pat_store_sessions_prune(struct pat_store *store, int64_t expired_before_s,
                             int64_t seen_before_s) PAT_MUST_USE;
/* Whether this person signed in from this address before (sessions ended since included, as long as
 * audit records live). */
int pat_store_address_known(struct pat_store *store, int64_t person, const char *address,
                            bool *ret) PAT_MUST_USE;

/* ---- Tokens. */

/* Stores a token; `ret` is the stored record. E_NAME_TAKEN, E_LIMIT, E_DISABLED, E_NOT_FOUND (no such
 * person), E_REPLAYED (`ret` is the earlier record), E_IDEMPOTENCY_CONFLICT, E_DIGEST_EXISTS. The
 * idempotency key is judged first, and is the person's own. */
int pat_store_token_create(struct pat_store *store, const struct pat_new_token *token,
                           const struct pat_actor *actor, struct pat_record *ret) PAT_MUST_USE;
/* Revokes a token of `person` (the owner). 0 with the record; of an already revoked one likewise, and
 * nothing is changed. E_NOT_FOUND; of a row that fails its MAC too, but that one is ended all the same and the
 * listener told. One way: nothing brings a token back. */
int pat_store_token_revoke(struct pat_store *store, int64_t person,
                           const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                           int64_t now_s, struct pat_record *ret) PAT_MUST_USE;
/* E_NOT_FOUND. `ret` only on 0. */
int pat_store_token_get(struct pat_store *store, int64_t person,
                        const uint8_t tid[static PAT_TID_BYTES],
                        struct pat_record *ret) PAT_MUST_USE;
/* Newest first, those with number < before (0: from the newest), at most `limit`. */
int pat_store_token_list(struct pat_store *store, int64_t person, enum pat_token_filter filter,
                         int64_t now_s, int64_t before, unsigned limit, pat_record_fn *fn,
                         void *arg) PAT_MUST_USE;
/* Every unrevoked token of people who are not disabled that expires after `expired_before_s`, with the
 * head of the sequence that this view corresponds to. Used once, at start. */
int pat_store_token_load(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
                         pat_record_fn *fn, void *arg) PAT_MUST_USE;
/* How many token_load will visit, roughly: for sizing. */
int pat_store_token_count(struct pat_store *store, int64_t *ret) PAT_MUST_USE;
/* Unrevoked tokens with from_s < expires_s <= to_s. */
int pat_store_token_expired(struct pat_store *store, int64_t from_s, int64_t to_s,
                            pat_record_fn *fn, void *arg) PAT_MUST_USE;
/* Folds usage in; last_used_s never goes back. Durable soon, not at once. */
int pat_store_usage_fold(struct pat_store *store, const struct pat_usage *usage,
                         size_t n) PAT_MUST_USE;

/* ---- Audit: ids greater than `after`, ascending, at most `limit`. */
int pat_store_audit_list(struct pat_store *store, int64_t after, unsigned limit, pat_audit_fn *fn,
                         void *arg) PAT_MUST_USE;
/* Walks the whole chain (store/audit.h). 0, and the id of the last record; E_CHAIN, and the first id that
 * is missing or was edited. Cutting off the end together with the head is not found: ship records elsewhere. */
int pat_store_audit_verify(struct pat_store *store, int64_t *ret_id) PAT_MUST_USE;

#endif
