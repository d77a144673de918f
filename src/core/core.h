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
#include "mail/mail.h"
#include "policy/openapi.h"
#include "store/usage.h"

#define PAT_ENDED_LISTED_DAYS 30 /* how long a list goes on showing a token that has ended */

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
	PAT_CORE_E_NOTE_TOO_LONG,
	PAT_CORE_E_NOTE_BAD_CHARACTERS,
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
	PAT_CORE_E_PASSWORD_REQUIRED, /* the current one, for what it has to prove */
	PAT_CORE_E_PICTURE_MALFORMED, /* not a picture of the kind it is said to be */
	PAT_CORE_E_PICTURE_TOO_LARGE, /* more than PAT_PICTURE_PIXELS_MAX wide or high */
	PAT_CORE_E_PICTURE_MOVES,
	PAT_CORE_E_CREDENTIALS, /* email and password do not belong together; never says which */
	PAT_CORE_E_TOO_MANY,    /* throttled: `retry_after_s` */
	PAT_CORE_E_SESSION,     /* no such session, or it has ended */
	PAT_CORE_E_REAUTHENTICATE, /* the sign-in is too long ago for this; see pat_core_session_prove() */
	PAT_CORE_E_SETUP_DONE,
	PAT_CORE_E_SETUP_CODE,
	PAT_CORE_E_PRODUCT_NAME,  /* not a name of a product, or the built-in one's */
	PAT_CORE_E_PRODUCT_LIMIT, /* there are as many products as there can be */
	PAT_CORE_E_DOCUMENT, /* the document can not be read so: `err` says why, with the line */
	PAT_CORE_E_LIMIT_MALFORMED,
	PAT_CORE_E_LIMIT_DUPLICATE,
	PAT_CORE_E_LIMIT_TOO_MANY,
	PAT_CORE_E_PRODUCT_UNKNOWN,   /* a limit names a product that is not there */
	PAT_CORE_E_PARAMETER_UNKNOWN, /* or a path parameter that none of its operations has */
	PAT_CORE_E_TOKEN_ENDED,
	PAT_CORE_E_SCOPE_NOT_HELD,    /* narrowing: the token has not got it */
	PAT_CORE_E_SCOPE_NOT_ALLOWED, /* it is for administrators */
	PAT_CORE_E_PRODUCTS_REQUIRED, /* with a scope of patd's own beside others: which products it is for has to be said */
	PAT_CORE_E_BEYOND_SCOPES, /* made by a token: that one has not got a scope */
	PAT_CORE_E_BEYOND_EXPIRY, /* … ends sooner */
	PAT_CORE_E_BEYOND_LIMITS, /* … is limited more, or to a rate */
	PAT_CORE_E_SERVICE_NAME,  /* not a name of a service */
	PAT_CORE_E_SERVICE_TAKEN,
	PAT_CORE_E_ORIGIN, /* no origin, or there are none, or too many */
	PAT_CORE_E_TITLE,
	PAT_CORE_E_ACCENT,
	PAT_CORE_E_PORTAL_PRODUCT, /* only for a product that was imported can a service vouch for people */
	PAT_CORE_E_PORTAL_NONE,   /* the service may not send people here */
	PAT_CORE_E_PORTAL_KEPT,   /* the product of a service with a portal can not be another */
	PAT_CORE_E_PORTAL_SCOPES, /* its product has none, and somebody new could do nothing here */
	PAT_CORE_E_SUBJECT,
	PAT_CORE_E_RETURN_URL,
	PAT_CORE_E_PERSON_DISABLED,
	PAT_CORE_E_NOT_EFFECTIVE, /* the change is made, and not yet in force everywhere: ask again */
	PAT_CORE_E_LINK,          /* the link was used, has expired, or never was */
	PAT_CORE_E_TOKEN_REPLACED, /* rotating: another was made in its place already */
	PAT_CORE_E_OVERLAP,        /* … the old one can not go on for so long */
};

#define PAT_LEASE_MS_MAX 300000

