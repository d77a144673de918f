/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/core share: the core's parts and its clock. Nobody outside includes it.
 */
#ifndef PAT_CORE_PRIVATE_H
#define PAT_CORE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/core.h"
#include "core/intake.h"
#include "core/journal.h"
#include "core/notifier.h"
#include "core/password.h"
#include "core/throttle.h"
#include "index/reader.h"
#include "index/ring.h"
#include "index/writer.h"

/* A product as the index and the dialog know it. */
struct pat_product_loaded {
	char name[PAT_LIMIT_PRODUCT_MAX + 1];
	struct pat_core_product view; /* its name is above */
	struct pat_scope *scopes;
	struct pat_buf block; /* the compiled policy */
};

struct pat_products_loaded {
	bool incomplete; /* a stored one could not be read */
	size_t n;
	struct pat_product_loaded products[PAT_PRODUCTS_MAX + 1]; /* the built-in one first */
};

/* What one person can have live at most, and more, leaves the index at once. */
#define PAT_CORE_LEFT_MAX 16384u

/* Tokens that the store calls live and the journal calls revoked: the store was put back from a backup, or another server has taken
 * over that had not heard of it. */
struct pat_core_undead_token {
	int64_t owner;
	uint8_t digest[PAT_DIGEST_BYTES];
};
struct pat_core_undead {
	struct pat_core_undead_token *list; /* owned */
	size_t n;
	size_t cap;
};

struct pat_core {
	struct pat_core_config config;
	struct pat_token_format format;
	struct pat_store *store;
	struct pat_journal *journal;     /* NULL: none */
	struct pat_index_writer *index;  /* NULL: this core keeps no index */
	bool published;                  /* verifiers may have looked into it */
	struct pat_index_reader *former; /* the index of the run before, until its usage is taken */
	struct pat_index_reader *_Atomic
		left_behind; /* … or one that was loaded anew since; the housekeeper's to take */
	struct pat_core_node *node;   /* NULL: there are no others */
	struct pat_index_reader *own; /* the housekeeper's view of usage */
	struct pat_intake *intake;    /* the housekeeper's, too; NULL: no index */
	pthread_mutex_t left_lock;
	struct pat_usage left[PAT_CORE_LEFT_MAX]; /* under that: of tokens that left the index */
	size_t n_left;
	pthread_mutex_t undead_lock;
	struct pat_core_undead undead; /* under that: those that the store has not taken yet */
	pthread_mutex_t asked_lock;
	struct pat_index_reader *asked; /* under that: for services' questions; NULL: no index */
	struct pat_ring asked_ring;     /* under that */
	struct pat_password *password;
	struct pat_throttle *throttle;
	_Atomic int64_t latest_s; /* time does not go back */
	int64_t reported_s; /* the housekeeper's: tokens that expired until then are in the log */
	_Atomic uint64_t
		checked_ns; /* when the store was last asked whether it takes changes, and what it said */
	_Atomic int checked;
	struct pat_notifier *notifier; /* NULL: no mail is sent */
	pthread_t housekeeper;
	bool housekeeper_runs;
	pthread_mutex_t stop_lock;
	pthread_cond_t stop_wake;
	bool stopping;
	pthread_mutex_t import_lock; /* changes of products, one after the other */
	pthread_rwlock_t products_lock;
	struct pat_products_loaded *products; /* under that; NULL: not loaded */
	pthread_mutex_t due_lock;
	int64_t due_seq; /* under that: of the first change of a product that nobody has begun to load; 0: none */
	int64_t loading_seq; /* … that is being loaded */
};

/* The wall clock, never earlier than anything this store has already seen. */
int64_t pat_core_now(struct pat_core *core);

/* Turns a store's outcome that has a twin here into it; the rest is a fault (-EIO). */
int pat_core_outcome(int store_outcome) PAT_MUST_USE;

/* src/core/usage.c: when a cell says that it was used last, which is not in the future. */
int64_t pat_core_used_s(struct pat_core *core, int64_t last_used_s);
/* What the cell of a token knows that the store does not yet; all zeros where there is none. */
struct pat_core_use {
	int64_t last_used_s;
	int64_t count;
};
void pat_core_usage_of(struct pat_core *core, const uint8_t digest[static PAT_DIGEST_BYTES],
                       struct pat_core_use *ret);
void pat_core_usage_add(struct pat_record *record, const struct pat_core_use *use);
/* Both, of a record's own token. */
void pat_core_usage_live(struct pat_core *core, struct pat_record *record);
/* Takes a token out of the index, if it is there. What its cell knows is kept until it is stored; when there is no more room it is
 * lost. For the listener too, which must not store anything itself. */
void pat_core_index_leave(struct pat_core *core, const uint8_t digest[static PAT_DIGEST_BYTES]);
/* Tells the mirror, if there is one, that the index says something else of that token. */
void pat_core_index_changed(struct pat_core *core, const uint8_t digest[static PAT_DIGEST_BYTES],
                            bool is_new);
/* Stores what was kept; what cannot be stored now is tried again at the housekeeper's next turn. */
void pat_core_usage_settle(struct pat_core *core);

/* src/core/keeper.c: the thread that moves time, usage and forgetting along. */
int pat_core_keeper_start(struct pat_core *core) PAT_MUST_USE;
void pat_core_keeper_stop(struct pat_core *core);

