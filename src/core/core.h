/* SPDX-License-Identifier: Apache-2.0
 *
 * The use cases: set up, sign in, generate, revoke, disable… This is the only place where the store
 * and the verification index meet. `web` and `pat` turn the outcomes into statuses and words.
 *
 * Every call may come from any thread. Positive results are the outcomes below; negative ones are
 * faults: -EBUSY (too much waiting), -ENOSPC (the disk or the index is full), -EIO, -ENOMEM.
 */
#ifndef PAT_CORE_CORE_H
#define PAT_CORE_CORE_H

#include <sys/types.h>

#include "base/err.h"
#include "core/catalogue.h"
#include "store/store.h"

struct pat_core;

enum pat_core_outcome {
	PAT_CORE_E_NOT_FOUND = 1,
	PAT_CORE_E_NOT_ALLOWED,
	PAT_CORE_E_EMAIL_MALFORMED,
	PAT_CORE_E_EMAIL_TAKEN,
	PAT_CORE_E_NAME_REQUIRED,
	PAT_CORE_E_NAME_TOO_LONG,
	PAT_CORE_E_NAME_BAD_CHARACTERS,
	PAT_CORE_E_NAME_TAKEN,
	PAT_CORE_E_SCOPE_REQUIRED,
	PAT_CORE_E_SCOPE_UNKNOWN,
	PAT_CORE_E_SCOPE_DUPLICATE,
	PAT_CORE_E_SCOPE_TOO_MANY,
	PAT_CORE_E_EXPIRY_REQUIRED,
	PAT_CORE_E_EXPIRY_IN_PAST,
	PAT_CORE_E_EXPIRY_TOO_FAR,
	PAT_CORE_E_TOKEN_LIMIT,
	PAT_CORE_E_REPLAYED, /* not a failure: the earlier record is returned, without a secret */
	PAT_CORE_E_IDEMPOTENCY_CONFLICT,
	PAT_CORE_E_PASSWORD_TOO_SHORT,
	PAT_CORE_E_PASSWORD_TOO_LONG,
	PAT_CORE_E_PASSWORD_BAD_CHARACTERS, /* not UTF-8, or a NUL */
	PAT_CORE_E_PASSWORD_TOO_COMMON,
	PAT_CORE_E_PASSWORD_IS_PERSONAL, /* contains the person's own email or name */
	PAT_CORE_E_PASSWORD_UNCHANGED,
	PAT_CORE_E_CREDENTIALS, /* email and password do not belong together; never says which */
	PAT_CORE_E_TOO_MANY,    /* throttled: `retry_after_s` */
	PAT_CORE_E_SESSION,     /* no such session, or it has ended */
	PAT_CORE_E_SETUP_DONE,
	PAT_CORE_E_SETUP_CODE,
};

struct pat_core_config {
	const char *store;   /* location */
	const char *journal; /* file of revocations, outside the store; NULL: none */
	const char *index_directory;
	gid_t index_group; /* (gid_t)-1: leave it */
	uint64_t index_tokens_max;
	struct pat_row_key row_key;
	const char *token_prefix;     /* "pat" */
	int64_t expires_days_max;     /* 90 */
	int64_t expires_days_default; /* 30 */
	bool never_allowed;
	unsigned live_tokens_max;      /* per person, 50 */
	unsigned creates_per_hour_max; /* per person, tokens */
	int64_t expired_keep_days;     /* 30: how long an expired token is told so */
	int64_t session_idle_s;
	int64_t session_max_s;
	unsigned argon2_memory_kib;            /* 47104 = 46 MiB */
	unsigned argon2_passes;                /* 1 */
	unsigned argon2_parallel;              /* hashes at the same time: 2 */
	unsigned argon2_waiting;               /* more than this wait: -EBUSY */
	const char *common_passwords;          /* file, or NULL */
	const struct pat_catalogue *catalogue; /* outlives the core */
};

/* Opens the store, loads the index and publishes it, starts the housekeeping thread. On failure `err`
 * says why in one sentence. */
int pat_core_open(const struct pat_core_config *config, struct pat_core **ret,
                  struct pat_err *err) PAT_MUST_USE;
void pat_core_close(struct pat_core *core);

/* The same, and takes the index away, so that nothing verifies any more: for the end of the whole product.
 * After pat_core_close alone the index serves on. */
void pat_core_end(struct pat_core *core);

/* Ready to serve? 0, or a negative fault with the reason in `err` (one short word first: "store:", "index:",
 * "clock:"). */
int pat_core_ready(struct pat_core *core, struct pat_err *err) PAT_MUST_USE;

/* ---- The first account. */

/* Makes a fresh one-time code when nobody exists: 0 with the code, E_SETUP_DONE otherwise. */
int pat_core_setup_begin(struct pat_core *core, struct pat_secret *ret_code) PAT_MUST_USE;
int pat_core_setup_needed(struct pat_core *core, bool *ret) PAT_MUST_USE;

/* What a sign-in leaves. Wipe with pat_secret_done(&cookie), pat_secret_done(&csrf). */
struct pat_signed_in {
	struct pat_person person; /* password is blank */
	struct pat_session session;
	struct pat_secret cookie;
	struct pat_secret csrf;
	unsigned retry_after_s; /* with E_TOO_MANY */
	int64_t ended;          /* password change: other sessions ended */
};

