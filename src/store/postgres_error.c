/* SPDX-License-Identifier: Apache-2.0
 *
 * What an SQLSTATE means to the store's callers. Source: "PostgreSQL Error Codes", appendix A of the PostgreSQL 15 manual.
 * A row names a whole class by its first two characters or one condition by all five; the longer one wins.
 *
 * What a caller can answer for (an email that is taken, a limit) is looked at first, under the lock on the head that every
 * transaction takes, so a violated constraint means that somebody without that lock wrote in between: the operation runs
 * again and sees it.
 */
#include "store/postgres_conn.h"

#include <errno.h>
#include <string.h>

struct state {
	const char *prefix;
	int error;
	bool retry;
};

static const struct state states[] = {
	{ "08", -ECONNRESET, false },    /* connection exception */
	{ "22", -EINVAL, false },        /* data exception: not what the program binds */
	{ "23", -EIO, true },            /* integrity constraint violation */
	{ "25006", -EROFS, false },      /* read-only transaction: a standby, or told so */
	{ "28", -EACCES, false },        /* invalid authorization: role or password */
	{ "3D", -ENOENT, false },        /* invalid catalog name: no such database */
	{ "40", -EBUSY, true },          /* transaction rollback: serialization, deadlock */
	{ "40003", -ECONNRESET, false }, /* statement completion unknown */
	{ "42501", -EACCES, false },     /* insufficient privilege */
	{ "53100", -ENOSPC, false },     /* disk full */
	{ "53200", -ENOMEM, false },     /* out of memory, the server's */
	{ "53300", -EBUSY, false },      /* too many connections */
	{ "53", -ENOSPC, false },        /* insufficient resources */
	{ "55P03", -EBUSY, false },      /* lock not available: lock_timeout */
	{ "57014", -ETIMEDOUT, false },  /* query canceled: statement_timeout, or by hand */
	{ "57P", -ECONNREFUSED, false }, /* operator intervention: stopped, crashed, starting */
	{ "58030", -EIO, false },        /* system error: I/O */
};

int pat_pg_error(const char *sqlstate, bool *ret_retry)
{
	const struct state *found = NULL;

	*ret_retry = false;
	if (!sqlstate)
		return -ECONNRESET;
	for (size_t i = 0; i < PAT_ARRAY_LEN(states); i++) {
		const struct state *s = &states[i];

		if (strncmp(sqlstate, s->prefix, strlen(s->prefix)) == 0 &&
		    (!found || strlen(s->prefix) > strlen(found->prefix)))
			found = s;
	}
	if (!found)
		return -EIO;
	*ret_retry = found->retry;
	return found->error;
}
