/* SPDX-License-Identifier: Apache-2.0
 *
 * A faulty wire to PostgreSQL: a unix socket in front of the server's, which counts what passes and cuts the connection
 * where it is told to. A round is what a client sends before it waits: a query, or a Sync. Tests only.
 */
#ifndef PAT_TESTS_CONTRACT_POSTGRES_PROXY_H
#define PAT_TESTS_CONTRACT_POSTGRES_PROXY_H

#include "base/base.h"

enum proxy_fault {
	PROXY_CUT_BEFORE,  /* the n-th round does not reach the server: the connection ends */
	PROXY_CUT_AFTER,   /* it does, and what the server answers does not reach the client */
	PROXY_GONE_BEFORE, /* as those, and from then on nobody can connect */
	PROXY_GONE_AFTER,
	PROXY_HALF_OPEN, /* as PROXY_CUT_BEFORE, but the server does not notice */
};

/* Listens in `folder` for as long as the process lives; the server's socket is in `server_folder`. */
void postgres_proxy_start(const char *folder, const char *server_folder);
/* Counts from here; the n-th round (from 1) of any connection fails. 0: counts only. */
void postgres_proxy_arm(enum proxy_fault fault, int n);
/* Whether the failure came. Nothing fails any more. */
bool postgres_proxy_disarm(void);
/* Rounds since it was armed. */
int postgres_proxy_rounds(void);

/* Commits that the server has answered so far; and whether one is under way that it has not. */
uint64_t postgres_proxy_commits(void);
bool postgres_proxy_committing(void);

#endif