/* E_SETUP_DONE, E_SETUP_CODE, E_EMAIL_…, E_NAME_…, E_PASSWORD_…, E_TOO_MANY. Signs the new person in. */
int pat_core_setup_complete(struct pat_core *core, const char *code, const char *email,
                            const char *name, const char *password, size_t password_len,
                            const struct pat_actor *actor, struct pat_signed_in *ret) PAT_MUST_USE;

/* ---- Sessions. */

/* E_CREDENTIALS, E_TOO_MANY. `actor->address` counts for throttling; actor->person is ignored. */
int pat_core_sign_in(struct pat_core *core, const char *email, const char *password,
                     size_t password_len, const struct pat_actor *actor,
                     struct pat_signed_in *ret) PAT_MUST_USE;

/* Who a cookie belongs to, marking the session seen. E_SESSION. `ret->cookie` is left empty. */
int pat_core_session(struct pat_core *core, const char *cookie, size_t cookie_len,
                     struct pat_signed_in *ret) PAT_MUST_USE;

/* Constant-time check of a sent-back CSRF token. */
bool pat_core_csrf_ok(const struct pat_signed_in *who, const char *token, size_t len);

int pat_core_sign_out(struct pat_core *core, const struct pat_signed_in *who,
                      const struct pat_actor *actor) PAT_MUST_USE;
int pat_core_session_list(struct pat_core *core, const struct pat_signed_in *who,
                          pat_session_fn *fn, void *arg) PAT_MUST_USE;
/* E_NOT_FOUND. */
int pat_core_session_end(struct pat_core *core, const struct pat_signed_in *who, int64_t id,
                         const struct pat_actor *actor) PAT_MUST_USE;
/* All sessions of a person: one's own, or anyone's for an administrator (E_NOT_ALLOWED → answer as not found). */
int pat_core_sessions_end(struct pat_core *core, const struct pat_signed_in *who, int64_t person,
                          const struct pat_actor *actor, int64_t *ret_ended) PAT_MUST_USE;
/* E_CREDENTIALS (current password), E_TOO_MANY, E_PASSWORD_…. The session gets a new cookie (`ret`). */
int pat_core_password_change(struct pat_core *core, const struct pat_signed_in *who,
                             const char *current, size_t current_len, const char *fresh,
                             size_t fresh_len, bool end_others, const struct pat_actor *actor,
                             struct pat_signed_in *ret) PAT_MUST_USE;

/* ---- Tokens. */

struct pat_token_request {
	const char *name;
	const char *const *scopes;
	size_t n_scopes;
	int64_t expires_s;           /* 0: see expires_days; PAT_NEVER where allowed */
	int64_t expires_days;        /* 0: see expires_s; both 0: E_EXPIRY_REQUIRED */
	const char *idempotency_key; /* NULL: none */
	uint8_t request_hash[32];    /* SHA-256 of the request's body, with a key */
};

struct pat_token_answer {
	struct pat_record record;
	struct pat_secret token; /* empty when replayed; wipe with pat_secret_done */
	size_t bad_scope; /* with E_SCOPE_UNKNOWN, E_SCOPE_DUPLICATE: index in the request, when known */
	unsigned retry_after_s; /* with E_TOO_MANY */
};

int pat_core_token_create(struct pat_core *core, const struct pat_signed_in *who,
                          const struct pat_token_request *request, const struct pat_actor *actor,
                          struct pat_token_answer *ret) PAT_MUST_USE;
/* E_NOT_FOUND. After 0, no verification begun later says yes. */
int pat_core_token_revoke(struct pat_core *core, const struct pat_signed_in *who,
                          const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                          struct pat_record *ret) PAT_MUST_USE;
int pat_core_token_get(struct pat_core *core, const struct pat_signed_in *who,
                       const uint8_t tid[static PAT_TID_BYTES],
                       struct pat_record *ret) PAT_MUST_USE;
/* Newest first; `before` 0 or the number of the last one seen. Usage in the records is live. */
int pat_core_token_list(struct pat_core *core, const struct pat_signed_in *who,
                        enum pat_token_filter filter, int64_t before, unsigned limit,
                        pat_record_fn *fn, void *arg) PAT_MUST_USE;

/* "live", "expired" or "revoked" now. */
const char *pat_core_token_state(struct pat_core *core, const struct pat_record *record);

const struct pat_core_config *pat_core_settings(const struct pat_core *core);

/* ---- People, for the command line and administrators. */

int pat_core_person_add(struct pat_core *core, const char *email, const char *name, bool admin,
                        const char *password, size_t password_len, const struct pat_actor *actor,
                        int64_t *ret_id) PAT_MUST_USE;
int pat_core_person_list(struct pat_core *core, pat_person_fn *fn, void *arg) PAT_MUST_USE;
/* By email. E_NOT_FOUND. Disabling ends sessions and tokens at once. */
int pat_core_person_disable(struct pat_core *core, const char *email, bool disabled,
                            const struct pat_actor *actor, int64_t *ret_id) PAT_MUST_USE;
/* Sets a password without the old one and ends every session. */
int pat_core_person_password(struct pat_core *core, const char *email, const char *password,
                             size_t password_len, const struct pat_actor *actor,
                             int64_t *ret_id) PAT_MUST_USE;
/* For products behind the gate. E_NOT_FOUND (also when disabled). */
int pat_core_person_get(struct pat_core *core, int64_t id, struct pat_person *ret) PAT_MUST_USE;

#endif
