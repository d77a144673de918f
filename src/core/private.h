/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/core share: the core's parts and its clock. Nobody outside includes it.
 */
#ifndef PAT_CORE_PRIVATE_H
#define PAT_CORE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/core.h"
#include "core/journal.h"
#include "core/password.h"
#include "core/throttle.h"
#include "index/reader.h"
#include "index/writer.h"

struct pat_core {
	struct pat_core_config config;
	struct pat_token_format format;
	struct pat_store *store;
	struct pat_journal *journal;     /* NULL: none */
	struct pat_index_writer *index;  /* NULL: this core keeps no index */
	struct pat_index_reader *former; /* the index of the run before, until its usage is taken */
	struct pat_index_reader *own;    /* the housekeeper's view of usage */
	struct pat_password *password;
	struct pat_throttle *throttle;
	_Atomic int64_t latest_s; /* time does not go back */
	int64_t reported_s; /* the housekeeper's: tokens that expired until then are in the log */
	_Atomic uint64_t
		checked_ns; /* when the store was last asked whether it takes changes, and what it said */
	_Atomic int checked;
	pthread_t housekeeper;
	bool housekeeper_runs;
	pthread_mutex_t stop_lock;
	pthread_cond_t stop_wake;
	bool stopping;
};

/* The wall clock, never earlier than anything this store has already seen. */
int64_t pat_core_now(struct pat_core *core);

/* Turns a store's outcome that has a twin here into it; the rest is a fault (-EIO). */
int pat_core_outcome(int store_outcome) PAT_MUST_USE;

/* src/core/keeper.c: the thread that moves time, usage and forgetting along. */
int pat_core_keeper_start(struct pat_core *core) PAT_MUST_USE;
void pat_core_keeper_stop(struct pat_core *core);

/* src/core/people.c: the checks of what a person is called. Outcomes of core.h. `out` gets the trimmed text. */
int pat_core_email_check(const char *email, char out[static PAT_EMAIL_BYTES_MAX + 1]) PAT_MUST_USE;
int pat_core_label_check(const char *text, size_t chars_max, char *out,
                         size_t out_bytes) PAT_MUST_USE;

/* src/core/sessions.c: makes a session for a person who has proven who they are. */
int pat_core_session_start(struct pat_core *core, const struct pat_person *person,
                           const struct pat_actor *actor, struct pat_signed_in *ret) PAT_MUST_USE;

#endif
