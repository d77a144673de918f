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
 *  - A failed call changed nothing, but for PAT_STORE_UNKNOWN: nobody could say in time whether the change was made. It
 *    was or was not, whole, with its audit record; if it was, the listener hears of it before anything later.
 *    -EIO, -ECONNREFUSED and its like (a server that cannot be reached), -EROFS, -ENOMEM, -ENOSPC (disk full: nothing lost, works again when
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

#include <errno.h>

#include "base/buf.h"
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
#define PAT_PICTURE_BYTES_MAX     65536
#define PAT_PICTURE_HASH_BYTES    16
#define PAT_PRODUCT_READING_MAX   1000
#define PAT_PRODUCT_DOCUMENT_MAX  (10u * 1024 * 1024)
#define PAT_SERVICES_MAX          1000
#define PAT_TITLE_CHARS_MAX       60
#define PAT_TITLE_BYTES_MAX       (4 * PAT_TITLE_CHARS_MAX)
#define PAT_ACCENT_CHARS          7 /* #rrggbb */
#define PAT_ORIGINS_BYTES_MAX     1024
#define PAT_RETURN_URL_BYTES_MAX  1024
#define PAT_PRODUCTS_MAX          60 /* at most as many as the index has policies */

/* Travels up as an error does, and means something else: look before you try again. */
#define PAT_STORE_UNKNOWN (-EINPROGRESS)

struct pat_store;

enum pat_store_outcome {
	PAT_STORE_E_NOT_FOUND = 1,
	PAT_STORE_E_EXISTS,     /* person: the email is taken */
	PAT_STORE_E_NAME_TAKEN, /* token: a live token of this person has this name */
	PAT_STORE_E_LIMIT, /* token: the person has as many live tokens as allowed; product: there are as many */
	PAT_STORE_E_REPLAYED, /* idempotency: done before; the record is the earlier one */
	PAT_STORE_E_IDEMPOTENCY_CONFLICT, /* idempotency: the key was used for another request */
	PAT_STORE_E_DISABLED,             /* the person is disabled */
	PAT_STORE_E_SETUP_DONE,           /* set-up: somebody exists already */
	PAT_STORE_E_SETUP_CODE,           /* set-up: wrong or replaced code */
	PAT_STORE_E_DIGEST_EXISTS, /* token: this digest is stored already; nothing was changed */
	PAT_STORE_E_PASSWORD_CHANGED, /* what actor->proven says is no longer the person's password */
	PAT_STORE_E_ENDED, /* token, or the one that makes it: it was revoked, or has expired */
	PAT_STORE_E_WIDER, /* token, or the one that makes it: it has not got that scope, or does not last so long */
	PAT_STORE_E_CHAIN, /* audit: a record is missing or not what patd wrote */
	PAT_STORE_E_KEY, /* the key given is not the one that the store was last written with, nor a later one */
	PAT_STORE_E_HELD,     /* notices: somebody else has claimed them */
	PAT_STORE_E_REPLACED, /* token: another one was made in its place */
};

/* Who does a thing, for the audit record. Zeroed fields are unknown. */
struct pat_actor {
	int64_t person; /* 0: the system or the command line */
	const char *
		via; /* "page", "cli", "system", "service", "service:<name>", "token", "token:<tid>" */
	const char *address;
	const char *agent;
	const char *request_id;
	/* The PHC string that was proven for this, or NULL: a session, a password and an email are only made while it is still
	 * the person's (E_PASSWORD_CHANGED), because proving takes long and a reset may come in between. */
	const char *proven;
};

/* Numbers that stay as they are: they are stored. */
enum pat_picture_kind {
	PAT_PICTURE_NONE = 0,
	PAT_PICTURE_PNG = 1,
	PAT_PICTURE_JPEG = 2,
	PAT_PICTURE_WEBP = 3,
};

/* Which picture, not its bytes. */
struct pat_picture {
	enum pat_picture_kind kind;
	uint8_t hash[PAT_PICTURE_HASH_BYTES]; /* the first bytes of SHA-256 of the bytes */
};

bool pat_picture_same(const struct pat_picture *a, const struct pat_picture *b) PAT_MUST_USE;

/* What a person wants mail about. Numbers that stay as they are: they are stored. */
enum pat_wish {
	PAT_WISH_ENDINGS = 1,  /* a token ends soon */
	PAT_WISH_TOKENS = 2,   /* one was generated, or revoked by somebody else */
	PAT_WISH_SIGN_INS = 4, /* somebody has signed in */
};
#define PAT_WISHES_ALL     (PAT_WISH_ENDINGS | PAT_WISH_TOKENS | PAT_WISH_SIGN_INS)
#define PAT_WISHES_DEFAULT (PAT_WISH_ENDINGS | PAT_WISH_TOKENS)

struct pat_person {
	int64_t id; /* from 1, never reused */
	/* Unique, compared case-insensitively (ASCII). That of a product's own person is neither, and may be empty. */
	char email[PAT_EMAIL_BYTES_MAX + 1];
	char name[PAT_PERSON_NAME_BYTES_MAX + 1];
	char password[PAT_PHC_BYTES_MAX + 1]; /* PHC string; "" = cannot sign in */
	bool admin;
	bool disabled;
	int64_t created_s;
	unsigned wishes; /* enum pat_wish; somebody new has PAT_WISHES_DEFAULT */
	struct pat_picture picture;
	/* A product's own person: the service that vouches for them, and who they are to it. Both are empty for those with an account. */
	char service[PAT_LIMIT_PRODUCT_MAX + 1];
	char subject[PAT_SUBJECT_BYTES_MAX + 1];
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
	/* Where it came from and leads back to; "" where somebody signed in. */
	char return_url[PAT_RETURN_URL_BYTES_MAX + 1];
};

/* A link that opens a session once. */
struct pat_portal_link {
	uint8_t hash[32]; /* SHA-256 of its code */
	const char *return_url;
	int64_t expires_s;
};

enum pat_change_kind {
	PAT_CHANGE_TOKEN_ADDED = 1,
	PAT_CHANGE_TOKEN_REMOVED = 2,
	PAT_CHANGE_PERSON_DISABLED =
		3, /* its tokens' removals are changes of their own, before it */
	PAT_CHANGE_PERSON_ENABLED = 4,
	PAT_CHANGE_PRODUCT = 5, /* a product's document came, changed or went: read them anew */
	PAT_CHANGE_TOKEN_NARROWED = 6, /* it has fewer scopes, or ends sooner */
};

/* What the listener is told. */
struct pat_change {
	int64_t seq;
	enum pat_change_kind kind;
	int64_t person;
	uint8_t digest[PAT_DIGEST_BYTES]; /* tokens only */
	const struct pat_record
		*record; /* TOKEN_ADDED and TOKEN_NARROWED only; valid during the call */
};

/* Called on the store's committing thread with a batch in seq order, after it is durable and before
 * its writers return. Must not call the store. Returns nothing: a verifier that cannot be told must
 * be made to say "unavailable" by the listener itself. */
typedef void pat_store_listener_fn(void *arg, const struct pat_change *changes, size_t n);

struct pat_store_config {
	const char *location; /* postgresql://… or postgres://…, or the path of an SQLite file */
	struct pat_row_key row_key;
	unsigned sessions_max; /* a person's at once; 0: any number */
	bool shared; /* others may have it open, too, for as long as this is followed (node.h) */
	pat_store_listener_fn *listener; /* may be NULL */
	void *listener_arg;
};

struct pat_new_token {
	struct pat_record record; /* number, seq, key_id, mac, state are the store's to fill */
	unsigned live_max;        /* live: not revoked and not expired at now_s */
	int64_t now_s;
	const char *idempotency_key; /* NULL: none */
	uint8_t request_hash[32];    /* what the key was used for; with a key only */
	/* The tid of the one in whose place it is made; NULL: none. Its name is free, and it counts no more; it and what it has made end
	 * at `replaced_ends_s` at the latest, and are revoked where that is not after now_s. */
	const uint8_t *replaces;
	int64_t replaced_ends_s;
};

/* A product whose API is protected by its OpenAPI document. Texts are somebody else's memory. */
struct pat_product {
	const char *name;     /* pat_product_name_ok() */
	const char *reading;  /* how the document is read, as the core writes it */
	const char *document; /* listed, and NULL: nobody can say what it was */
	size_t document_len;
	int64_t imported_s;
	int64_t seq; /* of the change that brought it */
};
/* A program that may ask about tokens and end them (RFC 7662, RFC 7009). */
struct pat_service {
	char name[PAT_LIMIT_PRODUCT_MAX + 1]; /* pat_product_name_ok(); its client_id */
	char product[PAT_LIMIT_PRODUCT_MAX +
	             1]; /* whose tokens it asks about; "": all that are for all products */
	int64_t created_s;
	uint8_t hash[32]; /* SHA-256 of its secret */
	/* Where people whom it has sent here may be sent back to, with blanks between them; "": it may send nobody. */
	char origins[PAT_ORIGINS_BYTES_MAX + 1];
	char title[PAT_TITLE_BYTES_MAX + 1]; /* what they know it as; "" with no origins */
	char accent[PAT_ACCENT_CHARS + 1];   /* "": none */
};
typedef int pat_service_fn(void *arg, const struct pat_service *service);

typedef int pat_product_fn(void *arg, const struct pat_product *product);

typedef int pat_person_fn(void *arg,
                          const struct pat_person *person); /* non-zero stops and is returned */
typedef int pat_session_fn(void *arg, const struct pat_session *session);
typedef int pat_record_fn(void *arg, const struct pat_record *record);

enum pat_token_filter {
	PAT_TOKENS_ALL,
	PAT_TOKENS_LIVE,
	PAT_TOKENS_ENDED
};

/* A page of somebody's tokens. A token has ended when it was revoked, and when it expired unrevoked. */
struct pat_token_query {
	enum pat_token_filter filter;
	int64_t now_s;
	int64_t ended_after_s; /* what ended then or earlier is left out; not after now_s */
	int64_t before;        /* numbers below this one; 0: from the newest */
	unsigned limit;
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
	char via[80];
	char action[32]; /* "token.created", "person.disabled", … */
	char object[80]; /* "token:<tid>", "person:7", "session:9" */
	char address[PAT_ADDRESS_BYTES_MAX + 1];
	char agent[PAT_AGENT_BYTES_MAX + 1];
	char request_id[PAT_REQUEST_ID_BYTES_MAX + 1];
};
typedef int pat_audit_fn(void *arg, const struct pat_audit *audit);

/* ---- Locations. */

/* Whether a location names a server, not a file. */
bool pat_store_location_is_url(const char *location) PAT_MUST_USE;
/* The location as it may be shown: of a URL without what may be a password, and without its parameters. */
#define PAT_STORE_LOCATION_MAX 3000
void pat_store_location_show(const char *location, char out[static PAT_STORE_LOCATION_MAX + 1]);
/* Looks at a location without changing anything there: 0, or why opening would be refused. Of a file it says nothing. */
int pat_store_examine(const char *location, struct pat_err *err) PAT_MUST_USE;

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
/* Those with a greater id than `after`, in order of id, at most `limit`. */
int pat_store_person_list(struct pat_store *store, int64_t after, unsigned limit, pat_person_fn *fn,
                          void *arg) PAT_MUST_USE;
/* Sets the password and ends the person's sessions except `keep_session` (0: all). E_NOT_FOUND.
 * `action` is the audit word: "password.changed" or "password.rehashed" (which ends no session). */
int pat_store_person_set_password(struct pat_store *store, int64_t id, const char *phc,
                                  const char *action, bool end_sessions, int64_t keep_session,
                                  const struct pat_actor *actor, int64_t now_s,
                                  int64_t *ret_ended) PAT_MUST_USE;
/* Changes what a person is called and signs in with: `name` and `email`, NULL to leave one as it is. `ret` is the person then.
 * Each that differs leaves its audit record, "person.renamed" or "person.email_changed"; sessions stay. E_EXISTS: somebody
 * else has the email, and nothing was changed; E_DISABLED; E_NOT_FOUND; E_PASSWORD_CHANGED. */
int pat_store_person_set_profile(struct pat_store *store, int64_t id, const char *name,
                                 const char *email, const struct pat_actor *actor, int64_t now_s,
                                 struct pat_person *ret) PAT_MUST_USE;
/* Sets what the person wants mail about: bits of enum pat_wish. Leaves an audit record, "person.wishes_changed", unless it was so
 * before. `ret` is the person then. E_DISABLED; E_NOT_FOUND. */
int pat_store_person_set_wishes(struct pat_store *store, int64_t id, unsigned wishes,
                                const struct pat_actor *actor, int64_t now_s,
                                struct pat_person *ret) PAT_MUST_USE;
/* Gives the person a picture of 1 to PAT_PICTURE_BYTES_MAX bytes in place of the one there was, or, with PAT_PICTURE_NONE and no
 * bytes, none. `ret` is the person then. Leaves an audit record, "person.picture_changed" or "person.picture_removed", unless it
 * is the picture there was. E_DISABLED; E_NOT_FOUND. */
int pat_store_person_set_picture(struct pat_store *store, int64_t id,
                                 const struct pat_picture *picture, const void *bytes, size_t len,
                                 const struct pat_actor *actor, int64_t now_s,
                                 struct pat_person *ret) PAT_MUST_USE;
/* Adds the bytes of exactly this picture of the person to `out`. E_NOT_FOUND, also of a disabled person, or of one who has another
 * picture by now. */
int pat_store_person_picture(struct pat_store *store, int64_t id, const struct pat_picture *picture,
                             struct pat_buf *out) PAT_MUST_USE;
/* Disabling revokes every live token and ends every session in the same transaction; enabling brings
 * none of them back. Repeating it is 0 and changes nothing. E_NOT_FOUND. */
int pat_store_person_set_disabled(struct pat_store *store, int64_t id, bool disabled,
                                  const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;

/* ---- Sessions. */

/* `session->id` is filled. Of more sessions than a person may have, those seen longest ago end, each with its audit record.
 * E_DISABLED when the person is disabled, E_NOT_FOUND when there is none. */
int pat_store_session_create(struct pat_store *store, struct pat_session *session,
                             const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;
/* The same in place of the person's session `old`, which ends in the same transaction. E_NOT_FOUND also when that one has
 * ended already. */
int pat_store_session_renew(struct pat_store *store, int64_t old, struct pat_session *session,
                            const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;
/* The person's own change of password, from the session `old`: the password is set, all other sessions end if they are to,
 * and `session` takes the place of `old`; all of it or nothing. `ret_ended` counts the others. E_NOT_FOUND also when `old` has
 * ended already; E_DISABLED; E_PASSWORD_CHANGED. */
int pat_store_password_change(struct pat_store *store, int64_t old, struct pat_session *session,
                              const char *phc, bool end_others, const struct pat_actor *actor,
                              int64_t now_s, int64_t *ret_ended) PAT_MUST_USE;
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

/* Stores a token; `ret` is the stored record. E_NAME_TAKEN, E_LIMIT, E_DISABLED, E_NOT_FOUND (no such person; or, with known_as,
 * no service any more that vouches for them), E_REPLAYED (`ret` is the earlier record), E_IDEMPOTENCY_CONFLICT, E_DIGEST_EXISTS;
 * where the record has a maker, E_ENDED and E_WIDER of that one: what is made while it is being revoked does not outlive it. Where
 * it replaces one, all of it is one change or none, and E_NOT_FOUND, E_ENDED, E_REPLACED (by one that was not revoked) and E_WIDER
 * (it has scopes that the other has not) of that one. The idempotency key is judged first, and is the person's own. Names are taken
 * by those that nothing has replaced. */
int pat_store_token_create(struct pat_store *store, const struct pat_new_token *token,
                           const struct pat_actor *actor, struct pat_record *ret) PAT_MUST_USE;
/* Revokes a token of `person` (the owner). 0 with the record; of an already revoked one likewise, and
 * nothing is changed. E_NOT_FOUND; of a row that fails its MAC too, but that one is ended all the same and the
 * listener told. One way: nothing brings a token back. What it has made, and what that has made, ends in the same change. */
int pat_store_token_revoke(struct pat_store *store, int64_t person,
                           const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                           int64_t now_s, struct pat_record *ret) PAT_MUST_USE;
/* Revokes several tokens of `person` as one change: one transaction, one batch for the listener, all or none. `tids` are
 * the ones to revoke, each once; NULL: every one that has not ended. One that was revoked before stays as it is; a row
 * that fails its MAC ends with the others. E_NOT_FOUND: one of `tids` is nobody's or somebody else's.
 * `fn` (may be NULL) is told of each record in the order of `tids`, or of creation, but not of rows that fail their MAC.
 * It runs on the committing thread before the change is durable: what it has kept counts only when this returns 0. It
 * must not call the store; if it does not return 0, nothing is changed and that is returned. `ret_revoked` is how many this call
 * has revoked, with those that one of `tids` has made, of which `fn` is not told. */
int pat_store_tokens_revoke(struct pat_store *store, int64_t person,
                            const uint8_t (*tids)[PAT_TID_BYTES], size_t n_tids,
                            const struct pat_actor *actor, int64_t now_s, pat_record_fn *fn,
                            void *arg, size_t *ret_revoked) PAT_MUST_USE;
/* Takes scopes away from a live token of `person`: `scopes`, canonical, are those it keeps. With the same as it has nothing
 * changes. E_NOT_FOUND, E_ENDED, E_WIDER. */
int pat_store_token_narrow(struct pat_store *store, int64_t person,
                           const uint8_t tid[static PAT_TID_BYTES], const char *scopes,
                           const struct pat_actor *actor, int64_t now_s,
                           struct pat_record *ret) PAT_MUST_USE;
/* E_NOT_FOUND. `ret` only on 0. */
int pat_store_token_get(struct pat_store *store, int64_t person,
                        const uint8_t tid[static PAT_TID_BYTES],
                        struct pat_record *ret) PAT_MUST_USE;
/* Whose token it is, or was: of a row of any state, whether or not its MAC holds. For revoking what is presented or named; says
 * nothing of what the token may do. E_NOT_FOUND. */
int pat_store_token_owner(struct pat_store *store, const uint8_t tid[static PAT_TID_BYTES],
                          int64_t *ret) PAT_MUST_USE;
/* Newest first. */
int pat_store_token_list(struct pat_store *store, int64_t person,
                         const struct pat_token_query *query, pat_record_fn *fn,
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
/* Folds usage in; last_used_s never goes back, and counts on the day of the last use. More of usage is in usage.h. */
int pat_store_usage_fold(struct pat_store *store, const struct pat_usage *usage,
                         size_t n) PAT_MUST_USE;

/* ---- Products. Each change takes a number and leaves an audit record, "product.imported" or "product.removed". */

/* In place of the one of that name, if there is one; imported_s and seq are the store's to set. E_LIMIT. */
int pat_store_product_put(struct pat_store *store, const struct pat_product *product,
                          const struct pat_actor *actor, int64_t now_s,
                          int64_t *ret_seq) PAT_MUST_USE;
/* E_NOT_FOUND. */
int pat_store_product_remove(struct pat_store *store, const char *name,
                             const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;
/* By name. A row that fails its MAC is logged as "store.product_tampered", each time, and is a product with a NULL
 * document and an empty name. */
int pat_store_product_list(struct pat_store *store, pat_product_fn *fn, void *arg) PAT_MUST_USE;

/* ---- Services. Each change leaves an audit record, "service.added", "service.edited", "service.rotated" or "service.removed". */

/* E_EXISTS: there is one of that name. E_LIMIT. */
int pat_store_service_add(struct pat_store *store, const struct pat_service *service,
                          const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;
/* Puts `after` in the place of `before`, which was read before: the name and created_s are the same. "service.rotated" when its
 * secret is another. E_NOT_FOUND: it was removed, or changed meanwhile. */
int pat_store_service_change(struct pat_store *store, const struct pat_service *before,
                             const struct pat_service *after, const struct pat_actor *actor,
                             int64_t now_s) PAT_MUST_USE;
/* Ends what its people have here: tokens, sessions, links that are under way. The people stay. E_NOT_FOUND. */
int pat_store_service_remove(struct pat_store *store, const char *name,
                             const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;
/* E_NOT_FOUND; of a row that fails its MAC too, which is logged as "store.service_tampered". */
int pat_store_service_get(struct pat_store *store, const char *name,
                          struct pat_service *ret) PAT_MUST_USE;
/* By name; without rows that fail their MAC. */
int pat_store_service_list(struct pat_store *store, pat_service_fn *fn, void *arg) PAT_MUST_USE;

/* ---- Products' own people, whom a service vouches for. They are people like others, without a password. */

/* Keeps a link for the person of this service and subject, who is made when they are new, and otherwise has this name and email
 * from now on. Links that have expired are forgotten. Leaves "person.created" or "person.renamed" where it is so, and "portal.linked".
 * E_NOT_FOUND: there is no such service (any more); E_DISABLED. */
int pat_store_portal_link(struct pat_store *store, const struct pat_person *person,
                          const struct pat_portal_link *link, const struct pat_actor *actor,
                          int64_t now_s, int64_t *ret_id) PAT_MUST_USE;
/* Uses a link up and creates the session, whose person and return_url are filled in. E_NOT_FOUND: it is none, was used, or has
 * expired; E_DISABLED. */
int pat_store_portal_open(struct pat_store *store, const uint8_t hash[static 32],
                          struct pat_session *session, const struct pat_actor *actor, int64_t now_s,
                          struct pat_person *ret) PAT_MUST_USE;
/* E_NOT_FOUND. */
int pat_store_portal_person(struct pat_store *store, const char *service, const char *subject,
                            struct pat_person *ret) PAT_MUST_USE;

/* ---- Audit: ids greater than `after`, ascending, at most `limit`. */
int pat_store_audit_list(struct pat_store *store, int64_t after, unsigned limit, pat_audit_fn *fn,
                         void *arg) PAT_MUST_USE;
/* Leaves a record of what is no change of anything here. */
int pat_store_audit_note(struct pat_store *store, const struct pat_actor *actor, const char *action,
                         const char *object, int64_t seq, int64_t now_s) PAT_MUST_USE;
/* Whether the last audit records were sealed with the key that the store was opened with, or with keys of lower numbers, so that this
 * one is a new one on purpose. 0, E_KEY. One of the last PAT_STORE_KEY_RECORDS that fits is enough. */
#define PAT_STORE_KEY_RECORDS 16
int pat_store_key_check(struct pat_store *store) PAT_MUST_USE;
/* Walks the whole chain (store/audit.h). 0, and the id of the last record; E_CHAIN, and the first id that
 * is missing or was edited. Cutting off the end together with the head is not found: ship records elsewhere. */
int pat_store_audit_verify(struct pat_store *store, int64_t *ret_id) PAT_MUST_USE;

#endif