/* src/core/load.c: builds the index and publishes it; the first time, and anew, because what this node knows is of a history
 * that has gone another way. The one before serves until then. */
int pat_core_index_load(struct pat_core *core, struct pat_err *err) PAT_MUST_USE;
int pat_core_index_renew(struct pat_core *core, uint64_t lease_end_ns,
                         struct pat_err *err) PAT_MUST_USE;
/* Revokes again what the store has not taken yet, if there is any. */
void pat_core_reassert(struct pat_core *core);
int pat_core_index_add(struct pat_index_writer *index,
                       const struct pat_record *record) PAT_MUST_USE;

/* src/core/product.c: reads all products from the store and puts them in force, in that index. Under the import lock, or before anybody
 * else is there. */
int pat_core_products_load(struct pat_core *core, struct pat_index_writer *index,
                           struct pat_err *err) PAT_MUST_USE;
void pat_core_products_done(struct pat_core *core);

/* src/core/due.c: changes of products, from when the listener hears of one until it is in force. One loads at a time. */
void pat_core_due_heard(struct pat_core *core, int64_t seq);
/* What was heard of until now is being loaded; what comes from here on is another's to load. */
void pat_core_due_begin(struct pat_core *core);
void pat_core_due_end(struct pat_core *core, bool in_force);
/* The number of the first that is not in force; 0: all are. */
int64_t pat_core_due(struct pat_core *core);
/* Up to which change everything is in force, of those up to `told`. */
int64_t pat_core_in_force(struct pat_core *core, int64_t told);
/* Loads what is not in force yet, if there is any. */
void pat_core_products_refresh(struct pat_core *core);

/* src/core/people.c: the checks of what a person is called. Outcomes of core.h. `out` gets the trimmed text. */
int pat_core_email_check(const char *email, char out[static PAT_EMAIL_BYTES_MAX + 1]) PAT_MUST_USE;
int pat_core_label_check(const char *text, size_t chars_max, char *out,
                         size_t out_bytes) PAT_MUST_USE;

/* src/core/sessions.c: verifies a password under the throttle, as `account`. `person` has the password's hash; it may be one that
 * does not exist (id 0). Somebody with a session never waits in the strangers' line; guesses made in it are slowed down like any
 * other. 0, E_CREDENTIALS, E_TOO_MANY with `*ret_retry_after_s`. */
int pat_core_prove(struct pat_core *core, const struct pat_person *person, const char *account,
                   const char *password, size_t password_len, bool in_session,
                   const struct pat_actor *actor, unsigned *ret_retry_after_s) PAT_MUST_USE;
/* src/core/revoke.c: revokes a token of a person's, whoever asks for it, and keeps what is known of its use. */
int pat_core_revoke_one(struct pat_core *core, int64_t owner,
                        const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                        struct pat_record *ret, struct pat_receipt *receipt) PAT_MUST_USE;

/* src/core/maker.c: whether the token that makes `record` may, and is not less; what the record leaves open is limited as that
 * one is, and it becomes its maker. `in_days`: its expiry was said in days, and is the maker's where it is later by less than one.
 * E_TOKEN_ENDED, E_BEYOND_…, E_LIMIT_TOO_MANY. */
int pat_core_maker_check(struct pat_core *core, const uint8_t maker[static PAT_TID_BYTES],
                         bool in_days, struct pat_record *record) PAT_MUST_USE;
/* Whether the record may have what it has of patd's own scopes; limits it to patd when it has only these.
 * E_SCOPE_NOT_ALLOWED, E_PRODUCTS_REQUIRED, E_LIMIT_TOO_MANY. */
int pat_core_own_scopes_check(struct pat_core *core, bool admin,
                              struct pat_record *record) PAT_MUST_USE;

/* src/core/product.c: whether the scope is in the catalogue or a product's: not only patd's own. */
bool pat_core_scope_elsewhere(struct pat_core *core, const char *scope);

/* … whether it is a product that was imported: neither the built-in one nor patd itself. */
bool pat_core_product_imported(struct pat_core *core, const char *name);

/* src/core/portal.c: gives a token of such a person the name that its product knows them by, and that product for its only one.
 * E_PRODUCT_UNKNOWN: it is for another; E_LIMIT_TOO_MANY. */
int pat_core_portal_token(const struct pat_person *person, const char *product,
                          struct pat_record *record) PAT_MUST_USE;

/* src/core/tokens.c: what a list shows, whole. */
struct pat_token_query pat_core_list_query(enum pat_token_filter filter, int64_t now_s);

/* src/core/sessions.c: a session that nobody has stored yet, and its cookie. */
int pat_core_session_prepare(struct pat_core *core, const struct pat_person *person,
                             const struct pat_actor *actor, int64_t now_s,
                             struct pat_signed_in *ret) PAT_MUST_USE;
/* … what became of it in the store: `stored`, which is returned. */
int pat_core_session_finish(const struct pat_person *person, int stored,
                            struct pat_signed_in *ret) PAT_MUST_USE;
/* … makes a session for a person who has proven who they are. */
int pat_core_session_start(struct pat_core *core, const struct pat_person *person,
                           const struct pat_actor *actor, struct pat_signed_in *ret) PAT_MUST_USE;
/* Whether that was no longer ago than the operator wants it to be before something is generated. */
bool pat_core_session_fresh(const struct pat_core *core, const struct pat_signed_in *who,
                            int64_t now_s);

#endif
