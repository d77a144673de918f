/* SPDX-License-Identifier: Apache-2.0
 *
 * The notifier: a thread of its own that reads the audit records and the tokens that end, and sends the mail of them
 * (docs/design/notices.md). It sends first and moves on then: after a crash a mail may come twice, under the same name, and none is
 * lost. A server that does not take mail is tried again, ever later; what is older than a day by then is not sent any more.
 */
#ifndef PAT_CORE_NOTIFIER_H
#define PAT_CORE_NOTIFIER_H

#include "core/notice.h"

#define PAT_NOTIFIER_AGE_S 86400

struct pat_notifier;

struct pat_notifier_config {
	struct pat_store *store;
	const struct pat_mailer *mailer; /* outlives it */
	const char *holder;              /* who this is among those on one store; copied */
	const char *url;                 /* where people reach the pages */
	const struct pat_row_key *row_key;
	int64_t (*now)(void *arg); /* seconds */
	void *now_arg;
};

int pat_notifier_new(const struct pat_notifier_config *config,
                     struct pat_notifier **ret) PAT_MUST_USE;
/* Stops the thread, soon. */
void pat_notifier_free(struct pat_notifier *notifier);

int pat_notifier_start(struct pat_notifier *notifier) PAT_MUST_USE;

/* Does what there is to do now, in the calling thread: 0; 1 when there is more; a negative fault, after which it is tried again. For
 * the thread, and for tests. */
int pat_notifier_turn(struct pat_notifier *notifier) PAT_MUST_USE;
/* How long the thread waits after so many faults one after the other. */
unsigned pat_notifier_wait_s(unsigned faults);

#endif