/* Somebody who answers from a copy of what the index holds. Told of each change when it is in the index, and before its maker is
 * answered, by the thread that makes it or the node's: when the call returns, the copy has the change or answers nothing any more. The calls
 * must not call the core. */
struct pat_core_mirror {
	void *arg;
	/* A token is as the index says now: it is there or not. `is_new`: it was never there before. */
	void (*changed)(void *arg, const uint8_t digest[static PAT_DIGEST_BYTES], bool is_new);
	/* The index is another one: nothing that was told before counts. */
	void (*renewed)(void *arg);
};

struct pat_core_config {
	const char *store;      /* location */
	const char *node_label; /* one of several nodes: what administrators see; NULL: alone */
	int64_t lease_ms; /* how long a node answers without the store; with a label; at most PAT_LEASE_MS_MAX */
	unsigned waiting_max; /* calls that may wait as long as a dead node makes them */
	bool strict; /* … it never does: each answer is of what was in the store when it was asked */
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
	bool usage_addresses; /* whether it is kept from which addresses and by what a token was used */
	int64_t fresh_sign_in_s; /* how old a sign-in may be when a token is generated; 0: any */
	int64_t session_idle_s;
	int64_t session_max_s;
	unsigned sessions_live_max;   /* per person; a new one ends the one seen longest ago */
	unsigned argon2_memory_kib;   /* 47104 = 46 MiB */
	unsigned argon2_passes;       /* 1 */
	unsigned argon2_parallel;     /* hashes at the same time: 2 */
	unsigned argon2_waiting;      /* more than this wait: -EBUSY */
	const char *common_passwords; /* file, or NULL */
	const struct pat_catalogue *catalogue; /* outlives the core */
	const struct pat_core_mirror *mirror;  /* NULL: none; outlives the core */
	const struct pat_rules *
		built_in; /* of the product that is built in; NULL: there is none. Outlives the core */
	const char *built_in_name;
	const struct pat_catalogue *own; /* patd's own scopes; NULL: none. Outlives the core */
	const char *own_name;            /* the product that a token has to name for them */
	const struct pat_mailer *mailer; /* NULL: no mail is sent. Outlives the core */
	const char
		*pages_url; /* with a mailer: where people reach the pages; no slash at its end */
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

/* ---- Where a change is in force.
 *
 * A call that changes something returns when it is durable and in force on this node. Where there are several, those that take
 * something away have to be waited for; docs/design/nodes.md says how, and for how long at most. */

#define PAT_RECEIPT_NODES_MAX 32

enum pat_receipt_how {
	PAT_RECEIPT_PENDING,
	PAT_RECEIPT_APPLIED, /* the node said so */
	PAT_RECEIPT_GONE,    /* the node has left, or was taken for dead */
	PAT_RECEIPT_EXPIRED, /* the node said nothing, and can answer nobody any more */
};

struct pat_receipt_node {
	char incarnation[33];
	char label[64];
	enum pat_receipt_how how;
	unsigned ms; /* since the call */
};

struct pat_receipt {
	unsigned
		wait_ms; /* given: how long at most; 0: as long as it takes, which the lease bounds */
	int64_t seq;     /* every change up to this one is in force */
	bool effective;
	unsigned ms;
	size_t n; /* of the first of them; 0 where there are no nodes */
	struct pat_receipt_node nodes[PAT_RECEIPT_NODES_MAX];
};

/* Waits until every change that this node knows of is in force on all nodes: 0, or E_NOT_EFFECTIVE after receipt->wait_ms, or
 * sooner when too many are waiting already. `receipt` (may be NULL) is filled in either case; the audit records keep what it says, from
 * a moment later on. All that takes something away does this
 * itself, and returns E_NOT_EFFECTIVE: the change is made, and repeating the call waits again. */
int pat_core_settle(struct pat_core *core, const struct pat_actor *actor,
                    struct pat_receipt *receipt) PAT_MUST_USE;

/* Whether what such a call returned says that the change is made, in force everywhere or not yet. */
static inline bool pat_core_made(int r)
{
	return r == 0 || r == PAT_CORE_E_NOT_EFFECTIVE;
}

/* The nodes, as their rows say now. */
struct pat_core_node_view {
	const char *incarnation;
	const char *label;
	int64_t lease_ms;
	int64_t behind; /* changes that this node knows of and that one has not said to have applied */
	unsigned
		silent_ms; /* since it was last heard of; one that is silent for its lease is answering nobody */
	bool self;
};
typedef int pat_core_node_fn(void *arg, const struct pat_core_node_view *node);
/* "serving", or "silent": it was not heard of for its lease. */
const char *pat_core_node_state(const struct pat_core_node_view *node);
/* In order of label; none where there are no others, and -EAGAIN when the database does not answer. `fn` must not call the core. */
int pat_core_node_list(struct pat_core *core, pat_core_node_fn *fn, void *arg) PAT_MUST_USE;

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

/* Who a cookie belongs to. `active` marks the session seen: false for what a page asks by itself, which must not keep its
 * session from idling out. E_SESSION. `ret->cookie` is left empty. */
int pat_core_session(struct pat_core *core, const char *cookie, size_t cookie_len, bool active,
                     struct pat_signed_in *ret) PAT_MUST_USE;

/* Proves one's password anew, under the throttle of sign-ins: the session goes on under a new cookie (`ret`), as fresh as one just
 * made. E_CREDENTIALS, E_TOO_MANY, E_SESSION (it was ended meanwhile). */
int pat_core_session_prove(struct pat_core *core, const struct pat_signed_in *who,
                           const char *password, size_t password_len, const struct pat_actor *actor,
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
/* All of one's own but this one. */
int pat_core_sessions_end_others(struct pat_core *core, const struct pat_signed_in *who,
                                 const struct pat_actor *actor, int64_t *ret_ended) PAT_MUST_USE;
/* All sessions of a person: one's own, or anyone's for an administrator (E_NOT_ALLOWED → answer as not found). */
int pat_core_sessions_end(struct pat_core *core, const struct pat_signed_in *who, int64_t person,
                          const struct pat_actor *actor, int64_t *ret_ended) PAT_MUST_USE;
/* E_CREDENTIALS (current password), E_TOO_MANY, E_PASSWORD_…. The session gets a new cookie (`ret`). */
int pat_core_password_change(struct pat_core *core, const struct pat_signed_in *who,
                             const char *current, size_t current_len, const char *fresh,
                             size_t fresh_len, bool end_others, const struct pat_actor *actor,
                             struct pat_signed_in *ret) PAT_MUST_USE;

/* ---- What one says of oneself. */

struct pat_profile_request {
	const char *name;    /* NULL: as it is */
	const char *email;   /* … */
	const char *current; /* the current password, needed for another email; NULL: not given */
	size_t current_len;
};

struct pat_profile_answer {
	struct pat_person person; /* as it is then; password is blank */
	bool renamed;
	bool email_changed;
	bool picture_changed;
	bool wishes_changed;
	unsigned retry_after_s; /* with E_TOO_MANY */
};

/* Both or neither. E_NAME_…, E_EMAIL_…, E_PASSWORD_REQUIRED, E_CREDENTIALS (current password), E_TOO_MANY. Sessions stay. */
int pat_core_profile_change(struct pat_core *core, const struct pat_signed_in *who,
                            const struct pat_profile_request *request,
                            const struct pat_actor *actor,
                            struct pat_profile_answer *ret) PAT_MUST_USE;

/* Sets what the person wants mail about: bits of enum pat_wish. E_TOO_MANY. */
int pat_core_wishes_change(struct pat_core *core, const struct pat_signed_in *who, unsigned wishes,
                           const struct pat_actor *actor,
                           struct pat_profile_answer *ret) PAT_MUST_USE;

/* Gives the person a picture of at most PAT_PICTURE_BYTES_MAX bytes; PAT_PICTURE_NONE takes it away. E_PICTURE_…, E_TOO_MANY. */
int pat_core_picture_change(struct pat_core *core, const struct pat_signed_in *who,
                            enum pat_picture_kind kind, const void *bytes, size_t len,
                            const struct pat_actor *actor,
                            struct pat_profile_answer *ret) PAT_MUST_USE;
/* Adds the bytes of exactly this picture of a person, whoever asks. E_NOT_FOUND, also when the person is disabled. */
int pat_core_picture_get(struct pat_core *core, int64_t person, const struct pat_picture *picture,
                         struct pat_buf *out) PAT_MUST_USE;

/* ---- Tokens. */

struct pat_token_request {
	const char *name;
	const char *note; /* NULL: none */
	const char *const *scopes;
	size_t n_scopes;
	const char *const *limits; /* words of token/limits.h */
	size_t n_limits;
	int64_t expires_s;    /* 0: see expires_days; PAT_NEVER where allowed */
	int64_t expires_days; /* 0: see expires_s; both 0: E_EXPIRY_REQUIRED */
	const uint8_t *maker; /* tid of the token that asks for it; NULL: its owner does */
	const struct pat_record *replaces; /* pat_core_token_rotate() fills this in */
	int64_t old_ends_in_s;             /* how much longer that one lives; 0: it is revoked */
	const char *idempotency_key;       /* NULL: none */
	uint8_t request_hash[32];          /* SHA-256 of the request's body, with a key */
};

struct pat_token_answer {
	struct pat_record record;
	struct pat_secret token; /* empty when replayed; wipe with pat_secret_done */
	size_t bad_scope; /* with E_SCOPE_UNKNOWN, E_SCOPE_DUPLICATE: index in the request, when known */
	unsigned retry_after_s; /* with E_TOO_MANY */
};

/* Asked for by a token, it may do no more than that one (E_BEYOND_…, E_TOKEN_ENDED), what it leaves open is limited as that one
 * is, and it ends with it. A token is no recent sign-in (E_REAUTHENTICATE). */
int pat_core_token_create(struct pat_core *core, const struct pat_signed_in *who,
                          const struct pat_token_request *request, const struct pat_actor *actor,
                          struct pat_token_answer *ret) PAT_MUST_USE;
#define PAT_OVERLAP_S_MAX INT64_C(604800) /* seven days */
/* Makes a token like one's own live one, with another secret, in its place: name, note, scopes and limits are taken from it, and
 * where the request says no expiry, as long a life. The old one, and what it has made, end after request->old_ends_in_s, or when
 * they would have. What creating says, and E_NOT_FOUND, E_TOKEN_ENDED, E_TOKEN_REPLACED, E_OVERLAP; E_BEYOND_EXPIRY also of a
 * token that would replace what made it. `ret_old`: the old one as it is now, after 0 and E_REPLAYED, as is `receipt`, which says whether
 * the old one's end is in force everywhere, or will be by then: the new one is made, in any case. */
int pat_core_token_rotate(struct pat_core *core, const struct pat_signed_in *who,
                          const uint8_t tid[static PAT_TID_BYTES],
                          struct pat_token_request *request, const struct pat_actor *actor,
                          struct pat_token_answer *ret, struct pat_record *ret_old,
                          struct pat_receipt *receipt) PAT_MUST_USE;
/* E_NOT_FOUND. After 0, no verification begun later says yes: of this one, and of what it has made. */
int pat_core_token_revoke(struct pat_core *core, const struct pat_signed_in *who,
                          const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                          struct pat_record *ret, struct pat_receipt *receipt) PAT_MUST_USE;
/* Several of one's own as one change: all or none. `tids`, each once; NULL: every one that has not ended. E_NOT_FOUND when
 * one is not there. `fn` is told of each record as pat_store_tokens_revoke() tells: what it kept counts after 0 only.
 * `ret_revoked`: how many this call has revoked; the others were before. After 0, no verification begun later accepts any of them. */
int pat_core_tokens_revoke(struct pat_core *core, const struct pat_signed_in *who,
                           const uint8_t (*tids)[PAT_TID_BYTES], size_t n_tids,
                           const struct pat_actor *actor, pat_record_fn *fn, void *arg,
                           size_t *ret_revoked, struct pat_receipt *receipt) PAT_MUST_USE;
/* Takes scopes away from one's own live token: those given are what it keeps. After 0, no verification begun later sees the
 * others. E_NOT_FOUND, E_TOKEN_ENDED, E_SCOPE_…, E_SCOPE_NOT_HELD. */
int pat_core_token_narrow(struct pat_core *core, const struct pat_signed_in *who,
                          const uint8_t tid[static PAT_TID_BYTES], const char *const *scopes,
                          size_t n_scopes, const struct pat_actor *actor, struct pat_record *ret,
                          struct pat_receipt *receipt) PAT_MUST_USE;
/* Whose token it is, or was. E_NOT_FOUND. */
int pat_core_token_owner(struct pat_core *core, const uint8_t tid[static PAT_TID_BYTES],
                         int64_t *ret) PAT_MUST_USE;
/* Whosever it is, for administrators. E_NOT_FOUND. */
int pat_core_token_revoke_any(struct pat_core *core, const uint8_t tid[static PAT_TID_BYTES],
                              const struct pat_actor *actor, struct pat_record *ret,
                              struct pat_receipt *receipt) PAT_MUST_USE;
int pat_core_token_get(struct pat_core *core, const struct pat_signed_in *who,
                       const uint8_t tid[static PAT_TID_BYTES],
                       struct pat_record *ret) PAT_MUST_USE;
/* The same, and what is known of its use in the last PAT_USAGE_DAYS days: its count and the last of `days` are live, the
 * rest is up to ten seconds old. */
int pat_core_token_usage(struct pat_core *core, const struct pat_signed_in *who,
                         const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret,
                         struct pat_usage_view *ret_usage) PAT_MUST_USE;
/* Newest first; `before` 0 or the number of the last one seen. What ended more than PAT_ENDED_LISTED_DAYS ago is left
 * to the audit records. Usage in the records is live. */
int pat_core_token_list(struct pat_core *core, const struct pat_signed_in *who,
                        enum pat_token_filter filter, int64_t before, unsigned limit,
                        pat_record_fn *fn, void *arg) PAT_MUST_USE;

/* "live", "expired" or "revoked" now. */
const char *pat_core_token_state(struct pat_core *core, const struct pat_record *record);

const struct pat_core_config *pat_core_settings(const struct pat_core *core);

/* ---- Products that are protected by their OpenAPI documents, and the one that is built in. */

struct pat_core_product {
	const char *name;
	int64_t imported_s; /* 0: built in */
	bool built_in;
	size_t n_operations;
	size_t n_scopes;
	const struct pat_scope *scopes; /* `category` is the product's name */
};
typedef int pat_core_product_fn(void *arg, const struct pat_core_product *product);

/* Imports a document, in place of the product's former one: it is stored and in force when this returns 0. `ret` counts
 * what it has; its name and scopes are not set. E_PRODUCT_NAME, E_PRODUCT_LIMIT, E_DOCUMENT: nothing was changed. A negative
 * fault with a sentence in `err`: it is stored, and will be in force as soon as that is possible. */
int pat_core_product_import(struct pat_core *core, const char *name, const char *document,
                            size_t len, const struct pat_openapi_reading *how,
                            const struct pat_actor *actor, struct pat_core_product *ret,
                            struct pat_err *err) PAT_MUST_USE;
/* Its requests are answered 503 from then on. E_NOT_FOUND. Faults as above. */
int pat_core_product_remove(struct pat_core *core, const char *name, const struct pat_actor *actor,
                            struct pat_err *err) PAT_MUST_USE;
/* The built-in one first, then by name. `fn` must not call the core. */
int pat_core_product_list(struct pat_core *core, pat_core_product_fn *fn, void *arg) PAT_MUST_USE;
/* The rules of an imported product, read again from its document; the caller frees them. E_NOT_FOUND. */
int pat_core_product_rules(struct pat_core *core, const char *name, struct pat_rules **ret,
                           struct pat_err *err) PAT_MUST_USE;
/* Whether a token may have the scope: it is in the catalogue, or a product's operations take it, or it is patd's own. */
bool pat_core_scope_known(struct pat_core *core, const char *scope);
/* How many scopes operations of this very product take; 0 of one that is not there. */
size_t pat_core_product_scopes(struct pat_core *core, const char *name);
/* Whether operations of this very product take the scope. */
bool pat_core_product_takes(struct pat_core *core, const char *name, const char *scope);
/* Whether there is such a product, and, unless `param` is NULL, one of its operations has this path parameter. */
bool pat_core_product_known(struct pat_core *core, const char *name, const char *param);

/* ---- Services: programs that ask about tokens. */

struct pat_service_request {
	const char *name;
	const char *product;        /* whose tokens it asks about, "" for those that are for all */
	bool portal;                /* it may send the product's own people here */
	const char *const *origins; /* with `portal`: where they may be sent back to */
	size_t n_origins;
	const char *title;  /* …: what they know it as; "": its name */
	const char *accent; /* …: #rrggbb; "": none */
};

/* `ret_secret` is shown once; wipe it. E_SERVICE_NAME, E_SERVICE_TAKEN, E_PRODUCT_UNKNOWN, E_PRODUCT_LIMIT, E_PORTAL_PRODUCT,
 * E_ORIGIN, E_TITLE, E_ACCENT. */
int pat_core_service_add(struct pat_core *core, const struct pat_service_request *request,
                         const struct pat_actor *actor, struct pat_secret *ret_secret) PAT_MUST_USE;

struct pat_service_change {
	const char *product;        /* NULL: as it is; so are all others */
	bool portal;                /* give it one */
	const char *const *origins; /* in the place of all that there are; none: as they are */
	size_t n_origins;
	const char *title;  /* "": its name */
	const char *accent; /* "": none */
};

/* Its secret, and what its people have here, stay. E_NOT_FOUND, E_PORTAL_NONE: what is said is for a portal; E_PORTAL_KEPT; and as
 * pat_core_service_add(). */
int pat_core_service_edit(struct pat_core *core, const char *name,
                          const struct pat_service_change *change,
                          const struct pat_actor *actor) PAT_MUST_USE;
/* Another secret, shown once; wipe it. The former one is refused from then on. What its people have here stays. E_NOT_FOUND. */
int pat_core_service_rotate(struct pat_core *core, const char *name, const struct pat_actor *actor,
                            struct pat_secret *ret_secret) PAT_MUST_USE;
/* Ends the tokens and the sessions of the people it sent. E_NOT_FOUND. */
int pat_core_service_remove(struct pat_core *core, const char *name,
                            const struct pat_actor *actor) PAT_MUST_USE;
int pat_core_service_list(struct pat_core *core, pat_service_fn *fn, void *arg) PAT_MUST_USE;
/* E_CREDENTIALS, E_TOO_MANY. */
int pat_core_service_prove(struct pat_core *core, const char *name, const char *secret, size_t len,
                           const struct pat_actor *actor, struct pat_service *ret,
                           unsigned *ret_retry_after_s) PAT_MUST_USE;

struct pat_introspection {
	bool active; /* nothing else is set when it is not */
	char tid[PAT_TID_CHARS + 1];
	char owner[PAT_KNOWN_AS_BYTES_MAX + 1];
	char scopes[PAT_SCOPES_TEXT_BYTES_MAX + 1];
	char limits[PAT_LIMITS_TEXT_BYTES_MAX + 1];
	int64_t issued_s;
	int64_t expires_s; /* 0: never */
};
/* Whether the token is good for the service's product now. One that is limited to networks or resources is not: neither is
 * known here. It counts as a use; a rate is not taken. -EAGAIN: nobody can say. */
int pat_core_introspect(struct pat_core *core, const struct pat_service *service, const char *token,
                        size_t len, struct pat_introspection *ret) PAT_MUST_USE;
/* Revokes whoever's token it is. E_NOT_FOUND: it is none, or no longer. */
int pat_core_service_revoke(struct pat_core *core, const char *token, size_t len,
                            const struct pat_actor *actor, struct pat_record *ret) PAT_MUST_USE;

/* ---- Products' own people, whom a service vouches for (portal.c). */

struct pat_portal_request {
	const char *subject; /* who they are to the product: visible ASCII */
	const char *name;
	const char *email; /* NULL: none */
	const char *return_url;
};

struct pat_portal_answer {
	struct pat_secret code; /* opens a session once; wipe it */
	int64_t expires_s;
	int64_t person;
	unsigned retry_after_s; /* with E_TOO_MANY */
};

/* E_PORTAL_NONE, E_PORTAL_SCOPES, E_SUBJECT, E_NAME_…, E_EMAIL_MALFORMED, E_RETURN_URL, E_TOO_MANY, E_PERSON_DISABLED, E_CREDENTIALS (the service
 * was removed meanwhile). */
int pat_core_portal_link(struct pat_core *core, const struct pat_service *service,
                         const struct pat_portal_request *request, const struct pat_actor *actor,
                         struct pat_portal_answer *ret) PAT_MUST_USE;
/* E_LINK, E_TOO_MANY. */
int pat_core_portal_open(struct pat_core *core, const char *code, const struct pat_actor *actor,
                         struct pat_signed_in *ret) PAT_MUST_USE;
/* Whether a service vouches for this person: there is no account. */
bool pat_core_portal_person(const struct pat_person *person);
/* The service that does. E_NOT_FOUND: it was removed. */
int pat_core_portal_service(struct pat_core *core, const struct pat_person *person,
                            struct pat_service *ret) PAT_MUST_USE;

/* ---- People, for the command line and administrators. */

int pat_core_person_add(struct pat_core *core, const char *email, const char *name, bool admin,
                        const char *password, size_t password_len, const struct pat_actor *actor,
                        int64_t *ret_id) PAT_MUST_USE;
/* Those with a greater id than `after`, in order of id, at most `limit`. */
int pat_core_person_list(struct pat_core *core, int64_t after, unsigned limit, pat_person_fn *fn,
                         void *arg) PAT_MUST_USE;
/* By email, or SERVICE:SUBJECT, whether disabled or not. E_NOT_FOUND. Without the password's hash. */
int pat_core_person_named(struct pat_core *core, const char *who,
                          struct pat_person *ret) PAT_MUST_USE;
/* The same. Disabling ends sessions and tokens at once. */
int pat_core_person_disable(struct pat_core *core, const char *who, bool disabled,
                            const struct pat_actor *actor, int64_t *ret_id) PAT_MUST_USE;
/* By id. */
int pat_core_person_set_disabled(struct pat_core *core, int64_t id, bool disabled,
                                 const struct pat_actor *actor,
                                 struct pat_receipt *receipt) PAT_MUST_USE;
/* Sets a password without the old one and ends every session. */
int pat_core_person_password(struct pat_core *core, const char *email, const char *password,
                             size_t password_len, const struct pat_actor *actor,
                             int64_t *ret_id) PAT_MUST_USE;
/* For products behind the gate. E_NOT_FOUND (also when disabled). Without the password's hash. */
int pat_core_person_get(struct pat_core *core, int64_t id, struct pat_person *ret) PAT_MUST_USE;
int pat_core_person_find(struct pat_core *core, const char *email,
                         struct pat_person *ret) PAT_MUST_USE;
/* The same of somebody disabled, too: whoever made something stays who they are. */
int pat_core_person_known(struct pat_core *core, int64_t id, struct pat_person *ret) PAT_MUST_USE;

/* Whether the audit records are as they were written, none missing between them or before the last. `ret_id`: of the last; or of the first that
 * is missing or was edited. Reads them all. */
int pat_core_audit_verify(struct pat_core *core, bool *ret_whole, int64_t *ret_id) PAT_MUST_USE;
/* Audit records with a greater id than `after`, in order of id, at most `limit`. */
int pat_core_audit_list(struct pat_core *core, int64_t after, unsigned limit, pat_audit_fn *fn,
                        void *arg) PAT_MUST_USE;

#endif
